"""The two streams: stdout carries the result, stderr the talk."""

import os
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import typer

from tapctl.errors import TapctlError
from tapctl.files import write_atomically
from tapctl.report.surface import Surface


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where a command speaks."""

    quiet: bool = False
    verbose: bool = False

    def result(self, text: str, output: Path | None = None) -> None:
        """Print the result, or write it to a file as a whole. Raises `TapctlError` where there is no room for it."""
        text = text if text.endswith("\n") else text + "\n"
        if output:
            write_atomically(output, text)
            return
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            forsake(sys.stdout)
            raise TapctlError(f"cannot write the result: {error.strerror}", "look where stdout leads") from None

    def talk(self, text: str) -> None:
        """Say it on stderr; what is at work goes on, even where nobody can be told any more."""
        if not self.quiet:
            with suppress(OSError):
                sys.stderr.write(f"{text}\n")
                sys.stderr.flush()

    def surface(self, output: Path | None = None) -> Surface:
        """How wide the result may be and whether it is coloured; a file never is."""
        return Surface(_columns(), output is None and _coloured(sys.stdout.isatty()), self.verbose)

    @property
    def interactive(self) -> bool:
        """Whether somebody is there to answer a question."""
        return sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")

    def asks(self, question: str) -> bool:
        """The answer; no where nobody is there to give one. An interrupt at the question is one of the command."""
        try:
            return self.interactive and typer.confirm(question, err=True)
        except typer.Abort:
            with suppress(OSError):
                sys.stderr.write("\n")  # the question's line ends where it was interrupted
            raise KeyboardInterrupt from None

    @property
    def live(self) -> bool:
        """Whether what is said on stderr may be redrawn."""
        return not self.quiet and _coloured(sys.stderr.isatty())


def forsake(stream: TextIO) -> None:
    """Lead a stream that takes nothing more to nowhere, lest the interpreter fail to flush it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _coloured(tty: bool) -> bool:
    return tty and not os.environ.get("NO_COLOR") and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"


def _columns() -> int:
    return max(60, min(shutil.get_terminal_size((100, 24)).columns, 140))
