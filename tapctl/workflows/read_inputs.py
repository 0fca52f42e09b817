"""Reading what a verdict needs, and nothing else: the stack first, because its parameters may count."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tapctl.account.floor_cache import floor_in_error, remember
from tapctl.account.model import Account, InFlight, LearnedFloor, Stack
from tapctl.concurrency import limits_check
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.demand import Demand
from tapctl.concurrency.read_demand import read_demand
from tapctl.concurrency.update_diff import diff, update_effects
from tapctl.limits import LimitKind
from tapctl.resource_types import stack_status
from tapctl.template.model import Template
from tapctl.template.nested import StackTree, stack_tree
from tapctl.template.parameters import Parameters
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.account.reader import AccountReader
    from tapctl.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class Inputs:
    """A template under its parameters, the account, and every function before and after."""

    tree: StackTree
    account: Account
    demand: Demand
    changes: tuple[ClaimChange, ...]
    uncompared: str = ""
    """Why nobody could tell what the update makes anew; empty where that was told."""


def read_inputs(
    template: Template, reader: AccountReader, settings: Settings, replacements: frozenset[str] | None = None
) -> Inputs:
    """Read in parallel what is independent. `replacements` is what a change set says will be replaced."""
    with ThreadPoolExecutor(4, "read") as pool:
        reading = pool.submit(reader.settings)
        identity = pool.submit(reader.identity) if "AWS::AccountId" in template.source.text else None
        stack = reader.stack(settings.stack_name) if settings.stack_name else None
        read = reading.result()
        known = identity.result() if identity else None
        account_id = None if known is None or isinstance(known, Unknown) else known.account_id
        account = Account(settings.region, read, account_id, stack=stack, learned=settings.learned)
        tree, demand, account = resolve_lookups(template, reader, settings, account)
        account = _closer(reader, account, demand)
        fate = update_effects(reader, account.stack, tree, demand, replacements)
        changes = diff(demand, _functions(account), fate)
        limits = limits_check.touched(tree, stack)
        quotas = pool.submit(reader.quotas, [limit for limit in limits if limit.kind is LimitKind.COUNT])
        exports = pool.submit(reader.exports) if any(limit.kind is LimitKind.EXPORTS for limit in limits) else None
        others = pool.submit(reader.in_flight) if any(change.grows for change in changes) else None
        account = replace(
            account,
            quotas=quotas.result(),
            exports=exports.result() if exports else account.exports,
            in_flight=_others(others.result(), stack) if others else account.in_flight,
            learned=_learned(reader, account),
        )
    return Inputs(tree, account, demand, changes, fate.unread)


def resolve_lookups(
    template: Template, reader: AccountReader, settings: Settings, account: Account
) -> tuple[StackTree, Demand, Account]:
    """Ask parameter store and exports for what the demand hangs on, until nothing more comes up."""
    while True:
        tree = stack_tree_for(template, settings, account)
        demand = read_demand(tree)
        keys = sorted({each.lookup for each in demand.unknowns if each.lookup} - set(account.lookups))
        if not keys:
            return tree, demand, account
        account = replace(account, lookups={**account.lookups, **reader.look_up(keys)})


def stack_tree_for(template: Template, settings: Settings, account: Account | None = None) -> StackTree:
    """The template and its nested ones under the given parameters, the live stack's, and their defaults."""
    stack = account.stack if account and isinstance(account.stack, Stack) else None
    declared = template.parameters
    previous = {name: value for name, value in (stack.parameters if stack else {}).items() if name in declared}
    lookups = {**(account.lookups if account else {}), **settings.lookups}
    given: dict[str, str | Unknown] = {**settings.withheld, **settings.parameters}
    return stack_tree(template, Parameters(given, previous, lookups, settings.configured), _pseudo(settings, account))


def _pseudo(settings: Settings, account: Account | None) -> dict[str, str]:
    region = settings.region or (account.region if account else None)
    known: dict[str, str] = {}
    if region:
        china, gov = region.startswith("cn-"), region.startswith("us-gov-")
        known["AWS::Region"] = region
        known["AWS::Partition"] = "aws-cn" if china else "aws-us-gov" if gov else "aws"
        known["AWS::URLSuffix"] = "amazonaws.com.cn" if china else "amazonaws.com"
    if account and account.account_id:
        known["AWS::AccountId"] = account.account_id
    if settings.stack_name:
        known["AWS::StackName"] = settings.stack_name
    return known


def _functions(account: Account) -> Mapping[str, Any]:
    stack = account.stack
    return {**stack.functions, **stack.outside} if isinstance(stack, Stack) else {}


def _others(found: tuple[InFlight, ...] | Unknown, own: Stack | Unknown | None) -> tuple[InFlight, ...] | Unknown:
    if isinstance(found, Unknown) or not isinstance(own, Stack):
        return found
    return tuple(each for each in found if each.stack != own.name)


def _closer(reader: AccountReader, account: Account, demand: Demand) -> Account:
    """What old versions provision, whoever published them, where a reservation changes or is provisioned inside."""
    stack = account.stack
    if not isinstance(stack, Stack):
        return account
    changed = [
        each.logical_id
        for each in demand.functions
        if (live := stack.functions.get(each.logical_id))
        and live.holders is None
        and (each.provisioned or live.reserved != each.reserved)
    ]
    return replace(account, stack=reader.with_provisioned(stack, changed)) if changed else account


def _learned(reader: AccountReader, account: Account) -> LearnedFloor | None:
    """The floor that AWS named: as remembered, or in the last operation of the stack, which then is remembered."""
    stack, limit = account.stack, account.settings.concurrency.limit
    failed = isinstance(stack, Stack) and stack_status(stack.status).failed
    if not isinstance(stack, Stack) or not failed or not isinstance(limit, int):
        return account.learned
    failures = reader.past_failures(stack)
    if isinstance(failures, Unknown):
        return account.learned
    named = [(each.day, minimum) for each in failures if (minimum := floor_in_error(each.reason)) is not None]
    if not named or (account.learned and account.learned.seen >= named[0][0]):
        return account.learned
    day, minimum = named[0]
    learned = LearnedFloor(minimum, limit, day, f"an event of stack {stack.name}")
    identity = reader.identity()
    if not isinstance(identity, Unknown):
        remember(identity.account_id, identity.region, learned)
    return learned
