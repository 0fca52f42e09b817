"""The stack as it stands: one DescribeStacks, after which everything is asked by its id."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tapctl.aws import Aws, explained
from tapctl.deploy.stack_state import ABSENT, Action, state
from tapctl.errors import UsageError


@dataclass(frozen=True, slots=True)
class Live:
    """The stack as one DescribeStacks shows it; `id` is what everything after is asked by."""

    status: str
    id: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def action(self) -> Action:
        return state(self.status).action


def look(aws: Aws, name: str) -> Live:
    """The stack's status now. Raises `UsageError` for a nested stack, whose root is to be deployed."""
    from botocore.exceptions import ClientError

    with explained(f"looking at stack {name}"):
        try:
            found = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return Live(ABSENT)
            raise
    if found.get("ParentId"):
        raise UsageError(f"stack {name} is nested in {found['ParentId'].split('/')[1]}", "deploy that one")
    parameters = {each["ParameterKey"]: each.get("ParameterValue", "") for each in found.get("Parameters", [])}
    return Live(found["StackStatus"], found["StackId"], parameters)
