"""Why an operation failed: its first cause, in CloudFormation's words and in ours."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tapctl.account.floor_cache import floor_in_error
from tapctl.resource_types import STACK
from tapctl.stacks.causes import CAUSES
from tapctl.stacks.follow import StackEvent

_SUMMARY = re.compile(r"User Initiated|The following resource\(s\) failed|Embedded stack|Update successful")
"""How reasons begin that only point at others."""

_WRAPPED = re.compile(
    r'Resource handler returned message: "(?P<words>.*?)(?: \(Service: .*)?" \(RequestToken: [^)]*\)$', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The resource that failed first, what CloudFormation said of it, what that means and what to do."""

    logical_id: str
    said: str
    meaning: str = ""
    hint: str = ""
    event: StackEvent | None = None

    @property
    def words(self) -> str:
        """What was said, without the handler around it and the ids of requests, which the event line has."""
        wrapped = _WRAPPED.match(self.said)
        return wrapped["words"] if wrapped else self.said


def diagnose(events: Sequence[StackEvent], place: str = "") -> Diagnosis | None:
    """The earliest failure that is not a mere cancellation, down to the resource of a nested stack.

    A resource's comes before its stack's. Where nothing failed by its status, as with an export in use, the stack's
    own reason for going back says why. `place` are the options that lead a command to the same stack.
    """
    failures = [event for event in events if event.failed and not event.cancelled]
    first = next((event for event in failures if event.type != STACK), failures[0] if failures else _turn(events))
    if first is None:
        return None
    meaning, hint = explain(first.reason, first.physical_id, place)
    return Diagnosis(first.name, first.reason, meaning, hint, first)


def _turn(events: Sequence[StackEvent]) -> StackEvent | None:
    """Where the stack turned back without a failed resource."""
    told = (event for event in events if event.own and event.reason and not _SUMMARY.match(event.reason))
    return next(told, None)


def explain(reason: str, physical_id: str = "", place: str = "") -> tuple[str, str]:
    """What a status reason means and what to do about it; two empty texts for one that is not known."""
    if (minimum := floor_in_error(reason)) is not None:
        shows = f"`tapctl preflight{place} --min-unreserved {minimum}` shows what fits"
        return (
            f"the reservation would leave fewer than {minimum} unreserved executions in this account",
            f"{shows}; `tapctl deploy` with the same options makes it fit",
        )
    for cause in CAUSES:
        if match := re.search(cause.pattern, reason, re.IGNORECASE | re.DOTALL):
            named = {"physical_id": physical_id or "NAME", **match.groupdict("")}
            return cause.meaning.format_map(named), cause.hint.format_map(named).removesuffix(" on ")
    return "", ""
