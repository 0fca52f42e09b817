"""A change set: asked for, waited for, read, and removed when nothing comes of it."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tapctl.aws.session import Aws, error_code, explained, knows
from tapctl.errors import AwsError, BusyError, TapctlError, UsageError
from tapctl.stacks import stale_change_sets, validations
from tapctl.stacks.change_set_request import ChangeSetRequest
from tapctl.stacks.changes import ResourceChange, parsed, walk
from tapctl.stacks.polling import change_set_pause
from tapctl.stacks.redaction import Secrets
from tapctl.stacks.validations import Validation, Validations

NO_CHANGE = ("The submitted information didn't contain changes.", "No updates are to be performed.")
"""How CloudFormation begins the reason of a change set that would change nothing."""

_ABOUT_INPUT = ("ValidationError", "InsufficientCapabilities", "InsufficientCapabilitiesException")
"""Error codes of CreateChangeSet that are about what it was given."""

_AT_WORK = re.compile(r"\bis in \S*_IN_PROGRESS state")

_NESTED = re.compile(r"Nested change set (arn:\S+) was not successfully created")


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set that can be executed."""

    id: str
    stack_id: str
    changes: tuple[ResourceChange, ...]
    validations: Validations = ()
    part: str = ""
    """Which of two steps it is; empty where there is one."""

    @property
    def replaced(self) -> frozenset[str]:
        """What will or may be made anew, as the tree of stacks names it: beside the old one at first."""
        return frozenset(name for name, each in walk(self.changes) if each.replaces)

    @property
    def losses(self) -> Mapping[str, str]:
        """What may be lost with which resource."""
        return {name: each.loss for name, each in walk(self.changes) if each.loss}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What AWS's own checks warn of, skipped, or were not to be asked about."""
        told = self.validations
        return tuple(map(str, told)) if isinstance(told, tuple) else (f"they are unknown: {told.reason}",)


class ChangeSetRefused(UsageError):
    """CloudFormation's own checks refuse the template; `failures` says where."""

    def __init__(self, stack_name: str, failures: tuple[Validation, ...]) -> None:
        said = "; ".join(map(str, failures))
        super().__init__(f"CloudFormation refused the change set of stack {stack_name}: {said}", "mend the template")
        self.failures = failures


def heed(found: ChangeSet, stack_name: str) -> None:
    """Take what AWS's own checks only warn of for a failure. Raises `UsageError`."""
    if found.warnings:
        said = "; ".join(found.warnings)
        hint = "mend it, or leave `--fail-on-warnings` out"
        raise UsageError(f"AWS's own checks of the change set of stack {stack_name}: {said}", hint)


def create(
    aws: Aws,
    request: ChangeSetRequest,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    timeout: float = 600,
) -> ChangeSet | None:
    """Ask for a change set and wait until it is known; None when there is nothing to change.

    Whatever ends it otherwise, an interrupt among it, leaves neither the set nor a stack that was made for it.
    Raises `ChangeSetRefused` with what CloudFormation's checks found, `AwsError` with its reason, `BusyError` when the
    time is up or somebody else is reviewing a change set of a stack that is yet to be.
    """
    client = aws.client("cloudformation")
    request.options.check_target(creates=request.creates)
    request.options.check_known(client)
    if request.exists:
        stale_change_sets.clear(client, request.stack_name, creates=request.creates)
    # What is known of it before the answer, which an interrupt or a broken connection may swallow.
    made, ready = {"Id": request.name, "StackId": request.stack}, None
    desk = _Desk(client, sleep, clock, timeout)
    try:
        with explained(f"asking for a change set of stack {request.stack_name}"):
            made = client.create_change_set(**request.asked())
            ready = desk.read(made, request)
    except AwsError as error:
        raise _blamed(error) from None
    finally:
        if ready is None:
            _forget(client, made, with_stack=request.creates)
    return ready


def discard(aws: Aws, found: ChangeSet, *, with_stack: bool) -> None:
    """Remove a change set that will not be executed, and the empty stack that was made for it."""
    with explained("removing a change set"):
        _remove(aws.client("cloudformation"), found.id, found.stack_id, with_stack=with_stack)


def _forget(client: Any, made: Mapping[str, str], *, with_stack: bool) -> None:
    """Remove what asking may have made; what cannot be removed now, the next run clears away."""
    with suppress(TapctlError), explained("removing a change set"):
        _remove(client, made["Id"], made["StackId"], with_stack=with_stack)


def _remove(client: Any, change_set: str, stack: str, *, with_stack: bool) -> None:
    from botocore.exceptions import ClientError

    try:
        client.delete_change_set(ChangeSetName=change_set, StackName=stack)
    except ClientError as error:
        # One that is still being made cannot be deleted by itself, but goes with its stack.
        if not with_stack or error_code(error) != "InvalidChangeSetStatus":
            raise
    if with_stack and _is_shell(client, stack, change_set):
        client.delete_stack(StackName=stack)


