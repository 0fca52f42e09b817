"""A preflight as text, and the table of its formats."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tapctl.account.model import Holders, Stack
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.judge import Floor
from tapctl.concurrency.remedy import Remedy, RemedyAction
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Finding, Verdict, worst
from tapctl.report.formats import rendered_by
from tapctl.report.hints import DURING_DEPLOY, worded_all
from tapctl.report.render import STYLES, RenderOptions, age, draw, functions_not_read
from tapctl.unknown import Unknown, known

if TYPE_CHECKING:
    from rich.text import Text

    from tapctl.report.finding import Report


def as_text(result: Preflight, options: RenderOptions, *, deploying: bool = False) -> str:
    """A table of the functions, the headroom bar, the findings, and the verdict in one sentence.

    A deploy, which applies the remedy, is not suggested while one is `deploying`.
    """
    from rich.text import Text

    parts: list[Any] = [Text(f"{result.template.source.title} against {_account_name(result)}")]
    if result.demand.functions:
        parts += ["", _table(result)]
    if headroom := _headroom(result):
        parts += ["", *headroom.split("\n")]
    lines = [*_findings(_shown_findings(result), deploying=deploying), *map(Text, _notes(result))]
    parts += ["", *lines, ""] if lines else [""]
    return draw(options, *parts, sentence(result))


def _account_name(result: Preflight) -> str:
    account, stack = result.account, result.account.stack
    kind = "account" if account.account_id or not account.is_snapshot else "an unnamed account"
    where = f"{kind} {account.account_id}" if account.account_id else kind
    where = f"a snapshot of {where}" if account.is_snapshot else f"the {where}"
    where += " of the sandbox" if result.is_sandbox and not account.is_snapshot else ""
    where += f" in {account.region}" if account.region else ""
    where += f", {age(account.taken_at)}" if account.is_snapshot else ""
    match stack:
        case Stack(name=name, status=status):
            return f"{where}, stack {name} ({status})"
        case None if new := result.stack_name:
            return f"{where}, new stack {new}"
        case _:
            return where


def _table(result: Preflight) -> Any:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("function", "requested", "live", "verdict", "remedy"):
        table.add_column(name, justify="right" if name in ("requested", "live") else "left")
    for name, requested, live, verdict, remedy in _rows(result):
        table.add_row(escape(name), requested, live, f"[{STYLES[verdict]}]{verdict}[/]", escape(remedy))
    return table


def _rows(result: Preflight) -> Iterator[tuple[str, str, str, str, str]]:
    """Each function with what is requested, what is live, the verdict, and the remedy."""
    for change in result.changes:
        verdict = _function_verdict(result, change).value
        yield change.logical_id, _requested(change), _live(change), verdict, _remedy_text(result, change)


_OF_FUNCTIONS = ("lambda-reserved-concurrency", "lambda-concurrency-settings")
"""The limits whose findings are about functions."""


def _function_verdict(result: Preflight, change: ClaimChange) -> Verdict:
    """The verdict of the findings on concurrency that name the function; the others fit, or are unknown."""
    findings = (finding for finding in result.findings if finding.limit in _OF_FUNCTIONS)
    named = worst(finding.verdict for finding in findings if change.logical_id in finding.named)
    if named is Verdict.FITS and change.wanted and isinstance(change.claim_after, Unknown):
        return Verdict.UNKNOWN
    return named


def _requested(change: ClaimChange) -> str:
    if change.wanted is None:
        return "removed, retained" if change.retained else "removed"
    claim = _claim_text(change.wanted.reserved, change.wanted.provisioned_total)
    return f"{claim}, the old one retained" if change.retained else claim


def _live(change: ClaimChange) -> str:
    return "-" if change.live is None else _claim_text(change.live.reserved, change.live.provisioned)


def _claim_text(reserved: int | Unknown | None, provisioned: int | Unknown) -> str:
    text = "-" if reserved is None else _number(reserved)
    return text if provisioned == 0 else f"{text} ({_number(provisioned)} provisioned)"


def _number(value: int | Unknown) -> str:
    return "unknown" if isinstance(value, Unknown) else str(value)


FORBIDDEN = "none (--remedy fail)"


def _remedy_text(result: Preflight, change: ClaimChange) -> str:
    """For example `lower to 50`, or `drop (set parameter Size to "")`."""
    override = result.plan.overrides.get(change.logical_id)
    how = f' (set parameter {override.parameter} to "{override.value}")' if override else ""
    match result.plan.remedies.get(change.logical_id):
        case Remedy(action=RemedyAction.LOWER, value=value):
            return f"lower to {value}{how}"
        case Remedy(action=RemedyAction.DROP):
            return f"drop{how}"
        case Remedy(action=RemedyAction.KEEP) if result.first_step and change.grows:
            return FORBIDDEN if result.remedy_forbidden else "keep, in two steps"
        case Remedy(action=RemedyAction.KEEP) if not result.plan.possible and change.grows and _is_short(result):
            return FORBIDDEN if result.remedy_forbidden else "none"
        case Remedy(action=RemedyAction.KEEP):
            return "keep"
        case _:
            return "-"


def _is_short(result: Preflight) -> bool:
    return result.concurrency.verdict in (Verdict.EXCEEDS, Verdict.UNCERTAIN)


def _headroom(result: Preflight) -> Any:
    from tapctl.report.render import Headroom, bar

    judged = result.concurrency
    if not result.changes:
        return None
    match judged.limit, judged.unreserved, judged.outlook.final, judged.floor:
        case int(limit), int(unreserved), int(final), Floor(safe=safe):
            after = sum(known(change.claim_after) for change in result.changes)
            line = bar(Headroom(result.reserved_by_others, after, final, safe))
            line.append(f"\n  unreserved now {unreserved} · after the deploy {final}")
            line.append(f" · at the peak {judged.outlook.peak}")
            line.append(f"\n  limit {limit} · floor {_floor_text(judged.floor)}")
            return line
        case _:
            return None


def _floor_text(bounds: Floor) -> str:
    number = str(bounds.safe) if bounds.known else f"{bounds.hard} to {bounds.safe}"
    return f"{number} ({bounds.source})"


def _shown_findings(result: Preflight) -> list[Finding]:
    shown = (finding for finding in result.findings if result.counts(finding) or finding.excused)
    return [*filter(_matters, shown), *result.lint]


def _matters(finding: Finding) -> bool:
    return finding.verdict is not Verdict.FITS or finding.severity == "warning"


def _notes(result: Preflight) -> Iterator[str]:
    """The notes below the findings: what the verdict does not cover, and what may change it."""
    yield from _not_checked(result)
    if result.coverage:
        types = (type_ if count == 1 else f"{type_} ({count})" for type_, count in result.coverage.items())
        yield f"limits not covered: {', '.join(types)}"
    yield from (
        f"not seen: {place.reason} ({place.logical_id}, {place.file}:{place.line})" for place in result.not_seen
    )
    yield from _in_flight(result)
    match result.account.holders:
        case Unknown(judged=True, reason=reason):
            yield f"not checked: which functions hold what is reserved ({reason})"
        case Holders(not_read=not_read) as holders if not_read:
            yield functions_not_read(holders)


_NAMED = 6
"""How many limits a line names that were not checked; every other format names all."""


def _not_checked(result: Preflight) -> Iterator[str]:
    """The limits that could not be read, in one line for each reason."""
    reasons: dict[str, list[str]] = {}
    for finding in result.findings:
        if not result.counts(finding) and not finding.excused:
            title, _, reason = finding.message.partition(": ")
            reasons.setdefault(reason, []).append(title)
    for reason, titles in reasons.items():
        more = f" and {len(titles) - _NAMED} more" if len(titles) > _NAMED else ""
        yield f"not checked: {', '.join(titles[:_NAMED])}{more} ({reason})"
    if result.not_compared:
        yield f"not checked: which resources the update replaces ({result.not_compared})"


def _in_flight(result: Preflight) -> Iterator[str]:
    """The other stacks that are being updated and may take or free the concurrency that this verdict counts on."""
    others = result.account.in_flight
    if isinstance(others, Unknown):
        yield f"not checked: stacks being updated, which may change this verdict ({others.reason})"
        return
    if others:
        stacks = ", ".join(f"{other.stack} ({other.status})" for other in others)
        yield f"stacks being updated may change this verdict: {stacks}; `tapctl deploy` re-checks before executing"


def _findings(shown: Sequence[Finding], *, deploying: bool) -> Iterator[Text]:
    """One line a finding, and the same hints once, below the last finding that has them."""
    from rich.text import Text

    last = {finding.hints: finding for finding in shown if not (finding.rule and finding.severity)}
    for finding in shown:
        yield _finding_text(finding)
        if finding.hints and last.get(finding.hints) is finding:
            yield Text(f"  hint: {worded_all(finding.hints, DURING_DEPLOY if deploying else {})}")


def _finding_text(finding: Finding) -> Text:
    from rich.text import Text

    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    if finding.excused:
        return Text(f"left out {finding.rule or finding.limit} {place} {finding.message} ({finding.excused})")
    if finding.rule:
        return Text(f"{finding.severity or finding.verdict.value} {finding.rule} {place} {finding.message}")
    verdict = finding.severity or finding.verdict.value
    return Text.assemble((verdict, STYLES[verdict]), f" {place} {finding.message}")


def sentence(result: Preflight) -> Text:
    """The verdict and why, in one line."""
    from rich.text import Text

    verdict, errors = result.verdict, len(result.lint_errors)
    also = f"; cfn-lint found {errors} error{'s' if errors != 1 else ''}" if errors else ""
    if left_out := sum(bool(finding.excused) for finding in (*result.findings, *result.lint)):
        also = f"{also}; {left_out} finding{'s' if left_out != 1 else ''} left out"
    return Text.assemble((verdict.value, STYLES[verdict.value]), f": {_why(result)}{also}")


def verdict_line(result: Preflight, options: RenderOptions) -> str:
    """The last line of the text alone."""
    return draw(options, sentence(result))


def _why(result: Preflight) -> str:
    decisive = [
        finding
        for finding in result.findings
        if finding.verdict is result.verdict and result.counts(finding) and not finding.severity
    ]
    if result.verdict is not Verdict.FITS:
        more = f", and {len(decisive) - 1} more" if len(decisive) > 1 else ""
        return f"{decisive[0].message}{more}"
    count = f"{len(decisive)} limit{'s' if len(decisive) != 1 else ''} checked"
    fits = result.demand.functions and result.concurrency.verdict is Verdict.FITS
    return f"{result.concurrency.reason}; {count}" if fits else count


def _report(result: Preflight) -> Report:
    """The findings for the formats of other tools; a text does not load their module."""
    from tapctl.report.finding import FunctionRow, of_preflight

    rows, notes = (FunctionRow(*row) for row in _rows(result)), _notes(replace(result, coverage={}))
    return of_preflight(result, sentence(result).plain, tuple(rows), tuple(notes))


def _as_json(result: Preflight, options: RenderOptions) -> str:
    from tapctl.report.preflight_json import as_json

    return as_json(result, options)


RENDERERS: Mapping[str, Callable[[Preflight, RenderOptions], str]] = {
    "text": as_text,
    "json": _as_json,
    **rendered_by(_report),
}
