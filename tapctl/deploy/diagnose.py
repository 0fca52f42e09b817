"""Why an operation failed: its first cause, in CloudFormation's words and in ours."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tapctl.deploy.events import STACK, Event
from tapctl.headroom.floor import floor_in_error


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The resource that failed first, what CloudFormation said of it, what that means and what to do."""

    logical_id: str
    said: str
    meaning: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    """A failure that is known by its words."""

    pattern: str
    meaning: str
    hint: str


_KNOWN = (
    _Known(
        r"is greater than account's unreserved concurrency",
        "the provisioned concurrency is more than the account has unreserved",
        "lower it, or ask for more of quota L-B99A9384",
    ),
    _Known(
        r"Provisioned Concurrency should not be greater than the reservedConcurrentExecution",
        "a function's provisioned concurrency, over all its versions and aliases, must fit into its reservation",
        "raise ReservedConcurrentExecutions, or lower the provisioned concurrency",
    ),
    _Known(
        r"ReservedConcurrentExecutions\s+\d+ should not be lower than function's total provisioned concurrency",
        "the reservation is smaller than what is provisioned inside it, perhaps by versions of earlier deploys",
        "`aws lambda list-provisioned-concurrency-configs` shows them; delete what is not needed",
    ),
    _Known(
        r"cannot be applied to unpublished function versions",
        "$LATEST takes no provisioned concurrency",
        "put it on a version or an alias",
    ),
    _Known(
        r"Alias can't be used for Provisioned Concurrency|Version is pointed by a Provisioned Concurrency alias",
        "a version and an alias of it cannot both have provisioned concurrency",
        "keep it on one of the two",
    ),
    _Known(
        r"Code storage limit exceeded",
        "the account's code storage is full",
        "delete old function versions, or ask for more of quota L-2ACBD22F",
    ),
    _Known(
        r"'MemorySize' value failed to satisfy constraint.*less than or equal to 3008",
        "new accounts may not give a function more than 3008 MB",
        "lower MemorySize to 3008, or ask AWS Support for more",
    ),
    _Known(
        r"already exists",
        "something of that name is there already, outside this stack",
        "rename it, delete the other, or import it into the stack",
    ),
    _Known(
        r"is not authorized to perform|AccessDenied|access denied",
        "the credentials, or the stack's role, may not do that",
        "allow the action that the message names",
    ),
    _Known(
        r"cannot be assumed by Lambda",
        "IAM had not spread the new role yet",
        "run the deploy again",
    ),
)


def diagnose(events: Sequence[Event]) -> Diagnosis | None:
    """The earliest failure that is not a mere cancellation; a resource's before its stack's."""
    failures = [event for event in events if event.failed and not event.cancelled]
    first = next((event for event in failures if event.type != STACK), failures[0] if failures else None)
    if first is None:
        return None
    meaning, hint = explain(first.reason)
    return Diagnosis(first.logical_id, first.reason, meaning, hint)


def explain(reason: str, known: Sequence[_Known] = _KNOWN) -> tuple[str, str]:
    """What a status reason means and what to do about it; two empty texts for one that is not known."""
    if (minimum := floor_in_error(reason)) is not None:
        return (
            f"the reservation would leave fewer than {minimum} unreserved executions in this account",
            f"`tapctl preflight --min-unreserved {minimum}` shows what fits; `tapctl deploy` with it makes it fit",
        )
    search: Callable[[str], object] = lambda pattern: re.search(pattern, reason, re.IGNORECASE | re.DOTALL)  # noqa: E731
    row = next((each for each in known if search(each.pattern)), None)
    return (row.meaning, row.hint) if row else ("", "")
