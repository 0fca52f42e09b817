"""How an update of a stack ends, and what that disproves of a verdict before it."""

import re
from dataclasses import dataclass
from enum import Enum

from tapctl.concurrency.verdict import Verdict
from tapctl.unknown import Unknown

POOL = re.compile(r"below its minimum value of \[\d+\]|is greater than account's unreserved concurrency \[\d+\]")
"""What Lambda says where the account has no room, E1 to E3 of the facts."""

INSIDE = re.compile(
    r"should not be greater than the reservedConcurrentExecution"
    r"|should not be lower than function's total provisioned concurrency"
)
"""What it says where the reservation has none, E4 and E5."""

SETTINGS = re.compile(
    r"cannot be applied to unpublished function versions"
    r"|on an already Provisioned version|Version is pointed by a Provisioned Concurrency alias"
)
"""What it says whatever is left, E6 and E7."""

REFUSALS = (POOL, INSIDE, SETTINGS)


class Outcome(Enum):
    """What became of an update."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    FAILED = "failed otherwise"


@dataclass(frozen=True)
class Ending:
    """How a case ended: the stack's status, the first and the last cause, and what was unreserved before and is now."""

    status: str
    reasons: tuple[str, ...]
    before: int
    now: int

    @property
    def outcome(self) -> Outcome:
        if self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return Outcome.ACCEPTED
        first = self.reasons[0]
        return Outcome.REFUSED if any(refusal.search(first) for refusal in REFUSALS) else Outcome.FAILED

    @property
    def rolled_back(self) -> bool:
        return self.status in ("ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")

    @property
    def stuck(self) -> bool:
        """Whether the pool of the account had no room for what was to be put back."""
        return any(map(POOL.search, self.reasons[1:]))

    def __str__(self) -> str:
        return f"{self.status}, {' then '.join(self.reasons) or 'and nothing failed'}"


def contradiction(
    verdict: Verdict, final: int | Unknown, ending: Ending, *, doomed: bool = False, at_least: bool = False
) -> str | None:
    """What an ending disproves of a verdict and its sum."""
    if verdict is Verdict.FITS and ending.stuck:
        return f"fits, but {ending}"
    return refuted(verdict, ending, doomed=doomed) or miscounted(final, ending, at_least=at_least)


def refuted(verdict: Verdict, ending: Ending, *, doomed: bool = False) -> str | None:
    """What of a verdict an ending disproves; `doomed` where something else fails."""
    expected = {
        Verdict.FITS: {Outcome.FAILED if doomed else Outcome.ACCEPTED},
        Verdict.EXCEEDS: {Outcome.REFUSED, *([Outcome.FAILED] if doomed else [])},
    }
    return None if ending.outcome in expected.get(verdict, Outcome) else f"{verdict.value}, but {ending}"


def miscounted(final: int | Unknown, ending: Ending, *, at_least: bool = False) -> str | None:
    """How what is unreserved in the end differs from what was said; `at_least` where more may be free."""
    more = ending.now - final if isinstance(final, int) else 0
    if ending.outcome is Outcome.ACCEPTED and (more < 0 or (more and not at_least)):
        return f"{final} were to stay unreserved, but {ending.now} do"
    if ending.rolled_back and ending.before != ending.now:
        return f"rolled back, but {ending.now} are unreserved after {ending.before}"
    return None
