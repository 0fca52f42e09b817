"""Every command of tapctl, by the words that call it."""

from collections.abc import Iterator
from typing import Any

import typer

from tapctl.cli.app import app


def commands() -> dict[str, Any]:
    """The commands by their words; one that has commands comes before these."""
    return dict(_below(typer.main.get_command(app)))


def _below(group: Any, *above: str) -> Iterator[tuple[str, Any]]:
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        yield " ".join((*above, name)), command
        if hasattr(command, "commands"):
            yield from _below(command, *above, name)
