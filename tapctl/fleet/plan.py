"""The order of a rollout: lower reservations, update the stack set, update instances, create instances; pure.

One operation gives one list of overrides to every one of its accounts in every one of its Regions. The list replaces
the one before, so it is always given whole; and an update that names an instance which does not exist is refused as a
whole. Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stackinstances-override.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from tapctl.aws.stack_sets import Rectangle, Values
from tapctl.concurrency.verdict import Verdict, worst
from tapctl.fleet.override_sets import Key, LeftOut, Placement, WantedSet
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.workflows.destroy import DeletedResource


class StepKind(Enum):
    """The kinds of operations of a rollout; the value is as a sentence names it."""

    CREATE_SET = "create the stack set"
    CLEAR = "delete instances without a working stack"
    LOWER = "lower or keep reservations"
    UPDATE_SET = "update the stack set"
    UPDATE = "update instances"
    CREATE = "create instances"
    DELETE = "delete instances"


@dataclass(frozen=True, slots=True)
class Step:
    """One operation; without `targets` it is about the stack set alone, or about all of its instances."""

    kind: StepKind
    targets: Rectangle | None = None
    overrides: Values = field(default_factory=dict)
    cells: tuple[Key, ...] = ()
    """The instances that it reaches."""
    is_canary: bool = False
    """Whether no instance of it may fail."""
    retains: bool = False
    """Whether what it deletes leaves the stack behind."""

    @property
    def description(self) -> str:
        """The step in one line."""
        cells = f" in {len(self.cells):,} cell{'' if len(self.cells) == 1 else 's'}" if self.cells else ""
        return f"{self.kind.value}{cells}{' (canary)' if self.is_canary else ''}"


@dataclass(frozen=True, slots=True)
class InstanceState:
    """The state of an instance: its status, its overrides, None for one that AWS does not show, and its stack."""

    status: str
    overrides: Values = field(default_factory=dict)
    stack: str = ""


@dataclass(frozen=True, slots=True)
class SetState:
    """The state of the stack set; `is_current` if its template, values, tags and roles are those of the rollout."""

    exists: bool = False
    is_current: bool = False
    values: Values = field(default_factory=dict)
    instances: Mapping[Key, InstanceState] = field(default_factory=dict)
    joins: bool = True
    """Whether accounts join it, or do not, as the rollout wants it."""
    changed: frozenset[str] = frozenset()
    """The reservations' parameters that its template declares or uses otherwise."""


@dataclass(frozen=True, slots=True)
class FleetDeletion:
    """The deletion that is about to begin: the instances in `cells`, and their stacks unless `retains`.

    `resources` are those of the stack set's template that hold data, or that stay by their DeletionPolicy.
    """

    stack_set: str
    cells: tuple[Key, ...]
    resources: tuple[DeletedResource, ...] | Unknown = ()
    retains: bool = False


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    """The steps in their order, what they are for, and what they leave out."""

    wanted: WantedSet
    steps: tuple[Step, ...]
    beside: tuple[Key, ...] = ()
    """The instances in accounts and Regions that the fleet does not name; they stay as they are."""
    joins: bool = True
    """Whether accounts join the set, or do not, as it is wanted, once the steps are done."""

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        return self.wanted.left_out

    @property
    def changes(self) -> tuple[Key, ...]:
        """The cells that a step reaches."""
        return tuple(dict.fromkeys(cell for step in self.steps for cell in step.cells))


INOPERABLE = "INOPERABLE"
"""The status of an instance that StackSets no longer updates, after a delete or an import that failed."""

_NEVER_CREATED = "ROLLBACK_COMPLETE"
"""The status of a stack that holds nothing, and that no update can use."""


def plan_rollout(want: WantedSet, state: SetState, canary: Collection[str] | None) -> RolloutPlan:
    """The steps from the present state to the target state. `canary` accounts go first, by default one."""
    known = {placement.key for placement in want.placements} | {left.cell.key for left in want.left_out}
    beside = tuple(key for key in state.instances if key not in known)
    cleared = tuple(_cleared(want, state))
    gone = {cell for step in cleared for cell in step.cells}
    state = replace(state, instances={key: instance for key, instance in state.instances.items() if key not in gone})
    want = want.without(_inoperable(want, state))
    if _is_stuck(want, state):
        want = want.without(_unreachable(want))
    planner = _Planner(want, state, _columns(want, state), canary)
    first = () if state.exists else (Step(StepKind.CREATE_SET),)
    steps = (*first, *cleared, *planner.updates(), *planner.creates()) if want.placements else ()
    return RolloutPlan(want, steps, beside, state.joins or not state.exists or planner.reaches_all)


