"""How long and how often something is retried."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryWindow:
    """Tries for `seconds`, with pauses (in seconds) that double from `pause` up to `longest`."""

    seconds: float
    pause: float = 0.5
    longest: float = 5.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def tries(self) -> Iterator[None]:
        """The first try is immediate, the last one when the time has just ended."""
        deadline, pause = self.clock() + self.seconds, self.pause
        yield
        while (left := deadline - self.clock()) > 0:
            self.sleep(min(pause, left))
            yield
            pause = min(2 * pause, self.longest)
