"""Reads the inputs of a verdict: only what the template touches, the live stack and its parameters first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from tapctl.account.floor_cache import floor_in_error, remember
from tapctl.account.model import UNREAD, Account, Increase, InFlight, LearnedFloor, LiveFunction, Stack
from tapctl.concurrency import limits_check
from tapctl.concurrency.additions import Before
from tapctl.concurrency.change import ClaimChange, diff
from tapctl.concurrency.counting import Inventory
from tapctl.concurrency.demand import Demand
from tapctl.concurrency.deployed import deployed_tree
from tapctl.concurrency.exports_check import changed_exports, exports_anything
from tapctl.concurrency.read_demand import read_demand
from tapctl.concurrency.replaced_resources import compared_resources, replaced_resources
from tapctl.concurrency.replacement import UpdateEffects
from tapctl.concurrency.update_effects import update_effects
from tapctl.errors import TemplateError, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.limits import Limit, LimitKind
from tapctl.resource_types import stack_status
from tapctl.settings.parameters_file import PREVIOUS
from tapctl.template.load import from_stack
from tapctl.template.model import Template
from tapctl.template.nested import StackTree, stack_tree, with_nested
from tapctl.template.parameters import KeptParameter, Parameters, as_text, kept_parameters
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.account.reader import AccountReader
    from tapctl.settings.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that a verdict is decided from: the template under its parameters, and the account."""

    tree: StackTree
    demand: Demand
    account: Account
    effects: UpdateEffects
    changes: tuple[ClaimChange, ...]
    deployed: StackTree | None = None
    kept: tuple[KeptParameter, ...] = ()
    """The parameters that keep the stack's value although the default has changed."""


@dataclass(frozen=True, slots=True)
class Trees:
    """The trees of one template by the values that they were resolved with, for the many accounts that share them."""

    takes_account: bool
    """Whether the template or one of its nested ones refers to the account's id."""
    known: dict[frozenset[tuple[str, object]], tuple[StackTree, Demand]] = field(default_factory=dict)

    @classmethod
    def of(cls, template: Template) -> Trees:
        return cls(any("AWS::AccountId" in source.text for source in with_nested(template.source)))

    def resolved(self, template: Template, settings: Settings, account: Account) -> tuple[StackTree, Demand]:
        """The tree and its demand; those of another account where the same values hold."""
        parameters, pseudo = _values(template, settings, account)
        if not self.takes_account:
            pseudo.pop("AWS::AccountId", None)
        named = {"given": parameters.given, "previous": parameters.previous, "lookups": parameters.lookups}
        values = {f"{kind} {name}": value for kind, group in named.items() for name, value in group.items()}
        key = frozenset([*values.items(), *pseudo.items()])
        if key not in self.known:
            tree = stack_tree(template, parameters, pseudo)
            self.known[key] = tree, read_demand(tree)
        return self.known[key]


def read_inputs(
    template: Template,
    reader: AccountReader,
    settings: Settings,
    replacements: frozenset[str] | None = None,
    trees: Trees | None = None,
) -> Inputs:
    """Read in two phases: what the template's parameters depend on, then what the template touches under them.

    Independent reads of a phase run in parallel. `replacements` is what a change set reports as replaced, and `trees`
    what other accounts have resolved already.
    """
    with ThreadPoolExecutor(8, "read") as pool:
        account = _read_stack(template, reader, settings, pool)
        tree, demand, account = resolve_lookups(template, reader, settings, account, trees)

        deployed, of_limits = _compared(reader, account.stack, tree, settings.limits.own, replacements)
        before = Before(account.stack, Inventory(deployed) if deployed else None, of_limits)
        limits = limits_check.touched(tree, before, settings.limits.own)
        quotas = pool.submit(reader.quotas, counted(limits))
        reads_exports = any(limit.kind is LimitKind.EXPORTS for limit in limits)
        exports = pool.submit(reader.exports) if reads_exports and _needs_exports(tree, account.stack) else None
        learned = pool.submit(_learned, reader, account)
        # What probably grows is read about now, beside the reads that settle whether it does.
        grows = any(change.grows for change in diff(demand, live_functions(account)))
        others, peak = _start(pool, grows, reader.in_flight), _start(pool, grows, reader.claimed_peak)
        account = _with_old_versions(reader, account, demand, pool)
        effects = of_limits
        if isinstance(account.stack, Stack):
            effects |= update_effects(reader, account.stack, tree, demand, replacements)
        changes = diff(demand, live_functions(account), effects)
        grows = any(change.grows for change in changes)
        others, peak = others or _start(pool, grows, reader.in_flight), peak or _start(pool, grows, reader.claimed_peak)
        account = replace(
            account,
            claimed_peak=peak.result() if peak and grows else UNREAD,
            quotas=quotas.result(),
            exports=exports.result() if exports else account.exports,
            in_flight=_without_own(others.result(), account.stack) if others and grows else (),
            learned=learned.result(),
        )
        if names := [change.name for change in changed_exports(tree, account, effects)]:
            account = replace(account, imports=reader.imports(names))
        # A recheck, which has the replacements of a change set, decides nothing by them.
        kept = _with_new_default(reader, account.stack, tree) if replacements is None else ()
    return Inputs(tree, demand, account, effects, changes, deployed, kept)


