"""How long something may take to come true, and how often it is asked for until then."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryWindow:
    """Tries until `seconds` are over: the first at once, the pauses between them growing up to `longest`."""

    seconds: float
    pause: float = 0.5
    longest: float = 5.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def tries(self) -> Iterator[None]:
        """One at least, and one when the time is just over."""
        deadline, pause = self.clock() + self.seconds, self.pause
        yield
        while (left := deadline - self.clock()) > 0:
            self.sleep(min(pause, left))
            yield
            pause = min(2 * pause, self.longest)
