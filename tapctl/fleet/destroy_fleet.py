"""The end of a fleet: its instances with their stacks, then the stack set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tapctl.errors import AwsError, TapctlError, UsageError
from tapctl.fleet.observe import refuse_others_set
from tapctl.fleet.operation import EndedOperation, began, follow, resume
from tapctl.fleet.plan import FleetDeletion, Step, StepKind, rectangles
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.resource_types import STACK
from tapctl.stacks.stateful_types import STATEFUL
from tapctl.state.rollout_journal import open_rollout_journal
from tapctl.template.parse import parse
from tapctl.unknown import Unknown
from tapctl.workflows.destroy import DeletedResource

if TYPE_CHECKING:
    from tapctl.aws.stack_sets import InstanceOperation
    from tapctl.fleet.operation import RolloutUI
    from tapctl.fleet.override_sets import Key
    from tapctl.fleet.request import StackSetRequest
    from tapctl.state.rollout_journal import RolloutJournal


@dataclass(slots=True)
class FleetDestroyed:
    """What was deleted; `exists` if there was a stack set, `is_gone` if there is none any more."""

    exists: bool = True
    confirmed: bool = True
    ends: list[EndedOperation] = field(default_factory=list)
    beside: tuple[Key, ...] = ()
    """The instances that the fleet does not name, which keep the stack set alive."""
    is_gone: bool = False

    @property
    def failed(self) -> dict[Key, EndedOperation]:
        return {result.cell: end for end in self.ends for result in end.failed}


def destroy_fleet(request: StackSetRequest, ui: RolloutUI, *, retain: bool, adopts: bool = False) -> FleetDestroyed:
    """Delete the instances of the fleet's cells, and the stack set if no other is left; `retain` keeps the stacks.

    Raises `UsageError` for a protected environment and another user's stack set, `BusyError` for a foreign operation.
    """
    if request.settings.protected:
        hint = advise(DeployAdvice.UNPROTECT)
        raise UsageError(f"environment {request.settings.env} is protected", hint)
    sets = request.sets
    with open_rollout_journal(request.accounts.own, sets.aws.region, sets.name, "destroy") as journal:
        resume(request, journal, ui)
        stack_set = sets.describe()
        refuse_others_set(request, stack_set, adopts=adopts)
        if stack_set is None:
            journal.finish()
            return FleetDestroyed(exists=False, is_gone=True)
        own = {cell.key for cell in request.cells.cells}
        instances = sets.instances()
        mine = [instance.cell for instance in instances if instance.cell in own]
        result = FleetDestroyed(beside=tuple(instance.cell for instance in instances if instance.cell not in own))
        held = () if retain else held_resources(stack_set.template)
        ui.deletion(FleetDeletion(sets.name, tuple(mine), held, retain))
        if not ui.confirm(_question(request, mine, retain=retain)):
            result.confirmed = False
            return result
        parts = list(rectangles(mine))
        for left, targets in zip(range(len(parts), 0, -1), parts, strict=True):
            step = Step(StepKind.DELETE, targets, cells=tuple(targets.cells), retains=retain)
            result.ends.append(_delete(request, step, journal, ui, left))
        result.is_gone = not result.failed and not result.beside and _delete_set(request)
        journal.finish()
        return result


def _delete_set(request: StackSetRequest) -> bool:
    """Delete the stack set, unless an account has joined it in the meantime."""
    try:
        request.sets.delete()
    except AwsError as error:
        if error.code != "StackSetNotEmptyException":
            raise
        return False
    return True


def held_resources(template: str) -> tuple[DeletedResource, ...] | Unknown:
    """The resources that hold data or stay, with nested stacks, whose own templates are not read."""
    try:
        body = parse(template, "the template of the stack set").value
    except TapctlError as error:
        return Unknown(error.message)
    found = (
        DeletedResource(name, str(entry.get("Type", "")), "", str(entry.get("DeletionPolicy", "Delete")))
        for name, entry in _entries(body.get("Resources") if isinstance(body, Mapping) else None)
    )
    return tuple(entry for entry in found if entry.type in STATEFUL or entry.type == STACK or entry.retained)


def _entries(resources: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each resource of a template by its logical id, of a loop once."""
    for name, entry in resources.items() if isinstance(resources, Mapping) else ():
        if isinstance(entry, Mapping):
            yield name, entry
        elif isinstance(entry, list):  # Fn::ForEach: its variable, its values, and what it repeats
            yield from _entries(entry[-1] if entry else None)


def _question(request: StackSetRequest, cells: list[Key], *, retain: bool) -> str:
    count = f"{len(cells):,} instance{'' if len(cells) == 1 else 's'}"
    stacks = "keep their stacks" if retain else "their stacks with all data"
    joined = "and " if retain else "with "
    return f"Delete {count} of stack set {request.sets.name}, {joined}{stacks}?"


def _delete(request: StackSetRequest, step: Step, journal: RolloutJournal, ui: RolloutUI, left: int) -> EndedOperation:
    named = step.description
    ui.step(named)
    operation_id = journal.begin(named, left)
    try:
        if step.targets:
            sets, preferences = request.sets, request.preferences
            method: InstanceOperation = "delete_stack_instances"
            sets.operate(method, operation_id, step.targets, preferences, RetainStacks=step.retains)
    except AwsError as error:
        began(request, journal, operation_id, error)
    end = follow(request, operation_id, named, ui, step.cells)
    journal.close()
    return end
