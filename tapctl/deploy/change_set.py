"""A change set: asked for, waited for, shown, and removed when nothing comes of it."""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tapctl.aws import Aws, explained
from tapctl.errors import AwsError, BusyError

NO_CHANGE = ("The submitted information didn't contain changes.", "No updates are to be performed.")
"""How CloudFormation begins the reason of a change set that would change nothing."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one resource; an action that AWS adds later is shown by its name."""

    action: str
    logical_id: str
    type: str
    replacement: str
    physical_id: str = ""

    @property
    def destroys(self) -> bool:
        return self.action == "Remove" or self.replacement in ("True", "Conditional")


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set that can be executed."""

    id: str
    stack_id: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """What a change set is asked for."""

    stack_name: str
    creates: bool
    template: Mapping[str, str]
    """`TemplateBody` or `TemplateURL`."""
    parameters: list[dict[str, Any]] = field(default_factory=list)
    capabilities: list[str] = field(default_factory=list)
    tags: Mapping[str, str] = field(default_factory=dict)
    role_arn: str | None = None
    name: str = field(default_factory=lambda: f"tapctl-{uuid.uuid4().hex[:12]}")
    """The change set's, known before it is asked for, so that one that was abandoned can be found again."""


def create(
    aws: Aws,
    request: Request,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    timeout: float = 600,
) -> ChangeSet | None:
    """Ask for a change set and wait until it is known; None when there is nothing to change.

    A failed or empty set is removed, and so is the stack that the asking made.
    Raises `AwsError` with CloudFormation's reason, `BusyError` when the time is up.
    """
    client = aws.client("cloudformation")
    asked: dict[str, Any] = {
        "StackName": request.stack_name,
        "ChangeSetName": request.name,
        "ClientToken": request.name,
        "ChangeSetType": "CREATE" if request.creates else "UPDATE",
        "Parameters": request.parameters,
        "Capabilities": request.capabilities,
        "Tags": [{"Key": key, "Value": value} for key, value in request.tags.items()],
        **request.template,
        **({"RoleARN": request.role_arn} if request.role_arn else {}),
    }
    with explained(f"asking for a change set of stack {request.stack_name}"):
        made = client.create_change_set(**asked)
        found = ChangeSet(made["Id"], made["StackId"], ())
        described = _wait(client, found, sleep, clock, timeout)
    if described["Status"] == "CREATE_COMPLETE":
        return ChangeSet(found.id, found.stack_id, _changes(client, described))
    discard(aws, found, with_stack=request.creates)
    reason = str(described.get("StatusReason", described["Status"]))
    if reason.startswith(NO_CHANGE):
        return None
    raise AwsError(f"CloudFormation refused the change set of stack {request.stack_name}: {reason}")


def discard(aws: Aws, found: ChangeSet, *, with_stack: bool) -> None:
    """Remove a change set that will not be executed, and the empty stack that was made for it."""
    client = aws.client("cloudformation")
    with explained("removing a change set"):
        client.delete_change_set(ChangeSetName=found.id, StackName=found.stack_id)
        if with_stack and _is_shell(client, found.stack_id):
            client.delete_stack(StackName=found.stack_id)


def _is_shell(client: Any, stack_id: str) -> bool:
    """Whether the stack is nothing but our review: no resources, and no change set of anybody else."""
    status = client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
    return status == "REVIEW_IN_PROGRESS" and not client.list_change_sets(StackName=stack_id)["Summaries"]


def _wait(
    client: Any, found: ChangeSet, sleep: Callable[[float], None], clock: Callable[[], float], timeout: float
) -> dict[str, Any]:
    started = clock()
    while True:
        described: dict[str, Any] = client.describe_change_set(ChangeSetName=found.id, StackName=found.stack_id)
        if described["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            return described
        waited = clock() - started
        if waited > timeout:
            raise BusyError(f"the change set was not ready after {timeout:.0f} s", "run it again later")
        sleep(0.5 if waited < 3 else 1 if waited < 15 else 2)


def _changes(client: Any, described: dict[str, Any]) -> tuple[Change, ...]:
    pages = [described]
    while token := pages[-1].get("NextToken"):
        asked = {"ChangeSetName": described["ChangeSetId"], "StackName": described["StackId"], "NextToken": token}
        pages.append(client.describe_change_set(**asked))
    entries = [each["ResourceChange"] for page in pages for each in page["Changes"] if "ResourceChange" in each]
    return tuple(
        Change(
            each["Action"],
            each["LogicalResourceId"],
            each["ResourceType"],
            each.get("Replacement", "") if each["Action"] == "Modify" else "",
            each.get("PhysicalResourceId", ""),
        )
        for each in entries
    )
