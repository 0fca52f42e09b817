"""The four answers to "will it fit?", and a finding that gives one of them for one limit."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from tapctl.errors import ExitCode
from tapctl.hints import Hint


class Verdict(Enum):
    """Whether the deploy can die on a limit; ordered from the best to the worst."""

    FITS = "fits"
    UNKNOWN = "unknown"
    UNCERTAIN = "uncertain"
    EXCEEDS = "exceeds"

    @property
    def exit_code(self) -> ExitCode:
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Verdict.FITS: ExitCode.OK,
    Verdict.UNKNOWN: ExitCode.UNCERTAIN,
    Verdict.UNCERTAIN: ExitCode.UNCERTAIN,
    Verdict.EXCEEDS: ExitCode.EXCEEDS,
}
_ORDER = list(Verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    return max(verdicts, key=_ORDER.index, default=Verdict.FITS)


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement about one place of the template.

    `limit` is the id of a catalogue row, `rule` that of a cfn-lint rule; one of them is set. `judged` False
    marks what nothing was known about from the start: it is shown, and does not enter the verdict. `severity` is
    cfn-lint's, or `warning` for what is worth saying beside a verdict that it does not change.
    """

    limit: str | None
    verdict: Verdict
    message: str
    resource: str | None = None
    file: str = ""
    line: int | None = None
    hint: Hint | None = None
    rule: str | None = None
    severity: str = ""
    judged: bool = True
