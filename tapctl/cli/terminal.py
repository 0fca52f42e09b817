"""The two streams: stdout carries the result, stderr the talk."""

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import typer

from tapctl.errors import TapctlError
from tapctl.report.render import RenderOptions
from tapctl.report.wrapping import wrapped
from tapctl.state.files import write_atomically


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
        """Say it on stderr, in lines that fit where that is a terminal."""
        self.show(fitted(text, sys.stderr))

    def show(self, text: str) -> None:
        """Put it on stderr as it is; what is at work goes on, even where nobody can be told any more."""
        if not self.quiet:
            with suppress(OSError):
                sys.stderr.write(f"{text}\n")
                sys.stderr.flush()

    def surface(self, output: Path | None = None) -> RenderOptions:
        """How wide the result may be, and whether it is coloured and fitted to a terminal; a file never is."""
        return self._surface(sys.stdout, output is None and sys.stdout.isatty())

    @property
    def aside(self) -> RenderOptions:
        """The same for a report that is shown on stderr."""
        return self._surface(sys.stderr, sys.stderr.isatty())

    def _surface(self, stream: TextIO, tty: bool) -> RenderOptions:
        return RenderOptions(columns(stream), _coloured(tty), self.verbose, wraps=tty)

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


def fitted(text: str, stream: TextIO) -> str:
    """The text in lines that fit a terminal; elsewhere it is left as it is."""
    return wrapped(text, columns(stream)) if stream.isatty() else text


def columns(stream: TextIO) -> int:
    """Those of the stream's own terminal, unless COLUMNS says otherwise."""
    named = os.environ.get("COLUMNS", "")
    return max(60, min((named.isdecimal() and int(named)) or _own_columns(stream) or 100, 140))


def _own_columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return 0  # it is no terminal
