"""Everything tapctl can fail with; each class carries the exit code that it ends the process with.

    TapctlError                 1   an AWS failure, or a bug
    ├── AwsError                1   AWS refused or did not answer
    │   └── NoCredentials       1   no usable credentials were found
    ├── UsageError              2   wrong options, configuration or surroundings
    │   ├── ConfigError         2   tapctl.toml, or a file it names, says something unusable
    │   └── TemplateError       2   the template is not one, with file, line and column
    ├── BusyError               5   the stack, or the sandbox, is at work for someone else; or time ran out
    ├── DeployFailed            6   CloudFormation failed and rolled back
    ├── DeployStuck             7   CloudFormation failed and could not roll back
    ├── Interrupted           130   somebody pressed Ctrl-C while AWS was at work
    └── NotVerified             8   deployed, but nobody knows whether it is what the template says

Verdicts are results, not errors: see `tapctl.concurrency.verdict`.
"""

from enum import IntEnum, unique
from typing import ClassVar

from tapctl.hints import Hint


@unique
class ExitCode(IntEnum):
    """The process exit codes; a contract with scripts and CI jobs."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    EXCEEDS = 3
    UNCERTAIN = 4
    BUSY = 5
    ROLLED_BACK = 6
    STUCK = 7
    NOT_VERIFIED = 8
    INTERRUPTED = 130


class TapctlError(Exception):
    """What failed, on what and why, in one line; `hint` is the next thing to do."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILURE

    def __init__(self, message: str, hint: Hint | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class AwsError(TapctlError):
    """AWS refused, with its error code and its message, or did not answer, without either."""

    def __init__(self, message: str, hint: Hint | None = None, *, code: str = "", aws_message: str = "") -> None:
        super().__init__(message, hint)
        self.code = code
        self.aws_message = aws_message


class NoCredentials(AwsError):
    """No request was sent, since no usable credentials were found."""


class UsageError(TapctlError):
    """The command line, the configuration or the surroundings are wrong."""

    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """tapctl.toml, or a file it names, says something unusable."""


class TemplateError(UsageError):
    """The template cannot be read as one."""

    def __init__(
        self,
        message: str,
        hint: Hint | None = None,
        *,
        file: str = "",
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        place = ":".join(str(part) for part in (file, line, column) if part not in ("", None))
        super().__init__(f"{place}: {message}" if place else message, hint)
        self.file = file
        self.line = line
        self.column = column


class BusyError(TapctlError):
    """Someone else is at work on the stack, or the deadline passed."""

    exit_code = ExitCode.BUSY


class DeployFailed(TapctlError):
    """CloudFormation failed the operation and rolled it back."""

    exit_code = ExitCode.ROLLED_BACK


class DeployStuck(TapctlError):
    """CloudFormation failed the operation and left the stack where it needs help."""

    exit_code = ExitCode.STUCK


class Interrupted(TapctlError):
    """Somebody pressed Ctrl-C while AWS was at work."""

    exit_code = ExitCode.INTERRUPTED


class NotVerified(TapctlError):
    """The stack is deployed, but whether it is what the template says could not be looked at."""

    exit_code = ExitCode.NOT_VERIFIED
