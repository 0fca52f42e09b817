"""A change set: created, waited for, read, and deleted when it is not executed."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from tapctl.aws import cloudformation
from tapctl.aws.cloudformation import ChangeSetPage, describe_change_set
from tapctl.aws.session import Aws
from tapctl.errors import AwsError, BusyError, TapctlError, UsageError
from tapctl.hints import Hint, advise, with_step
from tapctl.hints.deploy import DeployAdvice
from tapctl.stacks import stale_change_sets, validations
from tapctl.stacks.causes import explain
from tapctl.stacks.change_set_request import ChangeSetRequest, TagChange
from tapctl.stacks.changes import ResourceChange, resource_change, walk
from tapctl.stacks.polling import change_set_pause
from tapctl.stacks.redaction import Secrets
from tapctl.stacks.validations import Validation, Validations

NO_CHANGE = ("The submitted information didn't contain changes.", "No updates are to be performed.")
"""How CloudFormation begins the reason of a change set that would change nothing."""

_ABOUT_INPUT = ("ValidationError", "InsufficientCapabilities", "InsufficientCapabilitiesException")
"""Error codes of CreateChangeSet that are about the request."""

_BUSY = re.compile(r"\bis in \S*_IN_PROGRESS state")

_UNRECOGNIZED = re.compile(r"(?:Template format error: )?Unrecognized resource types: \[([^]]*)\]")

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
    tags: tuple[TagChange, ...] = ()
    """What changes of the stack's own tags."""

    @property
    def replaced(self) -> frozenset[str]:
        """The resources that will or may be replaced, a nested stack's as `Stack/Resource`."""
        return frozenset(name for name, change in walk(self.changes) if change.replaces)

    @property
    def losses(self) -> Mapping[str, str]:
        """The data that may be lost, by resource."""
        return {name: change.loss for name, change in walk(self.changes) if change.loss}

    @property
    def warnings(self) -> tuple[str, ...]:
        """The checks of CloudFormation that warn, were skipped or could not be read."""
        results = self.validations
        return tuple(map(str, results)) if isinstance(results, tuple) else (f"unknown: {results.reason}",)


_EXISTS = advise(DeployAdvice.RENAME_OR_IMPORT)


class ChangeSetRefused(UsageError):
    """CloudFormation's checks failed the change set; `failures` are the checks."""

    def __init__(self, stack_name: str, failures: tuple[Validation, ...]) -> None:
        reasons = "; ".join(map(str, failures))
        hints = (_EXISTS if "CONFLICT" in failure.name else explain(failure.reason)[1] for failure in failures)
        first, *others = [*dict.fromkeys(filter(None, hints))] or [advise(DeployAdvice.FIX_TEMPLATE)]
        message = f"CloudFormation refused the change set of stack {stack_name}: {reasons}"
        super().__init__(message, replace(first, then=tuple(others)))
        self.failures = failures


def fail_on_warnings(change_set: ChangeSet, stack_name: str) -> None:
    """Raise `UsageError` where CloudFormation's checks warn."""
    if change_set.warnings:
        warnings = "; ".join(change_set.warnings)
        raise UsageError(
            f"CloudFormation's checks of the change set of stack {stack_name} warn: {warnings}",
            advise(DeployAdvice.FIX_OR_IGNORE_WARNINGS),
        )


def create(
    aws: Aws,
    request: ChangeSetRequest,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    timeout: float = 600,
) -> ChangeSet | None:
    """Create a change set and wait until it is ready; None when there is nothing to change.

    Whatever else ends it, an interrupt included, leaves neither the change set nor a stack that was created for it.
    Raises `ChangeSetRefused` with the failed checks, `AwsError` with CloudFormation's reason, `BusyError` when the
    timeout is over or another user reviews a change set of a stack that does not exist yet.
    """
    request.options.check_target(creates=request.creates)
    request.options.check_supported(aws)
    if request.exists:
        stale_change_sets.clear(aws, request.stack_name, creates=request.creates)
    # What identifies it until the answer arrives, which an interrupt or a broken connection may prevent.
    change_set, stack, ready = request.name, request.stack, None
    reader = _Reader(aws, sleep, clock, timeout)
    try:
        change_set, stack = cloudformation.create_change_set(aws, request.parameters_for_aws())
        ready = reader.read(change_set, stack, request)
    except AwsError as error:
        raise _request_error(aws, error) from None
    finally:
        if ready is None:
            with suppress(TapctlError):  # what cannot be deleted now, the next deploy deletes
                _delete(aws, change_set, stack, with_stack=request.creates)
    return ready


def discard(aws: Aws, change_set: ChangeSet, *, with_stack: bool) -> None:
    """Delete a change set that will not be executed, and the empty stack that was created for it."""
    _delete(aws, change_set.id, change_set.stack_id, with_stack=with_stack)


def _delete(aws: Aws, change_set: str, stack: str, *, with_stack: bool) -> None:
    try:
        cloudformation.delete_change_set(aws, change_set, stack)
    except AwsError as error:
        # One that is still being created cannot be deleted, but is deleted with its stack.
        if not with_stack or error.code != "InvalidChangeSetStatus":
            raise
    if with_stack and _is_empty_shell(aws, stack, change_set):
        cloudformation.delete_stack(aws, stack)


