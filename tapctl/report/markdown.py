"""Markdown, for a job summary or a comment on a pull request."""

import re

from tapctl.report.finding import Level, Report, ReportItem

_SIGNS = {Level.NOTE: "note", Level.WARNING: "warning", Level.INCONCLUSIVE: "**open**", Level.ERROR: "**error**"}


def as_markdown(results: Report) -> str:
    """The sentence, and a table of all that is not simply well."""
    parts = [f"### {_plain(results.title)}", _plain(results.sentence)]
    if results.found:
        parts.append("\n".join(["| | what | found |", "| --- | --- | --- |", *map(_row, results.found)]))
    return "\n\n".join(parts) + "\n"


def _row(record: ReportItem) -> str:
    place = f" {record.file}:{record.line}" if record.file and record.line else ""
    subject = f"{record.subject or record.rule}{place}"
    return f"| {_SIGNS[record.level]} | {_plain(subject)} | {_plain(record.text)} |"


def _plain(text: str) -> str:
    """Text that no sign in it turns into markup; what stands in backticks is code already."""
    parts = re.split("(`[^`]*`)", " ".join(text.split()))
    return "".join(part.replace("|", r"\|") if index % 2 else _escaped(part) for index, part in enumerate(parts))


def _escaped(text: str) -> str:
    return re.sub(r"([\\|<>*_\[\]#`])", r"\\\1", text)
