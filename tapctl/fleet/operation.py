"""One operation on a stack set, followed to its end; how it went is read from its instances, never from its status.

An operation that SUCCEEDED may hold failed instances, as many as its tolerance allows. Source:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-troubleshooting.html
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tapctl.account.floor_cache import floor_in_error
from tapctl.aws.stack_sets import InstanceResult, SetOperation
from tapctl.errors import AwsError, BusyError, Interrupted
from tapctl.fleet.override_sets import Key
from tapctl.stacks.causes import explain, unwrapped
from tapctl.stacks.polling import jittered
from tapctl.state.rollout_journal import PREFIX

if TYPE_CHECKING:
    from tapctl.aws.stack_sets import StackSets
    from tapctl.fleet.judge import FleetPreflight
    from tapctl.fleet.request import StackSetRequest
    from tapctl.fleet.rollout import Prepared
    from tapctl.state.rollout_journal import RolloutJournal

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 3.0
"""Seconds between two reads of an operation, of which the results of 4,000 instances take 40 pages."""

LATE_RESULTS = 5
"""How often the results of an operation that is over are read again, since they are eventually consistent."""

UNKNOWN_STATUS = "UNKNOWN"
"""The status of an instance on which AWS lists no result."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an operation stands; `step` is what it does."""

    step: str
    operation: SetOperation
    results: tuple[InstanceResult, ...] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        return Counter(result.status for result in self.results)

    @property
    def failed(self) -> tuple[InstanceResult, ...]:
        return tuple(result for result in self.results if result.status == "FAILED")


@dataclass(frozen=True, slots=True)
class OperationEnd:
    """An operation that is over, with the status of every instance that it was about."""

    step: str
    operation: SetOperation
    results: Mapping[Key, InstanceResult] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[InstanceResult, ...]:
        """The instances that it did not bring about: failed, cancelled, or without a result."""
        return tuple(result for result in self.results.values() if result.status != "SUCCEEDED")


class RolloutUI(Protocol):
    """Shows a rollout and asks for consent. Where no question can be asked, the answer is no."""

    def step(self, text: str) -> None:
        """Show one line of progress."""
        ...

    def judged(self, result: FleetPreflight) -> None:
        """Show the verdict on every cell."""
        ...

    def plan(self, prepared: Prepared) -> None:
        """Show what a rollout would do."""
        ...

    def confirm(self, question: str) -> bool:
        """Ask whether to begin."""
        ...

    def progress(self, progress: Progress) -> None:
        """Show where an operation stands; called after every read."""
        ...


def follow(request: StackSetRequest, operation_id: str, step: str, ui: RolloutUI) -> OperationEnd:
    """Read an operation until it is over. Raises `BusyError` when the timeout is over."""
    deadline, pause = time.monotonic() + request.timeout, FIRST_PAUSE
    sets = request.sets
    while True:
        operation = sets.operation(operation_id)
        if operation is None:
            raise AwsError(f"StackSets knows no operation {operation_id} on stack set {sets.name}")
        if operation.is_over:
            return _end(request, Progress(step, operation, sets.results(operation_id)), ui)
        results = sets.results(operation_id) if operation.status != "QUEUED" else ()
        ui.progress(Progress(step, operation, results))
        if time.monotonic() >= deadline:
            message = f"operation {operation_id} on stack set {sets.name} is still {operation.status}"
            raise BusyError(message, f"follow it with `tapctl fleet watch {request.name}`")
        request.sleep(jittered(pause))
        pause = min(pause * 1.5, LONGEST_PAUSE)


def _end(request: StackSetRequest, progress: Progress, ui: RolloutUI) -> OperationEnd:
    """The end, once its results have caught up with it."""
    results = progress.results
    for _ in range(LATE_RESULTS):
        if all(result.is_over for result in results):
            break
        request.sleep(1)
        results = request.sets.results(progress.operation.id)
    progress = Progress(progress.step, progress.operation, results)
    ui.progress(progress)
    return OperationEnd(progress.step, progress.operation, {result.cell: result for result in results})


