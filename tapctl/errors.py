"""Everything tapctl can fail with; each class carries the exit code that it ends the process with.

    TapctlError                 1   an AWS failure, or a bug
    ├── AwsError                1   AWS refused or did not answer
    │   ├── NoCredentials       1   there are no credentials
    │   └── UnreadableAnswer    1   what answered is not AWS
    ├── UsageError              2   wrong options, configuration or environment
    │   ├── ConfigError         2   tapctl.toml, or a file that it names, is invalid
    │   └── TemplateError       2   the template is invalid, with file, line and column
    ├── BusyError               5   another operation is in progress, or the deadline passed
    ├── DeployFailed            6   CloudFormation failed and rolled back
    ├── DeployStuck             7   CloudFormation failed and could not roll back
    ├── Interrupted           130   Ctrl-C while AWS was at work
    └── NotVerified             8   deployed, but not verified

Verdicts are results, not errors: see `tapctl.concurrency.verdict`.
"""

import re
from collections.abc import Mapping
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


EXIT_CODES: Mapping[ExitCode, str] = {
    ExitCode.OK: "fits, done, nothing to do, or declined at a prompt",
    ExitCode.FAILURE: "AWS failed, or a bug",
    ExitCode.USAGE: "usage, configuration or template error, also one that cfn-lint or CloudFormation finds",
    ExitCode.EXCEEDS: "exceeds, or a deploy without the consent to its remedy",
    ExitCode.UNCERTAIN: "uncertain or unknown; `--allow-uncertain` makes it 0",
    ExitCode.BUSY: "busy, or timed out",
    ExitCode.ROLLED_BACK: "the deploy failed and was rolled back",
    ExitCode.STUCK: "the deploy failed and the stack is stuck",
    ExitCode.NOT_VERIFIED: "deployed, but not verified",
    ExitCode.INTERRUPTED: "interrupted",
}
"""The meaning of each exit code, for the documentation."""


class TapctlError(Exception):
    """A failure: what failed, on what and why, in one line; `hint` is the next step."""

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
    """There are no credentials to call AWS with."""


class UnreadableAnswer(AwsError):
    """What answered is not AWS, or the answer broke off; `aws_message` has its first words, `code` is empty."""


class UsageError(TapctlError):
    """The command line, the configuration or the environment is wrong."""

    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """tapctl.toml, or a file that it names, is invalid."""


class TemplateError(UsageError):
    """The template is invalid."""

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
    """Another operation is in progress on the stack, or the deadline passed."""

    exit_code = ExitCode.BUSY


class DeployFailed(TapctlError):
    """CloudFormation failed the operation and rolled it back."""

    exit_code = ExitCode.ROLLED_BACK


class DeployStuck(TapctlError):
    """CloudFormation failed the operation and left a stack that needs recovery."""

    exit_code = ExitCode.STUCK


class Interrupted(TapctlError):
    """Ctrl-C while AWS was at work."""

    exit_code = ExitCode.INTERRUPTED


class NotVerified(TapctlError):
    """The stack is deployed, but the verification could not run."""

    exit_code = ExitCode.NOT_VERIFIED


_WORDS_OF_PYDANTIC = {
    r"Value error, ": "",
    r"Field required": "is missing",
    r"Extra inputs are not permitted": "is not a known key",
    r", unable to parse string as an? \w+": "",
    r"\b[A-Z]\w+ should (be|have|match)\b": r"must \1",
    r"must be greater than or equal to": "must be at least",
    r"must be less than or equal to": "must be at most",
    r"must be greater than": "must be above",
    r"must be less than": "must be below",
    r"must be a valid integer": "must be a whole number",
    r"must be a valid string": "must be text",
    r"must be a valid boolean": "must be true or false",
    r"must be a valid (\w+)": r"must be a \1",
    r"\.$": "",
}
"""Patterns of what pydantic says, which validates options, tapctl.toml and snapshots, and their wording here."""


def validation_problem(message: str) -> str:
    """A message of pydantic in the words of the other messages."""
    for pattern, words in _WORDS_OF_PYDANTIC.items():
        message = re.sub(pattern, words, message)
    return message
