"""What counters count, added up as of a new stack."""

from collections.abc import Iterable

from tapctl.concurrency import additions
from tapctl.concurrency.additions import Addition, Share
from tapctl.concurrency.counting import Part


def grouped(found: Iterable[Part]) -> tuple[Addition, ...]:
    """The sum of the parts for each parent."""
    return additions.grouped(map(Share, found))
