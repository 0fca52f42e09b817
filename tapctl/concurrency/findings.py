"""The findings on concurrency: which function it is about, on which line, and what would help."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.demand import EventSource, FunctionDemand
from tapctl.concurrency.provisioned import check_provisioned, fix_command, open_provision, suggestion
from tapctl.concurrency.remedy import RemedyPolicy
from tapctl.concurrency.result import Subject
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.hints import Hint
from tapctl.limits import CONCURRENCY, Limit
from tapctl.resource_types import EVENT_SOURCE_MAPPING, FUNCTION
from tapctl.template.model import Resource
from tapctl.template.nested import StackTree
from tapctl.template.properties import existence
from tapctl.template.resolver import ResourceReference
from tapctl.unknown import Unknown

REMEDY = "`tapctl deploy` with these options applies the remedy, `tapctl fix --write` puts it into the template"
REMEDY_IN_DEPLOY = "`tapctl fix --write` puts the remedy into the template"
"""What is left to be said of it by a deploy, which applies it."""


@dataclass(frozen=True, slots=True)
class _Blamed:
    """A function, why, and what would resolution it."""

    function: FunctionDemand
    message: str
    resolution: Hint


def concurrency_findings(limit: Limit, subject: Subject) -> Iterator[Finding]:
    """One finding for each function that the verdict is about; one without a function where it is about none."""
    judgement = subject.concurrency
    template = subject.resolver.template
    blamed = list(_blamed(subject))
    if judgement.verdict is Verdict.FITS or not blamed:
        yield Finding(
            limit.id, judgement.verdict, judgement.reason, file=template.file, hint=judgement.resolution or None
        )
        yield from overrunning_sources(limit, subject)
        return
    hint, beside = _hint(limit, subject), throttles(subject.tree)
    for each in blamed:
        function = each.function
        yield Finding(
            limit.id,
            judgement.verdict,
            each.message,
            function.logical_id,
            function.file or template.file,
            function.claim_line,
            each.resolution or subject.advice or _joined(hint, beside.instead_of(function.logical_id)),
        )
    yield from overrunning_sources(limit, subject)


def _blamed(subject: Subject) -> list[_Blamed]:
    """The functions that the verdict is about, each with its own reason."""
    judgement = subject.concurrency
    wanted = [(change, change.wanted) for change in subject.changes if change.wanted]
    mended = subject.plan is not None and subject.plan.possible
    over = [
        _Blamed(function, found[1], fix_command(change) or ("" if mended else suggestion(change)))
        for change, function in wanted
        if (found := check_provisioned(change)) and found[0] is judgement.verdict
    ]
    if over:
        return over
    if judgement.verdict is Verdict.UNKNOWN:
        unknown = [
            _because(function, doubt.reason, doubt.resolution)
            for change, function in wanted
            if (doubt := _unknown(change))
        ]
        if unknown:
            return unknown
    # What is not known may ask for nothing: where the rest exceeds in any case, it is the rest.
    growing = [each for each in wanted if each[0].grows and _counts(each[0], judgement.verdict)]
    return [
        _because(function, f"{judgement.reason}{_twice(change, judgement.verdict)}", judgement.resolution)
        for change, function in growing
    ]


def _counts(change: ClaimChange, verdict: Verdict) -> bool:
    return verdict is not Verdict.EXCEEDS or _unknown(change) is None


def _twice(change: ClaimChange, verdict: Verdict) -> str:
    """Why the way is narrower than the end."""
    if verdict is not Verdict.UNCERTAIN or not (change.replaced or change.renewed):
        return ""
    what = "" if change.replaced else f" ({', '.join(sorted(change.renewed))})"
    return f"; it is made anew{what}, and what it replaces holds its share until it is deleted"


def _because(function: FunctionDemand, reason: str, resolution: Hint) -> _Blamed:
    return _Blamed(function, f"{function.logical_id} {_claim(function)}: {reason}", resolution)


def unsettled(changes: tuple[ClaimChange, ...]) -> tuple[str, Unknown] | None:
    """The first function of which something is not known, without which no remedy is sure to do."""
    doubts = ((change.logical_id, _unknown(change)) for change in changes if change.wanted)
    return next(((name, doubt) for name, doubt in doubts if doubt), None)


def _unknown(change: ClaimChange) -> Unknown | None:
    """What is not known of a function: what it asks, or what it holds."""
    asked = change.wanted.provisioned_total if change.wanted else 0
    found = (each for each in (change.new, asked, change.old) if isinstance(each, Unknown))
    return next(found, open_provision(change))


def _claim(function: FunctionDemand) -> str:
    if isinstance(function.claim, Unknown):
        return "asks for concurrency that is not known"
    return f"{'provisions' if function.reserved is None else 'reserves'} {function.claim}"


def _joined(hint: str, instead: str) -> str | None:
    return "; ".join(filter(None, (hint, instead if hint else ""))) or None


def _hint(limit: Limit, subject: Subject) -> str:
    judgement, plan = subject.concurrency, subject.plan
    if judgement.verdict not in (Verdict.EXCEEDS, Verdict.UNCERTAIN):
        return ""
    if plan and plan.possible and plan.changes:
        hint = REMEDY
    elif doubt := unsettled(subject.changes):
        hint = f"no remedy is worked out while the claim of {doubt[0]} is not known ({doubt[1].reason})"
    elif judgement.verdict is Verdict.UNCERTAIN:
        hint = "`--min-unreserved N` if you know the minimum, from an error of this account"
    else:
        hint = "free concurrency that other functions reserve"
    more = _increase(limit, subject)
    return f"{hint}; {more}" if more else hint


def _increase(limit: Limit, subject: Subject) -> str | None:
    """What there is to be said of a higher quota: the command that asks for it, and what was asked for already."""
    judgement, region = subject.concurrency, subject.account.region
    if not judgement.lacking or not isinstance(judgement.limit, int):
        return None
    if subject.sandbox:
        return f"or give the sandbox more: `tapctl sandbox start --limit {judgement.limit + judgement.lacking}`"
    # Service Quotas takes nothing at or below the default of 1000, however small the applied value is.
    need = max(1001, judgement.limit + judgement.lacking)
    enough = next((each for each in subject.pending if each.value >= need), None)
    if enough:
        return f"an increase to {enough.value} was asked for on {enough.requested_on} and is not decided yet"
    where = f" --region {region}" if region else ""
    asked = ", ".join(f"{each.value} on {each.requested_on}" for each in subject.pending)
    return (
        f"or ask for more: `aws service-quotas request-service-quota-increase --service-code {limit.service}"
        f" --quota-code {limit.code} --desired-value {need}{where}`"
    ) + (f" (asked for already, and not decided yet: {asked})" if asked else "")


def unknown_names(tree: StackTree, policy: RemedyPolicy) -> Iterator[Finding]:
    """A warning for each name in `priority` and `minimum` that no function has; no verdict changes.

    Functions that a condition leaves out at present count, and so does whatever nobody can see into.
    """
    if any(member.resolver.template.opaque for member in tree.members()):
        return
    functions = [
        f"{member.prefix}{each.logical_id}"
        for member in tree.members()
        for each in member.resolver.template.resources()
        if each.type == FUNCTION
    ]
    hidden = tuple(each.prefix for each in tree.remotes())
    for key, names in (("priority", policy.priority), ("minimum", policy.minimum)):
        for name in names:
            if name not in functions and not name.startswith(hidden):
                yield _warning(tree.resolver.template.file, key, name, functions)


def _warning(file: str, key: str, name: str, functions: list[str]) -> Finding:
    near = difflib.get_close_matches(name, functions, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"the template has: {', '.join(functions) or 'none'}"
    message = f"`{key}` in tapctl.toml names {name}, which is no function of the template"
    return Finding(CONCURRENCY.id, Verdict.FITS, message, file=file, hint=hint, severity="warning")


STAGES = {
    "AWS::ApiGateway::Stage": "MethodSettings with ThrottlingRateLimit",
    "AWS::ApiGatewayV2::Stage": "DefaultRouteSettings with ThrottlingRateLimit",
}
"""How a stage of an API throttles what it calls."""


def overrunning_sources(limit: Limit, subject: Subject) -> Iterator[Finding]:
    """A warning for each function whose sources may run more at once than it will reserve; no verdict changes."""
    by_function: dict[str, list[EventSource]] = {}
    for source in subject.sources:
        by_function.setdefault(source.function, []).append(source)
    for name, sources in by_function.items():
        reserved = _reserved(subject, name)
        known = [each.maximum for each in sources if isinstance(each.maximum, int)]
        if reserved and len(known) == len(sources) and sum(known) > reserved:
            names = ", ".join(each.logical_id for each in sources)
            yield Finding(
                limit.id,
                Verdict.FITS,
                f"{names} may run {sum(known)} at once, and {name} reserves {reserved}: what is beyond is throttled",
                sources[0].logical_id,
                sources[0].file,
                sources[0].line,
                f"a MaximumConcurrency of {reserved} in all, but never below 2 each",
                severity="warning",
            )


def _reserved(subject: Subject, name: str) -> int | None:
    """What the function will reserve, with its remedy."""
    remedy = subject.plan.remedies.get(name) if subject.plan else None
    return remedy.value if remedy else None


@dataclass(frozen=True, slots=True)
class Throttles:
    """What throttles without reserving anything: SQS sources by their function, stages by the prefix of their stack."""

    sources: Mapping[str, str]
    stages: Mapping[str, str]

    def instead_of(self, function: str) -> str:
        """The throttle that this function could have without any reservation; empty where none comes to mind."""
        if source := self.sources.get(function):
            return f"ScalingConfig.MaximumConcurrency of {source} throttles it without reserving anything"
        stage = self.stages.get(function.rpartition("/")[0], "")
        return f"{stage} throttles without reserving anything" if stage else ""


def throttles(tree: StackTree) -> Throttles:
    """Those of the whole tree, told once."""
    sources: dict[str, str] = {}
    stages: dict[str, str] = {}
    for member in tree.members():
        for resource in member.resolver.template.resources():
            if resource.type == EVENT_SOURCE_MAPPING and (function := _queued(member, resource)):
                sources.setdefault(f"{member.prefix}{function}", resource.logical_id)
            elif resource.type in STAGES:
                stages.setdefault(member.prefix.rstrip("/"), f"{STAGES[resource.type]} of {resource.logical_id}")
    return Throttles(sources, stages)


def _queued(member: StackTree, resource: Resource) -> str:
    """The function that a mapping feeds from an SQS queue; other sources have no MaximumConcurrency."""
    resolver, path = member.resolver, ("Resources", resource.logical_id, "Properties")
    if existence(resolver, resource) is False:
        return ""
    target = resolver.value(resource.properties.get("FunctionName", ""), (*path, "FunctionName"))
    queue = resolver.value(resource.properties.get("EventSourceArn", ""), (*path, "EventSourceArn"))
    is_queue = ":sqs:" in str(queue) or _type(member, queue) == "AWS::SQS::Queue"
    return target.logical_id if isinstance(target, ResourceReference) and is_queue else ""


def _type(member: StackTree, value: object) -> str:
    if not isinstance(value, ResourceReference):
        return ""
    return str(member.resolver.template.body["Resources"].get(value.logical_id, {}).get("Type"))
