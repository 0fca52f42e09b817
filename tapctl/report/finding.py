"""Findings of a preflight and checks of a verification as one report, for the formats that other tools read."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from tapctl.account.model import Stack
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.errors import TapctlError
from tapctl.hints.judgement import JudgementAdvice
from tapctl.limits import Limit, catalogue
from tapctl.report.hints import worded, worded_all
from tapctl.template.model import Template
from tapctl.verify.check import Check, CheckStatus

if TYPE_CHECKING:
    from tapctl.source_fix.file_edit import FileEdit
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
    `identity` is what it is about, without any number: the same in the next run. `docs` is an address, and `judged`
    False says that nothing was found because a value could not be read.
    """

    rule: str
    level: Level
    subject: str
    message: str
    hint: str | None = None
    file: str = ""
    line: int | None = None
    identity: str = ""
    docs: str = ""
    judged: bool = True

    @property
    def text(self) -> str:
        """Message and hint in one line."""
        return f"{self.message} (hint: {self.hint})" if self.hint else self.message

    @property
    def sentence(self) -> str:
        """Message and hint, after the subject if the message does not name it."""
        return self.text if self.subject in self.message else f"{self.subject}: {self.text}"


@dataclass(frozen=True, slots=True)
class ReportScope:
    """The account, Region, stack and environment of a report; an unknown one is empty."""

    environment: str = ""
    stack: str = ""
    account: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class FunctionRow:
    """The concurrency of one function, as text: what the template asks for, what it holds, and the remedy."""

    function: str
    requested: str
    live: str
    verdict: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Report:
    """The items of one run, and the sentence that summarizes them; `file` is the template.

    `functions` and `preflight` are those of a preflight, whose remedy and sums some formats show, and `notes` say what
    its verdict does not cover.
    """

    command: str
    title: str
    sentence: str
    items: tuple[ReportItem, ...]
    file: str
    scope: ReportScope = ReportScope()
    functions: tuple[FunctionRow, ...] = ()
    preflight: Preflight | None = None
    notes: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[ReportItem, ...]:
        """The items that did not pass."""
        return tuple(item for item in self.items if item.level is not Level.PASS)


HOME = "https://github.com/tapctl/tapctl"
_PAGES = f"{HOME}/blob/main/docs"


@dataclass(frozen=True, slots=True)
class Rule:
    """The subject of the items of one rule, and how much they usually matter."""

    title: str
    help: str
    docs: str
    level: Level


_LINT_LEVELS = {"E": Level.ERROR, "W": Level.WARNING, "I": Level.NOTE}


def limit_of(rule: str) -> Limit | None:
    """The row of the catalogue that a rule is."""
    return next((limit for limit in catalogue() if limit.id == rule), None)


def rule_of(item: ReportItem) -> Rule:
    """A row of the catalogue, a rule of tapctl, or one of cfn-lint."""
    from tapctl.report.explain import anchor, rules

    own = next((rule for rule in rules() if rule.id == item.rule), None)
    if own:
        usual = Level.WARNING if own.id.startswith("tapctl:") else Level.ERROR
        return Rule(own.title, f"{own.text} {own.remedy}", f"{_PAGES}/rules.md#{anchor(own.id)}", usual)
    docs = item.docs or "https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md"
    usual = _LINT_LEVELS.get(item.rule[:1], item.level)
    return Rule(f"cfn-lint {item.rule}", f"A rule of cfn-lint: {item.rule}.", docs, usual)


@dataclass(frozen=True, slots=True)
class Remedied:
    """The remedy as edits of the source files with a line on each change, or why it is no edit."""

    edits: tuple[FileEdit, ...] = ()
    lines: tuple[str, ...] = ()
    reason: str = ""


def remedied(report: Report) -> Remedied | None:
    """The edits that `tapctl fix` would make; None if there is no remedy."""
    from tapctl.workflows.fix import fix

    result = report.preflight
    if result is None or not result.plan.changes:
        return None
    try:
        found = fix(result)
    except TapctlError as error:
        return Remedied(reason=error.message)
    return Remedied(found.edits, found.lines)


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


