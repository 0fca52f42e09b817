"""Findings that do not count, each with its reason, and what else can weaken a verdict, as findings of their own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from tapctl.concurrency.verdict import Finding, Verdict, Weakening
from tapctl.errors import ConfigError, TemplateError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.state.files import read_bytes
from tapctl.template.parse import parse

if TYPE_CHECKING:
    from tapctl.concurrency.result import Preflight
    from tapctl.settings.findings import Ignore
    from tapctl.settings.settings import Settings
    from tapctl.settings.trusted import Trusted
    from tapctl.template.model import Source

WEAKENING = "tapctl:weakening"
"""The rule of a finding on what can weaken the verdict."""

_SCHEMA = "tapctl.preflight/1"
_SAVE = advise(UsageAdvice.SAVE_BASELINE)


def without_ignored(findings: Iterable[Finding], ignores: Sequence[Ignore]) -> tuple[Finding, ...]:
    """The findings, of which those do not count that `[[ignore]]` names: each with all resources that it is about."""
    return tuple(_ignored(finding, ignores) if _is_problem(finding) else finding for finding in findings)


def _is_problem(finding: Finding) -> bool:
    return finding.verdict is not Verdict.FITS


def _ignored(finding: Finding, ignores: Sequence[Ignore]) -> Finding:
    of_limit = [ignore for ignore in ignores if ignore.limit == finding.limit]
    # A finding without a resource is ignored by an ignore of the whole limit alone.
    names = finding.named or ("",)
    matching = [next((ignore for ignore in of_limit if ignore.resource in (None, name)), None) for name in names]
    reasons = [f"ignored until {ignore.until}: {ignore.reason}" for ignore in matching if ignore]
    covered = len(reasons) == len(matching)
    return replace(finding, excused="; ".join(dict.fromkeys(reasons))) if covered else finding


@dataclass(frozen=True, slots=True)
class Baseline:
    """The findings of an earlier preflight of the same template and stack; `file` is where it was saved."""

    file: str
    template: str
    stack: str | None
    known: frozenset[tuple[object, ...]]

    def check(self, result: Preflight) -> None:
        """Raise `ConfigError` unless it is a preflight of the same template and stack."""
        template = result.template.file
        if not _is_same_file(self.template, template):
            message = f"{self.file} is a baseline of the template {self.template}, not of {template}"
            raise ConfigError(message, _SAVE)
        if self.stack and result.stack_name and self.stack != result.stack_name:
            message = f"{self.file} is a baseline of stack {self.stack}, not of {result.stack_name}"
            raise ConfigError(message, _SAVE)

    def applied(self, result: Preflight) -> Preflight:
        """The result, of which no finding counts that the baseline has word for word; its line may have changed."""
        self.check(result)
        return replace(
            result, findings=tuple(map(self._excused, result.findings)), lint=tuple(map(self._excused, result.lint))
        )

    def _excused(self, finding: Finding) -> Finding:
        is_known = (_is_problem(finding) or finding.severity) and not finding.excused and _key(finding) in self.known
        return replace(finding, excused=f"in the baseline {self.file}") if is_known else finding


def _key(finding: Finding) -> tuple[object, ...]:
    """The identity of a finding: its message has the numbers, so that a larger excess is new."""
    return finding.limit, finding.rule, finding.named, finding.message


def _is_same_file(one: str, other: str) -> bool:
    """Whether the paths can be those of one file, seen from two folders."""
    shorter, longer = sorted((PurePath(one).parts, PurePath(other).parts), key=len)
    return bool(shorter) and longer[-len(shorter) :] == shorter


def read_baseline(path: Path, data: bytes | None = None) -> Baseline:
    """The baseline in a file, or in `data` as its content. Raises `ConfigError` for anything but one."""
    try:
        return _baseline(read_bytes(path) if data is None else data, str(path))
    except OSError as error:
        raise ConfigError(f"cannot read the baseline {path}: {error.strerror}", _SAVE) from None


def _baseline(data: bytes, file: str) -> Baseline:
    try:
        document: Mapping[str, Any] = json.loads(data)
        schema = document["schema"]
        if schema == _SCHEMA:
            known = frozenset(_key_of(entry) for entry in document["findings"])
            return Baseline(file, str(document.get("template") or ""), document.get("stack"), known)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ConfigError(f"{file} is not a preflight as JSON", _SAVE) from None
    raise ConfigError(f"{file} has the schema {schema}, not {_SCHEMA}", _SAVE)


def _key_of(entry: Mapping[str, Any]) -> tuple[object, ...]:
    return entry["limit"], entry.get("rule"), tuple(entry["resources"]), entry["message"]


def with_weakenings(result: Preflight, settings: Settings) -> Preflight:
    """The result with what can weaken its verdict, also as findings, so that every format shows them."""
    trusted = settings.trusted
    more = (*_snapshot_changes(settings), *_linter_ignores(result, trusted)) if trusted else ()
    found = (*settings.weakenings, *more)
    file = result.template.file
    findings = [_finding(weakening, trusted.name if trusted else "", file) for weakening in found]
    findings += _not_loaded(trusted, file) if trusted else ()
    return replace(result, weakenings=found, lint=(*result.lint, *findings))


def _finding(weakening: Weakening, origin: str, file: str) -> Finding:
    severity = "warning" if weakening.changed else "informational"
    return Finding(None, Verdict.FITS, _message(weakening, origin), file=file, rule=WEAKENING, severity=severity)


def _not_loaded(trusted: Trusted, file: str) -> Iterator[Finding]:
    """The keys of cfn-lint's trusted configuration that are not in force."""
    for key in trusted.linter_in_force[1]:
        message = f"`{key}` of cfn-lint's configuration in {trusted.name} is not in force: it would load or write files"
        finding = Finding(None, Verdict.FITS, f"{message} of the change under test", file=file, rule=WEAKENING)
        yield replace(finding, severity="informational", hints=(advise(UsageAdvice.LINT_SEPARATELY),))


