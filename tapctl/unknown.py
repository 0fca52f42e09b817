"""A value that tapctl cannot determine, with the reason: never None, and never a number that looks like an answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from tapctl.hints import Hint


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that cannot be determined from the input.

    `reason` says why; `resolution` names what would determine it (a parameter, a permission, an option).
    `judged` is False for a value that was never read, such as a quota that a hand-written snapshot leaves out:
    it is reported, and does not make the whole verdict unknown.
    `lookup` is the key of a value that the account holds: `ssm:NAME` or `import:NAME`.
    """

    reason: str
    resolution: Hint | None = None
    judged: bool = True
    lookup: str = ""


Count: TypeAlias = int | Unknown
"""A number of executions, bytes or resources."""


def known(count: Count) -> int:
    """The count, or 0 for an unknown one."""
    return count if isinstance(count, int) else 0


def total(counts: Iterable[Count]) -> Count:
    """The sum, or the first Unknown."""
    added = 0
    for count in counts:
        if isinstance(count, Unknown):
            return count
        added += count
    return added
