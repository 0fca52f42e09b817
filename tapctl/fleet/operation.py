"""Follows one operation on a stack set to its end; its success is read from the instances, never from its status.

An operation that SUCCEEDED may hold failed instances, as many as its tolerance allows. Source:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-troubleshooting.html
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tapctl.aws.errors import is_permanent
from tapctl.aws.stack_sets import InstanceResult, SetOperation
from tapctl.errors import AwsError, BusyError, Interrupted, UsageError
from tapctl.fleet.cause import cause
from tapctl.fleet.override_sets import Key
from tapctl.hints import Hint, advise, with_step
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.stacks.polling import jittered
from tapctl.state.rollout_journal import PREFIX

if TYPE_CHECKING:
    from tapctl.aws.stack_sets import StackSets
    from tapctl.fleet.judge import FleetPreflight
    from tapctl.fleet.plan import FleetDeletion, RolloutPlan
    from tapctl.fleet.request import StackSetRequest
    from tapctl.state.rollout_journal import RolloutJournal
    from tapctl.template.model import Template

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 3.0
"""Seconds between two reads of an operation, of which the results of 4,000 instances take 40 pages."""

LATE_RESULTS = 5
"""How often the results of an operation that is over are read again, since they are eventually consistent."""

MOST_FAILURES = 10
"""The reads in a row that may fail; each is a few attempts already."""

_ABOUT_INPUT = ("ValidationError", "InsufficientCapabilities", "InsufficientCapabilitiesException")
"""Error codes of refusals that are about the request."""

UNKNOWN_STATUS = "UNKNOWN"
"""The status of an instance on which AWS lists no result."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of an operation; `step` describes it."""

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
class EndedOperation:
    """An operation that is over, with the status of every instance that it was about."""

    step: str
    operation: SetOperation
    results: Mapping[Key, InstanceResult] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[InstanceResult, ...]:
        """The instances on which it failed, was cancelled, or has no result."""
        return tuple(result for result in self.results.values() if result.status != "SUCCEEDED")


class RolloutUI(Protocol):
    """Shows a rollout and asks for consent. Where no question can be asked, the answer is no."""

    def step(self, text: str, hint: Hint | None = None) -> None:
        """Show one line of progress."""
        ...

    def judged(self, result: FleetPreflight) -> None:
        """Show the verdict on every cell."""
        ...

    def plan(self, plan: RolloutPlan, template: Template) -> None:
        """Show what a rollout would do."""
        ...

    def deletion(self, deletion: FleetDeletion) -> None:
        """Show what would be deleted."""
        ...

    def confirm(self, question: str) -> bool:
        """Ask whether to begin."""
        ...

    def progress(self, progress: Progress) -> None:
        """Show the progress of an operation; called after every read."""
        ...


def follow(
    request: StackSetRequest, operation_id: str, step: str, ui: RolloutUI, cells: Collection[Key] | None = None
) -> EndedOperation:
    """Read an operation until it is over, with a result of each of the `cells` that it is about, if they are known.

    A read that fails is repeated. Raises `AwsError` where it keeps failing, `BusyError` when the timeout is over,
    `Interrupted` after a Ctrl-C, while StackSets continues.
    """
    reader = _Reader(request, operation_id, step)
    deadline, pause = time.monotonic() + request.timeout, FIRST_PAUSE
    try:
        while not (progress := reader.read()) or not progress.operation.is_over:
            if progress:
                ui.progress(progress)
            if time.monotonic() >= deadline:
                raise reader.timed_out(progress)
            request.sleep(jittered(pause))
            pause = min(pause * 1.5, LONGEST_PAUSE)
        progress = reader.caught_up(progress, cells)
    except KeyboardInterrupt:
        message = f"interrupted; StackSets continues with operation {operation_id} on stack set {request.sets.name}"
        hint = advise(DeployAdvice.FLEET_WATCH_OR_CONTINUE, request.name)
        raise Interrupted(message, hint) from None
    ui.progress(progress)
    missing = {cell: InstanceResult(*cell, UNKNOWN_STATUS, "StackSets lists no result of it") for cell in cells or ()}
    return EndedOperation(step, progress.operation, {**missing, **{result.cell: result for result in progress.results}})


