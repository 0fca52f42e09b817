"""Prepares a rollout: reads the stack set and every cell, judges and plans; changes nothing."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tapctl.concurrency.remedy import RemedyMode
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import worst
from tapctl.errors import ExitCode, UsageError
from tapctl.fleet.artifacts import package_for_all, template_url
from tapctl.fleet.definition import SetDefinition, define, deployable, without_value
from tapctl.fleet.judge import FleetPreflight, judge_fleet
from tapctl.fleet.observe import Observed, observe, refuse_others_set
from tapctl.fleet.override_sets import Key, LeftOut, Placement, WantedSet, wanted
from tapctl.fleet.plan import RolloutPlan, plan_rollout
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.template.parameters import is_secret
from tapctl.workflows.gate import Blocked

if TYPE_CHECKING:
    from tapctl.fleet.operation import RolloutUI
    from tapctl.fleet.request import RolloutRequest
    from tapctl.packaging.package import PackagedTemplate
    from tapctl.settings.settings import Settings
    from tapctl.template.model import Template


@dataclass(frozen=True, slots=True)
class Deployable:
    """The template for the stack set: what it is created and updated with, and what is uploaded for it."""

    definition: SetDefinition
    package: PackagedTemplate


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a rollout would do, with all that it needs; nothing is deployable where no cell can be deployed to."""

    judged: FleetPreflight
    plan: RolloutPlan
    deployable: Deployable | None = None
    known_in: frozenset[Key] | None = None
    """The cells whose NoEcho values are those that are given; None where the stack set may have others."""
    observed: Observed = field(default_factory=Observed)

    @property
    def remedied(self) -> tuple[Placement, ...]:
        """The cells that only a remedy makes fit, and that a step reaches; where they stay, it was consented to."""
        changes = set(self.plan.changes)
        return tuple(
            placement for placement in self.plan.wanted.placements if placement.remedies and placement.key in changes
        )

    def needs_consent(self, settings: Settings) -> bool:
        """Whether the settings allow no remedy, and a cell needs one."""
        return bool(self.remedied) and settings.remedy is RemedyMode.ASK

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the worst cell that is left out."""
        left = self.plan.left_out
        return worst(cell.verdict for cell in left).exit_code if left else ExitCode.OK


def prepare(request: RolloutRequest, ui: RolloutUI) -> Prepared:
    """Look, judge and plan.

    Raises `Blocked` for errors of cfn-lint, `UsageError` for a stack set of another user, for a parameter without a
    value, and for a template that cannot be deployed through a stack set.
    """
    deployable(request.template, request.fleet)
    observed = observe(request.sets)
    refuse_others_set(request, observed.stack_set, adopts=request.adopts)
    settings = _with_held(request.settings, request.template, observed.held or {})
    judged = judge_fleet(request.template, observed.located(request.cells), settings, request.linting)
    ui.judged(judged)
    if judged.lint_errors:
        hint = advise(JudgementAdvice.FIX_LINT_ERRORS)
        raise Blocked(ExitCode.USAGE, "rollout blocked: cfn-lint found errors", hint)
    want = _target_state(request, judged, settings, observed)
    first = next((cell.preflight for cell in judged.cells if isinstance(cell.preflight, Preflight)), None)
    if first is None or not want.placements:
        return Prepared(judged, RolloutPlan(want, ()), observed=observed)
    if missing := list(without_value(request.template, want.values, observed.held or {})):
        names, flags = ", ".join(missing), " ".join(f"--parameter {shlex.quote(name)}=VALUE" for name in missing)
        raise UsageError(
            f"{request.template.file} needs a value for {names}", advise(UsageAdvice.PASS_PARAMETERS, flags)
        )
    package = package_for_all(request, first, ui.step)
    definition = define(request, first, package, template_url(request, package))
    known = frozenset(placement.key for placement in want.placements) if observed.remembers(definition, want) else None
    prepared = Prepared(judged, RolloutPlan(want, ()), Deployable(definition, package), known)
    return _planned(prepared, want, observed, request.fleet.canary)


def planned_again(request: RolloutRequest, prepared: Prepared, gone: Iterable[LeftOut]) -> Prepared:
    """The plan from the present state, without cells that are left out by now and without the canary."""
    return _planned(prepared, prepared.plan.wanted.without(gone), observe(request.sets), [])


def judged_again(request: RolloutRequest, prepared: Prepared, cells: Iterable[Key]) -> Prepared:
    """The plan from the present state, with new verdicts on these cells and the earlier ones on the others.

    A minimum that AWS named replaces one from the settings.
    """
    observed = observe(request.sets)
    settings = replace(_with_held(request.settings, request.template, observed.held or {}), min_unreserved=None)
    located, chosen = observed.located(request.cells), set(cells)
    subset = tuple(cell for cell in located.cells if cell.key in chosen)
    fresh = judge_fleet(request.template, replace(located, cells=subset), settings)
    verdicts = {judged.cell.key: judged for judged in fresh.cells}
    judged = tuple(verdicts.get(before.cell.key, before) for before in prepared.judged.cells)
    prepared = replace(prepared, judged=replace(prepared.judged, cells=judged))
    want = _target_state(request, prepared.judged, settings, observed)
    return _planned(prepared, want, observed, request.fleet.canary)


def still_wanted(request: RolloutRequest, prepared: Prepared, cells: Iterable[Key]) -> WantedSet:
    """The target state of these cells, by fresh verdicts."""
    located, chosen = prepared.observed.located(request.cells), set(cells)
    subset = tuple(cell for cell in located.cells if cell.key in chosen)
    settings = _with_held(request.settings, request.template, prepared.observed.held or {})
    again = judge_fleet(request.template, replace(located, cells=subset), settings)
    return wanted(again.cells, settings, held=prepared.plan.wanted.values)


def _planned(prepared: Prepared, want: WantedSet, observed: Observed, canary: Collection[str] | None) -> Prepared:
    plan = RolloutPlan(want, ())
    if prepared.deployable and want.placements:
        state = observed.state(prepared.deployable.definition, want, prepared.known_in)
        plan = plan_rollout(want, state, canary)
    return replace(prepared, plan=plan, observed=observed)


def _target_state(request: RolloutRequest, judged: FleetPreflight, settings: Settings, observed: Observed) -> WantedSet:
    return wanted(judged.cells, settings, held=observed.held, joins=request.fleet.auto_deploy)


def _with_held(settings: Settings, template: Template, held: Mapping[str, str]) -> Settings:
    """The settings with the set's own value of each parameter that has no other, NoEcho ones aside."""
    values = dict(_kept_values(settings, template, held))
    configured = {**settings.configured, **dict.fromkeys(values, "the stack set")}
    kept = tuple(name for name in settings.kept if name not in values)
    return replace(settings, parameters={**settings.parameters, **values}, configured=configured, kept=kept)


def _kept_values(settings: Settings, template: Template, held: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, entry in template.parameters.items():
        is_open = name in settings.kept or (name not in settings.parameters and "Default" not in entry)
        if is_open and name in held and not is_secret(entry):
            yield name, held[name]