def _message(weakening: Weakening, origin: str) -> str:
    name, where = weakening.setting, weakening.where
    value = f"{name} = {weakening.value}" if weakening.value is not None else name
    if weakening.proposed is not None:
        instead = f"{origin} has {weakening.value}" if weakening.value is not None else f"{origin} does not set it"
        return f"{name} = {weakening.proposed} is not in force, since the change under test sets it: {instead}"
    if weakening.changed:
        return f"{value} is in force, from {where}, and the change under test introduces it"
    unchanged = "" if weakening.changed is None else ", and the change under test does not touch it"
    return f"{value} is in force, from {where}{unchanged}"


def _snapshot_changes(settings: Settings) -> Iterator[Weakening]:
    """The snapshot, where the one in the working folder is not that of the trusted commit."""
    file, commit = settings.snapshot, settings.trusted.commit if settings.trusted else None
    before = commit.content(file) if file and commit else None
    if file is None or commit is None or before is None:
        return
    try:
        after = read_bytes(file)
    except OSError:
        after = b""
    if after != before:
        yield Weakening(f"snapshot {file}", "another one", commit.name, changed=True, proposed="changed content")


def _linter_ignores(result: Preflight, trusted: Trusted) -> Iterator[Weakening]:
    """The checks that Metadata of the templates turns off in cfn-lint, and whether the trusted commit does, too."""
    sources = {source.file: source for member in result.tree.members() for source in member.resolver.template.sources()}
    for source in sources.values():
        before = _ignores_before(source, trusted)
        for setting, value in _ignores(source.value):
            changed = None if before is None else (setting, value) not in before
            yield Weakening(f"cfn-lint {setting}", value, source.file, changed)


def _ignores_before(source: Source, trusted: Trusted) -> set[tuple[str, str]] | None:
    """The ignored limits of the template in the trusted commit; None where there is no commit to compare with."""
    if trusted.commit is None:
        return None
    data = trusted.commit.content(source.file)
    try:
        return set(_ignores(parse(data.decode(), source.file).value)) if data else set()
    except (UnicodeDecodeError, TemplateError):
        return set()


def _ignores(value: object) -> Iterator[tuple[str, str]]:
    """Each key of cfn-lint's configuration in the Metadata of a template and of its resources, with its value.

    Source: https://github.com/aws-cloudformation/cfn-lint#metadata
    """
    body = value if isinstance(value, Mapping) else {}
    resources = body.get("Resources")
    named = resources.items() if isinstance(resources, Mapping) else ()
    for place, holder in (("", body), *((f" of {name}", resource) for name, resource in named)):
        for key, entry in _linter_configuration(holder).items():
            yield f"{key}{place}", json.dumps(entry, default=str, sort_keys=True)


def _linter_configuration(holder: object) -> Mapping[str, object]:
    for step in ("Metadata", "cfn-lint", "config"):
        holder = holder.get(step) if isinstance(holder, Mapping) else None
    return holder if isinstance(holder, Mapping) else {}
