"""Wrap sentences at the width of a terminal, which would break them within a word."""

import re
from collections.abc import Iterator

_UNITS = re.compile(r"(?:`[^`]*`|\S)+")
"""Words; a command in backticks counts as one, with the punctuation that follows it."""

_LABEL = re.compile(r" *(?:[a-z][a-z ]{1,13}: )?")
"""A label such as `hint: `; wrapped lines are indented to the text after it."""


def wrapped(text: str, width: int) -> str:
    return "\n".join(part for line in text.split("\n") for part in _wrapped(line, width))


def _wrapped(line: str, width: int) -> Iterator[str]:
    indent = ""
    for begin, end in slices(line, width):
        yield indent + line[begin:end]
        indent = " " * hanging(line)


def hanging(line: str) -> int:
    """The indent of the lines after the first, in columns."""
    label = _LABEL.match(line)
    length = label.end() if label else 0
    return length if line[:length].strip() else length + 2


def slices(line: str, width: int) -> Iterator[tuple[int, int]]:
    """The offsets of the parts of a line that fit; a word longer than the width is not broken."""
    begin = end = indent = 0
    for start, stop in _units(line, width - hanging(line)):
        if end and indent + stop - begin > width:
            yield begin, end
            begin, indent = start, hanging(line)
        end = stop
    yield begin, end


def _units(line: str, room: int) -> Iterator[tuple[int, int]]:
    for unit in _UNITS.finditer(line):
        if len(unit[0]) <= room:
            yield unit.span()
        else:
            yield from (
                (unit.start() + word.start(), unit.start() + word.end()) for word in re.finditer(r"\S+", unit[0])
            )
