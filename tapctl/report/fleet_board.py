"""The progress of an operation on a stack set, as a board that is redrawn while it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from tapctl.fleet.operation import Progress

Counts = Mapping[str, int]
"""How many instances have which status."""

SIGNS: Mapping[str, tuple[str, str]] = {
    "SUCCEEDED": ("█", "green"),
    "FAILED": ("✗", "red"),
    "CANCELLED": ("▒", "red"),
    "RUNNING": ("▓", "yellow"),
}
WAITING = ("░", "dim")
"""What a bar has for each status, from the left, and for every other one; with its style."""

COLUMNS: Mapping[str, bool] = {"SUCCEEDED": True, "FAILED": False, "CANCELLED": False, "RUNNING": True, "PENDING": True}
"""The statuses that have a column of the board, and whether also those that no instance has."""

TOTAL = "all Regions"

GAP, LEAST_BAR = 2, 6
"""Columns between the columns of the board, and of a bar; a narrower one is left out."""


def draw_board(progress: Progress, title: str, seconds: float, width: int, height: int) -> RenderableType:
    """A line for the operation and one for each Region that fits, with the counts of instances by status.

    `seconds` is how long it runs; `width` and `height` are those of the terminal, in columns and lines.
    """
    from rich.console import Group
    from rich.constrain import Constrain
    from rich.text import Text

    head = Text(f"  {progress.operation.status}  {_duration(seconds)}")
    line = Text(title, no_wrap=True)
    line.truncate(max(width - head.cell_len, 1), overflow="ellipsis")
    regions = counts_by_region(progress)
    shown = _most_relevant(regions, height - 5)
    parts: list[RenderableType] = [line + head]
    if regions:
        parts.append(_table(regions, shown, width))
    if hidden := len(regions) - len(shown):
        parts.append(Text(f"  and {hidden} more Regions", style="dim"))
    return Constrain(Group(*parts), width)


def counts_by_region(progress: Progress) -> dict[str, Counter[str]]:
    """How many instances have which status in each Region, by the Region's name."""
    counts: dict[str, Counter[str]] = {}
    for result in progress.results:
        counts.setdefault(result.region, Counter())[result.status] += 1
    return dict(sorted(counts.items()))


def _most_relevant(regions: Mapping[str, Counts], room: int) -> Collection[str]:
    """The Regions with running instances, then those with a failure, then the others; at least one."""
    ranked = sorted(regions, key=lambda name: (not regions[name]["RUNNING"], not regions[name]["FAILED"]))
    return set(ranked[: max(room, 1)])


def _table(regions: Mapping[str, Counts], shown: Collection[str], width: int) -> Table:
    from rich.table import Table
    from rich.text import Text

    total = sum(map(Counter, regions.values()), Counter[str]())
    statuses = [status for status, always in COLUMNS.items() if always or total[status]]
    rows = {name: counts for name, counts in regions.items() if name in shown}
    rows |= {TOTAL: total} if len(regions) > 1 else {}
    first, gap = max(map(len, rows)) + 2, GAP
    if (room := _room(width - first, statuses, total, gap)) < 0:  # a terminal so narrow has less
        statuses = [status for status in statuses if total[status]]
        gap = GAP if (room := _room(width - first, statuses, total, GAP)) >= 0 else 1
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="dim")
    table.add_column("", width=first, no_wrap=True)
    table.add_column("", no_wrap=True)
    for status in statuses:
        table.add_column(status.lower(), justify="right", no_wrap=True)
    for name, counts in rows.items():
        shares = bar(counts, room) if room >= LEAST_BAR else ""
        table.add_row(Text(f"  {name}"), shares, *(f"{counts[status]:,}" for status in statuses))
    return table


def _room(width: int, statuses: Collection[str], total: Counts, gap: int) -> int:
    """The width that the columns of the statuses leave for a bar."""
    return width - gap - sum(gap + max(len(name), len(f"{total[name]:,}")) for name in statuses)


def bar(counts: Counts, width: int) -> Text:
    """The statuses in proportion, at least one column for each that an instance has."""
    from rich.text import Text

    total = sum(counts.values())
    amounts = {status: counts[status] for status in SIGNS if counts.get(status)}
    amounts["waiting"] = total - sum(amounts.values())
    columns = {status: max(1, count * width // total) for status, count in amounts.items() if count}
    columns[max(columns, key=columns.__getitem__)] += width - sum(columns.values())
    line = Text()
    for status, number in columns.items():
        sign, style = SIGNS.get(status, WAITING)
        line.append(sign * number, style)
    return line


def _duration(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
