r"""Escapes text from templates, snapshots, configuration and AWS before it is shown.

`harmless` is the edge: every text passes it before it reaches a stream or a file. What is one line by its meaning
passes `one_line` before it is laid out, so that a line break in it cannot begin another line.

Characters are shown as `\uXXXX`, which a JSON document may have inside its strings as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import TYPE_CHECKING, TypeVar

from tapctl.state import redaction

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    T = TypeVar("T", bound=DataclassInstance)

_CONTROL = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
"""C0, DEL, C1, what Unicode breaks lines with, and halves of characters, which no file can be written with."""
_BIDIRECTIONAL = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""They show text in another order than it has."""

_UNSAFE = f"[{_CONTROL}{_BIDIRECTIONAL}]"

_COLOUR = r"\x1b\[[\d;]*m"
_LAID_OUT = re.compile(rf"({_COLOUR})|\r\n|[\n\t]|{_UNSAFE}")

_COMMAND = re.compile(rf"^((?:\s|{_COLOUR})*):(?=:)|(?<=#)#(?=[\w.-]*\[)", re.MULTILINE)
"""What a CI runner obeys: `::` after any blanks, and `##[` or `##vso[` anywhere in a line.

Sources: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs and
https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
"""


def escaped(character: str) -> str:
    return f"\\u{ord(character):04x}"


def unsafe(text: str) -> Iterator[tuple[int, int, str]]:
    """The places in a line with characters that are not shown, each with its replacement."""
    for match in re.finditer(f"({redaction.pattern()})|{_UNSAFE}", text):
        yield match.start(), match.end(), escaped(match[0]) if match[1] is None else redaction.REDACTED


def one_line(text: str) -> str:
    """The text in one line without any control character and hidden value."""
    parts, end = [], 0
    for begin, stop, shown in unsafe(text):
        parts += [text[end:begin], shown]
        end = stop
    return "".join([*parts, text[end:]])


def harmless(text: str, *, coloured: bool = False, annotates: bool = False) -> str:
    """A text of several lines in which nothing acts on a terminal or a CI runner.

    `coloured` keeps the colours of a text that was drawn, `annotates` lines that are commands for a runner.
    """

    def shown(match: re.Match[str]) -> str:
        if match[1]:
            return match[1] if coloured else f"{escaped(match[1][0])}{match[1][1:]}"
        return match[0] if match[0] in ("\r\n", "\n", "\t") else escaped(match[0])

    text = _LAID_OUT.sub(shown, redaction.redacted(text))
    return _COMMAND.sub(lambda match: _defused(match, annotates=annotates), text)


def _defused(match: re.Match[str], *, annotates: bool) -> str:
    if match[1] is None:
        return escaped("#")
    return match[0] if annotates else f"{match[1]}{escaped(':')}"


def with_plain_lines(record: T) -> T:
    """The dataclass with each text in it as one line."""
    texts = {field.name: getattr(record, field.name) for field in fields(record) if field.init}
    return replace(record, **{name: one_line(text) for name, text in texts.items() if isinstance(text, str)})


_CODE_IN_MARKDOWN = re.compile(r"(?<!`)(`(?:[^`|]+|[^`\\]+)`)(?!`)")
"""What is code in a table of Markdown, too: between single backticks, without a backslash where there is a bar."""


def markdown(text: str) -> str:
    """The text with Markdown's characters escaped, except in code."""
    parts = _CODE_IN_MARKDOWN.split(" ".join(text.split()))
    return "".join(part.replace("|", r"\|") if index % 2 else _without_marks(part) for index, part in enumerate(parts))


def _without_marks(text: str) -> str:
    return re.sub(r"([\\|<>*_~&$\[\]#`])", r"\\\1", text)
