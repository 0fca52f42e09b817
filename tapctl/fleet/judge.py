"""One template against many accounts in several Regions: the verdict on each cell, and snapshots of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tapctl.account import floor_cache
from tapctl.account.model import UNREAD, Account, AccountSettings, Concurrency, Quota, Stack
from tapctl.concurrency.additions import Addition, Before, additions
from tapctl.concurrency.counting import Inventory, number_text
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.spent import with_addition
from tapctl.concurrency.verdict import Finding, Verdict, Weakening, worst
from tapctl.errors import TapctlError, TemplateError, UsageError
from tapctl.fleet.cells import Cell, Cells, each_cell
from tapctl.limits import LimitKind, limits_of
from tapctl.limits.row import Number
from tapctl.template.parameters import as_text
from tapctl.unknown import Unknown
from tapctl.workflows.preflight import bounded_by_age, decide, linted, with_findings
from tapctl.workflows.read_inputs import Trees, read_inputs
from tapctl.workflows.survey import survey, without_hidden

if TYPE_CHECKING:
    from tapctl.settings.settings import Settings
    from tapctl.template.lint import Linting
    from tapctl.template.model import Template


@dataclass(frozen=True, slots=True)
class JudgedCell:
    """A cell with its preflight, or why there is none."""

    cell: Cell
    preflight: Preflight | Unknown

    @property
    def verdict(self) -> Verdict:
        return Verdict.UNKNOWN if isinstance(self.preflight, Unknown) else self.preflight.verdict

    @property
    def finding(self) -> Finding:
        """The first finding that decides the verdict."""
        result = self.preflight
        if isinstance(result, Unknown):
            hints = (result.resolution,) if result.resolution else ()
            return Finding(None, Verdict.UNKNOWN, result.reason, hints=hints, rule="tapctl:cell-unread")
        return next(
            finding for finding in result.findings if finding.verdict is result.verdict and result.counts(finding)
        )


@dataclass(frozen=True, slots=True)
class FleetPreflight:
    """The verdict on every cell; `lint` has the findings on the template itself, and on what can weaken it."""

    name: str
    template: Template
    cells: tuple[JudgedCell, ...]
    inactive: Mapping[str, str]
    lint: tuple[Finding, ...] = ()
    is_snapshot: bool = False
    weakenings: tuple[Weakening, ...] = ()
    has_stack_set: bool = False
    """Whether a rollout can reach the cells."""

    @property
    def verdict(self) -> Verdict:
        return worst(judged.verdict for judged in self.cells)

    @property
    def lint_errors(self) -> list[Finding]:
        return [finding for finding in self.lint if finding.severity == "error" and not finding.excused]


def judge_fleet(template: Template, fleet: Cells, settings: Settings, linting: Linting | None = None) -> FleetPreflight:
    """The verdict on every cell; the template is resolved once for all cells with the same values.

    Raises `TemplateError` or `UsageError` where it can be judged in no cell.
    """
    trees, knows_floors = Trees.of(template), floor_cache.knows_any()

    def judge_cell(cell: Cell) -> Preflight:
        reader, own = fleet.open(cell), settings_of(cell, settings, template)
        learned = floor_cache.recall(cell.account.id, cell.region) if knows_floors else None
        if account := reader.snapshot():
            own, learned = _of_snapshot(own, account), account.learned
        own = replace(own, learned=learned)
        inputs = bounded_by_age(read_inputs(template, reader, own, trees=trees), own)
        result = with_findings(decide(template, inputs, own), own)
        return replace(result, account=replace(result.account, account_id=cell.account.id, region=cell.region))

    results = each_cell(fleet.cells, judge_cell)
    mistakes = [result for result in results if isinstance(result, TemplateError | UsageError)]
    if mistakes and not any(isinstance(result, Preflight) for result in results):
        raise mistakes[0]
    judged = [JudgedCell(cell, _or_unknown(result)) for cell, result in zip(fleet.cells, results, strict=True)]
    cells = tuple(_summed(judged, settings))
    first = next((judged.preflight for judged in cells if isinstance(judged.preflight, Preflight)), None)
    checked = linted(first, settings, linting) if first else None
    lint, weakenings = (checked.lint, checked.weakenings) if checked else ((), settings.weakenings)
    saved, has_stack_set = fleet.are_saved, fleet.has_stack_set
    return FleetPreflight(fleet.fleet, template, cells, fleet.inactive, lint, saved, weakenings, has_stack_set)


def _of_snapshot(settings: Settings, account: Account) -> Settings:
    """The settings for a saved cell, whose stack is the one being updated unless an option names another."""
    if isinstance(account.stack, Stack) and not settings.chosen_stack:
        return replace(settings, stack_name=account.stack.name)
    return settings


def values_of(template: Template, given: Mapping[str, str]) -> dict[str, str]:
    """The value of each parameter that is given or has a default, in the template's order."""
    return {
        name: given[name] if name in given else as_text(entry["Default"])
        for name, entry in template.parameters.items()
        if name in given or "Default" in entry
    }


