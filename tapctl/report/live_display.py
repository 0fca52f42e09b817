"""The board of an operation on a terminal, redrawn while it goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from tapctl.aws.stacks import StackEvent
from tapctl.resource_types import (
    CUSTOM_RESOURCE,
    CUSTOM_RESOURCES,
    FUNCTION,
    STACK,
    failed,
    in_progress,
    stack_status,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console, RenderableType
    from rich.live import Live
    from rich.table import Table

    from tapctl.aws.stacks import StackEvent

WIDEST = 78
"""Columns; a board that is no wider is not torn when the window of a wide terminal is made smaller, ..."""

MARGIN = 2
"""... nor by the `^C` that a terminal writes at its end."""


@dataclass(slots=True)
class LiveBoard:
    """Draws on the terminal from the first event on; `close` leaves the last state in its history."""

    planned: tuple[str, ...] = ()
    clock: Callable[[], float] = time.monotonic
    console: Console | None = None
    _board: Board | None = None
    _live: Live | None = None
    _final: bool = False
    """Whether the next frame is the last."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def event(self, event: StackEvent) -> None:
        """Show what happened; the stack's own end closes the board."""
        with self._lock:
            self._board = self._board or Board(self.planned)
            self._board.hear(event, self.clock())
            ended = self._board.ended
        if self._live is None:
            self._live = self._begin()
        if ended:
            self.close()
            self._board, self.planned = None, ()

    def close(self) -> None:
        """Draw for the last time; another event begins again."""
        live, self._live = self._live, None
        if live is not None:
            self._final = True
            live.stop()
            self._final = False

    def _begin(self) -> Live:
        from rich.live import Live

        # What is said meanwhile goes to stderr and is drawn above the board; stdout is the result's alone.
        live = Live(
            console=self.console or _console(),
            get_renderable=self._draw,
            refresh_per_second=4,
            redirect_stdout=False,
            vertical_overflow="crop",
        )
        live.start()
        return live

    def _draw(self) -> RenderableType:
        from rich.text import Text

        with self._lock:
            if self._board is None:
                return Text("")
            console = self._live.console if self._live else self.console or _console()
            width = min(WIDEST, console.width - MARGIN)
            return board(self._board, self.clock(), width, console.height, final=self._final)


def _console() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, emoji=False, markup=False)


def board(shown: Board, at: float, width: int, height: int, *, final: bool = False) -> RenderableType:
    """The stack in a line, a line for each resource that there is room for, and what has not begun.

    The final state has every resource, and below them why some failed.
    """
    from rich.console import Group
    from rich.constrain import Constrain
    from rich.text import Text

    head = Text(f"stack {shown.stack.name}  ", overflow="ellipsis", no_wrap=True)
    head.append(shown.stack.status, _sign(shown.stack.status)[1])
    head.append(f"  {shown.count}  {_clock(shown.elapsed(shown.stack, at))}")
    rows = list(shown.ordered())
    kept = rows if final else _worth_a_line(rows, height - 4)
    parts: list[RenderableType] = [head, _table(shown, kept, at)]
    if folded := len(rows) - len(kept):
        parts.append(Text(f"  and {folded} more that are done", style="dim"))
    if not final and (waiting := shown.waiting):
        parts.append(
            Text(f"  not begun: {len(waiting)} ({', '.join(waiting)})", "dim", overflow="ellipsis", no_wrap=True)
        )
    if final:
        parts += [Text(f"  {row.name}: {row.why}", "red") for row in shown.failures]
    return Constrain(Group(*parts), width)


def _worth_a_line(rows: list[ProgressRow], room: int) -> list[ProgressRow]:
    """What is at work or failed before what is done, and of that the latest, in the order of the board."""
    ranked = sorted(rows, key=lambda row: (not row.running, not row.why, -(row.ended or 0.0)))
    kept = {row.name for row in ranked[: max(room, 1)]}
    return [row for row in rows if row.name in kept]


def _table(shown: Board, rows: Iterable[ProgressRow], at: float) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column(width=3, no_wrap=True, justify="right")
    table.add_column(max_width=36, no_wrap=True, overflow="ellipsis")
    table.add_column(width=18, no_wrap=True, overflow="ellipsis")
    table.add_column(width=5, no_wrap=True, justify="right")
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for row in rows:
        sign, style = _sign("_FAILED" if row.failed else row.status)
        clock = _clock(shown.elapsed(row, at))
        note = row.why or (f"waits for {row.note}" if row.running and row.note else row.note)
        table.add_row(
            Text(sign, style), Text("  " * row.depth + row.label), Text(row.told, style), clock, Text(note, "dim")
        )
    return table


def _sign(status: str) -> tuple[str, str]:
    if stack_status(status).failed:
        return "✗", "bold red"
    if in_progress(status):
        return "·", "yellow"
    return ("✓", "green") if status.endswith("_COMPLETE") else ("?", "")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


