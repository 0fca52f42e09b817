"""The stack that a command works on."""

from dataclasses import dataclass

from tapctl.aws.cloudformation import describe_stack
from tapctl.aws.session import Aws
from tapctl.aws.stacks import StackDescription, stack_name
from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.resource_types import ABSENT
from tapctl.stacks.status import StackAction
from tapctl.state.redaction import hide_deployed


@dataclass(frozen=True, slots=True)
class ReadyStack:
    """A stack on which a deploy can begin: `action` is CREATE, UPDATE or RECREATE."""

    stack: StackDescription
    action: StackAction

    @property
    def creates(self) -> bool:
        """Whether the deploy creates the stack."""
        return self.action is not StackAction.UPDATE


def find_stack(aws: Aws, name: str) -> StackDescription:
    """The stack with this name or id, with the status `ABSENT` where it was deleted.

    Raises `UsageError` for a nested stack and for one of a StackSet, which cannot be deployed directly.
    """
    stack = describe_stack(aws, name)
    hide_deployed(stack.parameters)
    if stack.status == "DELETE_COMPLETE":
        return StackDescription(stack.name, ABSENT)
    if stack.root_id:
        root = stack_name(stack.root_id)
        raise UsageError(f"stack {stack.name} is nested in stack {root}", advise(DeployAdvice.NAME_ROOT, root))
    if stack.name.startswith("StackSet-"):
        hint = advise(DeployAdvice.USE_STACK_SET)
        raise UsageError(f"stack {stack.name} belongs to a StackSet", hint)
    return stack