@dataclass(slots=True)
class _Reader:
    """Reads one operation; `failures` counts the reads in a row that failed."""

    request: StackSetRequest
    operation_id: str
    step: str
    failures: int = 0

    @property
    def watch(self) -> Hint:
        return advise(DeployAdvice.FOLLOW_FLEET, self.request.name)

    def read(self) -> Progress | None:
        """The progress; None if it could not be read this time."""
        sets = self.request.sets
        try:
            operation = sets.operation(self.operation_id)
            results = sets.results(self.operation_id) if operation and operation.status != "QUEUED" else ()
        except AwsError as error:
            self.failures += 1
            if is_permanent(error) or self.failures >= MOST_FAILURES:
                message = f"{error.message}; StackSets continues with operation {self.operation_id}"
                raise AwsError(
                    message,
                    with_step(error.hint, advise(DeployAdvice.THEN_FOLLOW_FLEET, self.request.name)),
                    code=error.code,
                ) from None
            return None
        self.failures = 0
        if operation is None:
            raise AwsError(f"StackSets knows no operation {self.operation_id} on stack set {sets.name}")
        return Progress(self.step, operation, results)

    def caught_up(self, progress: Progress, cells: Collection[Key] | None) -> Progress:
        """The end, once its results have caught up with it."""
        for _ in range(LATE_RESULTS):
            over = {result.cell for result in progress.results if result.is_over}
            are_all = bool(over) if cells is None else over.issuperset(cells)
            if are_all and len(over) == len(progress.results):
                break
            self.request.sleep(1)
            progress = self.read() or progress
        return progress

    def timed_out(self, progress: Progress | None) -> BusyError:
        status = f"still {progress.operation.status}" if progress else "not over yet"
        message = f"operation {self.operation_id} on stack set {self.request.sets.name} is {status}"
        return BusyError(message, self.watch)


def began(request: StackSetRequest, journal: RolloutJournal, operation_id: str, error: AwsError) -> None:
    """Continue if the operation has begun although its call failed, for example because the answer was lost.

    Otherwise raises the error, `UsageError` for one about the template or its parameters, or `BusyError` for an
    operation of another user.
    """
    if request.sets.operation(operation_id):
        return
    if error.code:  # without an answer the call may still arrive, and the next run looks for it
        journal.close()
    if error.code == "OperationInProgressException":
        refuse_foreign(request.sets, request.name)
        raise BusyError(error.message, advise(UsageAdvice.RUN_AGAIN_IN_A_MOMENT))
    if error.code in _ABOUT_INPUT and not error.hint:
        correct = advise(DeployAdvice.CORRECT_FLEET, request.name)
        raise UsageError(error.message, cause(error.aws_message or error.message).hint or correct)
    raise error


def resume(request: StackSetRequest, journal: RolloutJournal, ui: RolloutUI) -> None:
    """Follow what a run that was killed had begun. Raises `BusyError` for an operation of another user."""
    entry = journal.entry
    operation = request.sets.operation(entry.operation) if entry.operation else None
    refuse_foreign(request.sets, request.name, entry.operation)
    if entry.is_open:
        ui.step(f"the previous run ({entry.when}) stopped {'during' if entry.operation else 'after'}: {entry.step}")
    if operation and not operation.is_over:
        follow(request, entry.operation, entry.step, ui)
    journal.close()


def refuse_foreign(sets: StackSets, name: str, own: str = "") -> None:
    """Raise `BusyError` if an operation runs that is not `own`."""
    foreign = [operation for operation in sets.running() if operation.id != own]
    if foreign:
        first = foreign[0]
        whose = "another tapctl run's" if first.id.startswith(PREFIX) else "another user's"
        message = f"stack set {sets.name} is busy: {whose} operation {first.id} ({first.action}) is {first.status}"
        raise BusyError(message, advise(DeployAdvice.FOLLOW_FLEET_FIRST, name))
