"""The text of a template file and where every value of it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count, takewhile
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
    aliases: Mapping[Path, Path] = field(default_factory=dict, repr=False)
    """Where a YAML alias stands, and where the anchor that it repeats."""

    def at(self, path: Path) -> Any:
        """The plain value at `path`; None where there is none."""
        value = self.value
        for step in path:
            if isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            elif isinstance(value, dict):
                value = value.get(step)
            else:
                return None
        return value

    def written(self, path: Path) -> Path | None:
        """Where the value at `path` is written: there, or behind the alias or merge key that brings it there."""
        here: Path = ()
        for step in path:
            found = self._step(here, step)
            if found is None:
                return None
            here = self.aliases.get(found, found)
        return here

    def entry(self, path: Path) -> Path | None:
        """Where the entry at `path` is written, even if its value is an alias of what stands elsewhere."""
        holder = self.written(path[:-1])
        return None if holder is None else self._step(holder, path[-1])

    def _step(self, holder: Path, step: str | int) -> Path | None:
        if (child := (*holder, step)) in self.spans:
            return child
        merged = (*holder, "<<")
        if merged not in self.spans:
            return None
        several = takewhile(self.spans.__contains__, ((*merged, index) for index in count()))
        parts = [self.aliases.get(part, part) for part in (merged, *several)]
        return next((found for part in parts if (found := self._step(part, step))), None)

    def line(self, *path: str | int) -> int:
        """The line of the key or value at `path`, or of the nearest thing around it."""
        for length in range(len(path), 0, -1):
            near = path[:length]
            if span := self.keys.get(near) or self.spans.get(near):
                return span.line
        return 1