def _is_shell(client: Any, stack: str, change_set: str) -> bool:
    """Whether the stack is nothing but our review: no resources, and no change set of anybody else."""
    found = client.describe_stacks(StackName=stack)["Stacks"][0]
    if found["StackStatus"] != "REVIEW_IN_PROGRESS":
        return False
    left = stale_change_sets.listed(client, found["StackName"])
    return all(change_set in (each["ChangeSetName"], each.get("ChangeSetId")) for each in left)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Waits for change sets, and reads them."""

    client: Any
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    timeout: float

    def read(self, made: Mapping[str, str], request: ChangeSetRequest) -> ChangeSet | None:
        """The set, once it is finished, with all that is to be known of it; None when it would change nothing."""
        described = self._finished(made["Id"])
        failed = described["Status"] != "CREATE_COMPLETE"
        reason = self._reason(described) if failed else ""
        if reason.startswith(NO_CHANGE):
            return None
        told = validations.read(self.client, made["Id"])
        if failed:
            raise _refusal(request.stack_name, request.secrets.without(reason), told)
        found = changes(self.client, made["Id"], described, request.secrets)
        return ChangeSet(made["Id"], made["StackId"], found, told)

    def _finished(self, change_set: str) -> dict[str, Any]:
        started = self.clock()
        while True:
            described = describe(self.client, change_set)
            if described["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                return described
            waited = self.clock() - started
            if waited > self.timeout:
                raise BusyError(f"the change set was not ready after {self.timeout:.0f} s", "run it again later")
            self.sleep(change_set_pause(waited))

    def _reason(self, described: Mapping[str, Any]) -> str:
        """Why the set failed; where that of a nested stack did, which may take a while longer, why that one did."""
        reason = str(described.get("StatusReason") or described["Status"])
        below = _NESTED.search(reason)
        return self._reason(self._finished(below[1].rstrip(".:,"))) if below else reason


def _blamed(error: AwsError) -> TapctlError:
    """A request that CloudFormation does not take: for what is in it, or because somebody else is at work."""
    if error.code not in _ABOUT_INPUT:
        return error
    if _AT_WORK.search(error.message):
        return BusyError(error.message, "run it again when that is over")
    return UsageError(error.message, error.hint or _hint(error.message) or "mend the template or its parameters")


def _refusal(stack_name: str, reason: str, told: Validations) -> TapctlError:
    fatal = tuple(each for each in told if each.fatal) if isinstance(told, tuple) else ()
    if fatal:
        return ChangeSetRefused(stack_name, fatal)
    return AwsError(f"CloudFormation refused the change set of stack {stack_name}: {reason}", _hint(reason))


def _hint(said: str) -> str | None:
    return next((hint for words, hint in _HINTS.items() if words in said), None)


_HINTS = {
    "Follow-up operations must use": "give `--express` until an operation of the stack is complete",
    "DeploymentConfig": "the Region may not have express deploys: leave `--express` out",
    "DeploymentMode": "the Region may not have drift-aware change sets: leave `--revert-drift` out",
    "Requires capabilities": "acknowledge what the reason names with `--capability`",
    "AWS::EarlyValidation": f"allow the action {validations.PERMISSION}, which tells what was found where",
    "cannot be assumed": "let CloudFormation assume the role: its trust policy names cloudformation.amazonaws.com",
}
"""The next step for reasons that are known by their words."""


INCOMPLETE = "[WARN] --include-property-values option can return incomplete ChangeSet data"
"""What a set's reason holds when asking for values left resources out: https://github.com/aws/aws-cdk-cli/issues/1780"""


def describe(client: Any, change_set: str, *, values: bool = True, **more: str) -> dict[str, Any]:
    """One page of one change set, named by its ARN; with the values of properties where botocore can ask for them."""
    asked = values and knows(client, "DescribeChangeSet", "IncludePropertyValues")
    extra: dict[str, Any] = {"IncludePropertyValues": True} if asked else {}
    found: dict[str, Any] = client.describe_change_set(ChangeSetName=change_set, **extra, **more)
    return found


def changes(client: Any, change_set: str, first: Mapping[str, Any], secrets: Secrets) -> tuple[ResourceChange, ...]:
    """Every change of a set whose first page was read already."""
    entries = _entries(client, change_set, first, values=True)
    if INCOMPLETE in first.get("StatusReason", ""):
        whole = _entries(client, change_set, describe(client, change_set, values=False), values=False)
        entries = _merged(whole, entries)
    return tuple(parsed(each, _nested(client, each, secrets), secrets) for each in entries)


def _entries(client: Any, change_set: str, first: Mapping[str, Any], *, values: bool) -> list[Mapping[str, Any]]:
    pages = [first]
    while token := pages[-1].get("NextToken"):
        pages.append(describe(client, change_set, values=values, NextToken=token))
    return [each["ResourceChange"] for page in pages for each in page["Changes"] if "ResourceChange" in each]


def _merged(whole: Sequence[Mapping[str, Any]], detailed: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Every change, with its values where they were told."""
    known = {each["LogicalResourceId"]: each for each in detailed}
    return [known.get(each["LogicalResourceId"], each) for each in whole]


def _nested(client: Any, entry: Mapping[str, Any], secrets: Secrets) -> tuple[ResourceChange, ...]:
    """What the nested stack's own set would do; one without changes has none."""
    change_set = entry.get("ChangeSetId")
    return changes(client, change_set, describe(client, change_set), secrets) if change_set else ()
