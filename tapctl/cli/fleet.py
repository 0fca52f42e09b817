"""`--targets`: the cells of a fleet, live or from a folder of snapshots, for the commands that take it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tapctl.errors import UsageError

if TYPE_CHECKING:
    from tapctl.aws.accounts import Accounts
    from tapctl.cli.terminal import Terminal
    from tapctl.settings.options import AccountOptions
    from tapctl.settings.settings import Settings
    from tapctl.settings.targets import Targets
    from tapctl.workflows.cells import Cells

MANY = 100
"""Cells, whose reading takes seconds."""


def open_fleet(
    names: str, account: AccountOptions, settings: Settings, terminal: Terminal, snapshots: Path | None = None
) -> Cells:
    """The cells of the fleets.

    Raises `UsageError` for options that are about one account, and for a fleet without accounts or Regions.
    """
    from tapctl.settings.config_file import File, find, load
    from tapctl.settings.targets import choose
    from tapctl.workflows.cells import live_cells, load_snapshots, saved_cells

    if account.region:
        raise UsageError("`--region` and `--targets` exclude each other", "set `regions` of the fleet in tapctl.toml")
    if settings.sandbox and not snapshots:
        raise UsageError("the sandbox is one account, and no fleet", "leave out `--env`, or choose another one")
    path = account.config or find()
    targets = choose(names, (load(path) if path else File.model_construct()).fleet, path)
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
    return cells


def _accounts(targets: Targets, settings: Settings, terminal: Terminal) -> Accounts:
    """The accounts behind the credentials in use; without another Region the first of the fleet answers for STS."""
    from tapctl.aws.accounts import Accounts
    from tapctl.aws.session import Aws

    hub = Aws(settings.target(), terminal.message if terminal.verbose else None)
    if not hub.session.region_name:
        first = next((region for fleet in targets.fleets.values() for region in fleet.regions), None)
        hub = Aws(replace(hub.target, region=first), hub.trace)
    return Accounts(hub)
