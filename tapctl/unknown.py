"""What tapctl could not find out, as a value with a reason: never None, never a number that looks like an answer."""

from dataclasses import dataclass
from typing import TypeVar

from tapctl.hints import Hint

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that cannot be known from what was given.

    `reason` says why; `resolution` names what would resolve it (a parameter, a permission, an option).
    `judged` is False where there was nothing to be asked in the first place, such as a quota that a
    hand-written snapshot leaves out: it is reported, and does not make the whole verdict unknown.
    `lookup` is the key of what the account could be asked for: `ssm:NAME` or `import:NAME`.
    """

    reason: str
    resolution: Hint = ""
    judged: bool = True
    lookup: str = ""


def known(value: int | Unknown) -> int:
    """The value, or 0 for an unknown one."""
    return value if isinstance(value, int) else 0


def total(values: "list[int | Unknown]") -> int | Unknown:
    """The sum, or the first reason why there is none."""
    added = 0
    for value in values:
        if isinstance(value, Unknown):
            return value
        added += value
    return added
