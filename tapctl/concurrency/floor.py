"""The floor: the unreserved minimum as far as it is known.

No API returns it. Observed in AWS's error messages: 10 at a limit of 10, 50 at 50, 100 at 1000, and once 40 at 400; so
the exact minimum of other limits is unknown, and two numbers bound it:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

from dataclasses import dataclass

from tapctl.account.model import LearnedFloor

HARD = 10
"""The lowest minimum ever observed."""

SAFE = 100
"""The documented minimum, and the highest ever observed."""

SMALL_ACCOUNT = 1000
"""The default limit; AWS starts new accounts with less."""


@dataclass(frozen=True, slots=True)
class Floor:
    """AWS refuses a deploy that leaves less than `hard`, and none that leaves `safe`; `known`: nothing lies between."""

    hard: int
    safe: int
    known: bool
    source: str


def floor(limit: int, *, pinned: int | None = None, learned: LearnedFloor | None = None) -> Floor:
    """The floor of an account with this limit of concurrent executions."""
    if pinned is not None:
        return Floor(pinned, pinned, known=True, source="pinned by min_unreserved")
    if learned is not None and learned.limit == limit:
        return Floor(learned.minimum, learned.minimum, known=True, source=learned.source)
    safe = min(SAFE, limit)
    if limit <= HARD:
        return Floor(HARD, safe, known=True, source=f"observed with limits of {HARD} or less")
    if limit == 50:
        return Floor(HARD, safe, known=True, source="observed with a limit of 50")
    if limit >= SMALL_ACCOUNT:
        return Floor(HARD, safe, known=True, source="AWS documentation")
    return Floor(HARD, safe, known=False, source=f"not published for a limit of {limit}")
