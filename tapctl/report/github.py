"""Workflow commands that GitHub Actions turns into annotations.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from collections.abc import Mapping

from tapctl.report.finding import Level, Report, ReportItem

_COMMANDS = {Level.NOTE: "notice", Level.WARNING: "warning", Level.INCONCLUSIVE: "warning", Level.ERROR: "error"}
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def as_github(results: Report) -> str:
    """An annotation for each finding, and the sentence as a plain line of the log."""
    worst_first = sorted(results.found, key=lambda each: list(Level).index(each.level), reverse=True)
    return "".join(f"{line}\n" for line in [*map(_annotation, worst_first), results.sentence])


def _annotation(record: ReportItem) -> str:
    properties = {"file": record.file, "line": record.line, "title": record.rule}
    written = ",".join(f"{name}={_escaped(str(value), _PROPERTY)}" for name, value in properties.items() if value)
    return f"::{_COMMANDS[record.level]} {written}::{_escaped(record.sentence, _DATA)}"


def _escaped(text: str, signs: Mapping[str, str]) -> str:
    return "".join(signs.get(each, each) for each in text)
