"""The parameter values of a stack set and the overrides of its instances; pure.

A remedy reaches one account alone as an override of the parameter that its reservation depends on. Since one call
gives one list of overrides to all accounts that it names, lowered values go down to few steps.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tapctl.account.model import Stack
from tapctl.concurrency.parameter_override import with_overrides
from tapctl.concurrency.remedy import Remedy, RemedyAction, RemedyPlan
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Verdict
from tapctl.fleet.judge import JudgedCell, settings_of, values_of
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.template.parameters import is_secret
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.fleet.cells import Cell
    from tapctl.hints import Hint
    from tapctl.settings.settings import Settings
    from tapctl.template.model import Template

Key = tuple[str, str]
"""An account id and a Region."""

STEPS = (0.75, 0.5, 0.25, 0.1, 0.05)
"""What a lowered reservation goes down to, as shares of the requested one; below the last it keeps its value."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A cell that the rollout reaches: the parameter values there, and the remedies that they apply.

    A NoEcho parameter to which no value is given has none here: it keeps the one that the instance has.
    """

    cell: Cell
    values: Mapping[str, str]
    remedies: Mapping[str, Remedy] = field(default_factory=dict)
    stack_status: str = ""
    """The status of the stack that is there, empty where there is none."""

    @property
    def key(self) -> Key:
        return self.cell.key


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A cell that the rollout does not reach, and why."""

    cell: Cell
    verdict: Verdict
    reason: str
    hints: tuple[Hint, ...] = ()


