"""The workflow behind `tapctl fleet deploy`: one state machine, read from top to bottom in `deploy_fleet`.

    resume → look → judge → plan → gate, consent → confirm → publish → operation by operation
               ↑                                                          └─ recheck, begin, follow
               └── refused: Lambda named the unreserved minimum of an account; judge that account by it, once

StackSets deploys; what to deploy where, and in which order, is decided here. The journal names the operation that may
be running, should the process be killed: the next run follows it to its end, and plans from what is there then.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tapctl.account import floor_cache
from tapctl.account.floor_cache import floor_in_error
from tapctl.account.model import LearnedFloor
from tapctl.aws.stack_sets import InstanceOperation, as_parameters
from tapctl.concurrency.remedy import RemedyMode
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Verdict, worst
from tapctl.errors import AwsError, ExitCode, UsageError
from tapctl.fleet.artifacts import package_for_all, publish, template_url
from tapctl.fleet.definition import Definition, define, without_value
from tapctl.fleet.judge import FleetPreflight, judge_fleet
from tapctl.fleet.observe import observe, refuse_others_set
from tapctl.fleet.operation import OperationEnd, RolloutUI, following, refused, resume, with_all
from tapctl.fleet.override_sets import Key, LeftOut, Placement, amount, wanted
from tapctl.fleet.plan import INOPERABLE, RolloutPlan, Step, StepKind, plan_rollout, rectangles
from tapctl.state.rollout_journal import RolloutJournal, open_rollout_journal
from tapctl.workflows.gate import Blocked

if TYPE_CHECKING:
    from tapctl.fleet.observe import Observed
    from tapctl.fleet.request import RolloutRequest
    from tapctl.packaging.package import Package
    from tapctl.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a rollout would do, with all that it needs."""

    judged: FleetPreflight
    plan: RolloutPlan
    definition: Definition | None = None
    """None where no cell can be deployed to."""
    package: Package | None = None
    observed: Observed | None = None

    @property
    def remedied(self) -> tuple[Placement, ...]:
        """The cells that only a remedy makes fit."""
        return tuple(each for each in self.plan.wanted.placements if each.remedies)

    def needs_consent(self, settings: Settings) -> bool:
        """Whether the settings allow no remedy, and a cell needs one."""
        return bool(self.remedied) and settings.remedy is RemedyMode.ASK

    @property
    def exit_code(self) -> ExitCode:
        """That of the worst cell that is left out."""
        left = self.plan.left_out
        return worst(each.verdict for each in left).exit_code if left else ExitCode.OK


@dataclass(slots=True)
class Rollout:
    """What a rollout has done so far."""

    prepared: Prepared
    ends: list[OperationEnd] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    inoperable: tuple[Key, ...] = ()
    confirmed: bool = True

    @property
    def failed(self) -> dict[Key, OperationEnd]:
        """The cells whose last operation failed there."""
        last = {cell: end for end in self.ends for cell in end.results}
        return {cell: end for cell, end in last.items() if end.results[cell].status != "SUCCEEDED"}

    @property
    def deployed(self) -> tuple[Key, ...]:
        """The cells that have what is wanted."""
        failed = self.failed
        out = {left.cell.key for left in self.left_out}
        return tuple(
            each.key
            for each in self.prepared.plan.wanted.placements
            if each.key not in failed and each.key not in out and self.confirmed
        )

    @property
    def exit_code(self) -> ExitCode:
        """7 for an instance that StackSets no longer updates, 6 for a failed one, else that of what is left out."""
        if self.inoperable:
            return ExitCode.STUCK
        if self.failed:
            return ExitCode.ROLLED_BACK
        return worst([left.verdict for left in self.left_out]).exit_code if self.left_out else ExitCode.OK


def prepare(request: RolloutRequest, ui: RolloutUI) -> Prepared:
    """Look, judge and plan; changes nothing.

    Raises `Blocked` for errors of cfn-lint, `UsageError` for a stack set of another user, for a parameter without a
    value, and for a template that cannot be deployed through a stack set.
    """
    refuse_others_set(request, adopts=request.adopts)
    judged = judge_fleet(request.template, request.cells, request.settings, request.linting)
    ui.judged(judged)
    if judged.lint_errors:
        hint = "fix the errors, or skip linting with `--no-lint`"
        raise Blocked(ExitCode.USAGE, "rollout blocked: cfn-lint found errors", hint)
    return _planned(request, judged, ui)


