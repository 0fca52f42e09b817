"""Every limit of the catalogue that the template touches, judged: what is used, what is added, what is allowed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.account.model import UNREAD, Quota, Stack
from tapctl.concurrency import read_demand
from tapctl.concurrency.findings import concurrency_findings
from tapctl.concurrency.result import Subject
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.hints import Hint
from tapctl.limits import CATALOGUE, Limit, LimitKind
from tapctl.resource_types import STACK
from tapctl.template.model import Resource
from tapctl.template.nested import StackTree
from tapctl.template.parameters import as_text
from tapctl.template.properties import existence
from tapctl.template.resolver import NO_VALUE, Resolver
from tapctl.template.source import Path
from tapctl.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Addition:
    """What the deploy adds to a limit: between `least` and `most`."""

    least: int
    most: int


def touched(tree: StackTree, stack: Stack | Unknown | None) -> tuple[Limit, ...]:
    """The limits that this template and its nested ones can run into; nothing else is ever read."""
    return tuple(limit for limit in CATALOGUE if _touches(limit, tree, stack))


def _touches(limit: Limit, tree: StackTree, stack: Stack | Unknown | None) -> bool:
    match limit.kind:
        case LimitKind.TEMPLATE:
            return True
        case LimitKind.EXPORTS:
            return any("Export" in each for member in tree.members() for each in _outputs(member))
        case LimitKind.CONCURRENCY:
            return _hides(tree) or any(each.type in limit.spends for _, each in _resources(tree))
        case LimitKind.COUNT:
            return addition(limit, tree, stack).most > 0


def _hides(tree: StackTree) -> bool:
    """Whether there may be functions that are not to be seen here."""
    return any(tree.remotes()) or any(
        member.resolver.template.opaque or any(read_demand.opaque_resources(member)) for member in tree.members()
    )


def _resources(tree: StackTree) -> Iterator[tuple[StackTree, Resource]]:
    for member in tree.members():
        for resource in member.resolver.template.resources():
            yield member, resource


def _outputs(member: StackTree) -> Iterator[Mapping[str, Any]]:
    yield from member.resolver.template.outputs.values()


def addition(limit: Limit, tree: StackTree, stack: Stack | Unknown | None) -> Addition:
    """How many units the stack will hold that it does not hold yet.

    CloudFormation creates before it deletes, so what the deploy removes is not credited.
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


def check_limits(subject: Subject) -> tuple[Finding, ...]:
    """One finding or more for every limit that the template touches, also where it fits."""
    limits = touched(subject.tree, subject.account.stack)
    return tuple(finding for limit in limits for finding in JUDGES[limit.kind](limit, subject))


def _judge_count(limit: Limit, subject: Subject) -> Iterator[Finding]:
    more = addition(limit, subject.tree, subject.account.stack)
    quota = subject.account.quotas.get(limit.key, Quota(UNREAD, UNREAD))
    spender = next((pair for pair in _resources(subject.tree) if pair[1].type in limit.spends), None)
    yield Finding(
        limit.id,
        *_compare_count(limit, more, quota),
        resource=f"{spender[0].prefix}{spender[1].logical_id}" if spender else None,
        file=spender[0].resolver.template.file if spender else subject.resolver.template.file,
        line=spender[1].line if spender else None,
        hint=_settle(quota) or None,
        judged=all(value.judged for value in (quota.value, quota.usage) if isinstance(value, Unknown)),
    )


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


def _settle(quota: Quota) -> Hint:
    return next((value.resolution for value in (quota.value, quota.usage) if isinstance(value, Unknown)), "")


def _judge_exports(limit: Limit, subject: Subject) -> Iterator[Finding]:
    exports, file = subject.account.exports, subject.resolver.template.file
    if isinstance(exports, Unknown):
        message = f"{limit.title}: {exports.reason}"
        yield Finding(
            limit.id, Verdict.UNKNOWN, message, file=file, hint=exports.resolution or None, judged=exports.judged
        )
        return
    own = subject.account.stack.name if isinstance(subject.account.stack, Stack) else None
    # CloudFormation names a nested stack for its parent and its logical id.
    nested = tuple(f"{own}-{each.prefix.split('/')[0]}-" for each in subject.tree.members() if each.prefix)
    foreign = {name: stack for name, stack in exports.items() if stack != own and not stack.startswith(nested)}
    members = subject.tree.members() if foreign else ()
    clashes = [clash for member in members for clash in _clashes(limit, member.resolver, foreign)]
    yield from clashes or [Finding(limit.id, Verdict.FITS, f"{limit.title}: none is taken", file=file)]


def _clashes(limit: Limit, resolver: Resolver, foreign: Mapping[str, str]) -> Iterator[Finding]:
    for key, output in resolver.template.outputs.items():
        path = ("Outputs", key)
        if "Export" not in output or resolver.exists(output.get("Condition"), path) is False:
            continue
        name = _export_name(resolver, output["Export"], (*path, "Export"))
        line, shown = resolver.template.line(*path), resolver.without_secrets(str(name))
        if isinstance(name, Unknown):
            message = f"the name that output {key} exports is not known: {name.reason}"
            yield Finding(
                limit.id, Verdict.UNKNOWN, message, key, resolver.template.file, line, name.resolution or None
            )
        elif name is None or name not in foreign:
            continue
        elif isinstance(exists := resolver.exists(output.get("Condition"), path), Unknown):
            message = f"output {key} may export {shown}, which stack {foreign[name]} exports already: {exists.reason}"
            yield Finding(
                limit.id, Verdict.UNKNOWN, message, key, resolver.template.file, line, exists.resolution or None
            )
        else:
            message = f"output {key} exports {shown}, which stack {foreign[name]} exports already"
            hint = f"export another name, or remove that of {foreign[name]} first"
            yield Finding(limit.id, Verdict.EXCEEDS, message, key, resolver.template.file, line, hint)


def _export_name(resolver: Resolver, export: Any, path: Path) -> str | Unknown | None:
    """The name that an output exports, None where it exports nothing after all."""
    resolved = resolver.value(export, path)
    name = resolved.get("Name") if isinstance(resolved, dict) else resolved
    return name if isinstance(name, Unknown) else None if name is NO_VALUE or name is None else as_text(name)


def _judge_template(limit: Limit, subject: Subject) -> Iterator[Finding]:
    measure, allowed, unit = limit.measure, limit.fixed, f" {limit.unit}" if limit.unit else ""
    if measure is None or allowed is None:
        raise AssertionError(limit)
    for member in subject.tree.members():
        template = member.resolver.template
        measured = measure(template.source.text, template.body)
        verdict = Verdict.FITS if measured <= allowed else Verdict.EXCEEDS
        hint = None if verdict is Verdict.FITS else "split it into nested stacks"
        message = f"{limit.title}: {measured:,} of {allowed:,}{unit}"
        yield Finding(limit.id, verdict, message, file=template.file, line=1, hint=hint)


JUDGES: Mapping[LimitKind, Callable[[Limit, Subject], Iterator[Finding]]] = {
    LimitKind.CONCURRENCY: concurrency_findings,
    LimitKind.COUNT: _judge_count,
    LimitKind.EXPORTS: _judge_exports,
    LimitKind.TEMPLATE: _judge_template,
}
