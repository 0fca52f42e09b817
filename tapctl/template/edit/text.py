"""Edits of a text, and the layout of the text around them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tapctl.template.model import Path, Source, Span


@dataclass(frozen=True, slots=True)
class Edit:
    """Replaces the text from offset `start` to `end` by `text`."""

    start: int
    end: int
    text: str


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits applied, which must not overlap."""
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end), reverse=True):
        text = f"{text[: edit.start]}{edit.text}{text[edit.end :]}"
    return text


def is_json(source: Source) -> bool:
    """Whether the file is written as JSON."""
    return source.text.lstrip().startswith("{")


def newline(source: Source) -> str:
    return "\r\n" if "\r\n" in source.text else "\n"


def line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def next_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def indent(text: str, at: int) -> str | None:
    """The blanks before `at` on its line; None where other text precedes it."""
    before = text[line_start(text, at) : at]
    return None if before.strip() else before


_ANCHOR = re.compile(r"&\S+\s+")


def value_span(source: Source, path: Path) -> Span:
    """The span of a value with its tag, without its anchor and without trailing blanks."""
    span = source.spans[path]
    written = source.text[span.start : span.end].rstrip()
    anchor = _ANCHOR.match(written)
    return Span(span.line, span.column, span.start + (anchor.end() if anchor else 0), span.start + len(written))


def in_flow(source: Source, path: Path) -> bool:
    """Whether a map or list is written in braces or brackets."""
    return source.text[value_span(source, path).start] in "{["


def children(source: Source, path: Path) -> list[Path]:
    """The paths of the entries written in the map at `path`, in the order of the text."""
    value = source.at(path)
    names = [*value, "<<"] if isinstance(value, dict) else []
    written = [(*path, name) for name in names if (*path, name) in source.keys]
    return sorted(written, key=lambda child: source.keys[child].start)