def settings_of(cell: Cell, settings: Settings, template: Template | None = None) -> Settings:
    """The settings in one cell; its parameters and its remedy win over the environment's, not over an option's.

    In an instance of a stack set, a parameter that is not given has the default of the `template`: the set's own value
    takes its place there, and no value of the stack is kept.
    """
    own = {
        name: value
        for name, value in cell.account.parameters.items()
        if name not in settings.parameters or name in settings.configured
    }
    named = dict.fromkeys(own, "[fleet] of tapctl.toml")
    values = {**settings.parameters, **own}
    if cell.stack is not None and template is not None:
        defaults = values_of(template, values)
        values |= {name: value for name, value in defaults.items() if name not in settings.kept}
    return replace(
        settings,
        region=cell.region,
        stack_name=settings.stack_name if cell.stack is None else cell.stack or None,
        parameters=values,
        configured={**settings.configured, **named},
        remedy=cell.account.remedy or settings.remedy,
    )


def _or_unknown(result: Preflight | TapctlError) -> Preflight | Unknown:
    return Unknown(result.message, result.hint) if isinstance(result, TapctlError) else result


Added = Mapping[str, tuple[Addition, ...]]
"""What a deploy adds to limits, by their keys."""


def _summed(cells: Sequence[JudgedCell], settings: Settings) -> Iterator[JudgedCell]:
    """The cells, where a limit of the whole account counts what the deploys to its other Regions add as well."""
    added: dict[str, dict[str, Added]] = defaultdict(dict)
    for judged in cells:
        if isinstance(judged.preflight, Preflight):
            added[judged.cell.account.id][judged.cell.region] = _global_additions(judged.preflight)
    for judged in cells:
        regions = added[judged.cell.account.id].items()
        others = [additions for region, additions in regions if region != judged.cell.region and additions]
        if others and isinstance(judged.preflight, Preflight):
            yield replace(judged, preflight=_with_others(judged.preflight, others, settings_of(judged.cell, settings)))
        else:
            yield judged


def _global_additions(result: Preflight) -> Added:
    """The additions of the deploy to limits of all Regions; without new parents, each of which is of one stack."""
    inventory, before = Inventory(result.tree), Before.of(result)
    found = {
        limit.key: [
            addition
            for addition in additions(limit, inventory, before)
            if not (addition.parent and addition.parent.in_template)
        ]
        for limit in limits_of(inventory.by_type, result.limits.own)
        if limit.is_global and limit.kind is LimitKind.COUNT and limit.usage
    }
    return {key: tuple(added) for key, added in found.items() if added}


def _with_others(result: Preflight, others: Sequence[Added], settings: Settings) -> Preflight:
    """The result with what other Regions add taken as used; what they may add makes a limit uncertain at worst."""
    quotas = dict(result.account.quotas)
    most: dict[str, Number] = {}
    for key, addition in ((key, addition) for added in others for key, found in added.items() for addition in found):
        if key in quotas:
            quotas[key] = with_addition(quotas[key], addition)
            most[key] = most.get(key, 0) + (0 if addition.parent else addition.most)
    counted = with_findings(replace(result, account=replace(result.account, quotas=quotas)), settings)
    limits = limits_of(Inventory(result.tree).by_type, result.limits.own)
    shared: dict[str | None, Number] = {limit.id: most[limit.key] for limit in limits if limit.key in most}
    findings = tuple(
        _of_all_regions(finding, shared[finding.limit]) if finding.limit in shared else finding
        for finding in counted.findings
    )
    return replace(result, findings=findings)


def _of_all_regions(finding: Finding, most: Number) -> Finding:
    """The finding with what other Regions add to the account; what they add to its parents is no one number."""
    if not finding.judged:
        return finding
    number = f", {number_text(most)}," if most else ""
    return replace(finding, message=f"{finding.message}; what its other Regions add{number} counts as used")


@dataclass(frozen=True, slots=True)
class Saved:
    """A cell as it was read; where it was not, the account has the reason as its limit."""

    cell: Cell
    account: Account
    reason: Unknown | None = None


def survey_fleet(template: Template | None, fleet: Cells, settings: Settings) -> list[Saved]:
    """The values that a verdict on the template needs of each cell; without a template, all of the catalogue."""
    trees = Trees.of(template) if template else None

    def read_cell(cell: Cell) -> Account:
        reader, own = fleet.open(cell), settings_of(cell, settings)
        if template is None:
            return survey(reader, own)
        account = read_inputs(template, reader, own, trees=trees).account
        return replace(account, stack=without_hidden(account.stack, own.hidden))

    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        _saved(cell, result, now) for cell, result in zip(fleet.cells, each_cell(fleet.cells, read_cell), strict=True)
    ]


def _saved(cell: Cell, result: Account | TapctlError, now: str) -> Saved:
    if isinstance(result, TapctlError):
        reason = Unknown(result.message, result.hint)
        limits = AccountSettings(Concurrency(reason, reason), Quota(UNREAD, UNREAD))
        return Saved(cell, Account(cell.region, limits, cell.account.id, now), reason)
    return Saved(cell, replace(result, account_id=cell.account.id, region=cell.region, taken_at=now))
