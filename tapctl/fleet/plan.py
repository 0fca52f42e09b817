"""The order of a rollout: lower reservations, update the stack set, update instances, create instances; pure.

One operation gives one list of overrides to every one of its accounts in every one of its Regions. The list replaces
the one before, so it is always given whole; and an update that names an instance which does not exist is refused as a
whole. Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stackinstances-override.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from tapctl.aws.stack_sets import Rectangle
from tapctl.concurrency.verdict import Verdict
from tapctl.errors import UsageError
from tapctl.fleet.override_sets import Key, LeftOut, Placement, Wanted, amount, together


class StepKind(Enum):
    """What one operation of a rollout does; the value is as a sentence names it."""

    CREATE_SET = "create the stack set"
    LOWER = "lower reservations"
    UPDATE_SET = "update the stack set"
    UPDATE = "update instances"
    CREATE = "create instances"
    DELETE = "delete instances"


@dataclass(frozen=True, slots=True)
class Step:
    """One operation; without `targets` it is about the stack set alone, or about all of its instances."""

    kind: StepKind
    targets: Rectangle | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    cells: tuple[Key, ...] = ()
    """The instances that it reaches."""
    is_canary: bool = False
    """Whether no instance of it may fail."""

    @property
    def description(self) -> str:
        """What it does, in one line."""
        cells = f" in {len(self.cells):,} cell{'' if len(self.cells) == 1 else 's'}" if self.cells else ""
        return f"{self.kind.value}{cells}{' (canary)' if self.is_canary else ''}"


@dataclass(frozen=True, slots=True)
class Instance:
    """What an instance has now: its status and its overrides."""

    status: str
    overrides: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetState:
    """What the stack set has now; `is_current` if its template, values, tags and roles are those of the rollout."""

    exists: bool = False
    is_current: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    instances: Mapping[Key, Instance] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    """The steps in their order, what they are for, and what they leave out."""

    wanted: Wanted
    steps: tuple[Step, ...]
    left_out: tuple[LeftOut, ...] = ()
    beside: tuple[Key, ...] = ()
    """The instances in accounts and Regions that the fleet does not name; they stay as they are."""

    @property
    def changes(self) -> tuple[Key, ...]:
        """The cells that a step reaches."""
        return tuple(dict.fromkeys(cell for step in self.steps for cell in step.cells))


INOPERABLE = "INOPERABLE"
"""The status of an instance that StackSets updates no more, after a delete or an import that failed."""


def plan_rollout(want: Wanted, state: SetState, canary: Collection[str] | None) -> RolloutPlan:
    """The steps from what is there to what is wanted. `canary` accounts go first; by default it is one account.

    Raises `UsageError` where the set has to change, and has no instance that may change with it.
    """
    want = _without_inoperable(want, state)
    known = {each.key for each in want.placements} | {left.cell.key for left in want.left_out}
    new = [each for each in want.placements if each.key not in state.instances]
    planner = _Planner(want, state, _columns(want, state), canary)
    first = () if state.exists else (Step(StepKind.CREATE_SET),)
    steps = (*first, *planner.updates(), *planner.creates(new))
    beside = tuple(key for key in state.instances if key not in known)
    return RolloutPlan(want, steps, want.left_out, beside)


def _without_inoperable(want: Wanted, state: SetState) -> Wanted:
    """The same, with the instances left out that StackSets refuses to update."""
    stuck = {key for key, instance in state.instances.items() if instance.status == INOPERABLE}
    hint = "delete the instance with its stack retained, delete the stack in the account, and run it again"
    left = (
        LeftOut(each.cell, Verdict.UNKNOWN, "its instance is INOPERABLE, and no longer updated", (hint,))
        for each in want.placements
        if each.key in stuck
    )
    placements = tuple(each for each in want.placements if each.key not in stuck)
    return replace(want, placements=placements, left_out=(*want.left_out, *left))


def _columns(want: Wanted, state: SetState) -> tuple[str, ...]:
    """The parameters that any list of overrides has: those that differ, and those that are overridden already."""
    held = {name for instance in state.instances.values() for name in instance.overrides}
    differing = set(want.overridden)
    return tuple(name for name in want.values if name in differing | held)


@dataclass(frozen=True, slots=True)
class _Planner:
    """Takes note of the overrides that the instances have after each step."""

    want: Wanted
    state: SetState
    columns: tuple[str, ...]
    canary: Collection[str] | None

    def updates(self) -> Iterator[Step]:
        """What lowers goes first and what raises last, so that no account lacks headroom on the way."""
        present = [each for each in self.want.placements if each.key in self.state.instances]
        after = {each.key: self.state.instances[each.key].overrides for each in present}
        reached: set[Key] = set()
        known = [name for name in self.columns if name in self.state.values]
        lowering = self._steps(StepKind.LOWER, filter(self._lowers, present), known)
        for step in (*lowering, *self._update_set(present)):
            yield step
            reached |= set(step.cells)
            if step.kind is not StepKind.UPDATE_SET:
                after |= dict.fromkeys(step.cells, step.overrides)
        later = [
            each
            for each in present
            if self._differs(each, after[each.key])
            or (self.state.instances[each.key].status != "CURRENT" and each.key not in reached)
        ]
        yield from self._steps(StepKind.UPDATE, later, self.columns)

    def creates(self, new: Sequence[Placement]) -> Iterator[Step]:
        first, rest = self._split(new)
        yield from self._steps(StepKind.CREATE, first, self.columns, is_canary=True)
        yield from self._steps(StepKind.CREATE, rest, self.columns)

    def _update_set(self, present: Sequence[Placement]) -> Iterator[Step]:
        """The set with the canary's instances, then with all; where some are left out, the others one by one.

        An update of the set can name one rectangle only; an update of instances brings the set's template as well.
        """
        if self.state.is_current or not self.state.exists:
            return
        if not present and not self._are_all(present):
            message = "the stack set cannot be updated: each of its instances is left out, and an update needs one"
            raise UsageError(message, "make one of them fit, or delete them with `tapctl fleet destroy`")
        first, rest = self._split(present)
        targeted = first
        if not first and not self._are_all(present):
            targeted, rest = rest, []
        if targeted:
            step, *others = self._rectangles(StepKind.UPDATE_SET, targeted)
            yield replace(step, is_canary=bool(first))
            left = [each for each in targeted if each.key not in step.cells]
            if others:
                yield from self._steps(StepKind.UPDATE, left, self.columns, is_canary=bool(first))
        if self._are_all(present):
            yield Step(StepKind.UPDATE_SET, cells=tuple(each.key for each in present))
        else:
            yield from self._steps(StepKind.UPDATE, rest, self.columns)

    def _are_all(self, present: Sequence[Placement]) -> bool:
        """Whether the set has no other instances than these."""
        usable = {key for key, instance in self.state.instances.items() if instance.status != INOPERABLE}
        return usable <= {each.key for each in present}

    def _split(self, placements: Sequence[Placement]) -> tuple[list[Placement], list[Placement]]:
        """The canary's placements and the others; without others, or without accounts of the canary, no canary."""
        accounts = list(dict.fromkeys(each.cell.account.id for each in placements))
        canary = accounts[:1] if self.canary is None else self.canary
        first = [each for each in placements if each.cell.account.id in canary]
        rest = [each for each in placements if each.cell.account.id not in canary]
        return (first, rest) if rest else ([], first)

    def _lowers(self, placement: Placement) -> bool:
        """Whether a reservation becomes smaller than the one that the instance has now."""
        now = {**self.state.values, **self.state.instances[placement.key].overrides}
        return any(
            amount(placement.values[name]) < amount(now[name])
            for name in self.want.reservations
            if name in now and name in placement.values
        )

    def _differs(self, placement: Placement, overrides: Mapping[str, str]) -> bool:
        """Whether the instance, with these overrides, has other values than it should."""
        after = {**self.want.values, **{name: value for name, value in overrides.items() if name in self.want.values}}
        return any(placement.values.get(name, value) != value for name, value in after.items())

    def _steps(
        self, kind: StepKind, placements: Iterable[Placement], names: Sequence[str], *, is_canary: bool = False
    ) -> Iterator[Step]:
        for values, group in together(placements, names).items():
            for step in self._rectangles(kind, group):
                yield replace(step, overrides=dict(values), is_canary=is_canary)

    def _rectangles(self, kind: StepKind, placements: Iterable[Placement]) -> list[Step]:
        found = rectangles(each.key for each in placements)
        return [Step(kind, targets, cells=tuple(targets.cells)) for targets in found]


def rectangles(cells: Iterable[Key]) -> Iterator[Rectangle]:
    """The fewest rectangles that have each cell once: accounts with the same Regions together."""
    regions: dict[str, list[str]] = {}
    for account, region in cells:
        regions.setdefault(account, []).append(region)
    together_: dict[tuple[str, ...], list[str]] = {}
    for account, own in regions.items():
        together_.setdefault(tuple(sorted(own)), []).append(account)
    return (Rectangle(tuple(accounts), own) for own, accounts in together_.items())
