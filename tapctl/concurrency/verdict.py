"""The four verdicts, and a finding that gives one of them for one limit, with the higher quota that would change it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from tapctl.account.model import Increase
from tapctl.errors import ExitCode
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.limits import Limit


class Verdict(Enum):
    """Whether the deploy can fail on a limit; ordered from best to worst."""

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
class Amount:
    """The sum behind a finding on one limit: what is used, the most that the deploy adds, and what is allowed."""

    used: float
    added: float
    allowed: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class NeededIncrease:
    """The value of a limit with which a finding would fit, and the pending requests of an increase."""

    limit: Limit
    value: int
    pending: tuple[Increase, ...] = ()

    @property
    def enough(self) -> Increase | None:
        """The pending request with which it would fit, if there is one."""
        return next((increase for increase in self.pending if increase.value >= self.value), None)

    def hints(self, request: Hint) -> tuple[Hint, ...]:
        """The request beside those that are pending; one of them alone if it is enough."""
        if enough := self.enough:
            return (advise(JudgementAdvice.WAIT_FOR_INCREASE, enough.value, enough.requested_on),)
        pending = (
            advise(JudgementAdvice.INCREASE_PENDING, increase.value, increase.requested_on) for increase in self.pending
        )
        return (request, *pending)


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement about one limit or one place of the template.

    `limit` is the id of a catalogue row, `rule` that of a cfn-lint rule; one of them is set. A finding on a sum over
    several resources names them in `resources` and has no `resource`. `judged` False marks a limit that could not be
    read: it is shown and does not change the verdict. `severity` is cfn-lint's, or `warning` for a finding that does
    not change the verdict. `amount` is its sum where it has one, and `excused` says why a problem does not count: it is
    ignored, or in the baseline. `increase` is the higher quota with which it would fit.
    """

    limit: str | None
    verdict: Verdict
    message: str
    resource: str | None = None
    file: str = ""
    line: int | None = None
    hints: tuple[Hint, ...] = ()
    rule: str | None = None
    severity: str = ""
    judged: bool = True
    resources: tuple[str, ...] = ()
    amount: Amount | None = None
    excused: str = ""
    increase: NeededIncrease | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """Every resource that the finding is about."""
        return self.resources or ((self.resource,) if self.resource else ())


@dataclass(frozen=True, slots=True)
class Weakening:
    """A setting that can weaken a verdict: its value in force, and whether the change under test touches it.

    `changed` None says that nothing was compared. `proposed` is the value of the change under test where that does not
    count; None where there is none, or where it counts.
    """

    setting: str
    value: str | None
    where: str
    changed: bool | None = None
    proposed: str | None = None
