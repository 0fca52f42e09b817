"""A rollout as another terminal follows it: each of its operations, and what is left once none runs any more."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tapctl.errors import BusyError, Interrupted
from tapctl.fleet.observe import no_stack_set
from tapctl.fleet.operation import EndedOperation, follow
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.state.rollout_journal import PREFIX, RolloutEntry, look

if TYPE_CHECKING:
    from tapctl.aws.stack_sets import InstanceResult, SetOperation
    from tapctl.fleet.operation import RolloutUI
    from tapctl.fleet.override_sets import Key
    from tapctl.fleet.request import StackSetRequest

PAUSE = 2.0
"""Seconds between two looks for the next operation."""

LOOKS = 5
"""How often the next operation of another machine is looked for, which may have none."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The operations that were followed, and what came of the rollout.

    `entry` is the rollout that a process of this machine has begun and not finished; it is empty where there is none.
    Of the `total` cells of the fleet, `current` have an instance with the stack set's template.
    """

    ends: tuple[EndedOperation, ...]
    entry: RolloutEntry
    current: int
    total: int
    exists: bool = True
    """Whether there is still a stack set."""

    @property
    def failed(self) -> dict[Key, InstanceResult]:
        """The cells on which the last operation failed."""
        last = {cell: result for end in self.ends for cell, result in end.results.items()}
        return {cell: result for cell, result in last.items() if result.status != "SUCCEEDED"}


def watch_fleet(request: StackSetRequest, ui: RolloutUI) -> Watched:
    """Follow the operations on the stack set, by any user, until no rollout begins another one.

    Raises `UsageError` for a stack set that does not exist, `BusyError` when the timeout is over, and `Interrupted`
    after a Ctrl-C, which does not stop the rollout.
    """
    sets = request.sets
    if sets.describe() is None:
        raise no_stack_set(request)
    try:
        ends, entry = _followed(request, ui)
    except KeyboardInterrupt:
        raise Interrupted(
            "interrupted; the rollout continues", advise(DeployAdvice.FOLLOW_FLEET, request.name)
        ) from None
    exists = sets.describe() is not None
    current = {instance.cell for instance in sets.instances() if instance.status == "CURRENT"} if exists else set()
    cells = [cell.key for cell in request.cells.cells]
    return Watched(tuple(ends), entry, sum(cell in current for cell in cells), len(cells), exists=exists)


def _followed(request: StackSetRequest, ui: RolloutUI) -> tuple[list[EndedOperation], RolloutEntry]:
    """Each operation to its end, and the rollout that is unfinished then."""
    ends: list[EndedOperation] = []
    may_continue_elsewhere = False
    looks, deadline = 0, time.monotonic() + request.timeout
    while True:
        entry, goes_on = look(request.accounts.own, request.sets.aws.region, request.sets.name)
        if operation := _active(request, entry):
            is_own = operation.id == entry.operation
            ends.append(follow(request, operation.id, entry.step if is_own else operation.action.lower(), ui))
            may_continue_elsewhere = operation.id.startswith(PREFIX) and not is_own
            looks, deadline = 0, time.monotonic() + request.timeout
            continue
        if goes_on and entry.is_open:
            if time.monotonic() >= deadline:
                message = f"the rollout of stack set {request.sets.name} continues, but begins no operation"
                raise BusyError(message, advise(DeployAdvice.FOLLOW_FLEET, request.name))
        elif not may_continue_elsewhere or looks >= LOOKS:
            return ends, entry
        looks += 1
        request.sleep(PAUSE)


def _active(request: StackSetRequest, entry: RolloutEntry) -> SetOperation | None:
    """The operation that runs; that of this machine is known before AWS lists it."""
    own = request.sets.operation(entry.operation) if entry.operation else None
    if own and not own.is_over:
        return own
    running = request.sets.running()
    return next((operation for operation in running if operation.status != "QUEUED"), next(iter(running), None))
