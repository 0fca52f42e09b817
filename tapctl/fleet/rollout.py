"""The workflow behind `tapctl fleet deploy`: one state machine, read from top to bottom in `deploy_fleet`.

    resume → look → judge → plan → gate, consent → confirm → publish → operation by operation
               ↑                                                          ├─ recheck, begin, follow
               │                                                          └─ cells failed: plan without them
               └── refused: Lambda named the unreserved minimum of a cell; judge that cell by it, once

StackSets deploys; this module decides where and in which order. The journal names the operation that may
be running, should the process be killed: the next run follows it to its end, and plans from the state after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tapctl.account import floor_cache
from tapctl.account.floor_cache import floor_in_error
from tapctl.account.model import LearnedFloor
from tapctl.aws.stack_sets import InstanceOperation, as_parameters
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Verdict, worst
from tapctl.errors import AwsError, ExitCode
from tapctl.fleet.artifacts import publish
from tapctl.fleet.cause import cause
from tapctl.fleet.observe import Observed, observe
from tapctl.fleet.operation import EndedOperation, RolloutUI, began, follow, resume
from tapctl.fleet.override_sets import Key, LeftOut
from tapctl.fleet.plan import RolloutPlan, Step, StepKind
from tapctl.fleet.prepare import Prepared, judged_again, planned_again, prepare, still_wanted
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.state.rollout_journal import RolloutJournal, open_rollout_journal
from tapctl.workflows.gate import Blocked

if TYPE_CHECKING:
    from tapctl.fleet.cells import Cell
    from tapctl.fleet.request import RolloutRequest
    from tapctl.settings.fleet_section import Fleet


@dataclass(slots=True)
class Rollout:
    """The progress and results of a rollout."""

    prepared: Prepared
    ends: list[EndedOperation] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    not_reached: tuple[Key, ...] = ()
    """The cells that an operation was planned for which did not begin, since the rollout stopped before."""
    inoperable: tuple[Key, ...] = ()
    confirmed: bool = True

    @property
    def failed(self) -> dict[Key, EndedOperation]:
        """The cells of the fleet whose last operation failed there."""
        cells = {judged.cell.key for judged in self.prepared.judged.cells}
        last = {cell: end for end in self.ends for cell in end.results if cell in cells}
        return {cell: end for cell, end in last.items() if end.results[cell].status != "SUCCEEDED"}

    @property
    def deployed(self) -> tuple[Key, ...]:
        """The cells that have what is wanted."""
        if not self.confirmed:
            return ()
        out = {*self.failed, *self.not_reached, *(left.cell.key for left in self.left_out)}
        return tuple(placement.key for placement in self.prepared.plan.wanted.placements if placement.key not in out)

    @property
    def exit_code(self) -> ExitCode:
        """7 for an instance that StackSets no longer updates, 6 for one that failed or was not reached.

        Otherwise that of what is left out.
        """
        if self.inoperable:
            return ExitCode.STUCK
        if self.failed or self.not_reached:
            return ExitCode.ROLLED_BACK
        return worst([left.verdict for left in self.left_out]).exit_code if self.left_out else ExitCode.OK


def deploy_fleet(request: RolloutRequest, ui: RolloutUI) -> Rollout:
    """Bring every cell that fits, or that a remedy makes fit, to what the template describes.

    Raises `Blocked` where no cell can be deployed to and without consent to remedies, `BusyError` for an operation of
    another user, `Interrupted` after a Ctrl-C, while StackSets continues.
    """
    region, name = request.sets.aws.region, request.sets.name
    with open_rollout_journal(request.accounts.own, region, name) as journal:
        resume(request, journal, ui)
        run = _Run(request, Rollout(prepared := prepare(request, ui)), prepared, journal, ui)
        rollout = run.rollout
        rollout.left_out += prepared.plan.left_out
        ui.plan(prepared.plan, request.template)
        _gate(request, prepared)
        if not prepared.plan.steps:
            journal.finish()
            return run.with_inoperable()
        if slow := pace(request.name, request.fleet, prepared.plan):
            ui.step(slow)
        if not ui.confirm(_question(request, prepared.plan)):
            rollout.confirmed = False
            return rollout
        if prepared.deployable:
            cells = [placement.key for placement in prepared.plan.wanted.placements]
            publish(request, prepared.deployable.package, cells, ui.step)
        run.operations()
        while learned := run.learn():
            named = ", ".join("/".join(cell) for cell in learned)
            ui.step(f"AWS named the unreserved minimum of {named}; judging again")
            run.judge_again()
        journal.finish()
        return run.with_inoperable()


def _gate(request: RolloutRequest, prepared: Prepared) -> None:
    """Raise `Blocked` where nothing can be deployed, and for remedies without consent."""
    plan = prepared.plan
    if not plan.wanted.placements:
        verdict = worst(left.verdict for left in plan.left_out) if plan.left_out else Verdict.UNKNOWN
        code = ExitCode.STUCK if prepared.observed.inoperable(request.cells) else verdict.exit_code
        raise Blocked(
            code, f"rollout blocked: fleet {request.name} has no cell to deploy to", advise(UsageAdvice.SEE_HINTS)
        )
    remedied = prepared.remedied
    if prepared.needs_consent(request.settings):
        functions = ", ".join(dict.fromkeys(name for placement in remedied for name in placement.remedies))
        where = f"{len(remedied):,} cell{'' if len(remedied) == 1 else 's'}"
        message = f"rollout blocked: no consent to lower or drop the reservation of {functions} in {where}"
        hint = advise(DeployAdvice.ALLOW_REMEDY_IN_FLEET, request.name)
        raise Blocked(ExitCode.EXCEEDS, message, hint)


SLOW = 10
"""Accounts, one after the other, beyond which a rollout takes long: 15 took half an hour.

