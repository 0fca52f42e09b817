"""The progress of an operation on a terminal, redrawn while the operation runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from tapctl.aws.stacks import StackEvent
from tapctl.report.escaping import one_line, with_plain_lines
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
"""Columns; a display that is no wider stays intact when a wide window is made smaller."""

MARGIN = 2
"""Columns left free for the `^C` that a terminal prints after the last line."""


@dataclass(slots=True)
class LiveDisplay:
    """Draws the progress from the first event on; `close` leaves the final state in the terminal's history."""

    planned: tuple[str, ...] = ()
    clock: Callable[[], float] = time.monotonic
    console: Console | None = None
    _progress: OperationProgress | None = None
    _live: Live | None = None
    _final: bool = False
    """Whether the next frame is the last one."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def event(self, event: StackEvent) -> None:
        """Show an event; the end of the stack's operation closes the display."""
        with self._lock:
            self._progress = self._progress or OperationProgress(self.planned)
            self._progress.add(with_plain_lines(event), self.clock())
            ended = self._progress.ended
        if self._live is None:
            self._live = self._start()
        if ended:
            self.close()
            self._progress, self.planned = None, ()

    def close(self) -> None:
        """Draw the final state; another event starts a new display."""
        live, self._live = self._live, None
        if live is not None:
            self._final = True
            live.stop()
            self._final = False

    def _start(self) -> Live:
        from rich.live import Live

        # Messages on stderr are drawn above the display; stdout is for the result alone.
        live = Live(
            console=self.console or plain_console(),
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
            if self._progress is None:
                return Text("")
            console = self._live.console if self._live else self.console or plain_console()
            width = min(WIDEST, console.width - MARGIN)
            return draw_progress(self._progress, self.clock(), width, console.height, final=self._final)


def plain_console() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, emoji=False, markup=False)


def draw_progress(
    progress: OperationProgress, at: float, width: int, height: int, *, final: bool = False
) -> RenderableType:
    """A line for the stack, a line for each resource that there is room for, and the resources not yet started.

    The final state has every resource, and below them the reasons of failures. `at` is in seconds.
    """
    from rich.console import Group
    from rich.constrain import Constrain
    from rich.text import Text

    stack = progress.stack
    head = Text(f"stack {stack.name}  ", overflow="ellipsis", no_wrap=True)
    head.append(stack.status, _sign(stack.status)[1])
    head.append(f"  {progress.count}  {_duration(progress.elapsed(stack, at))}")
    rows = list(progress.ordered())
    shown = rows if final else _most_relevant(rows, height - 4)
    parts: list[RenderableType] = [head, _table(progress, shown, at)]
    if hidden := len(rows) - len(shown):
        parts.append(Text(f"  and {hidden} more", style="dim"))
    if not final and (waiting := progress.waiting):
        names = one_line(", ".join(waiting))
        parts.append(Text(f"  not started: {len(waiting)} ({names})", "dim", overflow="ellipsis", no_wrap=True))
    if final:
        parts += [Text(f"  {row.name}: {row.failure}", "red") for row in progress.failures]
    return Constrain(Group(*parts), width)


def _most_relevant(rows: list[ProgressRow], room: int) -> list[ProgressRow]:
    """The running and failed rows, then the latest completed ones, in the order of the display."""
    ranked = sorted(rows, key=lambda row: (not row.running, not row.failure, -(row.ended or 0.0)))
    names = {row.name for row in ranked[: max(room, 1)]}
    return [row for row in rows if row.name in names]


def _table(progress: OperationProgress, rows: Iterable[ProgressRow], at: float) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column(width=3, no_wrap=True, justify="right")
    table.add_column(max_width=36, no_wrap=True, overflow="ellipsis")
    table.add_column(width=18, no_wrap=True, overflow="ellipsis")
    table.add_column(width=5, no_wrap=True, justify="right")
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for row in rows:
        sign, style = _sign(row.failed_status or row.status)
        name, duration = Text("  " * row.depth + row.label), _duration(progress.elapsed(row, at))
        table.add_row(Text(sign, style), name, Text(row.state, style), duration, Text(row.failure or row.note, "dim"))
    return table


def _sign(status: str) -> tuple[str, str]:
    if stack_status(status).failed:
        return "✗", "bold red"
    if in_progress(status):
        return "·", "yellow"
    return ("✓", "green") if status.endswith("_COMPLETE") else ("?", "")


