"""The board of an operation on a terminal, redrawn while it goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tapctl.report.progress import Board, ProgressRow
from tapctl.resource_types import in_progress, stack_status

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
