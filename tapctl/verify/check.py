"""One thing that was looked at."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Status(Enum):
    """What looking at it gave."""

    PROVED = "proved"
    FAILED = "failed"
    NOT_CHECKED = "not checked"
    """It could not be seen, which proves nothing."""


@dataclass(frozen=True, slots=True)
class Check:
    """A statement about the stack, whether it holds, and what to do when it does not."""

    subject: str
    status: Status
    message: str
    hint: str | None = None


def expect(subject: str, what: str, wanted: object, found: object) -> Check:
    """A check that two values are the same."""
    if wanted == found:
        return Check(subject, Status.PROVED, f"{what} is {shown(found)}")
    return Check(subject, Status.FAILED, f"{what} is {shown(found)}, the template says {shown(wanted)}")


def shown(value: object) -> str:
    if value is None:
        return "not set"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def failed(checks: Iterable[Check]) -> list[Check]:
    return [check for check in checks if check.status is Status.FAILED]