def _duration(seconds: float) -> str:
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
    "AWS::ECS::Service": "its tasks to reach a steady state",
    FUNCTION: "the function to be active",
    "AWS::RDS::DBCluster": "the cluster to be available",
    "AWS::RDS::DBInstance": "the database to be available",
}
"""What CloudFormation waits for while it creates or updates a resource of the type."""

_INITIATED = "Resource creation Initiated"
"""A status reason that adds nothing to the status."""


@dataclass(slots=True)
class ProgressRow:
    """One resource; times are CloudFormation's, in seconds."""

    name: str
    type: str
    status: str = ""
    began: float = 0.0
    ended: float | None = None
    note: str = ""
    """What it waits for, or CloudFormation's reason."""
    failure: str = ""
    """The reason of its failure, which the statuses of its rollback no longer give."""
    failed_status: str = ""

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
    def state(self) -> str:
        """Its status, or its rollback: the statuses of a rollback look like those of a successful operation."""
        if not self.failed_status or self.failed_status == "DELETE_FAILED" or failed(self.status):
            return self.status
        return "rolling back" if self.running else "rolled back"


@dataclass(slots=True)
class OperationProgress:
    """The stack, and its resources by name in the order of their first events."""

    planned: tuple[str, ...] = ()
    """The resources that the change set names."""
    stack: ProgressRow = field(default_factory=lambda: ProgressRow("", STACK))
    rows: dict[str, ProgressRow] = field(default_factory=dict)
    ended: bool = False
    _newest: float = 0.0
    """The time of the newest event by CloudFormation's clock, in seconds."""
    _received: float = 0.0
    """When that event was received, by this machine's monotonic clock."""

    def add(self, event: StackEvent, at: float) -> None:
        """Add an event, received at `at` by this machine's monotonic clock."""
        moment = _seconds(event.time) or self.now(at)
        if moment > self._newest:
            self._newest, self._received = moment, at
        if event.own and event.within:
            return  # the parent stack has the same event
        if event.own:
            self.stack.name, self.ended = event.logical_id, event.ends
        row = self.stack if event.own else self.rows.setdefault(event.name, ProgressRow(event.name, event.type))
        if event.running and not (row.running and row.status == event.status):
            row.began = row.began if event.own and row.began else moment
        row.began = row.began or moment
        row.status, row.note = event.status, _note(event)
        row.ended = None if event.running or (event.own and not event.ends) else moment
        if event.failed and not event.cancelled:
            row.failure, row.failed_status = row.failure or event.reason, row.failed_status or event.status
        elif (row.failed_status, event.status) == ("DELETE_FAILED", "DELETE_COMPLETE"):
            row.failure = row.failed_status = ""  # CloudFormation retries a deletion

    def now(self, at: float) -> float:
        """CloudFormation's time, extrapolated from its newest event."""
        return self._newest + at - self._received

    def elapsed(self, row: ProgressRow, at: float) -> float:
        return max(0.0, (self.now(at) if row.ended is None else row.ended) - row.began)

    def ordered(self) -> Iterator[ProgressRow]:
        """Every row; those of a nested stack follow it."""
        return self._below("")

    def _below(self, prefix: str) -> Iterator[ProgressRow]:
        for row in self.rows.values():
            if row.name.startswith(prefix) and "/" not in row.name[len(prefix) :]:
                yield row
                yield from self._below(f"{row.name}/")

    @property
    def waiting(self) -> list[str]:
        """The resources of the change set without an event."""
        return [name for name in self.planned if name not in self.rows]

    @property
    def count(self) -> str:
        done = sum(not row.running for row in self.rows.values())
        if not self.planned:
            return f"{done} done"
        return f"{done} of {len({*self.planned, *self.rows})} done"

    @property
    def failures(self) -> Iterable[ProgressRow]:
        return [row for row in self.ordered() if row.failure]


def _note(event: StackEvent) -> str:
    """What a running resource waits for, or CloudFormation's reason."""
    if not event.running:
        return event.reason if event.failed else ""
    if event.detail == "CONFIGURATION_COMPLETE":
        return "waits for it to stabilize"
    if event.reason and event.reason != _INITIATED:
        return event.reason
    kind = CUSTOM_RESOURCE if event.type.startswith(CUSTOM_RESOURCES) else event.type
    return f"waits for {AWAITED.get(kind, 'AWS to finish it' if event.physical_id else 'AWS to start it')}"


def _seconds(time: str) -> float:
    """The time of an event in seconds since the epoch; 0 if it has none."""
    try:
        return datetime.fromisoformat(time).timestamp()
    except ValueError:
        return 0.0
