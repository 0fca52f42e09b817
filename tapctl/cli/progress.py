"""The events of an operation: on a live board, as lines of text, or as JSON lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from tapctl.cli.terminal import Terminal
from tapctl.report.live_display import LiveBoard

if TYPE_CHECKING:
    from types import TracebackType

    from tapctl.aws.stacks import StackEvent


@dataclass(slots=True)
class Progress:
    """Shows events on stderr. As a context manager, it draws the last state of the board however it ends."""

    terminal: Terminal
    text: bool
    """Whether the result is text; with a JSON result, events are JSON as well."""
    _board: LiveBoard = field(default_factory=LiveBoard)

    def expect(self, names: Iterable[str]) -> None:
        """Set the logical ids of the resources that the operation changes."""
        self._board.planned = tuple(names)

    def event(self, event: StackEvent) -> None:
        from tapctl.report import events

        if not self.text:
            self.terminal.show(events.as_json_line(event))
        elif self.terminal.live:
            self._board.event(event)
        elif not events.repeats(event):
            self.terminal.talk(events.line(event))

    def close(self) -> None:
        self._board.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
