"""The cells of a fleet: which accounts in which Regions, and how each is read.

A cell that cannot be read is unknown with the reason, and does not block the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tapctl.account.live import LiveAccount
from tapctl.account.model import UNREAD, Account, Holders, Identity, InFlight, Quota, Stack
from tapctl.account.snapshot import SnapshotAccount
from tapctl.account.snapshot import load as load_snapshot
from tapctl.aws.accounts import Accounts, organization_accounts, refusal
from tapctl.aws.errors import INVALID_KEYS
from tapctl.errors import AwsError, TapctlError, TemplateError, UsageError
from tapctl.hints import Hint, advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.limits import Limit
from tapctl.settings.targets import TargetAccount, Targets, merged, target_account
from tapctl.unknown import Count, Unknown

if TYPE_CHECKING:
    from tapctl.account.reader import AccountReader

T = TypeVar("T")

WORKERS = 16


@dataclass(frozen=True, slots=True)
class Cell:
    """An account in a Region."""

    account: TargetAccount
    region: str
    stack: str | None = None
    """The stack that its instance of a stack set has there, empty without one; None where the settings name it."""

    @property
    def key(self) -> tuple[str, str]:
        """The account and the Region, as StackSets names the instance."""
        return self.account.id, self.region

    @property
    def name(self) -> str:
        return f"{self.account.id}/{self.region}"


Open = Callable[[Cell], "AccountReader"]
"""The account of a cell. Raises `TapctlError` if it cannot be read."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of the targets, and how each is read.

    `inactive` has the accounts that are left out with their states, `twice` those that are named more than once,
    `foreign` those that have a section of their own and are no targets.
    """

    fleet: str
    cells: tuple[Cell, ...]
    inactive: Mapping[str, str]
    twice: tuple[str, ...]
    open: Open
    are_saved: bool = False
    has_stack_set: bool = False
    """Whether a rollout can reach them."""
    foreign: tuple[str, ...] = ()


def live_cells(targets: Targets, accounts: Accounts, *, strict: bool = False) -> Cells:
    """The cells as AWS describes them now, with the accounts of Organizations; `strict` reads every limit.

    Raises `UsageError` where there are none.
    """
    inactive: dict[str, str] = {}
    found = list(targets.listed())
    for fleet in targets.fleets.values():
        for member in organization_accounts(accounts.hub, fleet.ous, fleet.exclude) if fleet.ous else ():
            if member.id in fleet.exclude:
                continue
            if member.state == "ACTIVE":
                found.append(target_account(fleet, member.id, member.name))
            else:
                inactive[member.id] = member.state
    return _cells(targets, found, inactive, _live(accounts, strict=strict))


def saved_cells(targets: Targets, saved: Mapping[str, SnapshotAccount]) -> Cells:
    """The cells as they were saved: the accounts of Organizations are those of the snapshots."""
    found = list(targets.listed())
    listed = {account.id for account in found}
    for fleet in targets.fleets.values():
        ids = dict.fromkeys(name.partition("/")[0] for name in saved) if fleet.ous else {}
        found += [target_account(fleet, id_) for id_ in ids if id_ not in listed and id_ not in fleet.exclude]
    made = _cells(targets, found, {}, _saved(saved))
    return replace(made, cells=tuple(_with_saved_stack(cell, saved) for cell in made.cells), are_saved=True)


def _with_saved_stack(cell: Cell, saved: Mapping[str, SnapshotAccount]) -> Cell:
    """The cell with the stack that its instance had, so that it is judged as it would be live."""
    if not cell.account.stack_set:
        return cell
    stack = saved[cell.name].account.stack if cell.name in saved else None
    return replace(cell, stack=stack.name if isinstance(stack, Stack) else "")


def _cells(targets: Targets, found: Iterable[TargetAccount], inactive: Mapping[str, str], open_cell: Open) -> Cells:
    accounts, twice = merged(found)
    if not accounts:
        raise UsageError(f"fleet {targets.name} has no accounts", _no_accounts(targets))
    if without := next((account.id for account in accounts if not account.regions), None):
        raise UsageError(f"fleet {targets.name} has no Region for account {without}", advise(DeployAdvice.GIVE_REGIONS))
    cells = tuple(Cell(account, region) for account in accounts for region in account.regions)
    has_stack_set = any(fleet.stack_set for fleet in targets.fleets.values())
    known = {account.id for account in accounts} | inactive.keys()
    sections = ((id_, fleet) for fleet in targets.fleets.values() for id_ in fleet.account)
    foreign = tuple(dict.fromkeys(id_ for id_, fleet in sections if id_ not in known and id_ not in fleet.exclude))
    return Cells(targets.name, cells, inactive, twice, open_cell, has_stack_set=has_stack_set, foreign=foreign)


def _no_accounts(targets: Targets) -> Hint:
    """The next step for targets without accounts."""
    units = dict.fromkeys(unit for fleet in targets.fleets.values() for unit in fleet.ous)
    if units:
        return advise(DeployAdvice.CORRECT_EMPTY_OUS, ", ".join(units))
    return advise(DeployAdvice.GIVE_ACCOUNTS)


RARELY_FULL = frozenset({"cloudformation-stacks", "logs-log-groups"})
"""Limits of thousands that nearly every template touches, and whose usage is a listing."""

_NOT_READ = Unknown("not read for a fleet", advise(DeployAdvice.PASS_STRICT), judged=False)


@dataclass(slots=True)
class _LiveCell(LiveAccount):
    """An account that is known already, without the reads that change no verdict."""

    account_id: str = ""
    strict: bool = False

    def identity(self) -> Identity | Unknown:
        return Identity(self.account_id, self.aws.region)

    def in_flight(self) -> tuple[InFlight, ...] | Unknown:
        return UNREAD

    def holders(self) -> Holders | Unknown:
        return UNREAD

    def claimed_peak(self) -> Count:
        return UNREAD

    def quotas(self, limits: Sequence[Limit]) -> Mapping[str, Quota]:
        left = {} if self.strict else {limit.key: limit for limit in limits if limit.id in RARELY_FULL}
        read = LiveAccount.quotas(self, [limit for limit in limits if limit.key not in left])
        return {**read, **dict.fromkeys(left, Quota(_NOT_READ, _NOT_READ))}


def _live(accounts: Accounts, *, strict: bool) -> Open:
    def open_cell(cell: Cell) -> AccountReader:
        account, arn = cell.account, ""
        if account.id != accounts.own:
            if not account.role:
                hint = advise(DeployAdvice.SET_READ_ROLE)
                raise AwsError("it has no role, and is not the account of these credentials", hint)
            arn = account.role_arn(accounts.partition)
            if f"::{account.id}:" not in arn:
                hint = advise(DeployAdvice.WRITE_ACCOUNT_INTO_ROLE)
                raise AwsError(f"role {account.role} belongs to another account", hint)
        try:
            aws = accounts.cell(cell.region, arn, account.external_id)
        except (AwsError, UsageError) as error:
            raise refusal(error, account.role_name, accounts.own) from None
        return _LiveCell(aws, account_id=account.id, strict=strict)

    return open_cell


def load_snapshots(folder: Path) -> dict[str, SnapshotAccount]:
    """The snapshots of a folder by `ACCOUNT/REGION`, as they name it inside.

    Raises `ConfigError` for one that is not valid, `UsageError` for no folder, for two of one cell, and for one that
    names no account or Region.
    """
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises errors
        raise UsageError(f"{folder} is not a folder", advise(DeployAdvice.SAVE_FLEET_SNAPSHOT))
    found: dict[str, SnapshotAccount] = {}
    files: dict[str, Path] = {}
    for file in sorted(folder.glob("*.json")):
        reader = load_snapshot(file)
        account, region = reader.account.account_id, reader.account.region
        if not account or not region:
            raise UsageError(
                f"{file} does not name its account and Region", advise(DeployAdvice.ADD_ACCOUNT_AND_REGION)
            )
        name = f"{account}/{region}"
        if name in files:
            raise UsageError(
                f"{files[name]} and {file} are both snapshots of {name}", advise(DeployAdvice.REMOVE_OLDER_SNAPSHOT)
            )
        found[name], files[name] = reader, file
    return found


def _saved(snapshots: Mapping[str, SnapshotAccount]) -> Open:
    def open_cell(cell: Cell) -> AccountReader:
        reader = snapshots.get(cell.name)
        if reader is None:
            raise AwsError("there is no snapshot of this account and Region", advise(DeployAdvice.SAVE_FLEET_AGAIN))
        if (reason := _unread_reason(reader.account)) is not None:
            raise AwsError(reason.reason, reason.resolution)
        return reader

    return open_cell


def _unread_reason(account: Account) -> Unknown | None:
    """Why nothing of a saved account could be read; None where anything was."""
    limit, nothing_else = account.settings.concurrency.limit, account.settings.function_count
    is_empty = isinstance(nothing_else, Unknown) and not nothing_else.judged and account.stack is None
    return limit if isinstance(limit, Unknown) and limit.judged and is_empty else None


def each_cell(cells: Sequence[Cell], work: Callable[[Cell], T]) -> list[T | TapctlError]:
    """The result of the work for each cell, or the error that ended it, in their order."""

    def attempt(cell: Cell) -> T | TapctlError:
        try:
            return work(cell)
        except (AwsError, TemplateError, UsageError) as error:
            if isinstance(error, AwsError) and error.code in INVALID_KEYS.codes:
                message = f"AWS does not accept the credentials in {cell.region}, which may be disabled there"
                return AwsError(message, advise(DeployAdvice.ENABLE_REGION), code=error.code)
            return error

    pool = ThreadPoolExecutor(WORKERS, "cell")
    try:
        return list(pool.map(attempt, cells))
    finally:
        pool.shutdown(cancel_futures=True)
