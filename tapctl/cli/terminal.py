"""The two streams: stdout for the result, stderr for progress and questions."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self, TextIO

from tapctl.errors import TapctlError
from tapctl.hints import Hint, advise
from tapctl.hints.usage import UsageAdvice
from tapctl.report.escaping import harmless, one_line
from tapctl.report.render import RenderOptions
from tapctl.report.wrapping import wrapped
from tapctl.state.files import refuse_link_out, write_together

if TYPE_CHECKING:
    from tapctl.cli.options import DeployOutput, FindingsOptions, OutputOptions


@dataclass(frozen=True, slots=True)
class Terminal:
    """Prints results and messages, and asks questions."""

    quiet: bool = False
    verbose: bool = False

    @classmethod
    def of(cls, output: OutputOptions | DeployOutput | FindingsOptions) -> Self:
        """Raises `UsageError` if a link in the repository would redirect the result to a file outside of it."""
        if output.output:
            refuse_link_out(output.output)
        return cls(output.quiet, output.verbose)

    def result(self, text: str, output: Path | None = None, *, annotates: bool = False) -> None:
        """Print the result, or write it to a file atomically. Raises `TapctlError` if stdout cannot take it.

        `annotates` says that its lines are commands for a CI runner.
        """
        if output:
            self.save({output: (text, annotates)})
            return
        text = _whole_lines(text, coloured=_coloured(sys.stdout.isatty()), annotates=annotates)
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            discard(sys.stdout)
            raise TapctlError(f"cannot write the result: {error.strerror}", advise(UsageAdvice.CHECK_STDOUT)) from None

    def save(self, texts: Mapping[Path, tuple[str, bool]]) -> None:
        """Write results to files, each with whether its lines are commands for a CI runner; all of them or none."""
        if texts:
            write_together({path: _whole_lines(text, annotates=annotates) for path, (text, annotates) in texts.items()})

    def message(self, text: str, hint: Hint | None = None) -> None:
        """Print a message of one line to stderr, with a hint behind it, wrapped if that is a terminal."""
        if hint:
            from tapctl.report.hints import worded

            text = f"{text}; {worded(hint)}"
        self.show(fitted(one_line(text), sys.stderr))

    def show(self, text: str) -> None:
        """Print to stderr without wrapping; a broken stderr does not end a running operation."""
        if not self.quiet:
            with suppress(OSError):
                sys.stderr.write(f"{harmless(text, coloured=_coloured(sys.stderr.isatty()))}\n")
                sys.stderr.flush()

    def options(self, output: Path | None = None) -> RenderOptions:
        """How the result is rendered; only a terminal gets colours and wrapped lines."""
        return self._options(sys.stdout, output is None and sys.stdout.isatty(), coloured=output is None)

    @property
    def stderr_options(self) -> RenderOptions:
        """How a report on stderr is rendered."""
        return self._options(sys.stderr, sys.stderr.isatty())

    def _options(self, stream: TextIO, tty: bool, *, coloured: bool = True) -> RenderOptions:
        return RenderOptions(columns(stream), coloured and _coloured(tty), self.verbose, wraps=tty)

    @property
    def interactive(self) -> bool:
        """Whether a question can be answered."""
        return sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")

    def confirm(self, question: str) -> bool:
        """The answer; no if there is no terminal. Ctrl-C at the question interrupts the command."""
        import typer

        try:
            return self.interactive and typer.confirm(harmless(fitted(one_line(question), sys.stderr)), err=True)
        except typer.Abort:
            with suppress(OSError):
                sys.stderr.write("\n")  # ends the line of the question
            raise KeyboardInterrupt from None

    @property
    def live(self) -> bool:
        """Whether stderr can be redrawn."""
        return not self.quiet and sys.stderr.isatty() and _coloured(tty=True)


def _whole_lines(text: str, *, coloured: bool = False, annotates: bool = False) -> str:
    return harmless(text if text.endswith("\n") else text + "\n", coloured=coloured, annotates=annotates)


def discard(stream: TextIO) -> None:
    """Redirect a broken stream to /dev/null so that the flush at exit cannot fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _coloured(tty: bool) -> bool:
    """Whether a stream gets colours: a terminal, or any with FORCE_COLOR; none with NO_COLOR.

    https://no-color.org, https://force-color.org
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "") not in ("", "0", "false"):
        return True
    return tty and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"


def fitted(text: str, stream: TextIO) -> str:
    """The text, wrapped if the stream is a terminal."""
    return wrapped(text, columns(stream)) if stream.isatty() else text


def columns(stream: TextIO) -> int:
    """The width of the stream's terminal, or COLUMNS; 60 to 140, and 100 without either."""
    configured = os.environ.get("COLUMNS", "")
    return max(60, min((configured.isdecimal() and int(configured)) or _own_columns(stream) or 100, 140))


def _own_columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return 0  # not a terminal
