"""How long a write is tried: contention for the whole allowance, a silent or broken service a few times only."""

import os
import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from aws.client import WireError
from refusals import StorageUnavailableError

T = TypeVar("T")

# The API gives up after 9 seconds and its sender after 10: the answer has to be out before.
ALLOWANCE_SECONDS = 8.0
_RESERVE_SECONDS = 0.5
_TRY_SECONDS = 3.0
_FAULTS = 4
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


class Patience(NamedTuple):
    """Until when to try, and by which clock."""

    deadline: float
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def patience(context: object) -> Patience:
    """Return the allowance for one delivery, cut to what the invocation has left."""
    allowance = ALLOWANCE_SECONDS
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    if callable(remaining):
        allowance = min(allowance, remaining() / 1000 - _RESERVE_SECONDS)
    return Patience(time.monotonic() + allowance)


def insist(attempt: Callable[[float], T], until: Patience) -> T:
    """Try until it works, with jitter; what no retry can mend is given up at once."""
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
