"""The stack as it stands: one DescribeStacks, after which everything is asked by its id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tapctl.aws.session import Aws, explained
from tapctl.errors import UsageError
from tapctl.stacks.status import ABSENT, StackAction, state


@dataclass(frozen=True, slots=True)
class Settled:
    """What the same read tells of a stack beside its status, for a deploy that may turn out to have nothing to do."""

    tags: Mapping[str, str] = field(default_factory=dict)
    notification_arns: tuple[str, ...] = ()
    role_arn: str | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    """When it was updated last, which is another time after every update."""


@dataclass(frozen=True, slots=True)
class StackDescription:
    """The stack as one DescribeStacks shows it; `id` is what everything after is asked by."""

    status: str
    id: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    express: bool = False
    guarded: bool = False
    """Whether termination protection is on."""
    decided: StackAction | None = None
    """What is to be done, where that is not what its status alone says."""
    settled: Settled = field(default_factory=Settled, compare=False)

    @property
    def account_id(self) -> str:
        """The account that the stack is in, as its id has it."""
        return self.id.split(":")[4]

    @property
    def action(self) -> StackAction:
        return self.decided or state(self.status).action


@dataclass(frozen=True, slots=True)
class StackResource:
    """One resource of a stack."""

    logical_id: str
    type: str
    status: str
    physical_id: str = ""
    reason: str = ""

    @property
    def failed(self) -> bool:
        return self.status.endswith("_FAILED")

    @property
    def kept(self) -> bool:
        """Whether CloudFormation left it where it was, because of its DeletionPolicy."""
        return self.status == "DELETE_SKIPPED"

    @property
    def held(self) -> bool:
        """Whether it may still exist and would go with the stack; one that failed before it had an id never did."""
        never = self.status == "CREATE_FAILED" and not self.physical_id
        return self.status != "DELETE_COMPLETE" and not self.kept and not never


def describe_stack(aws: Aws, name: str) -> StackDescription:
    """The stack's status now, by its name or id; a stack that was deleted is absent.

    Raises `UsageError` for a nested stack, and for one that a StackSet owns: neither is deployed by itself.
    """
    from botocore.exceptions import ClientError

    with explained(f"looking at stack {name}"):
        try:
            found = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return StackDescription(ABSENT)
            raise
    if found["StackStatus"] == "DELETE_COMPLETE":
        return StackDescription(ABSENT)
    _refuse_foreign(found)
    parameters = {each["ParameterKey"]: each.get("ParameterValue", "") for each in found.get("Parameters", [])}
    express = found.get("DeploymentConfig", {}).get("Mode") == "EXPRESS"
    guarded = bool(found.get("EnableTerminationProtection"))
    return StackDescription(
        found["StackStatus"], found["StackId"], parameters, express, guarded, settled=_settled(found)
    )


def _settled(found: Mapping[str, Any]) -> Settled:
    return Settled(
        {each["Key"]: each["Value"] for each in found.get("Tags", [])},
        tuple(found.get("NotificationARNs", [])),
        found.get("RoleARN"),
        {each["OutputKey"]: each.get("OutputValue", "") for each in found.get("Outputs", [])},
        version(found),
    )


def version(found: Mapping[str, Any]) -> str:
    """The time of the last update of a stack as DescribeStacks tells it."""
    return str(found.get("LastUpdatedTime") or found.get("CreationTime", ""))


def _refuse_foreign(found: Mapping[str, Any]) -> None:
    name = found["StackName"]
    if found.get("ParentId"):
        root = found.get("RootId") or found["ParentId"]
        raise UsageError(f"stack {name} is nested in {root.split('/')[1]}", "deploy that one")
    if name.startswith("StackSet-"):
        raise UsageError(f"stack {name} belongs to a StackSet", "`aws cloudformation update-stack-set` deploys that")


def list_resources(aws: Aws, stack_id: str) -> tuple[StackResource, ...]:
    """What the stack holds, or held, in the order in which CloudFormation lists it."""
    with explained(f"reading the resources of stack {stack_id.split('/')[1]}"):
        pages = aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack_id)
        entries = [each for page in pages for each in page["StackResourceSummaries"]]
    return tuple(
        StackResource(
            each["LogicalResourceId"],
            each["ResourceType"],
            each["ResourceStatus"],
            each.get("PhysicalResourceId", ""),
            each.get("ResourceStatusReason", ""),
        )
        for each in entries
    )
