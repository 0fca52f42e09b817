"""The verdicts on a fleet: accounts by Regions as a table, the causes of what does not fit, and a case per cell."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from shlex import quote
from typing import TYPE_CHECKING, Any

from tapctl.concurrency.counting import number_text
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.fleet.cells import Cell
from tapctl.fleet.judge import FleetPreflight, JudgedCell, Saved
from tapctl.hints import Advice
from tapctl.limits import CONCURRENCY
from tapctl.report.finding import Report, ReportItem, ReportScope, level, limit_of
from tapctl.report.formats import rendered_by
from tapctl.report.hints import OF_FLEET, THROUGH_STACK_SET, worded_all
from tapctl.report.preflight_json import as_document, finding_json
from tapctl.report.render import STYLES, RenderOptions, age, counted, draw
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from rich.text import Text

SCHEMA = "tapctl.fleet/1"

MOST_ROWS = 40
"""Of the table; beyond them only accounts with a cell that does not fit have a row."""

NAMED = 6
"""How many accounts a cause names at most."""


@dataclass(frozen=True, slots=True)
class CellCause:
    """Why cells do not fit: as a short phrase, and as the finding on the first of them."""

    verdict: Verdict
    title: str
    finding: Finding
    cells: tuple[Cell, ...]


def causes(result: FleetPreflight) -> list[CellCause]:
    """The causes, the worst verdict and the most cells first."""
    groups: dict[tuple[Verdict, str], list[tuple[Cell, Finding]]] = {}
    for judged in result.cells:
        if judged.verdict is not Verdict.FITS:
            title, finding = _cause(judged)
            groups.setdefault((judged.verdict, title), []).append((judged.cell, finding))
    order = [*Verdict][::-1]
    found = [
        CellCause(verdict, title, members[0][1], tuple(cell for cell, _ in members))
        for (verdict, title), members in groups.items()
    ]
    return sorted(found, key=lambda cause: (order.index(cause.verdict), -len(cause.cells)))


def _cause(judged: JudgedCell) -> tuple[str, Finding]:
    """The cause in words that are the same for every cell with it, and the first decisive finding."""
    result, finding = judged.preflight, judged.finding
    if isinstance(result, Unknown):
        return result.reason, finding
    limit, known = finding.limit or "", result.concurrency.limit
    if limit == CONCURRENCY.id and isinstance(known, int):
        return f"concurrency limit {known:,}", finding
    row = limit_of(limit)
    if row is None or finding.amount is None:
        return finding.message, finding
    return f"{row.title}, of {number_text(finding.amount.allowed)}", finding


# ---------------------------------------------------------------------------------------------------------------------
# Text
# ---------------------------------------------------------------------------------------------------------------------


def as_text(result: FleetPreflight, options: RenderOptions) -> str:
    """The table, the causes with their accounts, the findings on the template, and the verdict in one sentence."""
    from rich.text import Text

    parts: list[Any] = [Text(f"{result.template.source.title} against fleet {result.name}, {_size(result)}")]
    parts += ["", *_table(result)]
    for cause in causes(result):
        parts += ["", *_cause_lines(cause, options, _wording(result))]
    inactive = [f"left out: account {id_}, which is {state}" for id_, state in result.inactive.items()]
    lint = [f"{finding.severity}: {finding.message}" for finding in result.lint]
    notes = [*_left_out(result), *_unread(result), *inactive, *lint]
    parts += ["", *map(Text, notes)] if notes else []
    return draw(options, *parts, "", sentence(result))


def _wording(result: FleetPreflight) -> Mapping[Advice, str]:
    return THROUGH_STACK_SET if result.has_stack_set else OF_FLEET


def _size(result: FleetPreflight) -> str:
    accounts = len({judged.cell.account.id for judged in result.cells})
    regions = len({judged.cell.region for judged in result.cells})
    known = [judged.preflight for judged in result.cells if isinstance(judged.preflight, Preflight)]
    taken = sorted(cell.account.taken_at for cell in known if cell.account.taken_at)
    oldest = f", the oldest {age(taken[0])}" if taken else ""
    saved = f" from snapshots{oldest}" if result.is_snapshot else ""
    return f"{counted(accounts, 'account')} in {counted(regions, 'Region')}{saved}"


def _table(result: FleetPreflight) -> list[Any]:
    """A row per account and a column per Region, of many accounts for those that do not fit; then who has no row."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    regions = list(dict.fromkeys(judged.cell.region for judged in result.cells))
    rows: dict[str, dict[str, Verdict]] = {}
    for judged in result.cells:
        rows.setdefault(_account(judged.cell), {})[judged.cell.region] = judged.verdict
    accounts = len(rows)
    if accounts > MOST_ROWS:
        rows = {name: row for name, row in rows.items() if set(row.values()) != {Verdict.FITS}}
    rest = f"{accounts - len(rows):,} of {counted(accounts, 'account')} fit in every Region"
    if len(rows) > MOST_ROWS:
        return [Text(f"{rest}; the others are too many for a table, `--verbose` names them")]
    if not rows:
        return [Text(rest)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("account", *regions):
        table.add_column(name)
    for name, row in rows.items():
        verdicts = [row[region].value if region in row else "" for region in regions]
        table.add_row(escape(name), *(f"[{STYLES[verdict]}]{verdict}[/]" if verdict else "-" for verdict in verdicts))
    return [table, "", Text(rest)] if len(rows) < accounts else [table]


def _account(cell: Cell) -> str:
    return f"{cell.account.id} {cell.account.name}".rstrip()


def _cause_lines(cause: CellCause, options: RenderOptions, wording: Mapping[Advice, str]) -> Iterator[Any]:
    from rich.text import Text

    verdict = cause.verdict.value
    yield Text.assemble((verdict, STYLES[verdict]), f": {cause.title}, {counted(len(cause.cells), 'cell')}")
    yield Text(f"  {named_cells(cause.cells, None if options.verbose else NAMED)}")
    if cause.finding.message != cause.title:
        yield Text(f"  {cause.finding.message}")
    if hint := worded_all(cause.finding.hints, wording):
        yield Text(f"  hint: {hint}")


def named_cells(cells: Sequence[Cell], most: int | None) -> str:
    """The accounts with the Regions of each, together where they are the same."""
    return named_keys([cell.key for cell in cells], most)


def named_keys(keys: Iterable[tuple[str, str]], most: int | None) -> str:
    """The accounts with the Regions of each, from pairs of account id and Region."""
    regions: dict[str, list[str]] = {}
    for account, region in keys:
        regions.setdefault(account, []).append(region)
    together: dict[tuple[str, ...], list[str]] = {}
    for account, own in regions.items():
        together.setdefault(tuple(own), []).append(account)
    return "; ".join(f"{_some(accounts, most)} in {', '.join(own)}" for own, accounts in together.items())


def _some(names: Sequence[str], most: int | None) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most:,} more" if most and len(names) > most else shown


