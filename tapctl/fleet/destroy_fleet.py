"""The end of a fleet: its instances with their stacks, then the stack set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tapctl.errors import AwsError, UsageError
from tapctl.fleet.observe import refuse_others_set
from tapctl.fleet.operation import OperationEnd, following, refused, resume, with_all
from tapctl.fleet.plan import Step, StepKind, rectangles
from tapctl.state.rollout_journal import open_rollout_journal

if TYPE_CHECKING:
    from tapctl.fleet.operation import RolloutUI
    from tapctl.fleet.override_sets import Key
    from tapctl.fleet.request import StackSetRequest
    from tapctl.state.rollout_journal import RolloutJournal


@dataclass(slots=True)
class FleetDestroyed:
    """What was deleted; `exists` if there was a stack set, `is_gone` if there is none any more."""

    exists: bool = True
    confirmed: bool = True
    ends: list[OperationEnd] = field(default_factory=list)
    beside: tuple[Key, ...] = ()
    """The instances that the fleet does not name, which keep the stack set alive."""
    is_gone: bool = False

    @property
    def failed(self) -> dict[Key, OperationEnd]:
        return {result.cell: end for end in self.ends for result in end.failed}


def destroy_fleet(request: StackSetRequest, ui: RolloutUI, *, retain: bool, adopts: bool = False) -> FleetDestroyed:
    """Delete the instances of the fleet's cells, and the stack set if no other is left; `retain` keeps the stacks.

    Raises `UsageError` for a protected environment and another user's stack set, `BusyError` for a foreign operation.
    """
    if request.settings.protected:
        hint = "remove `protected = true` from tapctl.toml first"
        raise UsageError(f"environment {request.settings.env} is protected", hint)
    sets = request.sets
    with open_rollout_journal(request.accounts.own, sets.aws.region, sets.name) as journal:
        resume(request, journal, ui)
        refuse_others_set(request, adopts=adopts)
        if sets.describe() is None:
            return FleetDestroyed(exists=False, is_gone=True)
        own = {cell.key for cell in request.cells.cells}
        instances = sets.instances()
        mine = [each.cell for each in instances if each.cell in own]
        result = FleetDestroyed(beside=tuple(each.cell for each in instances if each.cell not in own))
        if not ui.confirm(_question(request, mine, retain=retain)):
            result.confirmed = False
            return result
        for targets in rectangles(mine):
            step = Step(StepKind.DELETE, targets, cells=tuple(targets.cells))
            result.ends.append(_delete(request, step, journal, ui, retain=retain))
        if not sets.instances():
            sets.delete()
            result.is_gone = True
        return result


def _question(request: StackSetRequest, cells: list[Key], *, retain: bool) -> str:
    count = f"{len(cells):,} instance{'' if len(cells) == 1 else 's'}"
    stacks = "keep their stacks" if retain else "their stacks with all data"
    joined = "and " if retain else "with "
    return f"Delete {count} of stack set {request.sets.name}, {joined}{stacks}?"


def _delete(
    request: StackSetRequest, step: Step, journal: RolloutJournal, ui: RolloutUI, *, retain: bool
) -> OperationEnd:
    named = step.description
    ui.step(named)
    operation = journal.begin(named)
    targets = step.targets
    try:
        if targets:
            request.sets.operate("delete_stack_instances", operation, targets, request.preferences, RetainStacks=retain)
    except AwsError as error:
        refused(request, journal, error)
    end = with_all(following(request, operation, named, ui), step.cells, {})
    journal.close()
    return end
