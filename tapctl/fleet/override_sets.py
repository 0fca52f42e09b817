"""What a stack set and each of its instances get: the set's own parameter values, and overrides of them; pure.

A remedy reaches one account alone as an override of the parameter that its reservation depends on. Since one call
gives one list of overrides to all accounts that it names, lowered values go down to few steps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeGuard

from tapctl.concurrency.parameter_override import with_overrides
from tapctl.concurrency.remedy import Remedy, RemedyAction, RemedyPlan
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Verdict
from tapctl.fleet.judge import Judged, settings_of, values_of
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.fleet.cells import Cell
    from tapctl.hints import Hint
    from tapctl.settings.settings import Settings

Key = tuple[str, str]
"""An account id and a Region."""

STEPS = (0.75, 0.5, 0.25, 0.1, 0.05)
"""What a lowered reservation goes down to, as shares of the requested one; below the last it keeps its value."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A cell that the rollout reaches: the value of each parameter there, and the remedies that these bring about."""

    cell: Cell
    values: Mapping[str, str]
    remedies: Mapping[str, Remedy] = field(default_factory=dict)

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
class Wanted:
    """What the stack set has after the rollout: its own values, and the placements with their overrides of them."""

    values: Mapping[str, str]
    placements: tuple[Placement, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    reservations: frozenset[str] = frozenset()
    """The parameters that reservations depend on."""
    unsafe: tuple[str, ...] = ()
    """The functions whose reservation an account that joins by itself gets whole, since no parameter drops it."""

    @property
    def overridden(self) -> tuple[str, ...]:
        """The parameters that some placement has another value of than the set."""
        return tuple(
            name
            for name, value in self.values.items()
            if any(placement.values.get(name, value) != value for placement in self.placements)
        )


def wanted(
    cells: Sequence[Judged],
    settings: Settings,
    *,
    held: Mapping[str, str],
    joins: bool = False,
    allow_uncertain: bool = False,
) -> Wanted:
    """The placements, and the set's own values under them.

    `held` has the values of a stack set that exists. With `joins`, accounts get an instance by themselves, with the
    set's own values: these are then the safe ones.
    """
    found = [_place(judged, settings, allow_uncertain=allow_uncertain) for judged in cells]
    placements = tuple(each for each in found if isinstance(each, Placement))
    left_out = tuple(each for each in found if isinstance(each, LeftOut))
    known = [judged.preflight for judged in cells if isinstance(judged.preflight, Preflight)]
    dropped = _dropped(known[0]) if known else RemedyPlan({}, possible=True)
    drops = {override.parameter: override.value for override in dropped.overrides.values()}
    remedied = {
        override.parameter
        for result in known
        for override in (*result.plan.overrides.values(), *in_steps(result, settings.minimum).overrides.values())
    }
    values = values_of(known[0].template, settings.parameters) if known else {}
    for name in sorted(drops.keys() | remedied):
        if joins and name in drops:
            values[name] = drops[name]
        elif name in remedied and placements:
            values[name] = _common([placement.values[name] for placement in placements], held.get(name))
    unsafe = tuple(name for name in dropped.changes if name not in dropped.overrides) if joins else ()
    return Wanted(values, placements, left_out, frozenset(drops.keys() | remedied), unsafe)


def _common(values: Sequence[str], held: str | None) -> str:
    """The value that the set has, if a cell wants it, so that the set changes rarely; else the most common one."""
    return held if held is not None and held in values else Counter(values).most_common(1)[0][0]


def _place(judged: Judged, settings: Settings, *, allow_uncertain: bool) -> Placement | LeftOut:
    result = judged.preflight
    if isinstance(result, Unknown):
        hints = (result.resolution,) if result.resolution else ()
        return LeftOut(judged.cell, Verdict.UNKNOWN, result.reason, hints)
    if result.first_step:
        reason = "it fits only in two steps, which a stack set does not have"
        hint = "deploy a template with the smaller reservations first"
        return LeftOut(judged.cell, Verdict.EXCEEDS, reason, (hint,))
    verdict = result.verdict_after_remedy
    if verdict is Verdict.EXCEEDS or (verdict is not Verdict.FITS and not allow_uncertain):
        stays = (finding for finding in result.other_findings if finding.verdict is verdict)
        finding = next(stays, None) or judged.finding
        return LeftOut(judged.cell, verdict, finding.message, finding.hints)
    plan = in_steps(result, settings.minimum)
    if fixed := [name for name in plan.changes if name not in plan.overrides]:
        reason = f"the reservation of {', '.join(fixed)} does not fit, and depends on no parameter"
        return LeftOut(judged.cell, Verdict.EXCEEDS, reason, (_PARAMETER,))
    values = settings_of(judged.cell, settings, result.template).parameters
    overrides = {override.parameter: override.value for override in plan.overrides.values()}
    return Placement(judged.cell, {**values, **overrides}, plan.changes)


_PARAMETER = (
    "let a parameter decide ReservedConcurrentExecutions, with a value of it that leads to AWS::NoValue, or leave the"
    " cell out"
)


def in_steps(result: Preflight, minimum: Mapping[str, int]) -> RemedyPlan:
    """The remedy with lowered values at a step; as it is where the parameters do not allow these values."""
    bounds = {change.logical_id: (change.claim_in_place, change.provisioned_peak) for change in result.changes}
    stepped = {
        name: _stepped(
            remedy, max((minimum.get(name, 1), *(each for each in bounds.get(name, ()) if type(each) is int)))
        )
        for name, remedy in result.plan.remedies.items()
    }
    if stepped == result.plan.remedies:
        return result.plan
    plan = with_overrides(replace(result.plan, remedies=stepped, overrides={}), result.template, result.tree)
    return plan if plan.overrides.keys() == plan.changes.keys() else result.plan


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int)


def _stepped(remedy: Remedy, least: int) -> Remedy:
    """The remedy at the highest step that is not above it; `least` is what it must not go below."""
    if remedy.action is not RemedyAction.LOWER or remedy.value is None:
        return remedy
    steps = (int(remedy.requested * share) for share in STEPS)
    value = next((step for step in steps if least <= step <= remedy.value), remedy.value)
    return replace(remedy, value=value)


def _dropped(result: Preflight) -> RemedyPlan:
    """Every reservation dropped, with the parameters that bring it about."""
    remedies = {
        function.logical_id: Remedy(RemedyAction.DROP, None, function.reserved)
        for function in result.demand.functions
        if isinstance(function.reserved, int) and function.reserved > 0
    }
    return with_overrides(RemedyPlan(remedies, possible=True), result.template, result.tree)


def amount(value: str) -> int:
    """How much a value of a reservation's parameter reserves; 0 for one that means none."""
    return max(0, int(value)) if value.strip().lstrip("-").isdecimal() else 0


def together(
    placements: Iterable[Placement], names: Sequence[str]
) -> dict[tuple[tuple[str, str], ...], list[Placement]]:
    """The placements by their values of the named parameters."""
    groups: dict[tuple[tuple[str, str], ...], list[Placement]] = {}
    for placement in placements:
        key = tuple((name, placement.values[name]) for name in names if name in placement.values)
        groups.setdefault(key, []).append(placement)
    return groups
