"""Markdown, for a job summary or a comment on a pull request."""

import re
from collections.abc import Iterator
from dataclasses import astuple

from tapctl.report.finding import FunctionRow, Level, Report, ReportItem, Scope

_SIGNS = {Level.NOTE: "note", Level.WARNING: "warning", Level.INCONCLUSIVE: "**open**", Level.ERROR: "**error**"}


def as_markdown(report: Report) -> str:
    """The sentence, what was judged, the functions, and the problems."""
    parts = [f"### {plain(report.title)}", plain(report.sentence)]
    if known := [f"{name} {text}" for name, text in _scope(report.scope) if text]:
        parts.append(" · ".join(map(plain, known)))
    if report.functions:
        head = ["| function | requested | live | verdict | remedy |", "| --- | ---: | ---: | --- | --- |"]
        parts.append("\n".join([*head, *map(_function, report.functions)]))
    if report.problems:
        parts.append("\n".join(["| | what | found |", "| --- | --- | --- |", *map(_row, report.problems)]))
    return "\n\n".join(parts) + "\n"


def _scope(scope: Scope) -> Iterator[tuple[str, str]]:
    yield from zip(("environment", "stack", "account", "Region"), astuple(scope), strict=True)


def _function(row: FunctionRow) -> str:
    return f"| {' | '.join(map(plain, astuple(row)))} |"


def _row(item: ReportItem) -> str:
    place = f" {item.file}:{item.line}" if item.file and item.line else ""
    subject = f"{item.subject or item.rule}{place}"
    return f"| {_SIGNS[item.level]} | {plain(subject)} | {plain(item.text)} |"


_CODE = re.compile(r"(?<!`)(`(?:[^`|]+|[^`\\]+)`)(?!`)")
"""What is code in a table of Markdown, too: between single backticks, without a backslash where there is a bar."""


def plain(text: str) -> str:
    """The text with Markdown's characters escaped, except in code."""
    parts = _CODE.split(" ".join(text.split()))
    return "".join(part.replace("|", r"\|") if index % 2 else _escaped(part) for index, part in enumerate(parts))


def _escaped(text: str) -> str:
    return re.sub(r"([\\|<>*_~&$\[\]#`])", r"\\\1", text)
