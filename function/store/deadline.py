"""How long a write is retried: through contention until the deadline, after other faults a few times."""

import os
import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from aws.client import WireError
from errors import StorageUnavailableError

T = TypeVar("T")

# The API gives up after 9 seconds and its sender after 10: the answer has to be out before.
ALLOWANCE_SECONDS = 8.0
_RESERVE_SECONDS = 0.5
_TRY_SECONDS = 3.0
_FAULTS = 4
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


class Deadline(NamedTuple):
    """When to stop retrying, and by which clock."""

    deadline: float
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def deadline(context: object) -> Deadline:
    """Return the deadline of one delivery, within what the invocation has left."""
    allowance = ALLOWANCE_SECONDS
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    if callable(remaining):
        allowance = min(allowance, remaining() / 1000 - _RESERVE_SECONDS)
    return Deadline(time.monotonic() + allowance)


def retry(attempt: Callable[[float], T], until: Deadline) -> T:
    """Retry with jitter until it succeeds; raises `StorageUnavailableError` at once for what no retry can fix."""
    tries = faults = 0
    while True:
        left = until.deadline - until.monotonic()
        if left <= 0:
            raise StorageUnavailableError("no time left")
        try:
            return attempt(min(left, _TRY_SECONDS))
        except WireError as error:
            faults += not error.contended
            if not (error.contended or error.passing) or faults >= _FAULTS:
                raise StorageUnavailableError(error.code) from None
        tries += 1
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**tries)
        until.sleep(min(left, longest * _jitter()))


def _jitter() -> float:
    # The random module would be loaded at every cold start for this alone.
    return int.from_bytes(os.urandom(2), "big") / 65_536
