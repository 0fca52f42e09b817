"""Stacks, their resources and their events, as CloudFormation returns them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.resource_types import STACK, failed, in_progress, stack_status
from tapctl.unknown import Unknown

_CANCELLED = re.compile(r"Resource (creation|update|deletion|import) cancell?ed", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StackDescription:
    """A stack as DescribeStacks returns it; the status of one that does not exist is `ABSENT`."""

    name: str
    status: str
    id: str = ""
    """The ARN, which names this stack even after another takes its name."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """As AWS shows them: a NoEcho value is all asterisks."""
    resolved: Mapping[str, str] = field(default_factory=dict)
    """The values that SSM parameters had, by their names in the parameter store."""
    tags: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    exports: Mapping[str, str] = field(default_factory=dict)
    """Export names by output key."""
    notification_arns: tuple[str, ...] = ()
    role_arn: str | None = None
    express: bool = False
    """Whether its last operation was in EXPRESS mode."""
    termination_protection: bool = False
    last_updated: str = ""
    """When it was last updated, or created: another time after every update."""
    status_reason: str = ""
    root_id: str = ""
    """Of the stack that it is nested in; empty for a root stack."""

    @property
    def account_id(self) -> str:
        return self.id.split(":")[4]

    @property
    def exists(self) -> bool:
        """Whether the stack has, or may have, resources."""
        return stack_status(self.status).exists

    def known_parameters(self) -> dict[str, str | Unknown]:
        """The parameters, Unknown where AWS does not return the value."""
        return {name: _known_value(name, value) for name, value in self.parameters.items()}


@dataclass(frozen=True, slots=True)
class StackResource:
    """One resource of a stack, as ListStackResources returns it."""

    logical_id: str
    type: str
    status: str
    physical_id: str = ""
    reason: str = ""

    @property
    def failed(self) -> bool:
        return failed(self.status)

    @property
    def retained(self) -> bool:
        """Whether CloudFormation left it in the account and took it out of the stack, by its DeletionPolicy."""
        return self.status == "DELETE_SKIPPED"

    @property
    def held(self) -> bool:
        """Whether it may exist and would be deleted with the stack; one that failed without a physical id never did."""
        never = self.status == "CREATE_FAILED" and not self.physical_id
        return self.status != "DELETE_COMPLETE" and not self.retained and not never


@dataclass(frozen=True, slots=True)
class StackEvent:
    """One stack event; `within` is the path to its nested stack, such as `Network/`.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html
    """

    id: str
    time: str
    logical_id: str
    type: str
    status: str
    reason: str
    physical_id: str
    stack_id: str = ""
    token: str = ""
    """The ClientRequestToken of the operation."""
    detail: str = ""
    within: str = ""
    service_token: str = ""
    """The ServiceToken of a custom resource."""

    @property
    def name(self) -> str:
        return f"{self.within}{self.logical_id}"

    @property
    def failed(self) -> bool:
        return failed(self.status)

    @property
    def cancelled(self) -> bool:
        """Whether it failed only because another resource did."""
        return _CANCELLED.match(self.reason) is not None  # elsewhere a reason may quote a name with these words

    @property
    def running(self) -> bool:
        return in_progress(self.status)

    @property
    def own(self) -> bool:
        """Whether it is about the stack itself rather than one of its resources."""
        return self.type == STACK and self.physical_id == self.stack_id

    @property
    def nested_stack(self) -> bool:
        """Whether it is about a nested stack, in the stack around it."""
        return self.type == STACK and not self.own

    @property
    def ends(self) -> bool:
        """Whether it is the last event of an operation on its stack; after a failed validation its rollback follows."""
        return self.own and not self.unvalidated and stack_status(self.status).end is not None

    @property
    def unvalidated(self) -> bool:
        """Whether CloudFormation's checks refused the operation before a resource was touched."""
        return self.detail == "VALIDATION_FAILED"

    @property
    def moment(self) -> datetime | None:
        """When it happened; None if CloudFormation's text is not a time."""
        try:
            moment = datetime.fromisoformat(self.time)
        except ValueError:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _known_value(name: str, value: str) -> str | Unknown:
    if value and set(value) == {"*"}:
        reason = f"parameter {name} keeps its deployed value, which AWS does not return"
        return Unknown(reason, advise(JudgementAdvice.PASS_PARAMETER, name))
    return value


def stack_description(entry: Mapping[str, Any]) -> StackDescription:
    """A stack as DescribeStacks returns it."""
    parameters, outputs = entry.get("Parameters", []), entry.get("Outputs", [])
    return StackDescription(
        entry["StackName"],
        entry["StackStatus"],
        entry["StackId"],
        {parameter["ParameterKey"]: str(parameter.get("ParameterValue", "")) for parameter in parameters},
        {
            parameter["ParameterValue"]: parameter["ResolvedValue"]
            for parameter in parameters
            if "ResolvedValue" in parameter
        },
        {tag["Key"]: tag["Value"] for tag in entry.get("Tags", [])},
        {output["OutputKey"]: output.get("OutputValue", "") for output in outputs},
        {output["OutputKey"]: output["ExportName"] for output in outputs if output.get("ExportName")},
        tuple(entry.get("NotificationARNs", [])),
        entry.get("RoleARN"),
        entry.get("DeploymentConfig", {}).get("Mode") == "EXPRESS",
        bool(entry.get("EnableTerminationProtection")),
        str(entry.get("LastUpdatedTime") or entry.get("CreationTime", "")),
        entry.get("StackStatusReason", ""),
        (entry.get("RootId") or entry["ParentId"]) if entry.get("ParentId") else "",
    )


def end_of_operation(stack: StackDescription) -> StackEvent:
    """The last event of an operation whose end only the stack's status shows."""
    event_id = f"{stack.id}/{stack.status}"
    return StackEvent(event_id, "", stack.name, STACK, stack.status, stack.status_reason, stack.id, stack.id)


def stack_event(entry: Mapping[str, Any]) -> StackEvent:
    """An event as DescribeStackEvents returns it."""
    return StackEvent(
        id=entry["EventId"],
        time=str(entry.get("Timestamp", "")),
        logical_id=entry["LogicalResourceId"],
        type=entry["ResourceType"],
        status=entry["ResourceStatus"],
        reason=entry.get("ResourceStatusReason", ""),
        physical_id=entry.get("PhysicalResourceId", ""),
        stack_id=entry["StackId"],
        token=entry.get("ClientRequestToken", ""),
        detail=entry.get("DetailedStatus", ""),
        service_token=_service_token(entry.get("ResourceProperties", "")),
    )


def _service_token(properties: str) -> str:
    """The only property that is kept: the others may be secret."""
    try:
        return str(json.loads(properties).get("ServiceToken", ""))
    except (ValueError, AttributeError):
        return ""


def stack_name(stack_id: str) -> str:
    """The name in a stack's ARN; a name stays as it is."""
    return stack_id.split("/")[1] if stack_id.startswith("arn:") else stack_id
