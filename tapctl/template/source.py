"""The text of a template file and the place of every value in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count, takewhile
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """The place of a value: line and column count from 1, start and end are offsets into the text."""

    line: int
    column: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A key that is given several times: the lines of the last two, and the offset of the last, which counts."""

    path: Path
    first: int
    last: int
    start: int


@dataclass(frozen=True, slots=True)
class Source:
    """A template file: its name, its text, its plain value, and the spans of its keys and values."""

    file: str
    text: str
    value: Any
    spans: Mapping[Path, Span] = field(repr=False)
    keys: Mapping[Path, Span] = field(repr=False)
    aliases: Mapping[Path, Path] = field(default_factory=dict, repr=False)
    """By the path of a YAML alias, the path of its anchor."""
    duplicates: tuple[Duplicate, ...] = field(default=(), repr=False)
    construct: str = ""
    """The path of the stack's construct, in a template that the CDK synthesised."""

    @property
    def title(self) -> str:
        """The file, with the path of its construct."""
        return f"{self.file} ({self.construct})" if self.construct else self.file

    def at(self, path: Path) -> Any:
        """The plain value at `path`, or None."""
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
        """The place where the value at `path` is written, which an alias or merge key moves; None without a value."""
        place: Path = ()
        for step in path:
            child = self._step(place, step)
            if child is None:
                return None
            place = self.aliases.get(child, child)
        return place

    def entry(self, path: Path) -> Path | None:
        """The place where the entry at `path` is written, though its value may be an alias; None without an entry."""
        holder = self.written(path[:-1])
        return None if holder is None else self._step(holder, path[-1])

    def _step(self, holder: Path, step: str | int) -> Path | None:
        if (child := (*holder, step)) in self.spans:
            return child
        merged = (*holder, "<<")
        if merged not in self.spans:
            return None
        items = takewhile(self.spans.__contains__, ((*merged, index) for index in count()))
        maps = [self.aliases.get(item, item) for item in (merged, *items)]
        return next((entry for merged_map in maps if (entry := self._step(merged_map, step))), None)

    def line(self, *path: str | int) -> int:
        """The line of the key or value at `path`, or of the nearest one around it."""
        for length in range(len(path), 0, -1):
            outer = path[:length]
            if span := self.keys.get(outer) or self.spans.get(outer):
                return span.line
        return 1
