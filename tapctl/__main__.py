"""The entry point, and the one place where an exception becomes an exit code."""

import io
import os
import signal
import sys
from typing import NoReturn

import typer

from tapctl.cli import app
from tapctl.cli.terminal import fitted, forsake
from tapctl.errors import ExitCode, TapctlError, UsageError
from tapctl.hints import Hint
from tapctl.report.hints import worded


def main() -> NoReturn:
    """Run the command line and leave with the exit code that the outcome has."""
    _open_the_closed()
    _heed_farewells()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a sign gets a question mark, not a traceback.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
    sys.exit(_run(sys.argv[1:]))


def _open_the_closed() -> None:
    """Give a stream that was closed for us to nobody, before a file of ours takes its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, io.TextIOWrapper(io.FileIO(os.devnull, mode), encoding="utf-8"))


def _heed_farewells() -> None:
    """Take being ended, by a CI job that is cancelled or a terminal that is closed, for a Ctrl-C: it is tidied up."""
    for name in ("SIGTERM", "SIGHUP"):
        farewell = getattr(signal, name, None)  # Windows has no SIGHUP
        if farewell and signal.getsignal(farewell) is signal.SIG_DFL:  # `nohup` has it ignored
            signal.signal(farewell, signal.default_int_handler)


def _run(arguments: list[str]) -> int:
    try:
        code = int(app(_texts(arguments), prog_name="tapctl", standalone_mode=False) or ExitCode.OK)
        # typer takes a Ctrl-C for an exit with this code, and says nothing.
        return complain("interrupted", None, ExitCode.INTERRUPTED) if code == ExitCode.INTERRUPTED else code
    except TapctlError as error:
        return complain(error.message, error.hint, _distinct(error.exit_code, arguments))
    except typer.TyperException as error:
        return _distinct(_misused(error), arguments)
    except (KeyboardInterrupt, typer.Abort):
        return complain("interrupted", None, ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read us went away.
        forsake(sys.stdout)
        return ExitCode.FAILURE
    except Exception as error:
        if os.environ.get("TAPCTL_TRACEBACK"):
            raise
        return complain(
            f"this is a bug in tapctl: {type(error).__name__}: {error}",
            "please report it; TAPCTL_TRACEBACK=1 shows where it happened",
            ExitCode.FAILURE,
        )


def _texts(arguments: list[str]) -> list[str]:
    """The arguments, all of them text. Raises `UsageError`."""
    try:
        "".join(arguments).encode()
    except UnicodeEncodeError:
        raise UsageError("an argument is not UTF-8 text", "LC_ALL=C.UTF-8 lets a shell give umlauts") from None
    return arguments


def _distinct(code: ExitCode, arguments: list[str]) -> ExitCode:
    """Wrong usage ends in 1 where 2 was asked to say that a deploy would change something."""
    return ExitCode.FAILURE if code is ExitCode.USAGE and "--detailed-exitcode" in arguments else code


def _misused(error: typer.TyperException) -> ExitCode:
    if type(error).__name__ == "NoArgsIsHelpError":
        # A bare command is a question, not a mistake.
        sys.stderr.write(f"{error.format_message()}\n")
        return ExitCode.USAGE
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "tapctl"
    return complain(_in_our_words(error.format_message()), f"`{command} --help`", ExitCode.USAGE)


_WORDS = {
    "Value error, ": "",
    "Input should be a valid integer, unable to parse string as an integer": "it takes a whole number",
    "Input should be a valid number, unable to parse string as a number": "it takes a number",
    "Input should be greater than or equal to": "it takes no less than",
    "Input should be less than or equal to": "it takes no more than",
}
"""What pydantic says of a value, which it takes from typer, and how it is said here."""


def _in_our_words(message: str) -> str:
    for theirs, ours in _WORDS.items():
        message = message.replace(theirs, ours)
    return message.removesuffix(".")


def complain(message: str, hint: Hint | None, code: ExitCode) -> ExitCode:
    for line in (f"error: {' '.join(message.split())}", *([f"hint: {worded(hint)}"] if hint else [])):
        sys.stderr.write(f"{fitted(line, sys.stderr)}\n")
    return code


if __name__ == "__main__":
    main()
