"""The entry point, and the one place where an exception becomes an exit code."""

from __future__ import annotations

import atexit
import errno
import gc
import io
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tapctl import __version__
from tapctl.cli.terminal import Terminal, discard, fitted
from tapctl.errors import ExitCode, TapctlError, UsageError, validation_problem
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.report.escaping import harmless, one_line
from tapctl.report.hints import worded

if TYPE_CHECKING:
    import typer

    from tapctl.hints import Hint


def main() -> NoReturn:
    """Run the command line and exit with the code of its outcome."""
    # A start makes many objects and no garbage; the default threshold of 700 costs a short command 5 % of its time.
    gc.set_threshold(100_000)
    # The interpreter's last search for garbage is 20 % of a deploy, and the memory goes with the process anyway.
    atexit.register(gc.freeze)
    _reopen_closed_streams()
    _handle_termination()
    for stream in (sys.stdout, sys.stderr):
        # A character that the terminal cannot encode becomes a question mark, not a traceback.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
    sys.exit(_run(sys.argv[1:]))


def _reopen_closed_streams() -> None:
    """Reopen closed standard streams on /dev/null before their descriptors are reused."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, io.TextIOWrapper(io.FileIO(os.devnull, mode), encoding="utf-8"))


def _handle_termination() -> None:
    """Treat SIGTERM and SIGHUP like Ctrl-C so that cleanup runs."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number and signal.getsignal(number) is signal.SIG_DFL:  # `nohup` has it ignored
            signal.signal(number, signal.default_int_handler)


def _run(arguments: list[str]) -> int:
    try:
        return _invoke(_texts(arguments))
    except TapctlError as error:
        return complain(error.message, error.hint, _distinct(error.exit_code, arguments))
    except KeyboardInterrupt:
        return complain("interrupted", None, ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # The reader of stdout is gone.
        discard(sys.stdout)
        return ExitCode.FAILURE
    except Exception as error:
        if os.environ.get("TAPCTL_TRACEBACK"):
            raise
        if isinstance(error, OSError) and error.errno in _FULL:
            discard(sys.stdout)
            place = f" {error.filename}" if error.filename else ""
            return complain(f"cannot write{place}: {error.strerror}", advise(UsageAdvice.FREE_SPACE), ExitCode.FAILURE)
        return complain(
            f"this is a bug in tapctl: {type(error).__name__}: {error}",
            advise(UsageAdvice.REPORT_BUG),
            ExitCode.FAILURE,
        )


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""What is wrong with a disk where an output or a temporary file cannot be written."""


def _invoke(arguments: list[str]) -> int:
    if arguments == ["--version"]:
        # The most frequent question of scripts is answered without importing typer.
        Terminal().result(f"tapctl {__version__}")
        return ExitCode.OK
    import typer

    from tapctl.cli.app import app

    try:
        code = int(app(arguments, prog_name=_program(), standalone_mode=False) or ExitCode.OK)
    except typer.TyperException as error:
        return _distinct(_misused(error), arguments)
    except typer.Abort:
        raise KeyboardInterrupt from None
    if code == ExitCode.INTERRUPTED:  # how typer, silently, ends after a Ctrl-C
        raise KeyboardInterrupt
    return code


def _program() -> str:
    """The name under which the program runs; a module or a file that runs it is `tapctl`."""
    name = Path(sys.argv[0]).stem
    return name if name == "tap-preflight" else "tapctl"


def _texts(arguments: list[str]) -> list[str]:
    """The arguments. Raises `UsageError` for one that is not UTF-8."""
    try:
        "".join(arguments).encode()
    except UnicodeEncodeError:
        raise UsageError("an argument is not UTF-8 text", advise(UsageAdvice.SET_LOCALE)) from None
    return arguments


def _distinct(code: ExitCode, arguments: list[str]) -> ExitCode:
    """1 instead of 2 for wrong usage with `--detailed-exitcode`, where 2 means that a deploy would change something."""
    return ExitCode.FAILURE if code is ExitCode.USAGE and "--detailed-exitcode" in arguments else code


def _misused(error: typer.TyperException) -> ExitCode:
    if type(error).__name__ == "NoArgsIsHelpError":
        # No arguments: print the help.
        _to_stderr(error.format_message())
        return ExitCode.USAGE
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "tapctl"
    return complain(validation_problem(error.format_message()), advise(UsageAdvice.SHOW_HELP, command), ExitCode.USAGE)


def complain(message: str, hint: Hint | None, code: ExitCode) -> ExitCode:
    for line in (f"error: {' '.join(message.split())}", *([f"hint: {worded(hint)}"] if hint else [])):
        _to_stderr(harmless(fitted(one_line(line), sys.stderr)))
    return code


def _to_stderr(text: str) -> None:
    """Print to stderr; where that fails, the exit code still says how the command ended."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except OSError:
        discard(sys.stderr)


if __name__ == "__main__":
    main()