def _is_empty_shell(aws: Aws, stack: str, change_set: str) -> bool:
    """Whether the stack has no resources and no other change set."""
    found = cloudformation.describe_stack(aws, stack)
    if found.status != "REVIEW_IN_PROGRESS":
        return False
    others = cloudformation.list_change_sets(aws, found.name)
    return all(change_set in (other.name, other.id) for other in others)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Waits for a change set and reads it."""

    aws: Aws
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    timeout: float

    def read(self, change_set: str, stack: str, request: ChangeSetRequest) -> ChangeSet | None:
        """The change set when it is ready; None when it would change nothing."""
        page = self._finished(change_set)
        failed = page.status != "CREATE_COMPLETE"
        reason = self._reason(page) if failed else ""
        if reason.startswith(NO_CHANGE):
            return None
        checks = validations.read(self.aws, change_set)
        if failed:
            raise _refusal(request.stack_name, request.secrets.redact(reason), checks)
        return ChangeSet(change_set, stack, read_changes(self.aws, change_set, page, request.secrets), checks)

    def _finished(self, change_set: str) -> ChangeSetPage:
        started = self.clock()
        while True:
            page = describe_change_set(self.aws, change_set)
            if page.status not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                return page
            waited = self.clock() - started
            if waited > self.timeout:
                raise BusyError(
                    f"the change set was not ready after {self.timeout:.0f} s", advise(DeployAdvice.TRY_LATER)
                )
            self.sleep(change_set_pause(waited))

    def _reason(self, page: ChangeSetPage) -> str:
        """Why the change set failed; where a nested stack's did, which may take longer, why that one did."""
        reason = page.reason or page.status
        nested = _NESTED.search(reason)
        return self._reason(self._finished(nested[1].rstrip(".:,"))) if nested else reason


def _request_error(aws: Aws, error: AwsError) -> TapctlError:
    """The error for a refused request: a mistake in the request, or another operation on the stack."""
    if error.code not in _ABOUT_INPUT:
        return error
    if aws.target.is_sandbox and _UNRECOGNIZED.search(error.message):
        message = _UNRECOGNIZED.sub(r"the sandbox does not have \1", error.message)
        return UsageError(message, advise(DeployAdvice.CHOOSE_ACCOUNT_OR_TYPE))
    if _BUSY.search(error.message):
        return BusyError(error.message, advise(DeployAdvice.TRY_AFTER_OPERATION))
    return UsageError(
        error.message, error.hint or _hint(error.message) or advise(DeployAdvice.FIX_TEMPLATE_OR_PARAMETERS)
    )


def _refusal(stack_name: str, reason: str, checks: Validations) -> TapctlError:
    failures = tuple(check for check in checks if check.fatal) if isinstance(checks, tuple) else ()
    if failures:
        return ChangeSetRefused(stack_name, failures)
    return AwsError(f"CloudFormation refused the change set of stack {stack_name}: {reason}", _hint(reason))


def _hint(reason: str) -> Hint | None:
    return next((hint for text, hint in _HINTS.items() if text in reason), None)


_HINTS = {
    "Follow-up operations must use": advise(DeployAdvice.KEEP_EXPRESS),
    "DeploymentConfig": advise(DeployAdvice.OMIT_EXPRESS),
    "DeploymentMode": advise(DeployAdvice.OMIT_REVERT_DRIFT),
    "Requires capabilities": advise(DeployAdvice.ACKNOWLEDGE),
    "ResourceExistenceCheck": with_step(_EXISTS, advise(DeployAdvice.ALLOW_TO_SEE_WHICH, validations.PERMISSION)),
    "AWS::EarlyValidation": advise(DeployAdvice.ALLOW_TO_SEE_FAILURES, validations.PERMISSION),
    "cannot be assumed": advise(DeployAdvice.TRUST_CLOUDFORMATION),
}
"""The next step for reasons with a known text."""


INCOMPLETE = "[WARN] --include-property-values option can return incomplete ChangeSet data"
"""Part of the reason where property values made AWS omit resources: https://github.com/aws/aws-cdk-cli/issues/1780"""


def read_changes(aws: Aws, change_set: str, first: ChangeSetPage, secrets: Secrets) -> tuple[ResourceChange, ...]:
    """All changes of a change set, given its first page."""
    entries = _entries(aws, change_set, first, values=True)
    if INCOMPLETE in first.reason:
        complete = _entries(aws, change_set, describe_change_set(aws, change_set, values=False), values=False)
        entries = _merged(complete, entries)
    return tuple(resource_change(entry, _nested(aws, entry, secrets), secrets) for entry in entries)


def _entries(aws: Aws, change_set: str, first: ChangeSetPage, *, values: bool) -> list[Mapping[str, Any]]:
    pages = [first]
    while token := pages[-1].next_token:
        pages.append(describe_change_set(aws, change_set, values=values, next_token=token))
    return [change for page in pages for change in page.changes]


def _merged(complete: Sequence[Mapping[str, Any]], detailed: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Every change, with property values where AWS returned them."""
    known = {entry["LogicalResourceId"]: entry for entry in detailed}
    return [known.get(entry["LogicalResourceId"], entry) for entry in complete]


def _nested(aws: Aws, entry: Mapping[str, Any], secrets: Secrets) -> tuple[ResourceChange, ...]:
    """The changes of a nested stack; none where its change set is missing because it would change nothing."""
    change_set = entry.get("ChangeSetId")
    return read_changes(aws, change_set, describe_change_set(aws, change_set), secrets) if change_set else ()