def _planned(request: RolloutRequest, judged: FleetPreflight, ui: RolloutUI) -> Prepared:
    first = next((each.preflight for each in judged.cells if isinstance(each.preflight, Preflight)), None)
    observed = observe(request, parametrised=bool(request.template.parameters))
    want = wanted(
        judged.cells,
        request.settings,
        held=observed.held,
        joins=request.fleet.auto_deploy,
        allow_uncertain=request.settings.allow_uncertain,
    )
    if first is None or not want.placements:
        return Prepared(judged, RolloutPlan(want, (), want.left_out), observed=observed)
    if missing := list(without_value(request.template, want.values, observed.held)):
        flags = " ".join(f"--parameter {name}=VALUE" for name in missing)
        raise UsageError(f"{request.template.file} needs a value for {', '.join(missing)}", f"pass `{flags}`")
    package = package_for_all(request, first, ui.step)
    definition = define(request, first, package, template_url(request, package))
    current = observed.stack_set is not None and definition.is_current(observed.stack_set, want.values)
    plan = plan_rollout(want, observed.state(is_current=current), request.fleet.canary)
    return Prepared(judged, plan, definition, package, observed)


def deploy_fleet(request: RolloutRequest, ui: RolloutUI) -> Rollout:
    """Bring every cell that fits, or that a remedy makes fit, to what the template describes.

    Raises `Blocked` where no cell can be deployed to and without consent to remedies, `BusyError` for an operation of
    another user, `Interrupted` after a Ctrl-C, while StackSets goes on.
    """
    region, name = request.sets.aws.region, request.sets.name
    with open_rollout_journal(request.accounts.own, region, name) as journal:
        resume(request, journal, ui)
        rollout = Rollout(prepared := prepare(request, ui))
        rollout.left_out += prepared.plan.left_out
        _gate(request, prepared)
        ui.plan(prepared)
        if not prepared.plan.steps:
            return _ended(request, rollout)
        if not ui.confirm(_question(request, prepared.plan)):
            rollout.confirmed = False
            return rollout
        _publish(request, prepared, ui)
        _run(request, rollout, prepared, journal, ui)
        if learned := _learned(rollout):
            ui.step(
                f"AWS named the unreserved minimum of {', '.join('/'.join(cell) for cell in learned)}; judging again"
            )
            again = _judged_again(request, prepared, rollout.failed, ui)
            rollout.left_out += [left for left in again.plan.left_out if left not in rollout.left_out]
            _run(request, rollout, again, journal, ui)
        return _ended(request, rollout)


def _gate(request: RolloutRequest, prepared: Prepared) -> None:
    """Raise `Blocked` where nothing can be deployed, and for remedies without consent."""
    plan = prepared.plan
    if not plan.wanted.placements:
        verdict = worst(left.verdict for left in plan.left_out) if plan.left_out else Verdict.UNKNOWN
        raise Blocked(
            verdict.exit_code, f"rollout blocked: no cell of fleet {request.name} fits", "see the hints above"
        )
    remedied = prepared.remedied
    if prepared.needs_consent(request.settings):
        functions = ", ".join(dict.fromkeys(name for each in remedied for name in each.remedies))
        where = f"{len(remedied):,} cell{'' if len(remedied) == 1 else 's'}"
        message = f"rollout blocked: no consent to lower or drop the reservation of {functions} in {where}"
        hint = f'allow it with `--remedy adjust`, or with `remedy = "adjust"` in [fleet.{request.name}] of tapctl.toml'
        raise Blocked(ExitCode.EXCEEDS, message, hint)


def _question(request: RolloutRequest, plan: RolloutPlan) -> str:
    cells, operations = len(plan.changes), sum(step.kind is not StepKind.CREATE_SET for step in plan.steps)
    what = f"{cells:,} cell{'' if cells == 1 else 's'} in {operations} operation{'' if operations == 1 else 's'}"
    return f"Roll out stack set {request.sets.name} to {what}?"


def _publish(request: RolloutRequest, prepared: Prepared, ui: RolloutUI) -> None:
    if prepared.package:
        publish(request, prepared.package, [each.key for each in prepared.plan.wanted.placements], ui.step)


def _run(request: RolloutRequest, rollout: Rollout, prepared: Prepared, journal: RolloutJournal, ui: RolloutUI) -> None:
    """The operations of a plan, until one of them leaves too many instances behind."""
    began, failed = False, set[Key]()
    for planned in prepared.plan.steps:
        if began:
            _recheck(request, rollout, prepared, planned, ui)
        for step in _without(planned, failed | {left.cell.key for left in rollout.left_out}):
            end, began = _operate(request, prepared, step, journal, ui), True
            if end is None:
                continue
            rollout.ends.append(end)
            failed |= {result.cell for result in end.failed}
            if end.operation.status != "SUCCEEDED" or (step.is_canary and end.failed):
                ui.step(_stopped(step, end))
                return


def _stopped(step: Step, end: OperationEnd) -> str:
    who = "the canary failed" if step.is_canary else f"operation {end.operation.id} is {end.operation.status}"
    return f"{who}: the rollout stops here; what is deployed stays"


