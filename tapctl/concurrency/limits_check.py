"""The verdict on every limit that the template touches: what is used, what the deploy adds, what is allowed."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil

from tapctl.account.model import UNREAD, Quota, Source, Stack
from tapctl.concurrency.counting import Addition, Inventory, Item, Part, grouped, parts, plain_number
from tapctl.concurrency.demand import opaque_resources
from tapctl.concurrency.exports_check import exports_anything, has_exports, judge_exports, next_steps
from tapctl.concurrency.findings import concurrency_findings, with_pending
from tapctl.concurrency.refused_settings import has_settings, refused_settings
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.hints import Advice, Advised, Hint, advise
from tapctl.limits import FILES, Limit, LimitKind, LimitSettings, limits_of
from tapctl.limits.row import Grade, Metric, Number, Of
from tapctl.template.nested import StackTree
from tapctl.unknown import Unknown


def touched(tree: StackTree, stack: Stack | Unknown | None, own: Iterable[Limit] = ()) -> tuple[Limit, ...]:
    """The limits that the template and its nested ones can exceed, with the `own` ones; no other limit is read."""
    inventory = Inventory(tree)
    return tuple(limit for limit in limits_of(inventory.by_type, own) if _touches(limit, inventory, stack))


def _touches(limit: Limit, inventory: Inventory, stack: Stack | Unknown | None) -> bool:
    tree = inventory.tree
    match limit.kind:
        case LimitKind.TEMPLATE:
            return any(measured(limit, member) for member in tree.members())
        case LimitKind.EXPORTS:
            return exports_anything(tree) or has_exports(stack)
        case LimitKind.CONCURRENCY:
            return _hides_resources(tree) or any(_spenders(limit, inventory))
        case LimitKind.SETTINGS:
            return has_settings(tree)
        case LimitKind.COUNT:
            return any(added.most or added.unknown for added in additions(limit, inventory, stack))


def _hides_resources(tree: StackTree) -> bool:
    """Whether the stack may have resources, such as functions, that the template does not show."""
    return any(tree.remotes()) or any(
        member.resolver.template.opaque or any(opaque_resources(member)) for member in tree.members()
    )


def additions(
    limit: Limit, inventory: Inventory, stack: Stack | Unknown | None, deployed: Inventory | None = None
) -> tuple[Addition, ...]:
    """How many units the stack will hold that it does not hold yet, by parent where the limit is per parent.

    Of a parent in the template, and of a limit of which the account uses nothing, it is all that the template has.
    CloudFormation creates before it deletes, so removed resources are not subtracted.
    """
    found = list(parts(limit.counts, inventory))
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


def coverage(tree: StackTree, own: Iterable[Limit] = ()) -> Mapping[str, int]:
    """The resource types that no limit of the catalogue or of `own` knows, with how many may exist of each."""
    types = (item.type for item in Inventory(tree).by_name.values())
    added = {type_ for limit in own for type_ in limit.types}
    return dict(sorted(Counter(type_ for type_ in types if type_ not in FILES and type_ not in added).items()))


def check_limits(result: Preflight) -> tuple[Finding, ...]:
    """At least one finding for every limit that the template touches, also where it fits."""
    inventory = Inventory(result.tree)
    deployed = Inventory(result.deployed) if result.deployed else None
    judges = judges_with(partial(_judge_count, inventory, deployed))
    limits = touched(result.tree, result.account.stack, result.limits.own)
    return tuple(finding for limit in limits for finding in judges[limit.kind](limit, result))


def _judge_count(
    inventory: Inventory, deployed: Inventory | None, limit: Limit, result: Preflight
) -> Iterator[Finding]:
    more = additions(limit, inventory, result.account.stack, deployed)
    if not more:
        return  # an update that adds nothing to it
    quota = _in_force(limit, result)
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
    sums = [_Sum(added, *_used(added, usage, result.account.stack)) for added in more]
    fullest = max(sums, key=_fullness)
    found = inventory.by_name.get(fullest.added.resources[0]) if fullest.added.resources else None
    if found and fullest.added.parent:
        common = replace(common, resource=found.name, file=found.resource.file, line=found.resource.line)
    removed = _removed(limit, inventory, result.account.stack)
    room = _room(limit, value, quota.source, removed, result.limits)
    finding = _compare(room, sums, common)
    yield replace(finding, hints=_next_steps(room, finding, fullest.most, result))


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


def _fullness(sum_: _Sum) -> tuple[Number, Number, Number]:
    return sum_.most, sum_.least, sum_.added.later


def _spenders(limit: Limit, inventory: Inventory) -> Iterator[Item]:
    """The resources that may count toward a limit."""
    return inventory.of(*dict.fromkeys(count.type for count in limit.counts))


def _in_force(limit: Limit, result: Preflight) -> Quota:
    """The quota and its usage: the value of tapctl.toml, else the one that was read.

    It is the documented default where the account has no part in it: nothing is used, and AWS raises it for no account.
    """
    quota = result.account.quotas.get(limit.key, Quota(UNREAD, UNREAD))
    if override := result.limits.overrides.get(limit.key):
        usage = quota.usage if limit.usage else 0
        return Quota(override.value, usage, Source.CONFIGURED)
    is_read = not isinstance(quota.value, Unknown)
    if is_read or limit.usage or limit.adjustable or limit.default is None:
        return quota
    return Quota(limit.default, 0, Source.DOCUMENTED)


def _removed(limit: Limit, inventory: Inventory, stack: Stack | Unknown | None) -> Number:
    """How much leaves the stack, which CloudFormation deletes last; of a limit that is not per parent alone.

    Nothing is known to leave where the stack may have resources that the template does not show.
    """
    held = {} if _hides_resources(inventory.tree) else (isinstance(stack, Stack) and stack.resources) or {}
    units = {count.type: count.units for count in limit.counts}
    plain = all(count.of is Of.RESOURCE and not count.per and not count.where for count in limit.counts)
    gone = (type_ for name, type_ in held.items() if type_ in units and name not in inventory.by_name)
    return sum(units[type_] for type_ in gone) if plain else 0


def _used(
    added: Addition, usage: Number | Mapping[str, Number], stack: Stack | Unknown | None
) -> tuple[Number, Number]:
    """What is used of the limit: by the account, or by a parent, of which a new one has nothing.

    What a held parent of the template has from the template is among `added`; others may have put more there.
    """
    parent = added.parent
    fullest = max(usage.values(), default=0) if isinstance(usage, Mapping) else usage
    if parent is None:
        return fullest, fullest
    if parent.in_template:
        held = stack.resources if isinstance(stack, Stack) else {} if stack is None else None
        return (0, max(0, fullest - added.most)) if held is None or parent.id in held else (0, 0)
    if parent.is_open:
        return 0, fullest
    used = usage.get(parent.id, 0) if isinstance(usage, Mapping) else usage
    return used, used


@dataclass(frozen=True, slots=True)
class _Room:
    """The value in force of a limit as a message ends with it, and what of its usage the update removes at the end."""

    limit: Limit
    value: Number
    source: Source
    origin: str
    removed: Number
    near: float


def _room(limit: Limit, value: Number, source: Source, removed: Number, settings: LimitSettings) -> _Room:
    override = settings.overrides.get(limit.key)
    origin = f"{source.value}: {override.reason}" if override else source.value
    return _Room(limit, value, source, f" ({origin})" if origin else "", removed, settings.near)


def _compare(room: _Room, sums: Sequence[_Sum], common: Finding) -> Finding:
    fullest, value = max(sums, key=_fullness), room.value
    message, at_least = _message(room, fullest)
    is_sure = room.source is not Source.DOCUMENTED or room.limit.grade is Grade.VERIFIED
    if any(sum_.least > value and sum_.added.least for sum_ in sums) and not room.limit.at_most:
        return replace(common, verdict=Verdict.EXCEEDS if is_sure else Verdict.UNCERTAIN, message=message)
    if fullest.most > value and fullest.added.most:
        return replace(common, verdict=Verdict.UNCERTAIN, message=message)
    if unknown := next((sum_.added.unknown for sum_ in sums if sum_.added.unknown), None):
        hints = next_steps(unknown)
        return replace(common, verdict=Verdict.UNKNOWN, message=f"{at_least}: {unknown.reason}", hints=hints)
    near = value and fullest.most >= room.near * value and fullest.added.most and not room.limit.at_most
    if (later := fullest.added.later) and fullest.most + later > value:
        near, message = True, f"{message}; scaling may add {_shown(later)}, for which there is no room"
    return replace(common, verdict=Verdict.FITS, message=message, severity="warning" if near else "")


def _next_steps(room: _Room, finding: Finding, needed: Number, result: Preflight) -> tuple[Hint, ...]:
    """What to do where a deploy needs more; a global quota is raised in one Region."""
    limit, region = room.limit, "us-east-1" if room.limit.is_global else result.account.region
    if finding.hints or finding.verdict not in (Verdict.EXCEEDS, Verdict.UNCERTAIN):
        return finding.hints
    earlier: tuple[Hint, ...] = (EARLIER,) if needed - room.removed <= room.value else ()
    service, _, code = limit.key.partition("/")
    if not limit.adjustable or not code.startswith("L-") or not region or result.is_sandbox:
        return earlier
    request = advise(Advice.RAISE_QUOTA, service, code, ceil(needed), region)
    return (*earlier, *with_pending(request, needed, result.increases.get(limit.key, ())))


EARLIER = "delete what leaves the stack in a deploy before this one: CloudFormation deletes last"


def short(result: Preflight) -> tuple[Limit, ...]:
    """The limits of which an increase would help the deploy."""
    hints = (hint for finding in result.findings for hint in finding.hints if isinstance(hint, Advised))
    raised = {f"{hint.values[0]}/{hint.values[1]}" for hint in hints if hint.advice is Advice.RAISE_QUOTA}
    limits = touched(result.tree, result.account.stack, result.limits.own) if raised else ()
    return tuple(limit for limit in limits if limit.key in raised)


def _message(room: _Room, sum_: _Sum) -> tuple[str, str]:
    """The sum, and the sum where more than is known may be added."""
    limit, added = room.limit, sum_.added
    place = f" on {added.parent.id}" if added.parent and not added.parent.is_open else ""
    age = f" (up to {METRIC_MINUTES} minutes old)" if isinstance(limit.usage, Metric) else ""
    start = f"{limit.title}{place}: {_range(sum_.low, sum_.high)} used{age} + "
    end = f"of {_shown(room.value)}{f' {limit.unit}' if limit.unit else ''}{room.origin}"
    if sum_.low > room.value:
        end += "; more is used than allowed before the deploy"
    if room.removed:
        end += f"; up to {_shown(room.removed)} less once the update has ended"
    if limit.at_most:
        sure, total = f"at most {_shown(added.most)}", f"at most {_shown(sum_.most)}"
    else:
        sure, total = _range(added.least, added.most), _range(sum_.least, sum_.most)
    return f"{start}{sure} added = {total} {end}", f"{start}{_shown(added.most)} or more added {end}"


METRIC_MINUTES = 5
"""How old what CloudWatch publishes as a usage may be."""


def _range(least: Number, most: Number) -> str:
    return _shown(most) if least == most else f"{_shown(least)} to {_shown(most)}"


def _shown(value: Number) -> str:
    return f"{plain_number(value):,}"


def _judge_settings(limit: Limit, result: Preflight) -> Iterator[Finding]:
    refused = list(refused_settings(limit, result))
    file = result.tree.resolver.template.file
    yield from refused or [Finding(limit.id, Verdict.FITS, f"{limit.title}: no conflicts", file=file)]


def measured(limit: Limit, member: StackTree) -> int:
    """How much of a limit of templates one template takes."""
    template = member.resolver.template
    if not limit.section:
        return len(template.source.text.encode())
    # A macro at the top level may bring the whole section.
    return len(template.body.get(limit.section) or {})


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
