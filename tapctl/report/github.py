"""Workflow commands of GitHub Actions, which it shows as annotations.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from collections.abc import Mapping
from pathlib import Path

from tapctl.account.model import SANDBOX_HAS_NONE
from tapctl.report.finding import Level, Report, ReportItem, from_root, root

_COMMANDS = {Level.NOTE: "notice", Level.WARNING: "warning", Level.INCONCLUSIVE: "warning", Level.ERROR: "error"}
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def as_github(report: Report) -> str:
    """An annotation for each problem but a limit that the sandbox lacks, and the sentence as a line of the log."""
    base = root()
    shown = (item for item in report.problems if not item.message.endswith(SANDBOX_HAS_NONE.reason))
    worst_first = sorted(shown, key=lambda item: list(Level).index(item.level), reverse=True)
    return "".join(f"{line}\n" for line in [*(_annotation(item, base) for item in worst_first), report.sentence])


def _annotation(item: ReportItem, base: Path) -> str:
    properties = {"file": item.file and from_root(item.file, base), "line": item.line, "title": item.rule}
    written = ",".join(f"{name}={_escaped(str(value), _PROPERTY)}" for name, value in properties.items() if value)
    return f"::{_COMMANDS[item.level]} {written}::{_escaped(item.sentence, _DATA)}"


def _escaped(text: str, signs: Mapping[str, str]) -> str:
    return "".join(signs.get(character, character) for character in text)
