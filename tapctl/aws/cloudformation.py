"""CloudFormation as tapctl uses it: one function for each operation of the API, with frozen results.

Every function raises `AwsError` where AWS refuses or does not answer, with what was attempted in front of the reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from tapctl.aws.errors import aws_call
from tapctl.aws.stacks import StackDescription, StackEvent, StackResource, stack_description, stack_event, stack_name
from tapctl.errors import AwsError
from tapctl.resource_types import ABSENT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.literals import StackStatusType
    from mypy_boto3_cloudformation.type_defs import StackResourceDriftTypeDef

    from tapctl.aws.session import Aws, Caller

Operation = Literal["execute_change_set", "delete_stack", "rollback_stack", "continue_update_rollback"]
"""The client's methods that begin an operation and take a ClientRequestToken."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """One page of events, newest first; `retried` tells whether AWS had to be asked more than once for it."""

    events: tuple[StackEvent, ...]
    next_token: str | None
    retried: bool


@dataclass(frozen=True, slots=True)
class ChangeSetPage:
    """One page of a change set; `changes` are ResourceChange structures as the API defines them."""

    status: str
    reason: str
    execution_status: str
    changes: tuple[Mapping[str, Any], ...]
    next_token: str | None


@dataclass(frozen=True, slots=True)
class ChangeSetSummary:
    """One change set of a stack, as ListChangeSets returns it."""

    name: str
    id: str
    stack_id: str
    status: str
    execution_status: str
    created: Any = None
    """A datetime."""


@dataclass(frozen=True, slots=True)
class PropertyDifference:
    """One property that differs from the template: `kind` is ADD, REMOVE or NOT_EQUAL, `path` a JSON pointer."""

    path: str
    kind: str
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class ResourceDrift:
    """The drift of one resource: `status` is IN_SYNC, MODIFIED, DELETED or why it has none."""

    logical_id: str
    status: str
    reason: str
    differences: tuple[PropertyDifference, ...]


def _client(aws: Aws) -> CloudFormationClient:
    client: CloudFormationClient = aws.client("cloudformation")
    return client


def stack_missing(error: AwsError) -> bool:
    """Whether CloudFormation refused because there is no such stack."""
    return error.code == "ValidationError" and "does not exist" in error.aws_message


def describe_stack(aws: Caller, name: str) -> StackDescription:
    """The stack with this name or id. A deleted one is found by its id alone, with the status DELETE_COMPLETE."""
    try:
        with aws_call(f"reading stack {stack_name(name)}"):
            answer = aws.call("cloudformation", "DescribeStacks", StackName=name)
        stacks = [stack_description(entry) for entry in answer["Stacks"]]
    except AwsError as error:
        if stack_missing(error):
            return StackDescription(name, ABSENT)
        raise
    return stacks[0] if stacks else StackDescription(name, ABSENT)


def describe_stacks(aws: Caller) -> tuple[StackDescription, ...]:
    """Every stack of the Region."""
    with aws_call("reading the stacks"):
        pages = aws.pages("cloudformation", "DescribeStacks")
    return tuple(stack_description(entry) for page in pages for entry in page["Stacks"])


