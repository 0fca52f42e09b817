"""The `RolloutUI` of a terminal: a board that is redrawn while an operation runs, or a line for what changes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from tapctl.fleet.plan import StepKind
from tapctl.hints import Hint
from tapctl.report import rollout as report
from tapctl.report.fleet_board import draw_board
from tapctl.report.live_display import MARGIN, WIDEST, plain_console

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from rich.console import RenderableType
    from rich.live import Live

    from tapctl.cli.terminal import Terminal
    from tapctl.fleet.judge import FleetPreflight
    from tapctl.fleet.operation import Progress
    from tapctl.fleet.override_sets import Key
    from tapctl.fleet.plan import FleetDeletion, RolloutPlan, Step
    from tapctl.template.model import Template

LINE_SECONDS = 10.0
"""How long a log has no new line of counts, unless the status of the operation changes."""


@dataclass(kw_only=True, slots=True)
class FleetReporter:
    """Prints results on stdout, progress and questions on stderr; as a context manager it ends the board."""

    terminal: Terminal
    stack_set: str
    text: bool = True
    output: Path | None = None
    yes: bool = False
    clock: Callable[[], float] = time.time
    _named: set[tuple[str, Key]] = field(default_factory=set)
    """The failures that were shown, by the operation and the cell."""
    _steps: tuple[Step, ...] = ()
    """The steps of the plan, ..."""
    _number: int = 0
    """... and which of them runs now."""
    _progress: Progress | None = None
    _line: str = ""
    """The last line of counts, ..."""
    _status: tuple[str, str] = ("", "")
    """... the operation and its status in it, ..."""
    _at: float = 0.0
    """... and when it was printed."""
    _live: Live | None = None

    def step(self, text: str, hint: Hint | None = None) -> None:
        followed = {step.description for step in self._steps if step.kind is not StepKind.CREATE_SET}
        if not (self.text and text in followed):
            self.terminal.message(text, hint)

    def judged(self, result: FleetPreflight) -> None:
        from tapctl.report.fleet import as_text

        self.terminal.show(as_text(result, self.terminal.stderr_options).rstrip("\n"))

    def plan(self, plan: RolloutPlan, template: Template) -> None:
        from tapctl.report.fleet_plan import plan_text

        self._steps = plan.steps
        self._number = sum(step.kind is StepKind.CREATE_SET for step in self._steps)
        self.terminal.show(plan_text(self.stack_set, plan, template, self.terminal.stderr_options).rstrip("\n"))

    def deletion(self, deletion: FleetDeletion) -> None:
        self.terminal.show(report.deletion_text(deletion, self.terminal.stderr_options).rstrip("\n"))

    def confirm(self, question: str) -> bool:
        return self.yes or self.terminal.confirm(question)

    def progress(self, progress: Progress) -> None:
        if self._progress is None or self._progress.operation.id != progress.operation.id:
            self._number += bool(self._steps)
        self._progress = progress
        new = {result.cell for result in progress.failed if (progress.operation.id, result.cell) not in self._named}
        self._named |= {(progress.operation.id, cell) for cell in new}
        self._fail(progress, new)
        if not self.text:
            return
        if self.terminal.live:
            self._show(is_over=progress.operation.is_over)
        else:
            self._log(progress)

    def _fail(self, progress: Progress, cells: set[Key]) -> None:
        if self.text:
            for line in report.failure_lines(progress, cells):
                self.terminal.message(line)
            return
        for account_id, region in sorted(cells):
            fields = {
                "operation": progress.operation.id,
                "account_id": account_id,
                "region": region,
                "status": "FAILED",
            }
            self.terminal.show(json.dumps(fields))

    def _log(self, progress: Progress) -> None:
        """A line for another status of the operation, and for other counts from time to time."""
        line = report.progress_line(progress, self._title(progress))
        status = (progress.operation.id, progress.operation.status)
        if status != self._status or (line != self._line and self.clock() - self._at >= LINE_SECONDS):
            self.terminal.message(line)
            self._line, self._status, self._at = line, status, self.clock()

    def _title(self, progress: Progress) -> str:
        if not self._steps:
            return f"{progress.step} on stack set {self.stack_set}"
        # There are more than planned where a step is split, or a minimum was learned.
        return f"step {self._number} of {max(self._number, len(self._steps))}: {progress.step}"

    def _show(self, *, is_over: bool) -> None:
        from rich.live import Live

        if self._live is None:
            self._live = Live(
                console=plain_console(),
                get_renderable=self._draw,
                refresh_per_second=4,
                redirect_stdout=False,
                vertical_overflow="crop",
            )
            self._live.start()
        if is_over:
            self.close()

    def _draw(self) -> RenderableType:
        from rich.text import Text

        if self._live is None or (progress := self._progress) is None:
            return Text("")
        console = self._live.console
        began = progress.operation.began
        seconds = max(0.0, self.clock() - began) if began else 0.0
        width = min(WIDEST, console.width - MARGIN)
        return draw_board(progress, self._title(progress), seconds, width, console.height)

    def close(self) -> None:
        """End the board; its last state stays on the terminal."""
        if live := self._live:
            live.stop()
        self._live = None

    def result(self, text: str, document: str) -> None:
        """Print the result as text or as the document; a file gets the document."""
        if self.text:
            self.terminal.result(text)
        self.document(document)

    def document(self, text: str) -> None:
        """Print or write the document, if JSON or a file is requested."""
        if not self.text or self.output:
            self.terminal.result(text, self.output)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
