"""Why an operation failed: its first cause, with CloudFormation's reason, its meaning and the next step.

The tables of known failures match texts of CloudFormation and of the services, in status reasons of stack events and in
refusals of change sets. The meaning and the hint may use the groups that a pattern names. The first row that matches
counts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tapctl.account.floor_cache import floor_in_error
from tapctl.aws.stacks import StackEvent
from tapctl.hints import Hint, advise
from tapctl.hints.failures import FailureAdvice
from tapctl.resource_types import STACK
from tapctl.stacks.causes.access import KEYS, PERMISSIONS
from tapctl.stacks.causes.cause import Cause
from tapctl.stacks.causes.checks import CHECKS, GENERAL
from tapctl.stacks.causes.custom_resources import CUSTOM
from tapctl.stacks.causes.functions import CONCURRENCY, LAMBDA
from tapctl.stacks.causes.resources import NAMES, QUOTAS, REMAINS, WAITS
from tapctl.stacks.causes.services import SERVICES

CAUSES = (
    *CONCURRENCY,
    *LAMBDA,
    *CUSTOM,
    *KEYS,
    *SERVICES,
    *NAMES,
    *REMAINS,
    *CHECKS,
    *PERMISSIONS,
    *WAITS,
    *QUOTAS,
    *GENERAL,
)
"""In the order in which they are tried: specific causes before general ones."""

_SUMMARY = re.compile(r"User Initiated|The following resource\(s\) failed|Embedded stack|Update successful")
"""How reasons begin that only refer to other events."""

_WRAPPED = re.compile(
    r'Resource handler returned message: "(?P<words>.*?)(?: \(Service: .*)?" \(RequestToken: [^)]*\)$', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The resource that failed first, CloudFormation's reason, what that means and the next step."""

    logical_id: str
    reason: str
    meaning: str = ""
    hint: Hint | None = None
    event: StackEvent | None = None

    @property
    def words(self) -> str:
        return unwrapped(self.reason)

    @property
    def sentence(self) -> str:
        """The words, and after them what they mean where that is known."""
        return f"{self.words.rstrip('.')}; that is, {self.meaning}" if self.meaning else self.words


def unwrapped(reason: str) -> str:
    """The reason without the resource handler's wrapping and request ids, which the event line shows."""
    wrapped = _WRAPPED.match(reason)
    return wrapped["words"] if wrapped else reason


def diagnose(events: Sequence[StackEvent], flags: str = "") -> Diagnosis | None:
    """The earliest failure that is not a cancellation, down to the resource of a nested stack.

    A resource's failure comes before its stack's. Where no status is a failure, as with an export in use, the cause is
    the stack's own reason to roll back. `flags` are the options with which a command works on the same stack.
    """
    failures = [event for event in events if event.failed and not event.cancelled]
    first = next((event for event in failures if event.type != STACK), failures[0] if failures else _rollback(events))
    if first is None:
        return None
    meaning, hint = explain(first.reason, first.physical_id, flags)
    return Diagnosis(first.name, first.reason, meaning, hint, first)


def _rollback(events: Sequence[StackEvent]) -> StackEvent | None:
    """The event with which the stack rolls back without a failed resource."""
    own = (event for event in events if event.own and event.reason and not _SUMMARY.match(event.reason))
    return next(own, None)


def explain(
    reason: str, physical_id: str = "", flags: str = "", first: Sequence[Cause] = ()
) -> tuple[str, Hint | None]:
    """The meaning of a status reason and the next step; an empty text and None for an unknown reason.

    Rows of `first` come before those of the table.
    """
    if (minimum := floor_in_error(reason)) is not None:
        return (
            f"the reservation would leave fewer than {minimum} unreserved executions in this account",
            advise(FailureAdvice.FIT_MINIMUM, flags, minimum),
        )
    for cause in (*first, *CAUSES):
        if match := re.search(cause.pattern, reason, re.IGNORECASE | re.DOTALL):
            named = {"physical_id": physical_id or "NAME", **match.groupdict("")}
            return cause.meaning.format_map(named), advise(cause.advice, *(named[group] for group in cause.groups))
    return "", None