Source: https://github.com/aws-solutions/quota-monitor-for-aws/issues/204
"""


def pace(name: str, fleet: Fleet, plan: RolloutPlan) -> str:
    """A note where a low number of accounts at a time makes a rollout long."""
    accounts, tolerance = {account for account, _ in plan.changes}, fleet.failure_tolerance
    at_once = tolerance + 1 if isinstance(tolerance, int) else 1
    is_share = tolerance not in (at_once - 1, "0%")
    if fleet.max_concurrent is not None or is_share or len(accounts) <= SLOW * at_once:
        return ""
    more = f"`max_concurrent` in [fleet.{name}] lets it take more"
    return f"StackSets takes {at_once} of {len(accounts):,} accounts at a time in each Region; {more}"


def _question(request: RolloutRequest, plan: RolloutPlan) -> str:
    cells, steps = len(plan.changes), len(plan.steps)
    what = f"{cells:,} cell{'' if cells == 1 else 's'} in {steps} step{'' if steps == 1 else 's'}"
    return f"Roll out stack set {request.sets.name} to {what}?"


@dataclass(slots=True)
class _Run:
    """The operations of a rollout; `prepared` has the plan in force, `rollout.prepared` the first one."""

    request: RolloutRequest
    rollout: Rollout
    prepared: Prepared
    journal: RolloutJournal
    ui: RolloutUI
    learned: set[Key] = field(default_factory=set)
    """The cells of which AWS has named the minimum."""

    def operations(self) -> None:
        """One after the other, until one of them leaves too many instances behind."""
        steps = list(self.prepared.plan.steps)
        while steps:
            step = steps.pop(0)
            if self.rollout.ends and (left := list(self._no_longer_fit(step))):
                self.rollout.left_out += left
                steps = self._planned_without(left)
                continue
            end = self._operate(step, len(steps))
            self._note_secrets(step, end)
            if end is None:
                continue
            self.rollout.ends.append(end)
            if end.operation.status != "SUCCEEDED" or (step.is_canary and end.failed):
                self._stop(step, end, steps)
                return
            if end.failed:
                steps = self._planned_without(list(self._failures(end)))
        self._remember()

    def learn(self) -> list[Key]:
        """The failed cells of which AWS named the minimum, each once; it is remembered for the account and Region."""
        today = datetime.now(UTC).strftime("%Y-%m-%d")
        results = {judged.cell.key: judged.preflight for judged in self.rollout.prepared.judged.cells}
        found = []
        for cell, end in self.rollout.failed.items():
            minimum, result = floor_in_error(end.results[cell].reason), results[cell]
            limit = result.concurrency.limit if isinstance(result, Preflight) else None
            if minimum is not None and isinstance(limit, int) and cell not in self.learned:
                learned = LearnedFloor(minimum, limit, today, f"operation {end.operation.id}")
                floor_cache.remember(*cell, learned)
                found.append(cell)
        self.learned.update(found)
        return found

    def judge_again(self) -> None:
        """Deploy again to the cells that failed because their minimum was not known."""
        self.rollout.not_reached = ()
        self.prepared = again = judged_again(self.request, self.prepared, self.rollout.failed)
        first = self.rollout.prepared
        self.rollout.prepared = replace(first, judged=again.judged, plan=replace(first.plan, wanted=again.plan.wanted))
        known = {left.cell.key for left in self.rollout.left_out}
        self.rollout.left_out += [entry for entry in again.plan.left_out if entry.cell.key not in known]
        gone = [entry for entry in self.rollout.left_out if entry not in again.plan.left_out]
        if gone := [*gone, *self._without_consent(again)]:
            self.prepared = planned_again(self.request, self.prepared, gone)
        self.operations()

    def _without_consent(self, again: Prepared) -> Iterator[LeftOut]:
        """The failed cells that a remedy would make fit, where none is allowed."""
        if again.needs_consent(self.request.settings):
            named = ", ".join(placement.cell.name for placement in again.remedied)
            hint = advise(DeployAdvice.PASS_REMEDY_ADJUST)
            self.ui.step(f"a remedy would make {named} fit, and has no consent", hint)
            for placement in again.remedied:
                yield LeftOut(placement.cell, Verdict.EXCEEDS, "no consent to its remedy")

    def with_inoperable(self) -> Rollout:
        """The rollout with the instances that StackSets no longer updates."""
        if self.rollout.failed or self.rollout.left_out:
            instances = {instance.cell: instance for instance in self.request.sets.instances()}
            self.rollout.inoperable = Observed(instances=instances).inoperable(self.request.cells)
        return self.rollout

    def _stop(self, step: Step, end: EndedOperation, steps: list[Step]) -> None:
        who = "the canary failed" if step.is_canary else f"operation {end.operation.id} is {end.operation.status}"
        self.ui.step(f"{who}: the rollout stops here; what is deployed stays")
        left = {cell: None for later in steps for cell in later.cells if cell not in self.rollout.failed}
        self.rollout.not_reached = tuple(left)

    def _planned_without(self, gone: list[LeftOut]) -> list[Step]:
        self.prepared = planned_again(self.request, self.prepared, gone)
        return list(self.prepared.plan.steps)

    def _failures(self, end: EndedOperation) -> Iterator[LeftOut]:
        """The cells that failed, which are left alone until the next run."""
        cells: Mapping[Key, Cell] = {
            placement.key: placement.cell for placement in self.prepared.plan.wanted.placements
        }
        for result in end.failed:
            if cell := cells.get(result.cell):
                yield LeftOut(cell, Verdict.UNKNOWN, cause(result.reason).sentence)

    def _no_longer_fit(self, step: Step) -> Iterator[LeftOut]:
        """Judge the cells of a step again: those that no longer take what was planned for them."""
        if step.kind in (StepKind.LOWER, StepKind.CLEAR) or not step.cells:
            return
        want = self.prepared.plan.wanted
        now = still_wanted(self.request, self.prepared, step.cells)
        before = {placement.key: placement.values for placement in want.placements}
        reason = "its headroom has changed since it was judged"
        changed = (
            LeftOut(placement.cell, Verdict.EXCEEDS, reason, (advise(UsageAdvice.RUN_AGAIN),))
            for placement in now.placements
            if any(
                want.amount(name, before[placement.key][name]) > want.amount(name, placement.values[name])
                for name in want.reservations
                if name in placement.values
            )
        )
        for left in (*now.left_out, *changed):
            self.ui.step(f"left out: {left.cell.name}: {left.reason}")
            yield left

    def _operate(self, step: Step, left: int) -> EndedOperation | None:
        """One operation, journalled before it begins and followed to its end; None for one that AWS runs at once.

        So many are `left` after it.
        """
        named = step.description
        self.ui.step(named)
        operation_id = self.journal.begin(named, left)
        try:
            self._begin(step, operation_id)
        except AwsError as error:
            began(self.request, self.journal, operation_id, error)
        end = None
        if step.kind is not StepKind.CREATE_SET:
            end = follow(self.request, operation_id, named, self.ui, step.cells)
        self.journal.close()
        return end

    def _begin(self, step: Step, operation_id: str) -> None:
        request, prepared = self.request, self.prepared
        sets, values, now = request.sets, prepared.plan.wanted.values, prepared.observed.stack_set
        preferences = replace(request.preferences, failure_tolerance=0) if step.is_canary else request.preferences
        if prepared.deployable and step.kind is StepKind.CREATE_SET:
            sets.create(prepared.deployable.definition.creation(values))
        elif prepared.deployable and step.kind is StepKind.UPDATE_SET and now:
            change = prepared.deployable.definition.update(values, now, whole=step.targets is None)
            sets.update(change, operation_id, step.targets, preferences)
        elif step.targets:
            overrides = {"ParameterOverrides": as_parameters(step.overrides)} if step.overrides else {}
            more = {"RetainStacks": step.retains} if step.kind is StepKind.CLEAR else overrides
            sets.operate(_METHODS[step.kind], operation_id, step.targets, preferences, **more)

    def _note_secrets(self, step: Step, end: EndedOperation | None) -> None:
        """Which cells have the NoEcho values: those of the set come with it, overrides with the lists of a step."""
        known = self.prepared.known_in
        if known is None and step.kind in (StepKind.CREATE_SET, StepKind.UPDATE_SET):
            known = frozenset()
        elif known is not None and end and step.kind in (StepKind.UPDATE, StepKind.CREATE):
            known |= end.results.keys() - {result.cell for result in end.failed}
        self.prepared = replace(self.prepared, known_in=known)

    def _remember(self) -> None:
        """Note the NoEcho values, so that the next run with the same ones has nothing to change."""
        if self.prepared.deployable and (definition := self.prepared.deployable.definition).secret:
            observe(self.request.sets).remember(definition, self.rollout.prepared.plan.wanted)


_METHODS: Mapping[StepKind, InstanceOperation] = {
    StepKind.LOWER: "update_stack_instances",
    StepKind.UPDATE: "update_stack_instances",
    StepKind.CREATE: "create_stack_instances",
    StepKind.CLEAR: "delete_stack_instances",
}
