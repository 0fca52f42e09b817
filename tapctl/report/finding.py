"""What every command finds, in one neutral shape for the formats that other tools read."""

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
    """How much it matters, from the least to the most; each format has words of its own for these."""

    PASS = "pass"  # noqa: S105 - not a password
    NOTE = "note"
    """It could not be looked at, or is only worth knowing."""
    WARNING = "warning"
    """It does not change how the run ends."""
    INCONCLUSIVE = "inconclusive"
    """Nobody can promise that it will go well."""
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ReportItem:
    """One thing that was found; `rule` is stable, `subject` what it is about, `file` and `line` where that stands."""

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
        """Message and hint after what they are about, where the message does not name that itself."""
        return self.text if self.subject in self.message else f"{self.subject}: {self.text}"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one run of a command found, the sentence that sums it up, and the file that it is about."""

    command: str
    title: str
    sentence: str
    records: tuple[ReportItem, ...]
    file: str

    @property
    def found(self) -> tuple[ReportItem, ...]:
        """All that is not simply well."""
        return tuple(each for each in self.records if each.level is not Level.PASS)


_VERDICTS: Mapping[Verdict, Level] = {
    Verdict.FITS: Level.PASS,
    Verdict.UNKNOWN: Level.INCONCLUSIVE,
    Verdict.UNCERTAIN: Level.INCONCLUSIVE,
    Verdict.EXCEEDS: Level.ERROR,
}
_SEVERITIES = {"error": Level.ERROR, "warning": Level.WARNING, "informational": Level.NOTE}
_STATUSES = {CheckStatus.PROVED: Level.PASS, CheckStatus.NOT_CHECKED: Level.NOTE, CheckStatus.FAILED: Level.ERROR}
_KINDS = ("stack", "output", "exports", "drift", "http", "webhook")
"""What the subject of a check begins with where it is no resource."""


def of_preflight(result: Preflight, sentence: str) -> Report:
    records = tuple(map(_of_finding, (*result.findings, *result.lint)))
    return Report("preflight", f"preflight of {result.template.source.title}", sentence, records, result.template.file)


def _of_finding(finding: Finding) -> ReportItem:
    return ReportItem(
        finding.rule or finding.limit or "preflight",
        level(finding),
        finding.resource or "",
        finding.message,
        worded_all(finding.hints) or None,
        finding.file,
        finding.line,
    )


def level(finding: Finding) -> Level:
    if finding.severity:
        return _SEVERITIES[finding.severity]
    return _VERDICTS[finding.verdict] if finding.judged else Level.NOTE


def of_verification(verification: Verification, sentence: str) -> Report:
    title, template = f"verification of stack {verification.stack_name}", verification.template
    records = tuple(_of_check(each, template) for each in verification.checks)
    file = template.file if template else f"{verification.stack_name}.template"
    return Report("verify", title, sentence, records, file)


def _of_check(check: Check, template: Template | None) -> ReportItem:
    kind = check.subject.split()[0]
    rule = f"verify-{kind if kind in _KINDS else 'resource'}"
    place = (template.file, _line(template, check.subject)) if template else ()
    return ReportItem(
        rule, _STATUSES[check.status], check.subject, check.message, worded(check.hint) if check.hint else None, *place
    )


def _line(template: Template, subject: str) -> int:
    """Where the resource or the output stands; the first line for what is neither."""
    kind, _, name = subject.partition(" ")
    path = ("Outputs", name) if kind == "output" else ("Resources", subject)
    return 1 if template.source.at(path) is None else template.line(*path)
