"""Wrap sentences at the width of a terminal, which would break them within a word."""

import re
from collections.abc import Iterator

_UNITS = re.compile(r"(?:(?<!\w)`[^`\s][^`]*`|\S)+")
"""Words; a command in backticks counts as one, with the punctuation that follows it.

A command that is longer than the width stays whole too: broken over lines, it could not be copied.
"""

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
    """The offsets of the parts of a line that fit; a word or command longer than the width is not broken."""
    begin = end = indent = 0
    for unit in _UNITS.finditer(line):
        if end and indent + unit.end() - begin > width:
            yield begin, end
            begin, indent = unit.start(), hanging(line)
        end = unit.end()
    yield begin, end
