"""One page for people, complete in itself: no script, no request, readable on a phone and in the dark.

Every text passes `_text` or `_rich` on its way in; `page.html` beside this module is the frame, `page.css` the style.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple
from html import escape
from pathlib import Path
from string import Template

from tapctl import __version__
from tapctl.account.model import Stack
from tapctl.concurrency.judge import Floor
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Amount
from tapctl.limits import CONCURRENCY
from tapctl.report.escaping import one_line
from tapctl.report.finding import HOME, Level, Report, ReportItem, limit_of, remedied, rule_of
from tapctl.report.render import age

_FOLDER = Path(__file__).parent
PAGE, STYLE = _FOLDER / "page.html", _FOLDER / "page.css"

_KINDS = {
    Level.PASS: ("good", "passes"),
    Level.NOTE: ("dim", "note"),
    Level.WARNING: ("open", "warning"),
    Level.INCONCLUSIVE: ("open", "open"),
    Level.ERROR: ("bad", "error"),
}
_VERDICTS = {"fits": "good", "verified": "good", "exceeds": "bad", "not verified": "bad"}


def as_html(report: Report) -> str:
    verdict, _, reason = report.sentence.partition(": ")
    kind = _VERDICTS.get(verdict, "open")
    result = report.preflight
    above = [_headroom(result), _functions(report)] if result else []
    below = [_remedy(report), _limits(result), *_coverage(report, result)] if result else [_passed(report)]
    parts = [*above, *_findings(report), *below]
    return Template(PAGE.read_text(encoding="utf-8")).substitute(
        title=f"{_text(verdict)} - {_text(report.title)}",
        style=STYLE.read_text(encoding="utf-8"),
        heading=_text(report.title[:1].upper() + report.title[1:]),
        kind=kind,
        verdict=_text(verdict.capitalize()),
        reason=_rich(reason),
        facts=_facts(report),
        sections="\n".join(filter(None, parts)),
        home=HOME,
        version=_text(__version__),
    )


def _text(value: object) -> str:
    return escape(one_line(str(value)))


def _rich(text: str) -> str:
    """A sentence in which what stands between backticks is code, and an address is a link."""
    linked = re.sub(
        r"https://(?:[^\s<>`;,)&]|&amp;)+(?<![.])", lambda url: f'<a href="{url[0]}">{url[0]}</a>', _text(text)
    )
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", linked)


def _section(title: str, *body: str) -> str:
    """A section with a heading; empty where there is nothing in it."""
    content = "\n".join(filter(None, body))
    return f"<section>\n<h2>{_text(title)}</h2>\n{content}\n</section>" if content else ""


def _chip(text: str, kind: str = "") -> str:
    return f'<span class="chip {kind}">{_text(text)}</span>'


def _list(entries: Iterable[str], style: str) -> str:
    items = "\n".join(f"<li>{entry}</li>" for entry in entries)
    return f'<ul class="{style}">\n{items}\n</ul>' if items else ""


def _facts(report: Report) -> str:
    known = {
        name: text
        for name, text in zip(("Environment", "Stack", "Account", "Region"), astuple(report.scope), strict=True)
        if text
    }
    known["Template"] = report.file
    if report.preflight:
        known |= _of_account(report.preflight)
    return (
        '<dl class="facts">'
        + "".join(
            f"<div><dt>{name}</dt><dd>{_text(text).replace('_', '_<wbr>')}</dd></div>" for name, text in known.items()
        )
        + "</dl>"
    )


def _of_account(result: Preflight) -> Mapping[str, str]:
    account = result.account
    stack = account.stack.status if isinstance(account.stack, Stack) else ""
    snapshot = age(account.taken_at) if account.is_snapshot else ""
    return {name: text for name, text in (("Stack status", stack), ("Snapshot", snapshot)) if text}


# ---------------------------------------------------------------------------------------------------------------------
# Headroom
# ---------------------------------------------------------------------------------------------------------------------


def _headroom(result: Preflight) -> str:
    from tapctl.evidence import with_grade

    judged = result.concurrency
    match judged.limit, judged.unreserved, judged.outlook.final, judged.outlook.peak, judged.floor:
        case int(limit), int(unreserved), int(final), int(peak), Floor() as floor if result.changes:
            source = with_grade(floor.source, floor.claim)
            return _section(
                "Concurrency headroom",
                _headroom_bar(limit, final, peak, floor, result.reserved_by_others),
                f'<p class="dim after">{unreserved:,} unreserved now. The minimum: {_text(source)}.</p>',
            )
        case _:
            return ""


def _headroom_bar(limit: int, final: int, peak: int, floor: Floor, others: int) -> str:
    """The reservations from 0 to the limit or beyond it, with the minimum and the peak marked."""
    reserved, least = limit - final, limit - floor.safe
    own, whole = max(0, reserved - others), max(limit, reserved, limit - peak, 1)
    minimum = f"{floor.safe:,}" if floor.known else f"{floor.hard:,} to {floor.safe:,}"
    spoken = (
        f"Of {limit:,} concurrent executions others reserve {others:,} and this stack {own:,}, which leaves {final:,}"
        f" unreserved, and {peak:,} at the worst moment. At least {minimum} must stay unreserved."
    )
    bar = "".join(
        (
            _part("others", 0, others / whole),
            _part("stack", 0, own / whole),
            _part("free", 0, max(0, final) / whole),
            _part("short", least / whole, (reserved - least) / whole if reserved > least else 0),
            _part("kept", least / whole, floor.safe / whole),
            _part("line limit", limit / whole),
            _part("line", (limit - peak) / whole),
        )
    )
    legend = (
        ("others", "reserved by others", f"{others:,}"),
        ("stack", "this stack", f"{own:,}"),
        ("free", "left after the deploy", f"{final:,}"),
        ("kept", "minimum", minimum),
        *((("short", "short of the minimum", f"{floor.safe - final:,}"),) if final < floor.safe else ()),
        ("line", "left at the peak", f"{peak:,}"),
        ("line limit", "account limit", f"{limit:,}"),
    )
    keys = (f'<i class="key {style}" aria-hidden="true"></i>{name}<b>{number}</b>' for style, name, number in legend)
    return (
        f'<div role="img" aria-label="{_text(spoken)}">{_axis(f"at the peak {peak:,} left", (limit - peak) / whole)}'
        f'<div class="bar">{bar}</div>{_axis(f"limit {limit:,}", limit / whole)}</div>\n{_list(keys, "legend")}'
    )


def _part(style: str, left: float, width: float | None = None) -> str:
    """A segment of a bar after the one before it, or a mark at its place; both in parts of the whole."""
    place = f"left:{100 * left:.2f}%;" if style.startswith(("line", "kept", "short")) else ""
    return f'<i class="{style}" style="{place}{"" if width is None else f"width:{100 * width:.2f}%"}"></i>'


def _axis(text: str, left: float) -> str:
    """A label at its place on the axis, which it never leaves."""
    place = f"left:{100 * left:.2f}%;transform:translateX(-{100 * left:.2f}%)"
    return f'<div class="axis"><span style="{place}">{_text(text)}</span></div>'


# ---------------------------------------------------------------------------------------------------------------------
# Functions and the remedy
# ---------------------------------------------------------------------------------------------------------------------

_COLUMNS = ("function", "live", "requested", "remedy", "verdict")


def _functions(report: Report) -> str:
    if not report.functions:
        return ""
    head = "".join(f'<th scope="col" role="columnheader"{_numeric(name)}>{name}</th>' for name in _COLUMNS)
    rows = []
    for row in report.functions:
        cells = "".join(
            f'<td role="cell"{_numeric(name)}><i aria-hidden="true">{name}</i><span>{text}</span></td>'
            for name, text in (
                ("live", _text(row.live)),
                ("requested", _text(row.requested)),
                ("remedy", _text(row.remedy)),
                ("verdict", _chip(row.verdict, _VERDICTS.get(row.verdict, "open"))),
            )
        )
        rows.append(
            f'<tr role="row"><th scope="row" role="rowheader" class="mono">{_text(row.function)}</th>{cells}</tr>'
        )
    return _section(
        "Functions",
        f'<table role="table"><thead role="rowgroup"><tr role="row">{head}</tr></thead>\n'
        f'<tbody role="rowgroup">{"".join(rows)}</tbody></table>',
    )


def _numeric(column: str) -> str:
    return ' class="number"' if column in ("live", "requested") else ""


def _remedy(report: Report) -> str:
    found = remedied(report)
    if found is None:
        return ""
    why = f'<p class="dim">No edit of the template: {_rich(found.reason)}.</p>' if found.reason else ""
    lines = _list(map(_rich, found.lines), "plain")
    diffs = (
        _source(f"diff of {edit.file}", ((_kind_of(line), "", line) for line in edit.diff().splitlines()))
        for edit in found.edits
    )
    return _section("Remedy", why, lines, *diffs)


def _kind_of(line: str) -> str:
    return "at" if line.startswith(("@@", "---", "+++")) else {"+": "add", "-": "del"}.get(line[:1], "")


def _source(name: str, lines: Iterable[tuple[str, str, str]]) -> str:
    """Lines of a file, each with its style and its number."""
    spans = "".join(
        f'<span class="{style}">{f"<em>{number}</em>" if number else ""}{_text(line.expandtabs(4)) or " "}</span>'
        for style, number, line in lines
    )
    return f'<pre class="source" tabindex="0" role="region" aria-label="{_text(name)}">{spans}</pre>' if spans else ""


# ---------------------------------------------------------------------------------------------------------------------
# Findings
# ---------------------------------------------------------------------------------------------------------------------

AROUND = 2
"""How many lines of the source are shown before and after the one of a finding."""


def _findings(report: Report) -> Iterator[str]:
    sources = _sources(report.preflight) if report.preflight else {}
    worst_first = sorted(report.problems, key=lambda item: list(Level).index(item.level), reverse=True)
    found = [_item(number, item, sources) for number, item in enumerate(worst_first, 1) if item.judged]
    yield _section("Findings", _list(found, "items"))
    if report.preflight is None:
        rest = (f"{_text(item.subject)}: {_rich(item.text)}" for item in worst_first if not item.judged)
        yield _section("Not checked", _list(rest, "plain"))


def _item(number: int, item: ReportItem, sources: Mapping[str, list[str]]) -> str:
    kind, word = _KINDS[item.level]
    rule = rule_of(item)
    place = f"{item.file}:{item.line}" if item.line else item.file
    lines = sources.get(item.file, [])
    excerpt = ""
    if item.line and item.line <= len(lines):
        first, last = max(1, item.line - AROUND), min(len(lines), item.line + AROUND)
        numbered = (("hit" if line == item.line else "", str(line), lines[line - 1]) for line in range(first, last + 1))
        excerpt = _source(f"finding {number}, {place}", numbered)
    hint = f'<p class="hint">{_rich(item.hint)}</p>' if item.hint and item.hint != item.docs else ""
    head = (
        f'{_chip(word, kind)}<h3>{_text(item.subject or rule.title)}</h3><span class="mono dim">{_text(place)}</span>'
    )
    link = f'<p class="dim">Rule <a href="{escape(rule.docs)}">{_text(item.rule)}</a></p>'
    return f'<div class="head">{head}</div><p>{_rich(item.message)}</p>{excerpt}{hint}{link}'


def _sources(result: Preflight) -> dict[str, list[str]]:
    files = (source for member in result.tree.members() for source in member.resolver.template.sources())
    return {source.file: source.text.splitlines() for source in files}


def _passed(report: Report) -> str:
    """The checks of a verification that passed, folded away."""
    passed = [f"{_text(item.subject)}: {_rich(item.message)}" for item in report.items if item.level is Level.PASS]
    title = f"<summary><h2>{len(passed)} proved</h2></summary>"
    return f"<section><details>{title}{_list(passed, 'plain')}</details></section>" if passed else ""


def _limits(result: Preflight) -> str:
    rows = [
        (finding.amount, finding.limit, finding.file, finding.verdict.value)
        for finding in result.findings
        if finding.amount and finding.limit and finding.limit != CONCURRENCY.id
    ]
    rows.sort(key=lambda row: -(row[0].used + row[0].added) / max(row[0].allowed, 1))
    near = result.limits.near
    key = f'<p class="dim">The marks are at {near:.0%} of a limit and at the limit.</p>' if rows else ""
    return _section("Other limits", key, "\n".join(_limit(*row, near) for row in rows))


def _limit(amount: Amount, rule: str, file: str, verdict: str, near: float) -> str:
    row, total = limit_of(rule), amount.used + amount.added
    whole, kind = max(total, amount.allowed, 1), _VERDICTS.get(verdict, "open")
    title = f'<a href="{escape(row.docs)}">{_text(row.title)}</a>' if row else _text(rule)
    used, added, allowed = (_quantity(number, amount.unit) for number in (amount.used, amount.added, amount.allowed))
    numbers = f"{used} used, {added} more, of {allowed}" if amount.used else f"{added} of {allowed}"
    if verdict == "fits" and total >= near * amount.allowed:
        verdict, kind = "near the limit", "open"
    parts = (
        _part("others", 0, amount.used / whole),
        _part("over" if total > amount.allowed else "stack", 0, amount.added / whole),
        _part("line near", near * amount.allowed / whole),
        _part("line limit", amount.allowed / whole),
    )
    return (
        f'<div class="limit"><div class="head"><h3>{title}</h3>{_chip(verdict, kind)}</div>'
        f'<div class="bar" role="img" aria-label="{_text(numbers)}">{"".join(parts)}</div>'
        f'<p class="numbers">{_text(numbers)} · {_text(file)}</p></div>'
    )


def _quantity(number: float, unit: str) -> str:
    if unit != "bytes" or number < 1024:
        return f"{number:,g} {unit}".strip() if number < 1e6 else f"{number:,.0f} {unit}".strip()
    power = min(3, len(f"{int(number):b}") // 10)
    return f"{number / 1024**power:,.1f} {('B', 'KiB', 'MiB', 'GiB')[power]}"


# ---------------------------------------------------------------------------------------------------------------------
# What was not judged, and what reading took
# ---------------------------------------------------------------------------------------------------------------------


def _coverage(report: Report, result: Preflight) -> Iterator[str]:
    types = (_chip(type_ if count == 1 else f"{type_} ({count})") for type_, count in result.coverage.items())
    uncovered = _list(types, "chips")
    about = '<p class="dim after">No limit of these resource types is covered:</p>' if uncovered else ""
    yield _section("Not judged", _list(map(_rich, report.notes), "plain"), about, uncovered)
    used = dict.fromkeys(finding.limit for finding in result.findings if finding.limit)
    actions = sorted({action for rule in used if (row := limit_of(rule)) for action in row.permissions})
    where = (
        "A snapshot was judged, which needs none; live, the limits are read with:"
        if result.account.is_snapshot
        else "The limits were read with:"
    )
    chips = _list((f"<code>{_text(action)}</code>" for action in actions), "chips")
    yield _section("Permissions", f'<p class="dim">{where}</p>' if chips else "", chips)
