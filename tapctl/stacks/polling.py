"""How often CloudFormation is read: an interval for one stack, and a budget for all stacks of a process.

AWS publishes no rate. DescribeStacks was capped at 5 reads a second for an account and Region, and
DescribeStackEvents throttled from 8 on, both shared with the console and every CI job:
https://github.com/aws/aws-sam-cli/issues/2671 , https://github.com/aws/aws-cdk-cli/issues/1709
"""

import random
import threading
from dataclasses import dataclass, field

RATE = 3.0
"""Reads per second of a process, however many stacks it follows."""

MAX_BACKOFF = 16.0

INTERVAL = 1.15
"""Seconds from one read of a stack's events to the next.

The end of an operation is noticed one interval late at worst, 20 % of jitter and two calls of some 150 ms later: 1.7 s,
of the 2 s that a deploy may add. `benchmarks/polling.py` shows the whole: with what comes before and after, 1.2 s lost
on average at 1.1 reads a second. A longer interval for longer operations would lose more than that, a shorter one read
more; what parallel stacks and throttling need is the budget's business.
"""


def change_set_pause(waited: float) -> float:
    """Seconds between two reads of a change set: the sandbox has it at once, AWS after about two seconds."""
    if waited < 0.5:
        return 1.35
    return 0.45 if waited < 15 else 2.0


def jittered(seconds: float) -> float:
    """The interval ± 20 %, so that readers that began together do not read together."""
    return seconds * random.uniform(0.8, 1.2)  # noqa: S311 - no secret


@dataclass(slots=True)
class Budget:
    """A token bucket that can go into debt, and the slow-down after AWS throttled a read."""

    rate: float = RATE
    backoff: float = 1.0
    """The factor for every interval: doubled by a throttled read, reduced by each that succeeds."""
    _tokens: float = RATE
    _filled: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, now: float) -> float:
        """Take a token for a read; the seconds to wait before it."""
        with self._lock:
            self._fill(now)
            self._tokens -= 1
            return max(0.0, -self._tokens / self.rate)

    def take_if_free(self, now: float) -> bool:
        """Take a token for a read only if there is no need to wait; whether it was taken."""
        with self._lock:
            self._fill(now)
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

    def throttled(self) -> None:
        with self._lock:
            self.backoff = min(self.backoff * 2, MAX_BACKOFF)

    def succeeded(self) -> None:
        with self._lock:
            self.backoff = max(self.backoff * 0.75, 1.0)

    def _fill(self, now: float) -> None:
        elapsed = max(0.0, now - self._filled)
        self._tokens = min(self.rate, self._tokens + elapsed * self.rate)
        self._filled = now


SHARED = Budget()
"""The budget of this process."""
