"""How the events of an operation are shown: a live board, a line for each, or a JSON line for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from tapctl.cli.terminal import Terminal
from tapctl.report.live_display import LiveBoard

if TYPE_CHECKING:
    from types import TracebackType

    from tapctl.aws.stacks import StackEvent


@dataclass(slots=True)
class Progress:
    """Shows on stderr what goes on, and asks after a Ctrl-C.

    As a context manager it leaves a last state behind, whatever happened.
    """

    terminal: Terminal
    text: bool
    """Whether the result is text; with JSON the events are, too."""
    _board: LiveBoard = field(default_factory=LiveBoard)

    def expect(self, names: Iterable[str]) -> None:
        """What the operation is going to touch, by logical id."""
        self._board.planned = tuple(names)

    def event(self, event: StackEvent) -> None:
        from tapctl.report import events

        if not self.text:
            self.terminal.show(events.as_json_line(event))
        elif self.terminal.live:
            self._board.event(event)
        elif not events.repeats(event):
            self.terminal.talk(events.line(event))

    def step(self, text: str) -> None:
        self.terminal.talk(text)

    def cancel(self, stack_name: str) -> bool:
        self.close()
        return self.terminal.asks(f"CloudFormation goes on updating {stack_name}. Call that off, and have it undone?")

    def allowed(self, question: str, leaving: Sequence[str]) -> bool:
        """Ask, naming what would be left behind."""
        self.close()
        return self.terminal.asks(f"{question}: {', '.join(leaving)}?" if leaving else f"{question}?")

    def close(self) -> None:
        self._board.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
