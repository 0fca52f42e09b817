"""The verdict on every limit that the template touches: what is used, what the deploy adds, what is allowed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil

from tapctl.account.model import NOT_LISTED, Quota, QuotaSource, Stack, Usage
from tapctl.concurrency.additions import NEW, Addition, Before, additions, removed
from tapctl.concurrency.counting import Inventory, Item, measured, number_text, range_text
from tapctl.concurrency.demand import hides_resources
from tapctl.concurrency.exports_check import exports_anything, has_exports, judge_exports, next_steps
from tapctl.concurrency.findings import concurrency_findings, listed
from tapctl.concurrency.refused_settings import has_settings, judge_settings
from tapctl.concurrency.replaced_resources import compared_resources
from tapctl.concurrency.replacement import NO_EFFECTS, UpdateEffects
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Amount, Finding, NeededIncrease, Verdict
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.limits import Limit, LimitKind, LimitSettings, limits_of
from tapctl.limits.row import Call, DefaultGrade, Measure, Metric, Number, Of, plain_id
from tapctl.template.nested import StackTree
from tapctl.unknown import Unknown


def touched(tree: StackTree, before: Before = NEW, own: Iterable[Limit] = ()) -> tuple[Limit, ...]:
    """The limits that the template and its nested ones can exceed, with the `own` ones; no other limit is read."""
    return _all_touched(Inventory(tree), before, own)


def _all_touched(inventory: Inventory, before: Before, own: Iterable[Limit]) -> tuple[Limit, ...]:
    found = (_touched(limit, inventory, before) for limit in limits_of(inventory.by_type, own))
    return tuple(limit for limit in found if limit)


def _touched(limit: Limit, inventory: Inventory, before: Before) -> Limit | None:
    """The limit where it is touched; one that is read parent by parent with those of the account that get something."""
    if limit.kind is not LimitKind.COUNT:
        return limit if _touches(limit, inventory, before.stack) else None
    more = additions(limit, inventory, before)
    if not isinstance(limit.usage, Call) or not limit.usage.parent:
        return limit if more else None
    parents = (added.parent for added in more if added.parent)
    ids = dict.fromkeys(parent.id for parent in parents if not parent.in_template and not parent.is_open)
    return replace(limit, usage=replace(limit.usage, parents=tuple(ids))) if more else None


def _touches(limit: Limit, inventory: Inventory, stack: Stack | Unknown | None) -> bool:
    tree = inventory.tree
    match limit.kind:
        case LimitKind.TEMPLATE:
            return any(measured(limit, member) for member in tree.members())
        case LimitKind.EXPORTS:
            return exports_anything(tree) or has_exports(stack)
        case LimitKind.SETTINGS:
            return has_settings(tree)
        case _:
            return hides_resources(tree) or any(_spenders(limit, inventory))


def check_limits(result: Preflight) -> tuple[Finding, ...]:
    """At least one finding for every limit that the template touches, also where it fits."""
    before, inventory = Before.of(result), Inventory(result.tree)
    judges = judges_with(partial(_judge_count, inventory, before))
    limits = _all_touched(inventory, before, result.limits.own)
    return tuple(finding for limit in limits for finding in judges[limit.kind](limit, result))


def _judge_count(inventory: Inventory, before: Before, limit: Limit, result: Preflight) -> Iterator[Finding]:
    quota = result.quota(limit)
    spender = next(_spenders(limit, inventory), None)
    common = Finding(
        limit.id,
        Verdict.UNKNOWN,
        "",
        resource=spender.name if spender else None,
        file=spender.resource.file if spender else result.tree.resolver.template.file,
        line=spender.resource.line if spender else None,
    )
    if isinstance(quota.value, Unknown):
        yield _not_judged(common, limit, quota.value)
        return
    sums = [_sum(added, limit, quota) for added in additions(limit, inventory, before)]
    unread = next((sum_.unread for sum_ in sums if sum_.unread), None)
    # The message has the sum that exceeds, where there is one.
    over = [sum_ for sum_ in sums if sum_.least > quota.value and sum_.added.least]
    fullest = max(over or sums, key=_fullness)
    found = inventory.by_name.get(fullest.added.resources[0]) if fullest.added.resources else None
    if found and fullest.added.parent:
        common = replace(common, resource=found.name, file=found.resource.file, line=found.resource.line)
    room = _room(limit, quota.value, quota.source, removed(limit, inventory, before), result.limits)
    finding = _compare(room, fullest, sums, common)
    if unread and (finding.verdict is Verdict.FITS or fullest.added.parent is None):
        yield _not_judged(common, limit, unread)
        return
    yield _with_next_steps(finding, room, fullest, result)
    if limit.later and finding.verdict is Verdict.FITS:
        for added in additions(limit, inventory, before, later=True):
            grown = _sum(added, limit, quota)
            if grown.most > room.value:
                message, _ = _message(room, grown, f" at the maximum size of {', '.join(added.resources)}")
                yield replace(common, verdict=Verdict.FITS, message=message, severity="warning")


@dataclass(frozen=True, slots=True)
class _Sum:
    """One addition beside what is used already: between `low` and `high` units of the account, or of the parent.

    `unread` says why it is not known what is used.
    """

    added: Addition
    low: Number = 0
    high: Number = 0
    unread: Unknown | None = None

    @property
    def least(self) -> Number:
        return self.low + self.added.least

    @property
    def most(self) -> Number:
        return self.high + self.added.most


def _sum(added: Addition, limit: Limit, quota: Quota) -> _Sum:
    """An addition with what is used: by the account, or by a parent, of which a new one has nothing.

    What a held parent of the template has from the template is among `added`; others may have put more there.
    """
    parent, usage = added.parent, quota.usage
    if not _needs_usage(added, limit, usage):
        return _Sum(added)
    if parent is None and isinstance(usage, Mapping) and not limit.names_parents:
        usage = Unknown("its usage is known per parent only, and it has none")
    if isinstance(usage, Unknown):
        return _Sum(added, unread=_unread(added, usage))
    fullest = max(usage.values(), default=0) if isinstance(usage, Mapping) else usage
    if parent is None:
        return _Sum(added, fullest, fullest + quota.maybe)
    if parent.in_template:
        return _Sum(added, 0, max(0, fullest - (added.held or 0)))
    # A listing of parents that the template names says nothing of others.
    is_partial = isinstance(usage, Mapping) and isinstance(limit.usage, Call) and bool(limit.usage.parent)
    used = None if parent.is_open else _of_parent(usage, parent.id) if isinstance(usage, Mapping) else usage
    unread = _unread(added) if is_partial and used is None else None
    low, high = (0, fullest) if parent.is_open else (used or 0, used or 0)
    return _Sum(added, low, high + quota.maybe, unread)


def _needs_usage(added: Addition, limit: Limit, usage: Usage) -> bool:
    """Whether the account may hold units beside those of the template."""
    if added.parent is None:
        return limit.usage is not None
    if added.parent.in_template:
        return added.held is not None and (limit.usage is not None or not isinstance(usage, Unknown))
    return True


def _unread(added: Addition, usage: Unknown | None = None) -> Unknown:
    """Why the usage is unknown: a read was refused, or no call returns the usage of a parent."""
    parent = added.parent
    if usage and (parent is None or parent.in_template or (usage.judged and usage != NOT_LISTED)):
        return usage
    name = "a parent" if parent is None or parent.is_open else parent.name or parent.id
    return Unknown(f"the usage of {name} is not read", judged=False)


def _of_parent(usage: Mapping[str, Number], id_: str) -> Number | None:
    """The usage of a parent, by its id or by the name that its ARN ends with."""
    if id_ in usage:
        return usage[id_]
    return next((used for name, used in usage.items() if plain_id(name) == plain_id(id_)), None)


def _fullness(sum_: _Sum) -> tuple[Number, Number]:
    return sum_.most, sum_.least


def _spenders(limit: Limit, inventory: Inventory) -> Iterator[Item]:
    """The resources that may count toward a limit."""
    return inventory.of(*dict.fromkeys(count.type for count in limit.counts))


def _not_judged(common: Finding, limit: Limit, unknown: Unknown) -> Finding:
    message = f"{limit.title}: {unknown.reason}"
    return replace(common, message=message, hints=next_steps(unknown), judged=False)


@dataclass(frozen=True, slots=True)
class _Room:
    """The limit in force, as the end of a message, and how much of its usage the update removes at the end."""

    limit: Limit
    value: Number
    source: QuotaSource
    origin: str
    removed: Number
    near: float


def _room(limit: Limit, value: Number, source: QuotaSource, removed: Number, settings: LimitSettings) -> _Room:
    override = settings.overrides.get(limit.key)
    origin = f"{source.value}: {override.reason}" if override else source.value
    return _Room(limit, value, source, f" ({origin})" if origin else "", removed, settings.near)


def _compare(room: _Room, fullest: _Sum, sums: Sequence[_Sum], common: Finding) -> Finding:
    limit, value = room.limit, room.value
    message, at_least = _message(room, fullest)
    common = replace(common, amount=Amount(fullest.high, fullest.added.most, value, limit.unit))
    is_sure = room.source is not QuotaSource.DOCUMENTED or limit.grade is DefaultGrade.VERIFIED
    if fullest.least > value and fullest.added.least and not limit.at_most:
        return replace(common, verdict=Verdict.EXCEEDS if is_sure else Verdict.UNCERTAIN, message=message)
    if fullest.most > value and fullest.added.most:
        return replace(common, verdict=Verdict.UNCERTAIN, message=message)
    if unknown := next((sum_.added.unknown for sum_ in sums if sum_.added.unknown), None):
        hints, message = next_steps(unknown), f"{at_least}: {unknown.reason}"
        # No read gives the length of a list that an import brings, and no account has a part in its bound.
        judged = limit.adjustable or limit.usage is not None
        return replace(common, verdict=Verdict.UNKNOWN, message=message, hints=hints, judged=judged)
    after = fullest.most - fullest.added.passing
    fills_up = not (limit.at_most or _bounds_a_value(limit))
    if value and after >= room.near * value and fullest.added.most and fills_up:
        message = f"{message}; {number_text(value - after)} left after the deploy"
        return replace(common, verdict=Verdict.FITS, message=message, severity="warning")
    return replace(common, verdict=Verdict.FITS, message=message)


def _bounds_a_value(limit: Limit) -> bool:
    """Whether it limits single values, so that it has no usage."""
    return all(count.of is Of.VALUE for count in limit.counts)


def _with_next_steps(finding: Finding, room: _Room, fullest: _Sum, result: Preflight) -> Finding:
    """The finding with the next steps where a deploy needs more; a global quota is raised in one Region."""
    limit, region = room.limit, "us-east-1" if room.limit.is_global else result.account.region
    if finding.hints or finding.verdict not in (Verdict.EXCEEDS, Verdict.UNCERTAIN):
        return finding
    needed, added = fullest.most, fullest.added
    leaves = room.removed + (0 if added.replaced or added.maybe_replaced else added.passing)
    earlier: tuple[Hint, ...] = (EARLIER,) if needed - leaves <= room.value else ()
    if not limit.adjustable or not limit.code.startswith("L-") or not region or result.is_sandbox:
        return replace(finding, hints=earlier)
    increase = NeededIncrease(limit, ceil(needed), result.increases.get(limit.key, ()))
    request = advise(JudgementAdvice.REQUEST_INCREASE, limit.service, limit.code, increase.value, region)
    return replace(finding, hints=(*earlier, *increase.hints(request)), increase=increase)


def depends_on_replacements(result: Preflight) -> bool:
    """Whether a limit that fits might not where the update replaces resources that the stack holds."""
    stack = result.account.stack
    names = compared_resources(result.tree, stack, result.limits.own) if isinstance(stack, Stack) else frozenset()
    replaced = UpdateEffects(replaced=names, maybe_replaced=names)
    fits, might = (
        {finding.limit: finding.verdict for finding in check_limits(replace(result, effects=effects))}
        for effects in (NO_EFFECTS, replaced)
    )
    return any(
        verdict is Verdict.UNCERTAIN and fits.get(limit, Verdict.FITS) is Verdict.FITS
        for limit, verdict in might.items()
    )


EARLIER = advise(JudgementAdvice.DELETE_IN_EARLIER_DEPLOY)


def _message(room: _Room, sum_: _Sum, how: str = "") -> tuple[str, str]:
    """The sum, and the sum where more than is known may be added."""
    limit, added = room.limit, sum_.added
    place = f" on {added.parent.name or added.parent.id}" if added.parent and not added.parent.is_open else ""
    end = f"of {number_text(room.value)}{f' {limit.unit}' if limit.unit else ''}{room.origin}"
    sure = f"at most {number_text(added.most)}" if limit.at_most else range_text(added.least, added.most)
    if _bounds_a_value(limit):
        start = f"{limit.title}{place}: "
        return f"{start}{sure} {end}", f"{start}{number_text(added.most)} or more {end}"
    age = f" (up to {METRIC_MINUTES} minutes old)" if isinstance(limit.usage, Metric) else ""
    start = f"{limit.title}{place}: {range_text(sum_.low, sum_.high)} used{age} + "
    if sum_.low > room.value:
        end += "; the limit is already exceeded before the deploy"
    end += _beside(added)
    if less := room.removed + added.passing:
        end += f"; up to {number_text(less)} less once the update has ended"
    total = f"at most {number_text(sum_.most)}" if limit.at_most else range_text(sum_.least, sum_.most)
    added_up, at_least = f"{sure} added{how} = {total} {end}", f"{number_text(added.most)} or more added{how} {end}"
    return f"{start}{added_up}", f"{start}{at_least}"


def _beside(added: Addition) -> str:
    """Which resources exist beside their replacements."""
    sure, maybe = (listed(names, "resources") for names in (added.replaced, added.maybe_replaced))
    one = len(added.replaced) == 1
    text = ""
    if sure:
        olds = "the old one exists beside the new one" if one else "the old ones exist beside the new ones"
        text = f"; {sure} {'is' if one else 'are'} replaced, and {olds}"
    return f"{text}; {maybe} may be replaced, and would exist beside the old one" if maybe else text


METRIC_MINUTES = 5
"""How old what CloudWatch publishes as a usage may be."""


_SPLIT = (advise(JudgementAdvice.SPLIT_INTO_NESTED),)
_FOR_LESS: Mapping[Measure, tuple[Hint, ...]] = {
    Measure.TEXT: _SPLIT,
    Measure.ENTRIES: _SPLIT,
    Measure.DYNAMIC_REFERENCES: _SPLIT,
    Measure.LARGEST_ENTRY: (advise(JudgementAdvice.SPLIT_ENTRY),),
    Measure.TREE: (advise(JudgementAdvice.MOVE_TO_OTHER_STACK),),
}
"""The next step by what a template has too much of."""


def _judge_template(limit: Limit, result: Preflight) -> Iterator[Finding]:
    allowed, unit = limit.fixed, f" {limit.unit}" if limit.unit else ""
    if allowed is None:
        raise AssertionError(limit)
    for member in result.tree.members():
        template, size = member.resolver.template, measured(limit, member)
        if not size:
            continue
        verdict = Verdict.FITS if size <= allowed else Verdict.EXCEEDS
        hints = () if verdict is Verdict.FITS else _FOR_LESS.get(limit.measure, ())
        message = f"{limit.title}: {size:,} of {allowed:,}{unit}"
        amount = Amount(0, size, allowed, limit.unit)
        yield Finding(limit.id, verdict, message, file=template.file, line=1, hints=hints, amount=amount)


Judge = Callable[[Limit, Preflight], Iterator[Finding]]


def judges_with(count: Judge) -> Mapping[LimitKind, Judge]:
    """How each kind of limit is judged; `count` knows the resources of the template."""
    return {
        LimitKind.CONCURRENCY: concurrency_findings,
        LimitKind.COUNT: count,
        LimitKind.EXPORTS: judge_exports,
        LimitKind.SETTINGS: judge_settings,
        LimitKind.TEMPLATE: _judge_template,
    }