def _unread(result: FleetPreflight) -> Iterator[str]:
    """The limits that were not read and so change no verdict, by the reason."""
    cells = [judged.preflight for judged in result.cells if isinstance(judged.preflight, Preflight)]
    messages = Counter(
        (finding.message, worded_all(finding.hints, OF_FLEET))
        for cell in cells
        for finding in cell.findings
        if not (cell.counts(finding) or finding.excused)
    )
    reasons: dict[tuple[str, int], list[str]] = {}
    for (message, hint), count in messages.items():
        title, _, reason = message.partition(": ")
        reasons.setdefault((f"{reason}; {hint}" if hint else reason, count), []).append(title)
    for (reason, count), titles in reasons.items():
        yield f"not checked in {counted(count, 'cell')}: {', '.join(titles)} ({reason})"


def _left_out(result: FleetPreflight) -> Iterator[str]:
    """The findings that are ignored, by the message and the reason."""
    cells = [judged.preflight for judged in result.cells if isinstance(judged.preflight, Preflight)]
    counts = Counter((finding.limit, finding.message, finding.excused) for cell in cells for finding in cell.findings)
    for (limit, message, reason), count in counts.items():
        if reason:
            yield f"left out in {counted(count, 'cell')}: {limit}: {message} ({reason})"


_SENTENCES = (
    (Verdict.EXCEEDS, "exceeds"),
    (Verdict.UNCERTAIN, "is uncertain"),
    (Verdict.UNKNOWN, "is unknown"),
    (Verdict.FITS, "fits"),
)


def sentence(result: FleetPreflight) -> Text:
    """The verdict with how many cells have which; it is on the template as written, before any remedy."""
    from rich.text import Text

    counts, verdict = Counter(judged.verdict for judged in result.cells), result.verdict.value
    parts = ", ".join(f"{phrase} in {counts[value]:,}" for value, phrase in _SENTENCES if counts[value])
    errors = len(result.lint_errors)
    also = f"; cfn-lint found {counted(errors, 'error')}" if errors else ""
    said = f": as written, the template {parts} of {counted(len(result.cells), 'cell')}{also}"
    return Text.assemble((verdict, STYLES[verdict]), said)


