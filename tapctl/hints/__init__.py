"""The next step below a verdict or an error, as data; `tapctl.report.hints` words it.

Code chooses an advice and fills in its values. It words nothing, so that one place decides how a command is written,
and the type of a hint proves it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Advice(Enum):
    """One next step; the modules of this package list them, each in an enum of its own."""


@dataclass(frozen=True, slots=True)
class Hint:
    """An advice with its values, in the order that the advice lists."""

    advice: Advice
    values: tuple[str | int, ...] = ()
    then: tuple[Hint, ...] = ()
    """Further steps, which follow it."""

    def __format__(self, spec: str) -> str:
        """Raises `TypeError`: a report words it, nothing else."""
        raise TypeError(f"{self.advice} is not text; tapctl.report.hints words it")


def advise(advice: Advice, *values: str | int) -> Hint:
    """`Hint` with its values as arguments."""
    return Hint(advice, values)


def with_step(hint: Hint | None, step: Hint) -> Hint:
    """The hint with a further step behind it, or that step alone."""
    return replace(hint, then=(*hint.then, step)) if hint else step
