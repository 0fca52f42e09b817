"""The `RolloutUI` of a terminal: a board that is redrawn while an operation runs, or a line for what changes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from tapctl.report import rollout as report

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from rich.live import Live

    from tapctl.cli.terminal import Terminal
    from tapctl.fleet.judge import FleetPreflight
    from tapctl.fleet.operation import Progress
    from tapctl.fleet.override_sets import Key
    from tapctl.fleet.rollout import Prepared


@dataclass(kw_only=True, slots=True)
class FleetReporter:
    """Prints results on stdout, progress and questions on stderr; as a context manager it ends the board."""

    terminal: Terminal
    stack_set: str
    text: bool = True
    output: Path | None = None
    yes: bool = False
    _named: set[tuple[str, Key]] = field(default_factory=set)
    """The failures that were shown, by the operation and the cell."""
    _line: str = ""
    """The last line of counts."""
    _live: Live | None = None

    def step(self, text: str) -> None:
        self.terminal.message(text)

    def judged(self, result: FleetPreflight) -> None:
        from tapctl.report.fleet import as_text

        self.terminal.show(as_text(result, self.terminal.stderr_options).rstrip("\n"))

    def plan(self, prepared: Prepared) -> None:
        from tapctl.report.fleet_plan import plan_text

        self.terminal.show(plan_text(self.stack_set, prepared, self.terminal.stderr_options).rstrip("\n"))

    def confirm(self, question: str) -> bool:
        return self.yes or self.terminal.confirm(question)

    def progress(self, progress: Progress) -> None:
        for result in progress.failed:
            if (seen := (progress.operation.id, result.cell)) not in self._named:
                self._named.add(seen)
                self._failed(progress, result.cell)
        if not self.text:
            return
        line = report.progress_line(progress)
        if self.terminal.live:
            self._draw(line, is_over=progress.operation.is_over)
        elif line != self._line:
            self.terminal.message(line)
        self._line = line

    def _failed(self, progress: Progress, cell: Key) -> None:
        if self.text:
            self.terminal.message(report.failure_line(progress, cell))
        else:
            account_id, region = cell
            fields = {
                "operation": progress.operation.id,
                "account_id": account_id,
                "region": region,
                "status": "FAILED",
            }
            self.terminal.show(json.dumps(fields))

    def _draw(self, line: str, *, is_over: bool) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        if self._live is None:
            self._live = Live(console=Console(stderr=True), redirect_stdout=False)
            self._live.start()
        self._live.update(Text(line, overflow="ellipsis", no_wrap=True), refresh=True)
        if is_over:
            self.close()

    def close(self) -> None:
        """End the board; its last state stays on the terminal."""
        live, self._live = self._live, None
        if live:
            live.stop()

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
