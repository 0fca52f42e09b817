"""How much concurrency must stay unreserved: what is known of it, and what is not.

No API returns the floor. Observed in AWS's error text: 10 at a limit of 10, 50 at 50, 100 at 1000, and
once 40 at 400; so the exact floor of other limits is open, and two numbers bound it:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

from dataclasses import dataclass

from tapctl.account.model import LearnedFloor

HARD = 10
"""Never seen lower."""

SAFE = 100
"""Documented, and never seen higher."""


@dataclass(frozen=True, slots=True)
class Floor:
    """Below `hard` a deploy is refused, at `safe` or above it is not; `known` says that they are one number."""

    hard: int
    safe: int
    known: bool
    source: str


def floor(limit: int, *, pinned: int | None = None, learned: LearnedFloor | None = None) -> Floor:
    """The floor of an account with this limit of concurrent executions."""
    if pinned is not None:
        return Floor(pinned, pinned, known=True, source="pinned by --min-unreserved or min_unreserved")
    if learned is not None and learned.limit == limit:
        return Floor(learned.minimum, learned.minimum, known=True, source=learned.source)
    safe = min(SAFE, limit)
    if limit <= HARD:
        return Floor(HARD, safe, known=True, source=f"observed: with a limit of {HARD} or less all of it")
    if limit == 50:
        return Floor(HARD, safe, known=True, source="observed: with a limit of 50 all of it")
    if limit >= 1000:
        return Floor(HARD, safe, known=True, source="AWS documentation")
    return Floor(HARD, safe, known=False, source=f"not published for a limit of {limit}: between {HARD} and {safe}")
