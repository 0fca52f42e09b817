"""`--targets`: the cells of a fleet, live or from a folder of snapshots, for the commands that take it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tapctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tapctl.aws.accounts import Accounts
    from tapctl.cli.options import FleetOptions, SnapshotOptions
    from tapctl.cli.terminal import Terminal
    from tapctl.fleet.cells import Cells
    from tapctl.fleet.judge import FleetPreflight
    from tapctl.settings.options import AccountOptions
    from tapctl.settings.settings import Settings
    from tapctl.settings.targets import Targets
    from tapctl.template.lint import Linting
    from tapctl.template.model import Template

MANY = 100
"""Cells, whose reading takes seconds."""


def open_fleet(
    names: str, account: AccountOptions, settings: Settings, terminal: Terminal, snapshots: Path | None = None
) -> tuple[Cells, Settings]:
    """The cells of the fleets, and the settings with what a change under test would change about the fleets.

    Raises `UsageError` for options that are about one account, and for a fleet without accounts or Regions.
    """
    from tapctl.fleet.cells import live_cells, load_snapshots, saved_cells
    from tapctl.settings.config_file import File, find, load
    from tapctl.settings.targets import changes, choose

    if account.region:
        raise UsageError("`--region` and `--targets` exclude each other", "set `regions` of the fleet in tapctl.toml")
    if settings.sandbox and not snapshots:
        raise UsageError("the sandbox is one account, and no fleet", "leave out `--env`, or choose another one")
    if snapshots and settings.trusted:
        message = "the change under test may choose which snapshots are in a folder"
        raise UsageError(message, "leave out `--snapshot`, or `--base` and `--policy`")
    path = account.config or find()
    tested = (load(path) if path else File.model_construct()).fleet
    targets = choose(names, tested, path, settings.trusted)
    settings = replace(settings, snapshot=None, weakenings=(*settings.weakenings, *changes(targets, tested)))
    if snapshots:
        cells = saved_cells(targets, load_snapshots(snapshots))
        if targets.asks_organizations:
            terminal.message(f"the accounts of `ous` are those in {snapshots}")
    else:
        cells = live_cells(targets, _accounts(targets, settings, terminal), strict=settings.strict)
    if len(cells.cells) > MANY:
        terminal.message(f"reading {len(cells.cells):,} cells")
    if cells.twice:
        more = f" and {len(cells.twice) - 1:,} more" if len(cells.twice) > 1 else ""
        terminal.message(f"account {cells.twice[0]}{more} named more than once, and taken once")
    return cells, settings


def judge(
    template: Template,
    settings: Settings,
    linting: Linting | None,
    terminal: Terminal,
    fleet: FleetOptions,
    account: AccountOptions,
    snapshot: SnapshotOptions,
) -> tuple[FleetPreflight, Settings]:
    """The verdict on every cell of the fleets, and the settings behind it."""
    from tapctl.fleet.judge import judge_fleet

    cells, settings = open_fleet(fleet.targets or "", account, settings, terminal, snapshot.snapshot)
    return judge_fleet(template, cells, settings, linting), settings


def refuse_what_needs_one(given: Mapping[str, object], *, several: bool) -> None:
    """Raise `UsageError` for several templates or environments, and for a given option that is about one account."""
    if several:
        message = "`--targets` judges one template, and several templates or environments are given"
        raise UsageError(message, "run the command once for each")
    if name := next((name for name, value in given.items() if value), None):
        raise UsageError(f"`{name}` is about one account, and `--targets` names many", "leave one of them out")


def _accounts(targets: Targets, settings: Settings, terminal: Terminal) -> Accounts:
    """The accounts behind the credentials in use; without another Region the first of the fleet answers for STS."""
    from tapctl.aws.accounts import Accounts
    from tapctl.aws.session import Aws

    hub = Aws(settings.target(), terminal.message if terminal.verbose else None)
    if not hub.session.region_name:
        first = next((region for fleet in targets.fleets.values() for region in fleet.regions), None)
        hub = Aws(replace(hub.target, region=first), hub.trace)
    return Accounts(hub)