AWAITED: Mapping[str, str] = {
    "AWS::ACM::Certificate": "its validation",
    "AWS::AutoScaling::AutoScalingGroup": "its instances",
    CUSTOM_RESOURCE: "its function's answer",
    STACK: "its own resources",
    "AWS::CloudFormation::WaitCondition": "its signals",
    "AWS::CloudFront::Distribution": "its edge locations",
    "AWS::DynamoDB::Table": "the table to be active",
    "AWS::ECS::Service": "its tasks to be steady",
    FUNCTION: "the function to be active",
    "AWS::RDS::DBCluster": "the cluster to be available",
    "AWS::RDS::DBInstance": "the database to be available",
}
"""What a resource at work waits for, where its type says it."""

_INITIATED = "Resource creation Initiated"


@dataclass(slots=True)
class ProgressRow:
    """One resource; times are CloudFormation's, in seconds."""

    name: str
    type: str
    status: str = ""
    began: float = 0.0
    ended: float | None = None
    note: str = ""
    why: str = ""
    """Why it failed, which its later statuses do not say any more."""
    failed: str = ""
    """The status in which it did."""

    @property
    def depth(self) -> int:
        return self.name.count("/")

    @property
    def label(self) -> str:
        return self.name.rpartition("/")[2]

    @property
    def running(self) -> bool:
        return in_progress(self.status)

    @property
    def told(self) -> str:
        """Its status; of one that failed what becomes of it, whose statuses tell of the undoing alone."""
        if not self.failed or self.failed == "DELETE_FAILED" or failed(self.status):
            return self.status
        return "failed, undoing" if self.running else "failed, undone"


@dataclass(slots=True)
class Board:
    """Rows by name in the order in which they were first heard of, and the stack itself."""

    planned: tuple[str, ...] = ()
    """What the change set is going to touch."""
    stack: ProgressRow = field(default_factory=lambda: ProgressRow("", STACK))
    rows: dict[str, ProgressRow] = field(default_factory=dict)
    ended: bool = False
    _now: float = 0.0
    _heard: float = 0.0

    def hear(self, event: StackEvent, at: float) -> None:
        """Take an event in; `at` is when, by a clock of this machine that only moves on."""
        moment = _seconds(event.time) or self.now(at)
        if moment > self._now:
            self._now, self._heard = moment, at
        if event.own and event.within:
            return  # the row in the stack around it says the same
        if event.own:
            self.stack.name, self.ended = event.logical_id, event.ends
        row = self.stack if event.own else self.rows.setdefault(event.name, ProgressRow(event.name, event.type))
        if event.running and not (row.running and row.status == event.status):
            row.began = row.began if event.own and row.began else moment
        row.began = row.began or moment
        row.status, row.note = event.status, _note(event)
        row.ended = None if event.running or (event.own and not event.ends) else moment
        if event.failed and not event.cancelled:
            row.why, row.failed = row.why or event.reason, row.failed or event.status
        elif (row.failed, event.status) == ("DELETE_FAILED", "DELETE_COMPLETE"):
            row.why = row.failed = ""  # CloudFormation tries a deletion again

    def now(self, at: float) -> float:
        """CloudFormation's time, reckoned from the newest event that it told."""
        return self._now + at - self._heard

    def elapsed(self, row: ProgressRow, at: float) -> float:
        return max(0.0, (self.now(at) if row.ended is None else row.ended) - row.began)

    def ordered(self) -> Iterator[ProgressRow]:
        """Every row, those of a nested stack below it."""
        return self._below("")

    def _below(self, prefix: str) -> Iterator[ProgressRow]:
        for row in self.rows.values():
            if row.name.startswith(prefix) and "/" not in row.name[len(prefix) :]:
                yield row
                yield from self._below(f"{row.name}/")

    @property
    def waiting(self) -> list[str]:
        """What the change set names and nothing was heard of yet."""
        return [name for name in self.planned if name not in self.rows]

    @property
    def count(self) -> str:
        done = sum(not row.running for row in self.rows.values())
        if not self.planned:
            return f"{done} done"
        return f"{done} of {len({*self.planned, *self.rows})} done"

    @property
    def failures(self) -> Iterable[ProgressRow]:
        return [row for row in self.ordered() if row.why]


def _note(event: StackEvent) -> str:
    """What a resource at work waits for; why one that failed did."""
    if not event.running:
        return event.reason if event.failed else ""
    if event.detail == "CONFIGURATION_COMPLETE":
        return "configured, to be stable"
    if event.reason and event.reason != _INITIATED:
        return event.reason
    kind = CUSTOM_RESOURCE if event.type.startswith(CUSTOM_RESOURCES) else event.type
    return AWAITED.get(kind, "AWS to finish it" if event.physical_id else "AWS to begin")


def _seconds(time: str) -> float:
    """Of an event's time; 0 for an event that has none."""
    try:
        return datetime.fromisoformat(time).timestamp()
    except ValueError:
        return 0.0
