"""Markdown, for a job summary or a comment on a pull request."""

from collections.abc import Iterator
from dataclasses import astuple

from tapctl.report.escaping import markdown
from tapctl.report.finding import FunctionRow, Level, Report, ReportItem, ReportScope

_SIGNS = {Level.NOTE: "note", Level.WARNING: "warning", Level.INCONCLUSIVE: "**open**", Level.ERROR: "**error**"}


def as_markdown(report: Report) -> str:
    """The sentence, what was judged, the functions, and the problems."""
    parts = [f"### {markdown(report.title)}", markdown(report.sentence)]
    if known := [f"{name} {text}" for name, text in _scope(report.scope) if text]:
        parts.append(" · ".join(map(markdown, known)))
    if report.functions:
        head = ["| function | requested | live | verdict | remedy |", "| --- | ---: | ---: | --- | --- |"]
        parts.append("\n".join([*head, *map(_function, report.functions)]))
    if report.problems:
        parts.append("\n".join(["| | what | found |", "| --- | --- | --- |", *map(_row, report.problems)]))
    return "\n\n".join(parts) + "\n"


def _scope(scope: ReportScope) -> Iterator[tuple[str, str]]:
    yield from zip(("environment", "stack", "account", "Region"), astuple(scope), strict=True)


def _function(row: FunctionRow) -> str:
    return f"| {' | '.join(map(markdown, astuple(row)))} |"


def _row(item: ReportItem) -> str:
    place = f" {item.file}:{item.line}" if item.file and item.line else ""
    subject = f"{item.subject or item.rule}{place}"
    return f"| {_SIGNS[item.level]} | {markdown(subject)} | {markdown(item.text)} |"
