"""Drawing with rich into a string."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING, Any

from tapctl.report.escaping import unsafe
from tapctl.report.wrapping import hanging, slices

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from tapctl.account.model import Holders

STYLES = {"fits": "green", "exceeds": "bold red", "uncertain": "yellow", "unknown": "yellow", "warning": "yellow"}


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How text is rendered; `width` is in columns."""

    width: int
    color: bool
    verbose: bool = False
    """Whether each item has its own line instead of a summary."""
    wraps: bool = False
    """Whether sentences are broken to fit a terminal; a log or a pipe gets each on one line."""


def draw(options: RenderOptions, *parts: RenderableType) -> str:
    """The parts below each other, without trailing blanks; texts, rows and branches are one line each."""
    from rich.console import Console
    from rich.text import Text

    canvas = StringIO()
    console = Console(
        file=canvas,
        width=options.width,
        height=25,  # of no use here; without one, rich reads the terminal's size, and COLUMNS, for each part
        force_terminal=options.color,
        no_color=not options.color,
        color_system="standard" if options.color else None,
        highlight=False,
        emoji=False,  # rich reads `:secret:` in an ARN as an emoji
        legacy_windows=False,
    )
    for part in parts:
        drawn = _as_data(part)
        if not isinstance(drawn, Text):
            console.print(drawn)
        else:
            console.print(_wrapped(drawn, options.width) if options.wraps else drawn, soft_wrap=True)
    return "\n".join(line.rstrip() for line in canvas.getvalue().splitlines()) + "\n"


def counted(number: int, noun: str) -> str:
    """A number with its noun, such as `1 cell` and `2,000 cells`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _as_data(part: Any) -> Any:
    """The part with every text in it as one line without control characters."""
    from rich.table import Table
    from rich.text import Text
    from rich.tree import Tree

    match part:
        case str():
            return _one_line(Text.from_markup(part, emoji=False))
        case Text():
            return _one_line(part)
        case Table():
            for column in part.columns:
                column._cells = [_as_data(cell) for cell in column._cells]  # noqa: SLF001 - a table has no map
        case Tree():
            part.label = _as_data(part.label)
            part.children = [_as_data(child) for child in part.children]
    return part


def _one_line(text: Text) -> Text:
    """`tapctl.report.escaping.one_line` of a text with styles."""
    from rich.text import Text

    whole, begin = Text(), 0
    for start, end, shown in unsafe(text.plain):
        whole.append_text(text[begin:start]).append(shown)
        begin = end
    return whole.append_text(text[begin:]) if begin else text


def _wrapped(text: Text, width: int) -> Text:
    """The text in lines that fit, with its styles."""
    from rich.text import Text

    return Text("\n").join(part for line in text.split("\n", allow_blank=True) for part in _lines(line, width))


def _lines(line: Text, width: int) -> Iterator[Text]:
    for number, (begin, end) in enumerate(slices(line.plain, width)):
        part = line[begin:end]
        part.pad_left(hanging(line.plain) if number else 0)
        yield part


def age(taken_at: str | None, now: datetime | None = None) -> str:
    """When a snapshot was taken, such as `taken 3 days ago`."""
    try:
        taken = datetime.fromisoformat(taken_at or "")
    except ValueError:
        return "of an unknown date"
    taken = taken if taken.tzinfo else taken.replace(tzinfo=UTC)
    seconds = int(((now or datetime.now(UTC)) - taken).total_seconds())
    if seconds < 0:
        return f"dated {taken:%Y-%m-%d}, in the future"
    sizes = (("day", 86_400), ("hour", 3_600), ("minute", 60))
    unit, size = next(((unit, size) for unit, size in sizes if seconds >= size), ("second", 1))
    amount = seconds // size
    return f"taken {amount} {unit}{'' if amount == 1 else 's'} ago"


def functions_not_read(holders: Holders) -> str:
    """How many functions were not read, and why."""
    count, reason = holders.not_read, holders.reason or "too many"
    return f"not read: the reservations of {count:,} function{'' if count == 1 else 's'} ({reason})"


BAR_WIDTH = 60


@dataclass(frozen=True, slots=True)
class Headroom:
    """Concurrent executions by holder; `unreserved` is negative if the deploy claims more than the account has."""

    others: int
    stack: int
    unreserved: int
    floor: int


def bar(headroom: Headroom) -> Text:
    """One line of blocks in proportion, and one with the numbers."""
    from rich.text import Text

    total = max(headroom.others + headroom.stack + max(headroom.unreserved, 0), 1)
    others = _cells(headroom.others, total)
    stack = min(_cells(headroom.stack, total), BAR_WIDTH - others)
    free = BAR_WIDTH - others - stack
    line = Text()
    line.append("▓" * others, style="blue")
    line.append("█" * stack, style="magenta")
    floor = min(_cells(headroom.floor, total), free)
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


def _cells(amount: int, total: int) -> int:
    """At least one cell for an amount above 0."""
    return max(1, round(amount * BAR_WIDTH / total)) if amount > 0 else 0
