"""One call of an experiment or of a deletion to AWS, and the bound on how many are made and for how long."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.aws.errors import aws_call
from tapctl.aws.session import Caller
from tapctl.errors import TapctlError
from tapctl.evidence.experiment import ApiCall, filled

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0


class Stopped(TapctlError):
    """The experiment cannot continue; its message is the reason."""


@dataclass(slots=True)
class Bound:
    """How many calls are made, and until when."""

    calls: int
    seconds: float
    pause: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic
    _end: float = 0

    def __post_init__(self) -> None:
        self._end = self.now() + self.seconds

    def take(self) -> None:
        """Count one call. Raises `Stopped` beyond the bound."""
        if self.calls <= 0:
            raise Stopped("the bound on calls is reached")
        if self.now() >= self._end:
            raise Stopped(f"the bound of {self.seconds:.0f} s is reached")
        self.calls -= 1

    def another(self, calls: int, seconds: float) -> "Bound":
        """A bound of its own with the same clock."""
        return Bound(calls, seconds, self.pause, self.now)


def send(aws: Caller, call: ApiCall, values: Mapping[str, Any]) -> dict[str, Any]:
    """Make one call, a template as JSON text."""
    parameters = filled(call.parameters, values)
    if "TemplateBody" in parameters:
        parameters["TemplateBody"] = json.dumps(parameters["TemplateBody"])
    with aws_call(call.action):
        return aws.call(call.service, call.operation, **parameters)