def _without(step: Step, gone: Collection[Key]) -> Sequence[Step]:
    """The step without the cells that failed or that no longer fit; it may take more operations then."""
    if step.targets is None or set(step.cells).isdisjoint(gone):
        return (step,)
    left = rectangles(cell for cell in step.cells if cell not in gone)
    return [replace(step, targets=targets, cells=tuple(targets.cells)) for targets in left]


def _recheck(request: RolloutRequest, rollout: Rollout, prepared: Prepared, step: Step, ui: RolloutUI) -> None:
    """Judge the cells of a step again, and leave out those that no longer take what was planned for them."""
    if step.targets is None or step.kind is StepKind.LOWER:
        return
    plan, settings = prepared.plan, request.settings
    subset = tuple(each.cell for each in prepared.judged.cells if each.cell.key in set(step.cells))
    again = judge_fleet(request.template, replace(request.cells, cells=subset), settings)
    now = wanted(again.cells, settings, held=plan.wanted.values, allow_uncertain=settings.allow_uncertain)
    before = {each.key: each for each in plan.wanted.placements}
    changed = (
        LeftOut(each.cell, Verdict.EXCEEDS, "its headroom has changed since it was judged", ("run it again",))
        for each in now.placements
        if not _takes(each, before[each.key], plan.wanted.reservations)
    )
    for left in (*now.left_out, *changed):
        ui.step(f"left out: {left.cell.name}: {left.reason}")
        rollout.left_out.append(left)


def _takes(now: Placement, before: Placement, reservations: Collection[str]) -> bool:
    """Whether the cell has room for what was planned for it."""
    return all(amount(before.values[name]) <= amount(now.values[name]) for name in reservations if name in now.values)


def _operate(
    request: RolloutRequest, prepared: Prepared, step: Step, journal: RolloutJournal, ui: RolloutUI
) -> OperationEnd | None:
    """One operation, journalled before it begins and followed to its end; None for one that AWS runs at once."""
    definition, values, sets = prepared.definition, prepared.plan.wanted.values, request.sets
    if definition is None:
        return None
    named = step.description
    ui.step(named)
    operation = journal.begin(named)
    preferences = replace(request.preferences, failure_tolerance=0) if step.is_canary else request.preferences
    overrides = {"ParameterOverrides": as_parameters(step.overrides)} if step.overrides else {}
    try:
        if step.kind is StepKind.CREATE_SET:
            sets.create(definition.creation(values))
            journal.close()
            return None
        if step.kind is StepKind.UPDATE_SET and prepared.observed and prepared.observed.stack_set:
            change = definition.update(values, prepared.observed.stack_set)
            sets.update(change, operation, step.targets, preferences)
        elif step.targets:
            method: InstanceOperation = "update_stack_instances"
            if step.kind is StepKind.CREATE:
                method = "create_stack_instances"
            sets.operate(method, operation, step.targets, preferences, **overrides)
    except AwsError as error:
        refused(request, journal, error)
    end = with_all(following(request, operation, named, ui), step.cells, step.overrides)
    journal.close()
    return end


def _learned(rollout: Rollout) -> Mapping[Key, int]:
    """The minimum that AWS named in failed cells; it is remembered for the account and Region."""
    named = {}
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    results = {judged.cell.key: judged.preflight for judged in rollout.prepared.judged.cells}
    for cell, end in rollout.failed.items():
        minimum = floor_in_error(end.results[cell].reason)
        result = results.get(cell)
        limit = result.concurrency.limit if isinstance(result, Preflight) else None
        if minimum is not None and isinstance(limit, int):
            learned = LearnedFloor(minimum, limit, today, f"operation {end.operation.id}")
            floor_cache.remember(*cell, learned)
            named[cell] = minimum
    return named


def _judged_again(request: RolloutRequest, prepared: Prepared, cells: Collection[Key], ui: RolloutUI) -> Prepared:
    """The plan for what the rollout left behind: fresh verdicts on these cells, and those before on the others."""
    subset = tuple(each.cell for each in prepared.judged.cells if each.cell.key in cells)
    again = replace(request, settings=replace(request.settings, min_unreserved=None))
    fresh = judge_fleet(again.template, replace(again.cells, cells=subset), again.settings)
    verdicts = {judged.cell.key: judged for judged in fresh.cells}
    judged = (verdicts.get(each.cell.key, each) for each in prepared.judged.cells)
    return _planned(again, replace(prepared.judged, cells=tuple(judged)), ui)


def _ended(request: RolloutRequest, rollout: Rollout) -> Rollout:
    """The rollout with the instances that StackSets no longer updates."""
    if rollout.failed or any(left.cell.key for left in rollout.left_out):
        mine = {cell.key for cell in request.cells.cells}
        stuck = [each.cell for each in request.sets.instances() if each.status == INOPERABLE]
        rollout.inoperable = tuple(cell for cell in stuck if cell in mine)
    return rollout
