"""The row of a known cause."""

from dataclasses import dataclass

from tapctl.hints import Advice


@dataclass(frozen=True, slots=True)
class Cause:
    """A pattern, matched anywhere and in any case; `{name}` in the meaning is replaced by its group of that name."""

    pattern: str
    meaning: str
    advice: Advice
    groups: tuple[str, ...] = ()
    """The values of the advice, by the names of the groups."""