def watch(request: StackSetRequest, ui: RolloutUI) -> OperationEnd | None:
    """Follow the operation that runs on the stack set, by any user; None where none runs."""
    running = request.sets.running()
    active = [operation for operation in running if operation.status != "QUEUED"] or list(running)
    return following(request, active[0].id, active[0].action.lower(), ui) if active else None


def with_all(end: OperationEnd, cells: tuple[Key, ...], overrides: Mapping[str, str]) -> OperationEnd:
    """The end with a result of every instance that the operation was about."""
    missing = {
        (account, region): InstanceResult(account, region, UNKNOWN_STATUS, "StackSets lists no result of it")
        for account, region in cells
    }
    return OperationEnd(end.step, end.operation, {**missing, **end.results}, overrides)


def following(request: StackSetRequest, operation: str, step: str, ui: RolloutUI) -> OperationEnd:
    """`follow`; raises `Interrupted` after a Ctrl-C, which leaves the operation running."""
    try:
        return follow(request, operation, step, ui)
    except KeyboardInterrupt:
        message = f"interrupted; StackSets continues with operation {operation} on stack set {request.sets.name}"
        hint = f"`tapctl fleet watch {request.name}` follows it, and the same command again continues from there"
        raise Interrupted(message, hint) from None


def refused(request: StackSetRequest, journal: RolloutJournal, error: AwsError) -> None:
    """Go on where botocore's second attempt found that the first one had arrived; otherwise raise."""
    if error.code == "OperationIdAlreadyExistsException":
        return
    if error.code:  # without an answer it may be running, and the next run follows it
        journal.close()
    if error.code == "OperationInProgressException":
        refuse_foreign(request.sets, request.name)
    raise error


def resume(request: StackSetRequest, journal: RolloutJournal, ui: RolloutUI) -> None:
    """Follow what a run that was killed had begun. Raises `BusyError` for an operation of another user."""
    entry = journal.entry
    operation = request.sets.operation(entry.operation) if entry.operation else None
    refuse_foreign(request.sets, request.name, entry.operation)
    if entry.operation:
        ui.step(f"the previous run ({entry.when}) stopped during: {entry.step}")
    if operation and not operation.is_over:
        following(request, entry.operation, entry.step, ui)
    journal.close()


def refuse_foreign(sets: StackSets, name: str, own: str = "") -> None:
    """Raise `BusyError` if an operation runs that is not `own`."""
    foreign = [operation for operation in sets.running() if operation.id != own]
    if foreign:
        first = foreign[0]
        whose = "another tapctl run's" if first.id.startswith(PREFIX) else "another user's"
        message = f"stack set {sets.name} is busy: {whose} operation {first.id} ({first.action}) is {first.status}"
        raise BusyError(message, f"follow it with `tapctl fleet watch {name}`, then run this again")


_REASON = re.compile(
    r"ResourceLogicalId:(?P<name>[^,]*), ResourceType:[^,]*, ResourceStatusReason:(?P<words>.*?)\.?$", re.DOTALL
)
"""How StackSets words the failure of a resource: https://github.com/aws-solutions/quota-monitor-for-aws/issues/97"""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an instance failed: in a sentence, and what to do about it."""

    sentence: str
    hint: str = ""


def cause(reason: str) -> Cause:
    """What the reason of a failed instance means, without request ids."""
    matched = _REASON.match(reason)
    words = unwrapped(matched["words"]).rstrip(".") if matched else reason or "StackSets gives no reason"
    named = f"{matched['name']}: " if matched else ""
    meaning, hint = explain(reason)
    if floor_in_error(reason) is not None:
        hint = "run it again: the minimum is remembered for the account"
    return Cause(f"{named}{words}{f'; that is, {meaning}' if meaning else ''}", hint)