def of_preflight(
    result: Preflight, sentence: str, functions: Sequence[FunctionRow] = (), notes: Sequence[str] = ()
) -> Report:
    account, stack, pseudo = result.account, result.account.stack, result.tree.resolver.pseudo
    name = stack.name if isinstance(stack, Stack) else pseudo.get("AWS::StackName", "")
    owner = account.account_id or (_parts(stack.id)[1] if isinstance(stack, Stack) else "")
    return Report(
        "preflight",
        f"preflight of {result.template.source.title}",
        sentence,
        tuple(_of_finding(result, finding) for finding in (*result.findings, *result.lint)),
        result.template.file,
        ReportScope(result.env or "", name, owner, account.region or pseudo.get("AWS::Region", "")),
        tuple(functions),
        result,
        tuple(notes),
    )


def _parts(stack_id: str) -> tuple[str, str]:
    """The Region and the account of an ARN; empty where there is none."""
    parts = stack_id.split(":", 5)
    return (parts[3], parts[4]) if len(parts) == 6 else ("", "")


def _of_finding(result: Preflight, finding: Finding) -> ReportItem:
    rule = finding.rule or finding.limit or "preflight"
    addresses = [str(hint.values[0]) for hint in finding.hints if hint.advice is JudgementAdvice.READ_PAGE]
    return ReportItem(
        rule,
        level(finding),
        finding.resource or "",
        f"{finding.message} ({finding.excused})" if finding.excused else finding.message,
        worded_all(finding.hints) or None,
        finding.file,
        finding.line,
        # The message of a limit has numbers of the account.
        finding.message if finding.rule else ", ".join(finding.named),
        addresses[0] if finding.rule and addresses else "",
        result.counts(finding),
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
    region, account = _parts(verification.stack_id)
    scope = ReportScope(verification.env or "", verification.stack_name, account, region)
    return Report("verify", title, sentence, items, file, scope)


def _of_check(check: Check, template: Template | None) -> ReportItem:
    kind = check.subject.split()[0]
    rule = f"verify-{kind if kind in _KINDS else 'resource'}"
    file, line = (template.file, _line(template, check.subject)) if template else ("", None)
    return ReportItem(
        rule,
        Level.WARNING if check.remedied else _STATUSES[check.status],
        check.subject,
        check.message,
        worded(check.hint) if check.hint else None,
        file,
        line,
        judged=check.status is not CheckStatus.NOT_CHECKED,
    )


def _line(template: Template, subject: str) -> int:
    """The line of the resource or output; 1 for another subject."""
    kind, _, name = subject.partition(" ")
    # What is in a nested stack has the line of the stack, whose own template is another one.
    path = ("Outputs", name) if kind == "output" else ("Resources", subject.partition("/")[0])
    return 1 if template.source.at(path) is None else template.line(*path)


def root() -> Path:
    """The folder of the git repository around the working folder; the working folder where there is none."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


def from_root(file: str, base: Path) -> str:
    """The path of a file from the repository's root; as it is for one outside, and without `<>` for `<stdin>`."""
    if file.startswith("<"):
        return file.strip("<>")
    path = Path(os.path.abspath(file))  # noqa: PTH100 - `resolve` would follow links out of the repository
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else Path(file).as_posix()


def fingerprints(items: Sequence[ReportItem], file: str) -> list[str]:
    """An id for each item that stays the same in every run, even if its line moves; unique within a file."""
    base, seen, found = root(), Counter[str](), []
    for item in items:
        key = "\0".join((item.rule, from_root(item.file or file, base), item.identity or item.subject))
        seen[key] += 1
        found.append(hashlib.sha256(f"{key}\0{seen[key]}".encode(errors="replace")).hexdigest()[:32])
    return found
