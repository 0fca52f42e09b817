"""Drawing with rich into a string."""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

STYLES = {"fits": "green", "exceeds": "bold red", "uncertain": "yellow", "unknown": "yellow", "warning": "yellow"}


@dataclass(frozen=True, slots=True)
class Surface:
    """What text is rendered for: columns, whether colour may be used, and whether nothing is summed up."""

    width: int
    color: bool
    whole: bool = False


def draw(surface: Surface, *parts: RenderableType) -> str:
    """The parts below each other, without trailing blanks."""
    from rich.console import Console
    from rich.text import Text

    canvas = StringIO()
    console = Console(
        file=canvas,
        width=surface.width,
        force_terminal=surface.color,
        no_color=not surface.color,
        color_system="standard" if surface.color else None,
        highlight=False,
        emoji=False,  # `arn:…:secret:…` is no emoji
        legacy_windows=False,
    )
    for part in parts:
        # Sentences are left to the terminal to break, so that a log or a pipe keeps each on one line.
        console.print(part, soft_wrap=isinstance(part, str | Text))
    return "\n".join(line.rstrip() for line in canvas.getvalue().splitlines()) + "\n"