def verdict_line(result: FleetPreflight, options: RenderOptions) -> str:
    """The last line of the text alone."""
    return draw(options, sentence(result))


def saved_text(saved: Sequence[Saved], fleet: str, folder: object) -> Iterator[str]:
    """The saved snapshots, and each cell that could not be read, by the reason."""
    unread: dict[str, list[Cell]] = {}
    for entry in saved:
        if entry.reason:
            unread.setdefault(entry.reason.reason, []).append(entry.cell)
    command = f"tapctl preflight --targets {quote(fleet)} --snapshot {quote(str(folder))}"
    yield f"saved {counted(len(saved), 'cell')} in {folder}; use them with `{command}`"
    for reason, cells in unread.items():
        yield f"unknown: {reason}, {counted(len(cells), 'cell')}: {named_cells(cells, NAMED)}"


# ---------------------------------------------------------------------------------------------------------------------
# Other formats
# ---------------------------------------------------------------------------------------------------------------------


def as_json(result: FleetPreflight, _: RenderOptions) -> str:
    """The contract `tapctl.fleet/1`."""
    document = {
        "schema": SCHEMA,
        "verdict": result.verdict.value,
        "fleet": result.name,
        "template": result.template.file,
        "cells": [_cell(judged, _wording(result)) for judged in result.cells],
        "inactive": [{"account_id": id_, "state": state} for id_, state in result.inactive.items()],
        "findings": [finding_json(finding) for finding in result.lint],
        **({"weakenings": [asdict(weakening) for weakening in result.weakenings]} if result.weakenings else {}),
    }
    return json.dumps(document, indent=2) + "\n"


def _cell(judged: JudgedCell, wording: Mapping[Advice, str]) -> dict[str, Any]:
    account, result = judged.cell.account, judged.preflight
    finding = None if judged.verdict is Verdict.FITS else _cause(judged)[1]
    return {
        "account_id": account.id,
        "name": account.name or None,
        "region": judged.cell.region,
        "verdict": judged.verdict.value,
        "preflight": as_document(result) if isinstance(result, Preflight) else None,
        "reason": finding.message if finding else None,
        "hint": (worded_all(finding.hints, wording) or None) if finding else None,
    }


def of_cells(result: FleetPreflight) -> Report:
    """An item per cell."""
    return _report(result, (_cell_item(judged, _wording(result)) for judged in result.cells))


def of_causes(result: FleetPreflight, most: int | None = NAMED) -> Report:
    """An item per cause, with at most so many of the accounts that it concerns, and the findings on the template."""
    wording = _wording(result)
    found = [
        _item(cause.finding, f"{cause.title} in {named_cells(cause.cells, most)}", wording) for cause in causes(result)
    ]
    return _report(result, [*found, *(_item(finding, finding.resource or "", wording) for finding in result.lint)])


def _report(result: FleetPreflight, items: Iterable[ReportItem]) -> Report:
    title = f"preflight of {result.template.source.title} against fleet {result.name}"
    scope = ReportScope(environment=result.name)
    return Report("preflight", title, sentence(result).plain, tuple(items), result.template.file, scope)


def _cell_item(judged: JudgedCell, wording: Mapping[Advice, str]) -> ReportItem:
    if judged.verdict is Verdict.FITS:
        return ReportItem("preflight", level(Finding(None, Verdict.FITS, "")), judged.cell.name, "fits")
    _, finding = _cause(judged)
    hint = worded_all(finding.hints, wording) or None
    return ReportItem("preflight", level(finding), judged.cell.name, finding.message, hint, finding.file, finding.line)


def _item(finding: Finding, subject: str, wording: Mapping[Advice, str]) -> ReportItem:
    rule = finding.rule or finding.limit or "preflight"
    hint = worded_all(finding.hints, wording) or None
    identity = finding.message if finding.rule else ", ".join(finding.named)
    return ReportItem(rule, level(finding), subject, finding.message, hint, finding.file, finding.line, identity)


RENDERERS: Mapping[str, Callable[[FleetPreflight, RenderOptions], str]] = {
    **rendered_by(of_causes),
    "html": rendered_by(partial(of_causes, most=None))["html"],
    "junit": rendered_by(of_cells)["junit"],
    "text": as_text,
    "json": as_json,
}
