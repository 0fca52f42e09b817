"""The row of a known cause."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """A pattern, matched anywhere and in any case; `{name}` in the texts is replaced by its group of that name."""

    pattern: str
    meaning: str
    hint: str
