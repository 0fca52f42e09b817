"""The text of a template file and where every value of it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value stands: line and column count from 1, start and end are offsets into the text."""

    line: int
    column: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Source:
    """A template file as it was read: its name, its text, its plain value, and the spans of keys and values."""

    file: str
    text: str
    value: Any
    spans: Mapping[Path, Span] = field(repr=False)
    keys: Mapping[Path, Span] = field(repr=False)

    def line(self, *path: str | int) -> int:
        """The line of the key or value at `path`, or of the nearest thing around it."""
        for length in range(len(path), 0, -1):
            near = path[:length]
            if span := self.keys.get(near) or self.spans.get(near):
                return span.line
        return 1
