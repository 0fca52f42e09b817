"""Findings of a preflight and checks of a verification as one report, for the formats that other tools read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.report.hints import worded, worded_all
from tapctl.template.model import Template
from tapctl.verify.check import Check, CheckStatus

if TYPE_CHECKING:
    from tapctl.verify.verify import Verification


class Level(Enum):
    """How much an item matters, from the least to the most."""

    PASS = "pass"  # noqa: S105 - not a password
    NOTE = "note"
    """Not checked, or only informational."""
    WARNING = "warning"
    """Does not change the exit code."""
    INCONCLUSIVE = "inconclusive"
    """The verdict is uncertain or unknown."""
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ReportItem:
    """One finding or check.

    `rule` is a stable id, `subject` a logical id or another name, `file` and `line` its place in the template.
    """

    rule: str
    level: Level
    subject: str
    message: str
    hint: str | None = None
    file: str = ""
    line: int | None = None

    @property
    def text(self) -> str:
        """Message and hint in one line."""
        return f"{self.message} (hint: {self.hint})" if self.hint else self.message

    @property
    def sentence(self) -> str:
        """Message and hint, after the subject if the message does not name it."""
        return self.text if self.subject in self.message else f"{self.subject}: {self.text}"


@dataclass(frozen=True, slots=True)
class Report:
    """The items of one run, and the sentence that summarizes them; `file` is the template."""

    command: str
    title: str
    sentence: str
    items: tuple[ReportItem, ...]
    file: str

    @property
    def problems(self) -> tuple[ReportItem, ...]:
        """The items that did not pass."""
        return tuple(item for item in self.items if item.level is not Level.PASS)


_VERDICTS: Mapping[Verdict, Level] = {
    Verdict.FITS: Level.PASS,
    Verdict.UNKNOWN: Level.INCONCLUSIVE,
    Verdict.UNCERTAIN: Level.INCONCLUSIVE,
    Verdict.EXCEEDS: Level.ERROR,
}
_SEVERITIES = {"error": Level.ERROR, "warning": Level.WARNING, "informational": Level.NOTE}
_STATUSES = {CheckStatus.PROVED: Level.PASS, CheckStatus.NOT_CHECKED: Level.NOTE, CheckStatus.FAILED: Level.ERROR}
_KINDS = ("stack", "output", "exports", "drift", "configuration", "http", "invoke", "webhook")
"""The first word of a check's subject if that is not a resource."""


def of_preflight(result: Preflight, sentence: str) -> Report:
    items = tuple(map(_of_finding, (*result.findings, *result.lint)))
    return Report("preflight", f"preflight of {result.template.source.title}", sentence, items, result.template.file)


def _of_finding(finding: Finding) -> ReportItem:
    return ReportItem(
        finding.rule or finding.limit or "preflight",
        level(finding),
        finding.resource or "",
        f"{finding.message} ({finding.excused})" if finding.excused else finding.message,
        worded_all(finding.hints) or None,
        finding.file,
        finding.line,
    )


def level(finding: Finding) -> Level:
    if finding.excused:
        return Level.NOTE
    if finding.severity:
        return _SEVERITIES[finding.severity]
    return _VERDICTS[finding.verdict] if finding.judged else Level.NOTE


def of_verification(verification: Verification, sentence: str) -> Report:
    title, template = f"verification of stack {verification.stack_name}", verification.template
    items = tuple(_of_check(check, template) for check in verification.checks)
    file = template.file if template else f"{verification.stack_name}.template"
    return Report("verify", title, sentence, items, file)


def _of_check(check: Check, template: Template | None) -> ReportItem:
    kind = check.subject.split()[0]
    rule = f"verify-{kind if kind in _KINDS else 'resource'}"
    place = (template.file, _line(template, check.subject)) if template else ()
    return ReportItem(
        rule,
        Level.WARNING if check.remedied else _STATUSES[check.status],
        check.subject,
        check.message,
        worded(check.hint) if check.hint else None,
        *place,
    )


def _line(template: Template, subject: str) -> int:
    """The line of the resource or output; 1 for another subject."""
    kind, _, name = subject.partition(" ")
    # What is in a nested stack has the line of the stack, whose own template is another one.
    path = ("Outputs", name) if kind == "output" else ("Resources", subject.partition("/")[0])
    return 1 if template.source.at(path) is None else template.line(*path)