@dataclass(frozen=True, slots=True)
class WantedSet:
    """The target state of the stack set: its own values, and the placements with theirs.

    `parameters` are all that the template declares; `reservations` those that reservations depend on, with the value
    that means none.
    """

    values: Mapping[str, str]
    placements: tuple[Placement, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    parameters: tuple[str, ...] = ()
    reservations: Mapping[str, str | None] = field(default_factory=dict)
    unsafe: tuple[str, ...] = ()
    """The functions whose reservation an account that joins by itself gets whole, since no parameter drops it."""

    @property
    def overridden(self) -> tuple[str, ...]:
        """The parameters that some placement has another value of than the set."""
        return tuple(
            name
            for name in self.parameters
            if any(placement.values.get(name) not in (None, self.values.get(name)) for placement in self.placements)
        )

    def without(self, left_out: Iterable[LeftOut]) -> WantedSet:
        """The target state with further cells left out."""
        left = tuple(left_out)
        gone = {entry.cell.key for entry in left}
        placements = tuple(placement for placement in self.placements if placement.key not in gone)
        return replace(self, placements=placements, left_out=(*self.left_out, *left))

    def amount(self, name: str, value: str) -> float:
        """How much a value of a reservation's parameter reserves; infinite for one that only turns it on."""
        return _amount(value, self.reservations.get(name))


def _amount(value: str, none: str | None) -> float:
    if value in ("", none):
        return 0
    try:
        return max(0, int(value))
    except ValueError:
        return math.inf


def wanted(
    cells: Sequence[JudgedCell],
    settings: Settings,
    *,
    held: Mapping[str, str] | None,
    joins: bool = False,
) -> WantedSet:
    """The placements, and the set's own values under them.

    `held` has the values of the stack set, None where there is none. With `joins`, accounts get an instance by
    themselves, with the set's own values: these are then the safe ones.
    """
    plans = {
        judged.cell.key: in_steps(judged.preflight, settings.minimum)
        for judged in cells
        if isinstance(judged.preflight, Preflight)
    }
    found = [_place(judged, plans.get(judged.cell.key), settings) for judged in cells]
    placements = tuple(entry for entry in found if isinstance(entry, Placement))
    left_out = tuple(entry for entry in found if isinstance(entry, LeftOut))
    first = next((judged.preflight for judged in cells if isinstance(judged.preflight, Preflight)), None)
    if first is None:
        return WantedSet({}, placements, left_out)
    dropped = _dropped(first)
    drops = {override.parameter: override.value for override in dropped.overrides.values()}
    remedied = {override.parameter for plan in plans.values() for override in plan.overrides.values()}
    reservations = {name: drops.get(name) for name in first.template.parameters if name in drops or name in remedied}
    values = _visible_values(first.template, settings.parameters, values_of(first.template, settings.parameters))
    for name in reservations:
        if joins and name in drops:
            values[name] = drops[name]
        elif name in remedied and placements:
            values[name] = _common([placement.values[name] for placement in placements], held, name, drops.get(name))
    unsafe = tuple(name for name in dropped.changes if name not in dropped.overrides) if joins else ()
    return WantedSet(values, placements, left_out, tuple(first.template.parameters), reservations, unsafe)


def _common(values: Sequence[str], held: Mapping[str, str] | None, name: str, none: str | None) -> str:
    """The set's own value of a reservation's parameter.

    It is the one that the set has, if a cell wants it, so that the set changes rarely; else the most common one. A
    parameter that the set does not have yet reaches every instance before any can override it: it gets the smallest.
    """
    if held is not None and name not in held:
        return min(values, key=lambda value: _amount(value, none))
    return held[name] if held and held[name] in values else Counter(values).most_common(1)[0][0]


def _visible_values(template: Template, given: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """The values without those of NoEcho parameters that are not given."""
    return {
        name: value
        for name, value in values.items()
        if name in given or not is_secret(template.parameters.get(name, {}))
    }


def _place(judged: JudgedCell, plan: RemedyPlan | None, settings: Settings) -> Placement | LeftOut:
    result, cell = judged.preflight, judged.cell
    if isinstance(result, Unknown) or plan is None:
        return LeftOut(cell, Verdict.UNKNOWN, judged.finding.message, judged.finding.hints)
    if result.first_step:
        reason = "it fits only in two steps, which a stack set cannot take"
        return LeftOut(cell, Verdict.EXCEEDS, reason, (advise(DeployAdvice.LOWER_RESERVATIONS_FIRST),))
    verdict = result.verdict_after_remedy
    if verdict is Verdict.EXCEEDS or (verdict is not Verdict.FITS and not settings.allow_uncertain):
        stays = (finding for finding in result.other_findings if finding.verdict is verdict)
        finding = next(stays, None) or judged.finding
        return LeftOut(cell, verdict, finding.message, finding.hints)
    if fixed := [name for name in plan.changes if name not in plan.overrides]:
        reason = f"the reservation of {', '.join(fixed)} does not fit, and depends on no parameter"
        return LeftOut(cell, Verdict.EXCEEDS, reason, (_PARAMETER,))
    given = {**settings.parameters, **cell.account.parameters}
    values = _visible_values(result.template, given, settings_of(cell, settings, result.template).parameters)
    overrides = {override.parameter: override.value for override in plan.overrides.values()}
    status = result.account.stack.status if isinstance(result.account.stack, Stack) else ""
    return Placement(cell, {**values, **overrides}, plan.changes, status)


_PARAMETER = advise(DeployAdvice.LET_PARAMETER_DECIDE)


def in_steps(result: Preflight, minimum: Mapping[str, int]) -> RemedyPlan:
    """The remedy with lowered values at a step; as it is where the parameters do not allow these values."""
    bounds = {change.logical_id: (change.claim_in_place, change.provisioned_peak) for change in result.changes}
    stepped = {
        name: _stepped(
            remedy, max((minimum.get(name, 1), *(bound for bound in bounds.get(name, ()) if type(bound) is int)))
        )
        for name, remedy in result.plan.remedies.items()
    }
    if stepped == result.plan.remedies:
        return result.plan
    plan = with_overrides(replace(result.plan, remedies=stepped, overrides={}), result.template, result.tree)
    return plan if plan.overrides.keys() == plan.changes.keys() else result.plan


def _stepped(remedy: Remedy, least: int) -> Remedy:
    """The remedy at the highest step that is not above it; `least` is what it must not go below."""
    if remedy.action is not RemedyAction.LOWER or remedy.value is None:
        return remedy
    steps = (int(remedy.requested * share) for share in STEPS)
    value = next((step for step in steps if least <= step <= remedy.value), remedy.value)
    return replace(remedy, value=value)


def _dropped(result: Preflight) -> RemedyPlan:
    """Every reservation dropped, with the parameter values that do so."""
    remedies = {
        function.logical_id: Remedy(RemedyAction.DROP, None, function.reserved)
        for function in result.demand.functions
        if isinstance(function.reserved, int) and function.reserved > 0
    }
    return with_overrides(RemedyPlan(remedies, possible=True), result.template, result.tree)


def together(
    placements: Iterable[Placement], names: Sequence[str]
) -> dict[tuple[tuple[str, str], ...], list[Placement]]:
    """The placements by their values of the named parameters."""
    groups: dict[tuple[tuple[str, str], ...], list[Placement]] = {}
    for placement in placements:
        key = tuple((name, placement.values[name]) for name in names if name in placement.values)
        groups.setdefault(key, []).append(placement)
    return groups
