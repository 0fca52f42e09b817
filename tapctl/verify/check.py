"""The result of one check."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from tapctl.hints import Hint


class CheckStatus(Enum):
    """How a check ended."""

    PROVED = "proved"
    FAILED = "failed"
    NOT_CHECKED = "not checked"
    """The value could not be read or is not known, so neither is proved."""


@dataclass(frozen=True, slots=True)
class Check:
    """One statement about a stack, with its status and the next step where it does not hold.

    `subject` is the logical id of a resource, or a kind such as `stack`, `output NAME` or `http URL`.
    """

    subject: str
    status: CheckStatus
    message: str
    hint: Hint | None = None
    detail: bool = False
    """One of many properties, which text output counts in one line while they hold."""
    remedied: bool = False
    """It states what a remedy has changed, which every report shows."""
    permanent: bool = False
    """Whether retrying cannot change the status."""


Job = Callable[[], Iterable[Check]]
"""Runs some checks; jobs run in parallel, and again after a failure."""


def shown(value: object) -> str:
    """A property's value as text."""
    match value:
        case None:
            return "not set"
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(map(shown, value)) or "empty"
        case dict():
            return " ".join(map(shown, value.values()))
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def failed(checks: Iterable[Check]) -> list[Check]:
    return [check for check in checks if check.status is CheckStatus.FAILED]
