"""The headroom bar: how the account's concurrency is divided after the deploy, and where the floor is."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text

WIDTH = 60


@dataclass(frozen=True, slots=True)
class Headroom:
    """Concurrent executions by holder; `unreserved` is negative where the deploy asks for more than there is."""

    others: int
    stack: int
    unreserved: int
    floor: int


def bar(headroom: Headroom) -> Text:
    """One line of blocks in proportion, and one with the numbers."""
    whole = max(headroom.others + headroom.stack + max(headroom.unreserved, 0), 1)
    others = _cells(headroom.others, whole)
    stack = min(_cells(headroom.stack, whole), WIDTH - others)
    free = WIDTH - others - stack
    line = Text()
    line.append("▓" * others, style="blue")
    line.append("█" * stack, style="magenta")
    floor = min(_cells(headroom.floor, whole), free)
    line.append("░" * (free - floor), style="green")
    line.append("▒" * floor, style="yellow")
    return Text("\n").join(
        [
            line,
            Text.assemble(
                ("▓", "blue"),
                f" reserved by others {headroom.others} · ",
                ("█", "magenta"),
                f" this stack {headroom.stack} · ",
                ("░", "green"),
                f" unreserved {headroom.unreserved}, ",
                ("▒", "yellow"),
                f" floor {headroom.floor}",
            ),
        ]
    )


def _cells(amount: int, whole: int) -> int:
    """At least one cell for an amount above 0."""
    return max(1, round(amount * WIDTH / whole)) if amount > 0 else 0
