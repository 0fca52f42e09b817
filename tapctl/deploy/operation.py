"""An operation of CloudFormation on one stack: told as it happens, followed to its end, its failure named."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tapctl.aws import Aws, explained
from tapctl.deploy.change_set import ChangeSet
from tapctl.deploy.diagnose import diagnose
from tapctl.deploy.events import Event, Follower
from tapctl.deploy.stack_state import End, state
from tapctl.errors import DeployFailed, DeployStuck, Interrupted, TapctlError
from tapctl.headroom.floor import floor_in_error

TIMEOUT = 3600.0
"""Seconds to wait for CloudFormation."""


class Observer(Protocol):
    """Who is told what goes on, and asked whether it should."""

    def step(self, text: str) -> None:
        """Something begins or was done."""
        ...

    def changes(self, found: ChangeSet) -> None:
        """What the change set would do."""
        ...

    def event(self, event: Event) -> None:
        """Something happened to a resource."""
        ...

    def confirm(self, stack_name: str) -> bool:
        """Whether to go on."""
        ...

    def allow(self, question: str, leaving: Sequence[str] = ()) -> bool:
        """Whether a stuck stack may be recovered in this way; `leaving` are the resources left behind by that."""
        ...


@dataclass(frozen=True, slots=True)
class Operator:
    """Follows what CloudFormation does to one stack."""

    aws: Aws
    name: str
    observer: Observer
    timeout: float = TIMEOUT
    sleep: Callable[[float], None] = time.sleep

    def follow(self, stack_id: str, token: str) -> list[Event]:
        """Every event of the operation that the token began; the last is the stack's own."""
        follower = Follower(self.aws, stack_id, token, self.timeout, self.sleep)
        try:
            with explained("reading the stack's events"):
                for event in follower.follow():
                    self.observer.event(event)
        except KeyboardInterrupt:
            raise Interrupted(
                f"interrupted; CloudFormation goes on with stack {self.name} by itself",
                "run the same command again when it is over; `aws cloudformation cancel-update-stack` stops an update",
            ) from None
        return follower.seen


def failure(name: str, seen: Sequence[Event]) -> TapctlError:
    """What a failed operation is to be called, with its first cause in CloudFormation's words and in ours."""
    status = seen[-1].status
    row, cause = state(status), diagnose(seen)
    said = f"{cause.logical_id}: {cause.said}" if cause else "no resource said why"
    meaning = f"; that is, {cause.meaning}" if cause and cause.meaning else ""
    hint = (cause.hint if cause else "") or row.hint or None
    if row.end is End.ROLLED_BACK:
        message = f"stack {name} failed and was rolled back ({status}): {said}{meaning}"
        return DeployFailed(message, hint, minimum=floor_in_error(said))
    return DeployStuck(f"stack {name} is {status}: {said}{meaning}", hint)