def _cleared(want: WantedSet, state: SetState) -> Iterator[Step]:
    """Delete instances whose stack was never created or no longer exists, so that they are created again.

    A stack that is gone is retained, so that StackSets does not even look for it.
    """
    for retains in (True, False):
        status = "" if retains else _NEVER_CREATED
        cells = [
            placement.key
            for placement in want.placements
            if placement.stack_status == status
            and (instance := state.instances.get(placement.key))
            and instance.stack == (placement.cell.stack or "")
            and (retains or instance.status != INOPERABLE)
        ]
        for targets in rectangles(cells):
            yield Step(StepKind.CLEAR, targets, cells=tuple(targets.cells), retains=retains)


def _inoperable(want: WantedSet, state: SetState) -> Iterator[LeftOut]:
    """The cells whose instance StackSets refuses to update."""
    hint = advise(DeployAdvice.DELETE_IN_ACCOUNT)
    for placement in want.placements:
        if (instance := state.instances.get(placement.key)) and instance.status == INOPERABLE:
            yield LeftOut(placement.cell, Verdict.UNKNOWN, "its instance is INOPERABLE, and no longer updated", (hint,))


def _is_stuck(want: WantedSet, state: SetState) -> bool:
    """Whether the set has to change, and has no instance that may change with it."""
    usable = {key for key, instance in state.instances.items() if instance.status != INOPERABLE}
    return (
        state.exists
        and not state.is_current
        and bool(usable)
        and usable.isdisjoint(placement.key for placement in want.placements)
    )


def _unreachable(want: WantedSet) -> Iterator[LeftOut]:
    reason = "the stack set cannot be updated while each of its instances is left out, since an update needs one"
    hint = advise(DeployAdvice.MAKE_ONE_FIT)
    verdict = worst(left.verdict for left in want.left_out) if want.left_out else Verdict.UNKNOWN
    return (LeftOut(placement.cell, verdict, reason, (hint,)) for placement in want.placements)


def _columns(want: WantedSet, state: SetState) -> tuple[str, ...]:
    """The parameters that any list of overrides has: those that differ, and those that are overridden already."""
    held = {name for instance in state.instances.values() for name in instance.overrides}
    differing = set(want.overridden)
    return tuple(name for name in want.parameters if name in differing | held)


