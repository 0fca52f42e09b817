"""The operation under way on a stack, followed by somebody who did not begin it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tapctl.aws.session import Aws
from tapctl.errors import UsageError
from tapctl.stacks.follow import Follower, StackEvent
from tapctl.stacks.operation import Attendant, attend, failure
from tapctl.stacks.stack import describe_stack
from tapctl.stacks.status import ABSENT, End, state

BEING_REVIEWED = "REVIEW_IN_PROGRESS"
"""In progress by its name only: a change set waits for somebody to execute it."""


@dataclass(frozen=True, slots=True)
class Watched:
    """How the stack stands in the end, and whether an operation was followed to there."""

    stack_name: str
    stack_id: str
    status: str
    followed: bool


def watch(
    aws: Aws, name: str, attendant: Attendant, timeout: float, sleep: Callable[[float], None] = time.sleep
) -> Watched:
    """Attach and follow to the end. Raises `UsageError` when there is no such stack, and what a failed deploy does."""
    live = describe_stack(aws, name)
    if live.status == ABSENT:
        raise UsageError(f"there is no stack {name}", "`tapctl deploy` makes one")
    if live.status == BEING_REVIEWED or not live.status.endswith("_IN_PROGRESS"):
        return Watched(name, live.id, live.status, followed=False)
    attendant.step(f"stack {name} is {live.status}: {state(live.status).meaning}")
    seen = attend(Follower(aws, live.id, None, timeout, sleep), attendant)
    if not ended_well(seen):
        raise failure(aws, name, seen)
    return Watched(name, live.id, seen[-1].status, followed=True)


def ended_well(seen: Sequence[StackEvent]) -> bool:
    """Whether the operation did what was asked of it; a deletion that somebody asked for ends with the stack gone."""
    status = seen[-1].status
    asked = next(event.status for event in seen if event.own)
    return state(status).end is End.SUCCESS or (status == "DELETE_COMPLETE" and asked == "DELETE_IN_PROGRESS")