def _compared(
    reader: AccountReader,
    stack: Stack | Unknown | None,
    tree: StackTree,
    own: Iterable[Limit],
    replacements: frozenset[str] | None,
) -> tuple[StackTree | None, UpdateEffects]:
    """The deployed templates, and what the update replaces of the resources that count toward limits or are exported.

    Of what a change set replaces or may replace, the templates say which it is.
    """
    names = compared_resources(tree, stack, own) if isinstance(stack, Stack) else frozenset()
    if not isinstance(stack, Stack) or not names:
        return None, UpdateEffects(replacements or frozenset())
    old = deployed_tree(reader, stack, tree.resolver, names)
    found = replaced_resources(old, tree, names)
    compared = old if isinstance(old, StackTree) else None
    if replacements is not None:
        surely = found.replaced - found.maybe_replaced
        found = UpdateEffects(replacements, (names & replacements) - surely if compared else frozenset())
    return compared, found


def counted(limits: Iterable[Limit]) -> list[Limit]:
    """The limits whose quota and usage are read."""
    return [limit for limit in limits if limit.kind is LimitKind.COUNT]


def _start(pool: ThreadPoolExecutor, wanted: bool, read: Callable[[], T]) -> Future[T] | None:
    return pool.submit(read) if wanted else None


def _with_new_default(
    reader: AccountReader, stack: Stack | Unknown | None, tree: StackTree
) -> tuple[KeptParameter, ...]:
    """The kept parameters whose default is not that of the deployed template; all where that cannot be read."""
    kept = kept_parameters(tree.resolver.template, tree.parameters)
    body = reader.deployed_template(stack) if kept and isinstance(stack, Stack) else UNREAD
    if isinstance(body, Unknown):
        return kept
    try:
        deployed = from_stack(body, tree.resolver.template.file).parameters
    except TemplateError:
        return kept
    return tuple(
        parameter for parameter in kept if as_text(deployed.get(parameter.name, {}).get("Default")) != parameter.default
    )


def _needs_exports(tree: StackTree, stack: Stack | Unknown | None) -> bool:
    """Whether the exports of the Region are needed; those of the stack itself come with the stack."""
    return exports_anything(tree) or (isinstance(stack, Stack) and bool(stack.nested))


def _read_stack(template: Template, reader: AccountReader, settings: Settings, pool: ThreadPoolExecutor) -> Account:
    """The account's settings and the live stack, whose parameters the template keeps."""
    reading, saved = pool.submit(reader.settings), reader.snapshot()
    identity = pool.submit(reader.identity) if "AWS::AccountId" in template.source.text else None
    stack = reader.stack(settings.stack_name) if settings.stack_name else None
    read, known = reading.result(), identity.result() if identity else None
    account_id = None if known is None or isinstance(known, Unknown) else known.account_id
    account = Account(settings.region, read, account_id, stack=stack, learned=settings.learned)
    if saved is None:
        return account
    region = account.region or saved.region
    return replace(account, region=region, account_id=saved.account_id, taken_at=saved.taken_at, is_snapshot=True)


def read_pending_increases(reader: AccountReader, limits: Sequence[Limit]) -> dict[str, tuple[Increase, ...]]:
    """Requested increases of these limits by their keys, without limits that have none or may not be read.

    Apart from `read_inputs`, because only a verdict shows that an increase would help.
    """
    if not limits:
        return {}
    with ThreadPoolExecutor(len(limits), "read") as pool:
        found = list(pool.map(reader.pending_increases, limits))
    pairs = zip(limits, found, strict=True)
    return {limit.key: increases for limit, increases in pairs if not isinstance(increases, Unknown) and increases}