@dataclass(frozen=True, slots=True)
class _Planner:
    """Takes note of the overrides that the instances have after each step."""

    want: WantedSet
    state: SetState
    columns: tuple[str, ...]
    canary: Collection[str] | None

    @property
    def present(self) -> list[Placement]:
        return [placement for placement in self.want.placements if placement.key in self.state.instances]

    @property
    def reaches_all(self) -> bool:
        """Whether these are all instances of the set, so that all may be updated at once."""
        usable = {key for key, instance in self.state.instances.items() if instance.status != INOPERABLE}
        return usable <= {placement.key for placement in self.present}

    @property
    def _is_proved(self) -> bool:
        """Whether the canary, by default any account, has the set's present template in all of its Regions.

        It has not where a run ended with its canary: the set is updated then, and the other instances are not.
        """
        has: dict[str, bool] = {}
        for placement in self.present:
            account = placement.cell.account.id
            is_current = self.state.instances[placement.key].status == "CURRENT"
            has[account] = is_current and has.get(account, True)
        canary = [now for account, now in has.items() if account in (self.canary or ())]
        return all(canary) if canary else any(has.values())

    def updates(self) -> Iterator[Step]:
        """Steps that lower reservations come first, those that raise them last: no account lacks headroom between."""
        after = {placement.key: self.state.instances[placement.key].overrides for placement in self.present}
        reached: set[Key] = set()
        for step in self._set_steps():
            yield step
            if step.kind is not StepKind.UPDATE_SET:
                after |= dict.fromkeys(step.cells, step.overrides)
            reached |= set(step.cells)
        later = [
            placement
            for placement in self.present
            if self._differs(placement, after[placement.key])
            or (self.state.instances[placement.key].status != "CURRENT" and placement.key not in reached)
        ]
        first, rest = ([], later) if reached or self._is_proved else self._split(later)
        yield from self._steps(StepKind.UPDATE, first, is_canary=True)
        yield from self._steps(StepKind.UPDATE, rest)

    def creates(self) -> Iterator[Step]:
        new = [placement for placement in self.want.placements if placement.key not in self.state.instances]
        first, rest = self._split(new)
        yield from self._steps(StepKind.CREATE, first, is_canary=True)
        yield from self._steps(StepKind.CREATE, rest)

    def _set_steps(self) -> Iterator[Step]:
        """Update the set with the canary's instances, then with all; if some are left out, the others one by one.

        An update of the set can name one rectangle only; an update of instances brings the set's template as well.
        """
        if not self.state.exists or (self.state.is_current and (self.state.joins or not self.reaches_all)):
            return
        lists = {placement.key: held for placement in self.present if (held := self._held_back(placement))}
        yield from self._grouped(StepKind.LOWER, lists)
        names_it = True
        for group, is_canary in zip(self._split(self.present), (True, False), strict=True):
            if not is_canary and self.reaches_all:
                yield Step(StepKind.UPDATE_SET, cells=tuple(placement.key for placement in self.present))
                continue
            if names_it and group:
                first, *_ = self._rectangles(StepKind.UPDATE_SET, (placement.key for placement in group))
                yield replace(first, is_canary=is_canary)
                group = [placement for placement in group if placement.key not in first.cells]  # noqa: PLW2901
                names_it = False
            yield from self._steps(StepKind.UPDATE, group, is_canary=is_canary)

    def _split(self, placements: Sequence[Placement]) -> tuple[list[Placement], list[Placement]]:
        """The canary's placements and the others; without others there is no canary.

        The first account stands in for a canary that has nothing to do, or is left out.
        """
        accounts = list(dict.fromkeys(placement.cell.account.id for placement in placements))
        none = self.canary is not None and not self.canary
        canary = [] if none else [id_ for id_ in accounts if id_ in (self.canary or ())] or accounts[:1]
        first = [placement for placement in placements if placement.cell.account.id in canary]
        rest = [placement for placement in placements if placement.cell.account.id not in canary]
        return (first, rest) if rest else ([], first)

    def _held_back(self, placement: Placement) -> dict[str, str | None] | None:
        """The overrides with which an instance keeps its values while the set's change, but lowers reservations.

        None where the update of the set gives it nothing else than it has or should have. What the present template
        takes otherwise is kept as well: no reservation grows by that.
        """
        want, own = self.want, self.state.instances[placement.key].overrides
        pinned: dict[str, str | None] = {}
        for name, now in {**self.state.values, **own}.items():
            wanted, then = placement.values.get(name), own.get(name, want.values.get(name))
            if now is None or wanted is None or then in (None, wanted):
                continue
            lowers = name in want.reservations and want.amount(name, wanted) < want.amount(name, now)
            kept = wanted if lowers and name not in self.state.changed else now
            if then != kept:
                pinned[name] = kept
        whole = {**own, **pinned}
        return {name: whole[name] for name in self.state.values if name in whole} if pinned else None

    def _differs(self, placement: Placement, overrides: Values) -> bool:
        """Whether the instance, with these overrides, has other values than it should."""
        after = {**self.want.values, **overrides}
        return any(after.get(name) != value for name, value in placement.values.items())

    def _steps(self, kind: StepKind, placements: Iterable[Placement], *, is_canary: bool = False) -> Iterator[Step]:
        lists = {placement.key: self._list(placement) for placement in placements}
        return (replace(step, is_canary=is_canary) for step in self._grouped(kind, lists))

    def _list(self, placement: Placement) -> Values:
        """The whole list of overrides; a NoEcho value that is not given keeps its present one."""
        instance = self.state.instances.get(placement.key)
        own = instance.overrides if instance else {}
        return {name: placement.values.get(name) for name in self.columns if name in {**own, **placement.values}}

    def _grouped(self, kind: StepKind, lists: Mapping[Key, Values]) -> Iterator[Step]:
        """The operations that give each cell its list of overrides."""
        groups: dict[tuple[tuple[str, str | None], ...], list[Key]] = {}
        for key, values in lists.items():
            groups.setdefault(tuple(values.items()), []).append(key)
        for shared, cells in groups.items():
            yield from (replace(step, overrides=dict(shared)) for step in self._rectangles(kind, cells))

    def _rectangles(self, kind: StepKind, cells: Iterable[Key]) -> list[Step]:
        return [Step(kind, targets, cells=tuple(targets.cells)) for targets in rectangles(cells)]


def rectangles(cells: Iterable[Key]) -> Iterator[Rectangle]:
    """The fewest rectangles that have each cell once: accounts with the same Regions together."""
    regions: dict[str, list[str]] = {}
    for account, region in cells:
        regions.setdefault(account, []).append(region)
    together: dict[tuple[str, ...], list[str]] = {}
    for account, own in regions.items():
        together.setdefault(tuple(sorted(own)), []).append(account)
    return (Rectangle(tuple(accounts), own) for own, accounts in together.items())