def list_stacks(aws: Aws, statuses: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Name and status of every root stack in one of the statuses."""
    with aws_call("listing the stacks"):
        pages = (
            _client(aws)
            .get_paginator("list_stacks")
            .paginate(StackStatusFilter=[cast("StackStatusType", status) for status in statuses])
        )
        entries = [entry for page in pages for entry in page["StackSummaries"]]
    return tuple((entry["StackName"], entry["StackStatus"]) for entry in entries if "ParentId" not in entry)


def list_stack_resources(aws: Aws, stack_id: str) -> tuple[StackResource, ...]:
    """The resources of the stack, and those removed by its last operation, in CloudFormation's order."""
    with aws_call(f"reading the resources of stack {stack_name(stack_id)}"):
        pages = _client(aws).get_paginator("list_stack_resources").paginate(StackName=stack_id)
        entries = [entry for page in pages for entry in page["StackResourceSummaries"]]
    return tuple(
        StackResource(
            entry["LogicalResourceId"],
            entry["ResourceType"],
            entry["ResourceStatus"],
            entry.get("PhysicalResourceId", ""),
            entry.get("ResourceStatusReason", ""),
        )
        for entry in entries
    )


def physical_id(aws: Aws, stack_id: str, logical_id: str) -> str:
    """The physical id of one resource."""
    with aws_call(f"reading resource {logical_id} of stack {stack_name(stack_id)}"):
        answer = _client(aws).describe_stack_resource(StackName=stack_id, LogicalResourceId=logical_id)
    return str(answer["StackResourceDetail"]["PhysicalResourceId"])


def get_template(aws: Aws, stack_id: str, *, processed: bool = True) -> Mapping[str, Any] | str:
    """The deployed template, with its transforms processed or as it was given: YAML as text, JSON as a mapping."""
    stage: Literal["Original", "Processed"] = "Processed" if processed else "Original"
    with aws_call(f"reading the template of stack {stack_name(stack_id)}"):
        answer = _client(aws).get_template(StackName=stack_id, TemplateStage=stage)
    body: Mapping[str, Any] | str = answer.get("TemplateBody") or {}
    return body


def describe_stack_events(aws: Aws, stack_id: str, next_token: str | None = None) -> EventPage:
    """One page of the stack's events, newest first."""
    following = {"NextToken": next_token} if next_token else {}
    with aws_call(f"reading the events of stack {stack_name(stack_id)}"):
        page = _client(aws).describe_stack_events(StackName=stack_id, **following)
    retried = page.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
    return EventPage(tuple(map(stack_event, page["StackEvents"])), page.get("NextToken"), retried)


def create_change_set(aws: Aws, request: Mapping[str, Any]) -> tuple[str, str]:
    """The ids of the change set and of its stack."""
    with aws_call(f"creating a change set of stack {stack_name(request['StackName'])}"):
        answer = _client(aws).create_change_set(**request)
    return answer["Id"], answer["StackId"]


def describe_change_set(
    aws: Aws, change_set: str, stack: str = "", *, values: bool = True, next_token: str | None = None
) -> ChangeSetPage:
    """One page of a change set, named by its id, or by its name and stack; with property values where botocore can."""
    request: dict[str, Any] = {"StackName": stack} if stack else {}
    if values and aws.supports("cloudformation", "DescribeChangeSet", "IncludePropertyValues"):
        request["IncludePropertyValues"] = True
    if next_token:
        request["NextToken"] = next_token
    with aws_call("reading a change set"):
        page = _client(aws).describe_change_set(ChangeSetName=change_set, **request)
    changes = (entry["ResourceChange"] for entry in page.get("Changes", ()) if "ResourceChange" in entry)
    return ChangeSetPage(
        str(page["Status"]),
        page.get("StatusReason", ""),
        str(page.get("ExecutionStatus", "")),
        tuple(changes),
        page.get("NextToken"),
    )


def change_set_parameters(aws: Aws, change_set: str) -> dict[str, str | None]:
    """The parameters with which a change set was created; None for one whose value CloudFormation does not show."""
    with aws_call("reading the parameters of a change set"):
        entries = _client(aws).describe_change_set(ChangeSetName=change_set).get("Parameters", ())
    hidden = re.compile(r"\*+")  # a NoEcho parameter
    return {
        entry["ParameterKey"]: None if hidden.fullmatch(value) else value
        for entry in entries
        if (value := entry.get("ResolvedValue") or entry.get("ParameterValue")) is not None
    }


def change_set_events(aws: Aws, change_set_id: str) -> Iterator[Mapping[str, Any]]:
    """Every event of a change set's validation, OperationEvent structures as the API defines them."""
    # Unfiltered: AWS does not document whether FailedEvents includes warnings.
    with aws_call("reading the checks of a change set"):
        pages = list(_client(aws).get_paginator("describe_events").paginate(ChangeSetName=change_set_id))
    return (event for page in pages for event in page.get("OperationEvents", ()))


def failed_events(aws: Aws, stack_id: str) -> list[Mapping[str, Any]]:
    """The failures of the stack's newest operation, OperationEvent structures as the API defines them."""
    with aws_call("reading the checks of a stack"):
        pages = (
            _client(aws).get_paginator("describe_events").paginate(StackName=stack_id, Filters={"FailedEvents": True})
        )
        events = [event for page in pages for event in page.get("OperationEvents", ())]
    return [event for event in events if event.get("OperationId") == events[0].get("OperationId")]


def list_change_sets(aws: Aws, name: str) -> tuple[ChangeSetSummary, ...]:
    """The change sets of a stack, without those that are being deleted."""
    with aws_call(f"listing the change sets of stack {stack_name(name)}"):
        pages = _client(aws).get_paginator("list_change_sets").paginate(StackName=name)
        entries = [entry for page in pages for entry in page["Summaries"]]
    return tuple(
        ChangeSetSummary(
            entry["ChangeSetName"],
            entry.get("ChangeSetId", ""),
            entry.get("StackId", ""),
            entry.get("Status", ""),
            entry.get("ExecutionStatus", ""),
            entry.get("CreationTime"),
        )
        for entry in entries
        if not entry.get("Status", "").startswith("DELETE")
    )


def delete_change_set(aws: Aws, change_set: str, stack: str) -> None:
    with aws_call("deleting a change set"):
        _client(aws).delete_change_set(ChangeSetName=change_set, StackName=stack)


def delete_stack(aws: Aws, stack: str) -> None:
    """Begin the deletion of a stack that has no resources yet."""
    with aws_call(f"deleting stack {stack_name(stack)}"):
        _client(aws).delete_stack(StackName=stack)


def cancel_update(aws: Aws, stack_id: str, token: str) -> None:
    """Cancel an update in UPDATE_IN_PROGRESS, which CloudFormation then rolls back."""
    with aws_call(f"cancelling the update of stack {stack_name(stack_id)}"):
        _client(aws).cancel_update_stack(StackName=stack_id, ClientRequestToken=token)


def set_termination_protection(aws: Aws, stack_id: str, *, enabled: bool) -> None:
    with aws_call(f"setting the termination protection of stack {stack_name(stack_id)}"):
        _client(aws).update_termination_protection(StackName=stack_id, EnableTerminationProtection=enabled)


def start_operation(aws: Aws, operation: Operation, action: str, request: Mapping[str, Any], token: str) -> None:
    """Begin an operation that is recognized by its token; `action` is for the message of a refusal."""
    with aws_call(action):
        getattr(_client(aws), operation)(**request, ClientRequestToken=token)


def detect_stack_drift(aws: Aws, stack_id: str) -> str:
    """Begin a drift detection; its id."""
    with aws_call(f"detecting the drift of stack {stack_name(stack_id)}"):
        return str(_client(aws).detect_stack_drift(StackName=stack_id)["StackDriftDetectionId"])


def drift_detection(aws: Aws, detection_id: str) -> tuple[str, str]:
    """The status of a drift detection and its reason: DETECTION_IN_PROGRESS, DETECTION_FAILED, DETECTION_COMPLETE."""
    with aws_call("reading a drift detection"):
        answer = _client(aws).describe_stack_drift_detection_status(StackDriftDetectionId=detection_id)
    return answer["DetectionStatus"], answer.get("DetectionStatusReason", "")


def resource_drifts(aws: Aws, stack_id: str) -> tuple[ResourceDrift, ...]:
    """The drift of each resource by the last detection; botocore has no paginator for the operation."""
    drifts: list[ResourceDrift] = []
    following: dict[str, Any] = {}
    while True:
        with aws_call(f"reading the drift of stack {stack_name(stack_id)}"):
            page = _client(aws).describe_stack_resource_drifts(StackName=stack_id, **following)
        drifts += map(_resource_drift, page["StackResourceDrifts"])
        if not (token := page.get("NextToken")):
            return tuple(drifts)
        following = {"NextToken": token}


def _resource_drift(entry: StackResourceDriftTypeDef) -> ResourceDrift:
    differences = tuple(
        PropertyDifference(
            difference["PropertyPath"],
            difference["DifferenceType"],
            difference["ExpectedValue"],
            difference["ActualValue"],
        )
        for difference in entry.get("PropertyDifferences", ())
    )
    reason = entry.get("DriftStatusReason", "")
    return ResourceDrift(entry["LogicalResourceId"], entry["StackResourceDriftStatus"], reason, differences)