def resolve_lookups(
    template: Template, reader: AccountReader, settings: Settings, account: Account, trees: Trees | None = None
) -> tuple[StackTree, Demand, Account]:
    """Read the Parameter Store values and exports that the demand depends on, until no more are needed."""
    trees = trees or Trees(takes_account=True)
    while True:
        tree, demand = trees.resolved(template, settings, account)
        keys = sorted(demand.lookups - set(account.lookups))
        if not keys:
            return tree, demand, account
        account = replace(account, lookups={**account.lookups, **reader.look_up(keys)})


def stack_tree_for(template: Template, settings: Settings, account: Account | None = None) -> StackTree:
    """The template and its nested ones under the given parameters, else the live stack's, else their defaults.

    Raises `UsageError` for a parameter that has to keep a value which the stack does not have.
    """
    return stack_tree(template, *_values(template, settings, account))


def _values(template: Template, settings: Settings, account: Account | None) -> tuple[Parameters, dict[str, str]]:
    """The values to resolve a template with: its parameters and the pseudo parameters."""
    stack = account.stack if account and isinstance(account.stack, Stack) else None
    kept = stack.parameters if stack else {}
    previous = {name: value for name, value in kept.items() if template.may_declare(name)}
    lookups = {**(account.lookups if account else {}), **settings.lookups}
    missing = [name for name in settings.kept if name not in previous]
    if missing and account and not isinstance(account.stack, Unknown) and settings.stack_name:
        name = settings.stack_name
        reason = f"stack {name} has no value of it" if stack else f"stack {name} does not exist"
        raise UsageError(
            f"parameter {missing[0]} has UsePreviousValue, but {reason}", advise(UsageAdvice.GIVE_PARAMETER_VALUE)
        )
    given: dict[str, str | Unknown] = {**dict.fromkeys(missing, PREVIOUS), **settings.withheld, **settings.parameters}
    parameters = Parameters(given, previous, lookups, settings.configured, settings.hidden)
    return parameters, _pseudo(settings, account)


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
        # A stack that is found by an alias has its own name.
        stack = account.stack if account else None
        known["AWS::StackName"] = stack.name if isinstance(stack, Stack) else settings.stack_name
    return known


def live_functions(account: Account) -> Mapping[str, LiveFunction]:
    """The functions of the live stack, and those outside of it that its aliases and versions belong to."""
    stack = account.stack
    return {**stack.functions, **stack.outside} if isinstance(stack, Stack) else {}


def _without_own(
    in_flight: tuple[InFlight, ...] | Unknown, own: Stack | Unknown | None
) -> tuple[InFlight, ...] | Unknown:
    if isinstance(in_flight, Unknown) or not isinstance(own, Stack):
        return in_flight
    return tuple(other for other in in_flight if other.stack != own.name)


def _with_old_versions(reader: AccountReader, account: Account, demand: Demand, pool: ThreadPoolExecutor) -> Account:
    """Also read the provisioned concurrency of old versions where a reservation changes or has to cover it."""
    stack = account.stack
    if not isinstance(stack, Stack):
        return account
    changed = [
        function.logical_id
        for function in demand.functions
        if (live := stack.functions.get(function.logical_id))
        and live.holders is None
        and (function.provisioned or live.reserved != function.reserved)
    ]
    if not changed:
        return account
    pool.submit(reader.deployed_template, stack)  # a change of claims is compared with it next
    return replace(account, stack=reader.with_provisioned(stack, changed))


def _learned(reader: AccountReader, account: Account) -> LearnedFloor | None:
    """The minimum that AWS named: as remembered, or in an event of the stack's last operation, then remembered."""
    stack, limit = account.stack, account.settings.concurrency.limit
    failed = isinstance(stack, Stack) and stack_status(stack.status).failed
    if not isinstance(stack, Stack) or not failed or not isinstance(limit, int):
        return account.learned
    failures = reader.past_failures(stack)
    if isinstance(failures, Unknown):
        return account.learned
    named = [(failure.day, minimum) for failure in failures if (minimum := floor_in_error(failure.reason)) is not None]
    if not named or (account.learned and account.learned.seen >= named[0][0]):
        return account.learned
    day, minimum = named[0]
    learned = LearnedFloor(minimum, limit, day, f"an event of stack {stack.name}")
    identity = reader.identity()
    if not isinstance(identity, Unknown):
        remember(identity.account_id, identity.region, learned)
    return learned
