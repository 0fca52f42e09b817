"""The verdict on every limit that the template touches: what is used, what the deploy adds, what is allowed."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil

from tapctl.account.model import UNREAD, Quota, Source, Stack
from tapctl.concurrency.counting import Addition, Inventory, Item, Part, grouped, parts, plain_number
from tapctl.concurrency.demand import opaque_resources
from tapctl.concurrency.exports_check import exports_anything, has_exports, judge_exports, next_steps
from tapctl.concurrency.findings import concurrency_findings
from tapctl.concurrency.refused_settings import has_settings, refused_settings
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Amount, Finding, Verdict
from tapctl.hints import Advice, Hint, advise
from tapctl.limits import Limit, LimitKind, limits_of, uncovered
from tapctl.limits.row import Call, Grade, Measure, Number, Of
from tapctl.template.nested import StackTree
from tapctl.unknown import Unknown


def touched(tree: StackTree, stack: Stack | Unknown | None) -> tuple[Limit, ...]:
    """The limits that the template and its nested ones can exceed; no other limit is read."""
    inventory = Inventory(tree)
    limits = limits_of(inventory.by_type)
    return tuple(_with_parents(limit, inventory) for limit in limits if _touches(limit, inventory, stack))


def _with_parents(limit: Limit, inventory: Inventory) -> Limit:
    """A limit whose usage is read parent by parent, with the parents of the account that the template names."""
    if not isinstance(limit.usage, Call) or not limit.usage.parent:
        return limit
    named = (part.parent for part in parts(limit.counts, inventory) if part.parent)
    ids = dict.fromkeys(parent.id for parent in named if not parent.in_template and not parent.is_open)
    return replace(limit, usage=replace(limit.usage, parents=tuple(ids)))


def _touches(limit: Limit, inventory: Inventory, stack: Stack | Unknown | None) -> bool:
    tree = inventory.tree
    match limit.kind:
        case LimitKind.TEMPLATE:
            return any(measured(limit, member) for member in tree.members())
        case LimitKind.EXPORTS:
            return exports_anything(tree) or has_exports(stack)
        case LimitKind.CONCURRENCY:
            return _hides_functions(tree) or any(_spenders(limit, inventory))
        case LimitKind.SETTINGS:
            return has_settings(tree)
        case LimitKind.COUNT:
            return any(added.most or added.unknown for added in additions(limit, inventory, stack))


def _hides_functions(tree: StackTree) -> bool:
    """Whether the stack may have functions that the template does not show."""
    return any(tree.remotes()) or any(
        member.resolver.template.opaque or any(opaque_resources(member)) for member in tree.members()
    )


def additions(
    limit: Limit,
    inventory: Inventory,
    stack: Stack | Unknown | None,
    deployed: Inventory | None = None,
    *,
    later: bool = False,
) -> tuple[Addition, ...]:
    """How many units the stack will hold that it does not hold yet, by parent where the limit is per parent.

    Of a parent in the template, and of a limit of which the account uses nothing, it is all that the template has.
    CloudFormation creates before it deletes, so removed resources are not subtracted. `later` is after scaling out.
    """
    found = list(parts(limit.later if later else limit.counts, inventory))
    if limit.usage and stack is not None:
        before = {part.resource: part for part in parts(limit.counts, deployed)} if deployed else None
        found = [part if part.parent and part.parent.in_template else _new(part, stack, before) for part in found]
    if limit.own_stack and not isinstance(stack, Stack):
        found.append(Part("", limit.own_stack if stack is None else 0, limit.own_stack))
    return grouped(part for part in found if part.most or part.unknown)


def _new(part: Part, stack: Stack | Unknown, before: Mapping[str, Part] | None) -> Part:
    """What a resource adds to what the live stack has of it already; `before` has the parts of its template."""
    held = stack.resources if isinstance(stack, Stack) else None
    if held is None:
        return replace(part, least=0)
    if held.get(part.resource) != part.type:
        return part
    if not part.varies:
        return replace(part, least=0, most=0, unknown=None)
    old = before.get(part.resource) if before is not None else None
    if old is None or old.unknown or part.unknown:
        return replace(part, least=0)
    return replace(part, least=max(0, part.least - old.most), most=max(0, part.most - old.least))


def needs_deployed_template(limits: Iterable[Limit], tree: StackTree, stack: Stack | Unknown | None) -> bool:
    """Whether only the deployed template says how much of an amount the stack has already."""
    held = (isinstance(stack, Stack) and stack.resources) or {}
    inventory = Inventory(tree)
    return any(
        part.varies and held.get(part.resource) == part.type and not (part.parent and part.parent.in_template)
        for limit in limits
        if limit.usage and held
        for part in parts(limit.counts, inventory)
    )


def coverage(tree: StackTree) -> Mapping[str, int]:
    """The resource types of which no limit is known, nor that they have none, with how many may exist of each."""
    counts = Counter(item.type for item in Inventory(tree).by_name.values())
    return {type_: counts[type_] for type_ in sorted(uncovered(counts))}


def check_limits(result: Preflight) -> tuple[Finding, ...]:
    """At least one finding for every limit that the template touches, also where it fits."""
    inventory = Inventory(result.tree)
    deployed = Inventory(result.deployed) if result.deployed else None
    judges = judges_with(partial(_judge_count, inventory, deployed))
    limits = touched(result.tree, result.account.stack)
    return tuple(finding for limit in limits for finding in judges[limit.kind](limit, result))


def _judge_count(
    inventory: Inventory, deployed: Inventory | None, limit: Limit, result: Preflight
) -> Iterator[Finding]:
    more = additions(limit, inventory, result.account.stack, deployed)
    if not more:
        return  # an update that adds nothing to it
    quota = _documented(limit, result.account.quotas.get(limit.key, Quota(UNREAD, UNREAD)))
    spender = next(_spenders(limit, inventory), None)
    common = Finding(
        limit.id,
        Verdict.UNKNOWN,
        "",
        resource=spender.name if spender else None,
        file=spender.resource.file if spender else result.tree.resolver.template.file,
        line=spender.resource.line if spender else None,
        hints=next_steps(quota.value, quota.usage),
    )
    value, usage = quota.value, quota.usage
    if isinstance(value, Unknown) or isinstance(usage, Unknown):
        unknown = value if isinstance(value, Unknown) else usage
        reason = unknown.reason if isinstance(unknown, Unknown) else ""
        yield replace(common, message=f"{limit.title}: {reason}", judged=False)
        return
    sums = [_Sum(added, *_used(added, quota, usage, result.account.stack)) for added in more]
    fullest = max(sums, key=lambda sum_: (sum_.most, sum_.least))
    found = inventory.by_name.get(fullest.added.resources[0]) if fullest.added.resources else None
    if found and fullest.added.parent:
        common = replace(common, resource=found.name, file=found.resource.file, line=found.resource.line)
    finding = _compare(limit, value, quota.source, sums, common)
    yield finding if finding.hints else replace(finding, hints=_increase(limit, finding, fullest.most, result))
    if limit.later and finding.verdict is Verdict.FITS:
        for added in additions(limit, inventory, result.account.stack, deployed, later=True):
            grown = _Sum(added, *_used(added, quota, usage, result.account.stack))
            if grown.most > value:
                yield replace(common, verdict=Verdict.FITS, message=_scaled(limit, value, grown), severity="warning")


@dataclass(frozen=True, slots=True)
class _Sum:
    """One addition beside what is used already: between `low` and `high` units of the account, or of the parent."""

    added: Addition
    low: Number
    high: Number

    @property
    def least(self) -> Number:
        return self.low + self.added.least

    @property
    def most(self) -> Number:
        return self.high + self.added.most


def _spenders(limit: Limit, inventory: Inventory) -> Iterator[Item]:
    """The resources that may count toward a limit."""
    return inventory.of(*dict.fromkeys(count.type for count in limit.counts))


def _documented(limit: Limit, quota: Quota) -> Quota:
    """The documented default where the account has no part in it: nothing is used, and AWS raises it for no account."""
    is_read = not isinstance(quota.value, Unknown)
    if is_read or limit.usage or limit.adjustable or limit.default is None:
        return quota
    return Quota(limit.default, 0, Source.DOCUMENTED)


def _used(
    added: Addition, quota: Quota, usage: Number | Mapping[str, Number], stack: Stack | Unknown | None
) -> tuple[Number, Number]:
    """What is used of the limit: by the account, or by a parent, of which a new one has nothing.

    What a held parent of the template has from the template is among `added`; others may have put more there.
    """
    parent = added.parent
    fullest = max(usage.values(), default=0) if isinstance(usage, Mapping) else usage
    if parent is None:
        return fullest, fullest + quota.maybe
    if parent.in_template:
        held = stack.resources if isinstance(stack, Stack) else {} if stack is None else None
        return (0, max(0, fullest - added.most)) if held is None or parent.id in held else (0, 0)
    if parent.is_open:
        return 0, fullest + quota.maybe
    used = usage.get(parent.id, 0) if isinstance(usage, Mapping) else usage
    return used, used + quota.maybe


NEAR = 0.8
"""The part of a quota from which on what is left is named in a warning."""


def _compare(limit: Limit, value: Number, source: Source, sums: Sequence[_Sum], common: Finding) -> Finding:
    fullest = max(sums, key=lambda sum_: (sum_.most, sum_.least))
    message, at_least = _message(limit, value, source, fullest)
    common = replace(common, amount=Amount(fullest.high, fullest.added.most, value, limit.unit))
    is_sure = source is not Source.DOCUMENTED or limit.grade is Grade.VERIFIED
    if any(sum_.least > value and sum_.added.least for sum_ in sums) and not limit.at_most:
        return replace(common, verdict=Verdict.EXCEEDS if is_sure else Verdict.UNCERTAIN, message=message)
    if fullest.most > value and fullest.added.most:
        return replace(common, verdict=Verdict.UNCERTAIN, message=message)
    if unknown := next((sum_.added.unknown for sum_ in sums if sum_.added.unknown), None):
        hints, message = next_steps(unknown), f"{at_least}: {unknown.reason}"
        # No read gives the length of a list that an import brings, and no account has a part in its bound.
        judged = limit.adjustable or limit.usage is not None
        return replace(common, verdict=Verdict.UNKNOWN, message=message, hints=hints, judged=judged)
    fills_up = not (limit.at_most or _bounds_a_value(limit))
    near = value and fullest.most >= NEAR * value and fullest.added.most and fills_up
    return replace(common, verdict=Verdict.FITS, message=message, severity="warning" if near else "")


def _bounds_a_value(limit: Limit) -> bool:
    """Whether it is a bound of single values, so that nothing is ever used of it."""
    return all(count.of is Of.VALUE for count in limit.counts)


def _increase(limit: Limit, finding: Finding, needed: Number, result: Preflight) -> tuple[Hint, ...]:
    """How to get a higher quota where the deploy needs one; a global one is raised in one Region."""
    region = "us-east-1" if limit.is_global else result.account.region
    too_much = finding.verdict in (Verdict.EXCEEDS, Verdict.UNCERTAIN)
    service, _, code = limit.key.partition("/")
    if not too_much or not limit.adjustable or not code.startswith("L-") or not region or result.is_sandbox:
        return ()
    return (advise(Advice.RAISE_QUOTA, service, code, ceil(needed), region),)


def _message(limit: Limit, value: Number, source: Source, sum_: _Sum) -> tuple[str, str]:
    """The sum, and the sum where more than is known may be added."""
    added, unit = sum_.added, f" {limit.unit}" if limit.unit else ""
    exact = added.least == added.most and not limit.at_most
    place = f" on {added.parent.id}" if added.parent and not added.parent.is_open else ""
    origin = f" ({source.value})" if source.value else ""
    used, more = ("", "") if _bounds_a_value(limit) else (f"{_shown(sum_.high)} used, ", " more")
    start, end = f"{limit.title}: {used}", f"{place}, of {_shown(value)}{unit}{origin}"
    amount = _shown(added.most)
    return f"{start}{'' if exact else 'at most '}{amount}{more}{end}", f"{start}{amount} or more{end}"


def _scaled(limit: Limit, value: Number, grown: _Sum) -> str:
    """That what the deploy starts fits, and what it may scale to does not."""
    names, unit = ", ".join(grown.added.resources), f" {limit.unit}" if limit.unit else ""
    more = f"{_shown(grown.added.most)} more at the maximum size of {names}"
    return f"{limit.title}: {_shown(grown.high)} used, {more}, of {_shown(value)}{unit}"


def _shown(value: Number) -> str:
    return f"{plain_number(value):,}"


def _judge_settings(limit: Limit, result: Preflight) -> Iterator[Finding]:
    refused = list(refused_settings(limit, result))
    file = result.tree.resolver.template.file
    yield from refused or [Finding(limit.id, Verdict.FITS, f"{limit.title}: no conflicts", file=file)]


def measured(limit: Limit, member: StackTree) -> int:
    """How much of a limit of templates one template takes."""
    template = member.resolver.template
    # A macro at the top level may bring the whole section.
    section = template.body.get(limit.section) or {}
    match limit.measure:
        case Measure.TEXT:
            return len(template.source.text.encode())
        case Measure.ENTRIES:
            return len(section.encode() if isinstance(section, str) else section)
        case Measure.LARGEST_ENTRY:
            return max((len(entry) for entry in section.values() if isinstance(entry, Mapping)), default=0)
        case Measure.PARAMETER:
            values = member.resolver.parameters.values()
            return max((len(value.encode()) for value in values if isinstance(value, str)), default=0)
        case Measure.DYNAMIC_REFERENCES:
            return json.dumps(template.body, default=str).count("{{resolve:")
        case Measure.TREE:
            resources = [len(nested.resolver.template.body.get("Resources") or {}) for nested in member.members()]
            return 0 if member.prefix or len(resources) == 1 else sum(resources)


_SPLIT = ("split it into nested stacks",)
_FOR_LESS: Mapping[Measure, tuple[Hint, ...]] = {
    Measure.TEXT: _SPLIT,
    Measure.ENTRIES: _SPLIT,
    Measure.DYNAMIC_REFERENCES: _SPLIT,
    Measure.LARGEST_ENTRY: ("split it into several",),
    Measure.TREE: ("deploy a part of it as a stack apart",),
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
        LimitKind.SETTINGS: _judge_settings,
        LimitKind.TEMPLATE: _judge_template,
    }
