"""The verdict on every limit that the template touches: what is used, what the deploy adds, what is allowed."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tapctl.account.model import UNREAD, Quota, Source, Stack, Usage
from tapctl.concurrency.counting import Addition, Inventory, Parent, Part, grouped, parts, plain_number
from tapctl.concurrency.exports_check import exports_anything, has_exports, judge_exports, next_steps
from tapctl.concurrency.findings import concurrency_findings
from tapctl.concurrency.opaque import opaque_resources
from tapctl.concurrency.refused_settings import has_settings, refused_settings
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.limits import FILES, Limit, LimitKind, limits_of
from tapctl.limits.row import Grade, Number
from tapctl.template.nested import StackTree
from tapctl.unknown import Unknown


def touched(tree: StackTree, stack: Stack | Unknown | None) -> tuple[Limit, ...]:
    """The limits that the template and its nested ones can exceed; no other limit is read."""
    inventory = Inventory(tree)
    return tuple(limit for limit in limits_of(inventory.by_type) if _touches(limit, inventory, stack))


def _touches(limit: Limit, inventory: Inventory, stack: Stack | Unknown | None) -> bool:
    tree = inventory.tree
    match limit.kind:
        case LimitKind.TEMPLATE:
            return True
        case LimitKind.EXPORTS:
            return exports_anything(tree) or has_exports(stack)
        case LimitKind.CONCURRENCY:
            return _hides_functions(tree) or any(inventory.of(*limit.types))
        case LimitKind.SETTINGS:
            return has_settings(tree)
        case LimitKind.COUNT:
            return any(added.most or added.unknown for added in additions(limit, inventory, stack))


def _hides_functions(tree: StackTree) -> bool:
    """Whether the stack may have functions that the template does not show."""
    return any(tree.remotes()) or any(
        member.resolver.template.opaque or any(opaque_resources(member)) for member in tree.members()
    )


def additions(limit: Limit, inventory: Inventory, stack: Stack | Unknown | None) -> tuple[Addition, ...]:
    """How many units the stack will hold that it does not hold yet, by parent where the limit is per parent.

    CloudFormation creates before it deletes, so removed resources are not subtracted.
    """
    found = [_new(part, limit, stack) for part in parts(limit.counts, inventory)]
    if limit.own_stack and not isinstance(stack, Stack):
        least = limit.own_stack if stack is None else 0
        found.append(Part("", least, limit.own_stack))
    return grouped(part for part in found if part.most or part.unknown)


def _new(part: Part, limit: Limit, stack: Stack | Unknown | None) -> Part:
    """What a resource adds to what the live stack has of it already.

    A resource that the stack holds counts as one more nowhere; how much of anything else it has is not known here.
    """
    if stack is None:
        return part
    held = stack.resources if isinstance(stack, Stack) else None
    if not held:
        return replace(part, least=0) if held is None else part
    if held.get(part.resource) != part.type:
        return part
    return replace(part, least=0, most=0, unknown=None)


def coverage(tree: StackTree) -> Mapping[str, int]:
    """The resource types that no limit of the catalogue knows, with how many may exist of each."""
    return dict(sorted(Counter(item.type for item in Inventory(tree).by_name.values() if item.type not in FILES).items()))


def check_limits(result: Preflight) -> tuple[Finding, ...]:
    """At least one finding for every limit that the template touches, also where it fits."""
    limits = touched(result.tree, result.account.stack)
    return tuple(finding for limit in limits for finding in JUDGES[limit.kind](limit, result))


def _judge_count(limit: Limit, result: Preflight) -> Iterator[Finding]:
    inventory = Inventory(result.tree)
    more = additions(limit, inventory, result.account.stack)
    quota = _documented(limit, result.account.quotas.get(limit.key, Quota(UNREAD, UNREAD)))
    spender = next(inventory.of(*limit.types), None)
    common = Finding(
        limit.id,
        Verdict.UNKNOWN,
        "",
        resource=spender.name if spender else None,
        file=spender.resource.file if spender else result.tree.resolver.template.file,
        line=spender.resource.line if spender else None,
        hints=next_steps(quota.value, quota.usage),
    )
    for value in (quota.value, quota.usage):
        if isinstance(value, Unknown):
            yield replace(common, message=f"{limit.title}: {value.reason}", judged=False)
            return
    sums = [_Sum(added, *_used(added.parent, quota.usage, result.account.stack)) for added in more]
    fullest = max(sums, key=lambda sum_: (sum_.most, sum_.least), default=_Sum(Addition(), 0, 0))
    found = inventory.by_name.get(fullest.added.resources[0]) if fullest.added.resources else None
    if found and fullest.added.parent:
        common = replace(common, resource=found.name, file=found.resource.file, line=found.resource.line)
    yield _compare(limit, quota, sums, fullest, common)


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


def _documented(limit: Limit, quota: Quota) -> Quota:
    """The documented default where the account has no part in it: nothing is used, and no code names a quota."""
    is_read = not isinstance(quota.value, Unknown)
    if is_read or limit.usage or limit.has_code or limit.default is None:
        return quota
    return Quota(limit.default, 0, Source.DOCUMENTED)


def _used(parent: Parent | None, usage: Usage, stack: Stack | Unknown | None) -> tuple[Number, Number]:
    """What is used of the limit: by the account, or by a parent, of which a new one has nothing."""
    if isinstance(usage, Unknown):
        raise AssertionError(usage)
    fullest = usage if isinstance(usage, int | float) else max(usage.values(), default=0)
    if parent is None:
        return fullest, fullest
    if parent.in_template:
        held = stack.resources if isinstance(stack, Stack) else {} if stack is None else None
        return (0, fullest) if held is None or parent.id in held else (0, 0)
    if parent.is_open:
        return 0, fullest
    used = usage if isinstance(usage, int | float) else usage.get(parent.id, 0)
    return used, used


NEAR = 0.8
"""The part of a quota from which on what is left is named in a warning."""


def _compare(limit: Limit, quota: Quota, sums: Sequence[_Sum], fullest: _Sum, common: Finding) -> Finding:
    value, added = quota.value, fullest.added
    if isinstance(value, Unknown):
        raise AssertionError(value)
    unit = f" {limit.unit}" if limit.unit else ""
    exact = added.least == added.most and not limit.at_most
    adds = f"{_shown(added.most)}" if exact else f"at most {_shown(added.most)}"
    place = f" on {added.parent.id}" if added.parent and not added.parent.is_open else ""
    source = f" ({quota.source.value})" if quota.source.value else ""
    message = f"{limit.title}: {_shown(fullest.high)} used, {adds} more{place}, of {_shown(value)}{unit}{source}"
    is_sure = quota.source is not Source.DOCUMENTED or limit.grade is Grade.VERIFIED
    if any(sum_.least > value and sum_.added.least for sum_ in sums) and not limit.at_most:
        return replace(common, verdict=Verdict.EXCEEDS if is_sure else Verdict.UNCERTAIN, message=message)
    if fullest.most > value:
        return replace(common, verdict=Verdict.UNCERTAIN, message=message)
    if unknown := next((sum_.added.unknown for sum_ in sums if sum_.added.unknown), None):
        more = message.replace(f"{adds} more", f"{_shown(added.most)} or more", 1)
        hints = next_steps(unknown)
        return replace(common, verdict=Verdict.UNKNOWN, message=f"{more}: {unknown.reason}", hints=hints)
    near = value and fullest.most >= NEAR * value and added.most and not limit.at_most
    return replace(common, verdict=Verdict.FITS, message=message, severity="warning" if near else common.severity)


def _shown(value: Number) -> str:
    return f"{plain_number(value):,}"


def _judge_settings(limit: Limit, result: Preflight) -> Iterator[Finding]:
    refused = list(refused_settings(limit, result))
    file = result.tree.resolver.template.file
    yield from refused or [Finding(limit.id, Verdict.FITS, f"{limit.title}: no conflicts", file=file)]


def measured(limit: Limit, member: StackTree) -> int:
    """How much of a limit of templates one template takes."""
    if limit.measure is None:
        raise AssertionError(limit)
    template = member.resolver.template
    return limit.measure(template.source.text, template.body)


def _judge_template(limit: Limit, result: Preflight) -> Iterator[Finding]:
    allowed, unit = limit.fixed, f" {limit.unit}" if limit.unit else ""
    if allowed is None:
        raise AssertionError(limit)
    for member in result.tree.members():
        template, size = member.resolver.template, measured(limit, member)
        verdict = Verdict.FITS if size <= allowed else Verdict.EXCEEDS
        hints = () if verdict is Verdict.FITS else ("split it into nested stacks",)
        message = f"{limit.title}: {size:,} of {allowed:,}{unit}"
        yield Finding(limit.id, verdict, message, file=template.file, line=1, hints=hints)


JUDGES: Mapping[LimitKind, Callable[[Limit, Preflight], Iterator[Finding]]] = {
    LimitKind.CONCURRENCY: concurrency_findings,
    LimitKind.COUNT: _judge_count,
    LimitKind.EXPORTS: judge_exports,
    LimitKind.SETTINGS: _judge_settings,
    LimitKind.TEMPLATE: _judge_template,
}
