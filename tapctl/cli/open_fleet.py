"""`--targets`: the cells of a fleet, live or from a folder of snapshots, for the commands that take it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tapctl.cli.context import open_aws, require_terminal
from tapctl.errors import UsageError
from tapctl.hints import Hint, advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.usage import UsageAdvice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tapctl.aws.accounts import Accounts
    from tapctl.cli.options import FleetOptions, SnapshotOptions
    from tapctl.cli.terminal import Terminal
    from tapctl.fleet.cells import Cells
    from tapctl.fleet.judge import FleetPreflight
    from tapctl.fleet.request import StackSetRequest
    from tapctl.settings.fleet_section import Fleet
    from tapctl.settings.options import AccountOptions, JudgementOptions
    from tapctl.settings.settings import Settings
    from tapctl.settings.targets import Targets
    from tapctl.template.lint import Linting
    from tapctl.template.model import Template

MANY = 100
"""Cells, whose reading takes seconds."""


def open_fleet(
    names: str,
    account: AccountOptions,
    settings: Settings,
    terminal: Terminal,
    snapshots: Path | None = None,
    *,
    remedied: bool = False,
) -> tuple[Cells, Settings]:
    """The cells of the fleets, and the settings with what a change under test would change about the fleets.

    `remedied` if an option gives the remedy, which else is that of each fleet.
    Raises `UsageError` for options that are about one account, and for a fleet without accounts or Regions.
    """
    from tapctl.fleet.cells import load_snapshots, saved_cells
    from tapctl.settings.targets import changes

    if snapshots and settings.trusted:
        message = "the change under test may choose which snapshots are in a folder"
        raise UsageError(message, advise(UsageAdvice.LEAVE_SNAPSHOT_OR_BASE_OUT))
    targets, tested = _targets(names, account, settings)
    settings = replace(settings, snapshot=None, weakenings=(*settings.weakenings, *changes(targets, tested)))
    targets = targets.without_remedy if remedied else targets
    if snapshots:
        cells = saved_cells(targets, load_snapshots(snapshots))
        if targets.asks_organizations:
            terminal.message(f"the accounts of `ous` are those in {snapshots}")
    else:
        cells = _live(targets, _accounts(targets, settings, terminal), settings)
    _announce(cells, terminal)
    return cells, settings


def open_stack_set(
    name: str | None,
    account: AccountOptions,
    settings: Settings,
    terminal: Terminal,
    *,
    remedied: bool = False,
    asks: Hint | None = None,
) -> StackSetRequest:
    """The fleet of this name, or the only one, with its stack set; `remedied` if an option gives the remedy.

    `asks` is the hint of a command that will ask a question, which needs a terminal.
    Raises `UsageError` for several fleets, for one without a stack set, and for a question without a terminal.
    """
    from tapctl.fleet.cells import live_cells
    from tapctl.fleet.observe import without_management
    from tapctl.fleet.request import StackSetRequest, place_of, refuse_foreign_canary, settings_for, stack_set_of

    targets, fleets = _targets(name or "all", account, settings)
    if len(targets.fleets) > 1:
        hint = advise(UsageAdvice.USE_ONE_OF, ", ".join(fleets)) if name is None else advise(UsageAdvice.RUN_FOR_EACH)
        raise UsageError("a rollout deploys one fleet", hint)
    targets = targets.without_remedy if remedied else targets
    name, fleet = next(iter(targets.fleets.items()))
    settings = settings_for(settings, fleet)
    place_of(name, fleet, settings.env)  # before AWS is asked for anything
    if asks:
        require_terminal(terminal, asks)
    accounts = _accounts(targets, settings, terminal)
    sets = stack_set_of(name, fleet, accounts, settings.env)
    cells = live_cells(targets, accounts, strict=settings.strict)
    if fleet.permission == "service":
        cells = without_management(cells, accounts)
    refuse_foreign_canary(name, fleet, cells)
    _announce(cells, terminal)
    return StackSetRequest(name=name, fleet=fleet, accounts=accounts, sets=sets, cells=cells, settings=settings)


def _targets(names: str, account: AccountOptions, settings: Settings) -> tuple[Targets, Mapping[str, Fleet]]:
    """The fleets that are named, as they are trusted, and all fleets of the configuration under test."""
    from tapctl.settings.config_file import File, find, load
    from tapctl.settings.targets import choose

    if account.region:
        raise UsageError("`--region` and `--targets` exclude each other", advise(DeployAdvice.SET_REGIONS))
    path = account.config or find()
    tested = (load(path) if path else File.model_construct()).fleet
    return choose(names, tested, path, settings.trusted), tested


def _live(targets: Targets, accounts: Accounts, settings: Settings) -> Cells:
    """The cells as AWS describes them, with the stacks that the stack sets of their fleets have there."""
    from tapctl.fleet.cells import live_cells
    from tapctl.fleet.observe import with_stacks
    from tapctl.fleet.request import stack_set_of

    cells = live_cells(targets, accounts, strict=settings.strict)
    for name, fleet in targets.fleets.items():
        if fleet.stack_set:
            cells = with_stacks(cells, fleet.stack_set, stack_set_of(name, fleet, accounts, settings.env))
    return cells


def _announce(cells: Cells, terminal: Terminal) -> None:
    if len(cells.cells) > MANY:
        terminal.message(f"reading {len(cells.cells):,} cells")
    for accounts, what in (
        (cells.twice, "named more than once, and taken once"),
        (cells.foreign, f"has a section in tapctl.toml without effect, since fleet {cells.fleet} does not name it"),
    ):
        if accounts:
            more = f" and {len(accounts) - 1:,} more" if len(accounts) > 1 else ""
            terminal.message(f"account {accounts[0]}{more} {what}")


def judge(
    template: Template,
    settings: Settings,
    linting: Linting | None,
    terminal: Terminal,
    fleet: FleetOptions,
    account: AccountOptions,
    snapshot: SnapshotOptions,
    judgement: JudgementOptions,
) -> tuple[FleetPreflight, Settings]:
    """The verdict on every cell of the fleets, and the settings behind it."""
    from tapctl.fleet.judge import judge_fleet

    saved, remedied = snapshot.snapshot, judgement.remedy is not None
    cells, settings = open_fleet(fleet.targets or "", account, settings, terminal, saved, remedied=remedied)
    return judge_fleet(template, cells, settings, linting), settings


def refuse_what_needs_one(given: Mapping[str, object], *, several: bool) -> None:
    """Raise `UsageError` for several templates or environments, and for a given option that is about one account."""
    if several:
        message = "`--targets` judges one template, and several templates or environments are given"
        raise UsageError(message, advise(UsageAdvice.RUN_FOR_EACH))
    if name := next((name for name, value in given.items() if value), None):
        raise UsageError(
            f"`{name}` applies to one account, but `--targets` names many", advise(UsageAdvice.LEAVE_ONE_OUT)
        )


def _accounts(targets: Targets, settings: Settings, terminal: Terminal) -> Accounts:
    """The accounts behind the credentials in use; without another Region the first of the fleet answers for STS."""
    from tapctl.aws.accounts import Accounts
    from tapctl.aws.session import Aws

    if settings.sandbox:
        return Accounts(open_aws(settings, terminal)[0])
    hub = Aws(settings.target(), terminal.message if terminal.verbose else None)
    if not hub.session.region_name:
        named = ((fleet.stack_set_region, *fleet.regions) for fleet in targets.fleets.values())
        first = next((region for regions in named for region in regions if region), None)
        hub = Aws(replace(hub.target, region=first), hub.trace)
    return Accounts(hub)
