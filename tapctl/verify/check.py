"""One thing that was looked at."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from tapctl.hints import Hint


class CheckStatus(Enum):
    """What looking at it gave."""

    PROVED = "proved"
    FAILED = "failed"
    NOT_CHECKED = "not checked"
    """It could not be seen, which proves nothing."""


@dataclass(frozen=True, slots=True)
class Check:
    """A statement about the stack, whether it holds, and what to do when it does not."""

    subject: str
    status: CheckStatus
    message: str
    hint: Hint | None = None
    detail: bool = False
    """One of many properties, which are summed up for people as long as they hold."""
    lasting: bool = False
    """Whether time will not mend it, so that it is not asked again."""


Job = Callable[[], Iterable[Check]]
"""Something to look at; it may run beside others, and again."""


def shown(value: object) -> str:
    """A value in few words."""
    match value:
        case None:
            return "not set"
        case list():
            return ", ".join(map(shown, value)) or "none"
        case dict():
            return " ".join(map(shown, value.values()))
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def failed(checks: Iterable[Check]) -> list[Check]:
    return [check for check in checks if check.status is CheckStatus.FAILED]
