"""The verdict on every limit that the template touches: what is used, what the deploy adds, what is allowed."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tapctl.account.model import UNREAD, Quota, Stack
from tapctl.concurrency.exports_check import exports_anything, has_exports, judge_exports, next_steps
from tapctl.concurrency.findings import concurrency_findings
from tapctl.concurrency.opaque import opaque_resources
from tapctl.concurrency.refused_settings import has_settings, refused_settings
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Amount, Finding, Verdict
from tapctl.limits import CATALOGUE, COVERED_TYPES, Limit, LimitKind
from tapctl.resource_types import STACK
from tapctl.template.model import Resource
from tapctl.template.nested import StackTree
from tapctl.template.resolver import existence
from tapctl.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Addition:
    """How many units the deploy adds to a limit: between `least` and `most`."""

    least: int
    most: int


def touched(tree: StackTree, stack: Stack | Unknown | None) -> tuple[Limit, ...]:
    """The limits that the template and its nested ones can exceed; no other limit is read."""
    return tuple(limit for limit in CATALOGUE if _touches(limit, tree, stack))


def _touches(limit: Limit, tree: StackTree, stack: Stack | Unknown | None) -> bool:
    match limit.kind:
        case LimitKind.TEMPLATE:
            return True
        case LimitKind.EXPORTS:
            return exports_anything(tree) or has_exports(stack)
        case LimitKind.CONCURRENCY:
            return _hides_functions(tree) or any(resource.type in limit.spends for _, resource in _resources(tree))
        case LimitKind.SETTINGS:
            return has_settings(tree)
        case LimitKind.COUNT:
            return addition(limit, tree, stack).most > 0


def _hides_functions(tree: StackTree) -> bool:
    """Whether the stack may have functions that the template does not show."""
    return any(tree.remotes()) or any(
        member.resolver.template.opaque or any(opaque_resources(member)) for member in tree.members()
    )


def _resources(tree: StackTree) -> Iterator[tuple[StackTree, Resource]]:
    for member in tree.members():
        for resource in member.resolver.template.resources():
            yield member, resource


def addition(limit: Limit, tree: StackTree, stack: Stack | Unknown | None) -> Addition:
    """How many units the stack will hold that it does not hold yet.

    CloudFormation creates before it deletes, so removed resources are not subtracted.
    """
    least = most = 0
    held = stack.resources if isinstance(stack, Stack) else {} if stack is None else None
    for member, resource in _resources(tree):
        name = f"{member.prefix}{resource.logical_id}"
        if resource.type not in limit.spends or (held and held.get(name) == resource.type):
            continue
        units = limit.spends[resource.type]
        spent = units(resource.properties) if callable(units) else units
        exists = existence(member.resolver, resource)
        if exists is not False:
            most += spent
            least += spent if exists is True and member.exists is True and held is not None else 0
    if STACK in limit.spends and not isinstance(stack, Stack):
        most += 1
        least += 1 if stack is None else 0
    return Addition(least, most)


def coverage(tree: StackTree) -> Mapping[str, int]:
    """The resource types that no limit of the catalogue knows, with how many may exist of each."""
    uncovered = (
        resource.type
        for member, resource in _resources(tree)
        if resource.type not in COVERED_TYPES and existence(member.resolver, resource) is not False
    )
    return dict(sorted(Counter(uncovered).items()))


def check_limits(result: Preflight) -> tuple[Finding, ...]:
    """At least one finding for every limit that the template touches, also where it fits."""
    limits = touched(result.tree, result.account.stack)
    return tuple(finding for limit in limits for finding in JUDGES[limit.kind](limit, result))


def _judge_count(limit: Limit, result: Preflight) -> Iterator[Finding]:
    more = addition(limit, result.tree, result.account.stack)
    quota = result.account.quotas.get(limit.key, Quota(UNREAD, UNREAD))
    spender = next((pair for pair in _resources(result.tree) if pair[1].type in limit.spends), None)
    yield Finding(
        limit.id,
        *_compare_count(limit, more, quota),
        resource=f"{spender[0].prefix}{spender[1].logical_id}" if spender else None,
        file=spender[1].file if spender else result.tree.resolver.template.file,
        line=spender[1].line if spender else None,
        hints=next_steps(quota.value, quota.usage),
        judged=not any(isinstance(value, Unknown) for value in (quota.value, quota.usage)),
        amount=_amount(limit, more, quota),
    )


def _amount(limit: Limit, more: Addition, quota: Quota) -> Amount | None:
    match quota.value, quota.usage:
        case int(value), int(usage):
            return Amount(usage, more.most, value, limit.unit)
        case _:
            return None


def _compare_count(limit: Limit, more: Addition, quota: Quota) -> tuple[Verdict, str]:
    for value in (quota.value, quota.usage):
        if isinstance(value, Unknown):
            return Verdict.UNKNOWN, f"{limit.title}: {value.reason}"
    match quota.value, quota.usage:
        case int(value), int(usage):
            unit = f" {limit.unit}" if limit.unit else ""
            adds = f"{more.most:,}" if more.least == more.most and not limit.at_most else f"at most {more.most:,}"
            sums = f"{limit.title}: {usage:,} used, {adds} more, of {value:,}{unit}"
            if usage + more.most <= value:
                return Verdict.FITS, sums
            if usage + more.least > value and not limit.at_most:
                return Verdict.EXCEEDS, sums
            return Verdict.UNCERTAIN, sums
        case _:
            raise AssertionError(quota)


def _judge_settings(limit: Limit, result: Preflight) -> Iterator[Finding]:
    refused = list(refused_settings(limit, result))
    file = result.tree.resolver.template.file
    yield from refused or [Finding(limit.id, Verdict.FITS, f"{limit.title}: no conflicts", file=file)]


def _judge_template(limit: Limit, result: Preflight) -> Iterator[Finding]:
    measure, allowed, unit = limit.measure, limit.fixed, f" {limit.unit}" if limit.unit else ""
    if measure is None or allowed is None:
        raise AssertionError(limit)
    for member in result.tree.members():
        template = member.resolver.template
        measured = measure(template.source.text, template.body)
        verdict = Verdict.FITS if measured <= allowed else Verdict.EXCEEDS
        hints = () if verdict is Verdict.FITS else ("split it into nested stacks",)
        message = f"{limit.title}: {measured:,} of {allowed:,}{unit}"
        amount = Amount(0, measured, allowed, limit.unit)
        yield Finding(limit.id, verdict, message, file=template.file, line=1, hints=hints, amount=amount)


JUDGES: Mapping[LimitKind, Callable[[Limit, Preflight], Iterator[Finding]]] = {
    LimitKind.CONCURRENCY: concurrency_findings,
    LimitKind.COUNT: _judge_count,
    LimitKind.EXPORTS: judge_exports,
    LimitKind.SETTINGS: _judge_settings,
    LimitKind.TEMPLATE: _judge_template,
}
