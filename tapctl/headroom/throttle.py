"""Throttles beside a reservation: what an event source may ask of a smaller one, and what would serve instead of one.

An SQS source's MaximumConcurrency reserves nothing, and should not be more than the function's reservation, summed
over its sources: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tapctl.headroom.demand import EventSource
from tapctl.headroom.number import existence
from tapctl.headroom.subject import Subject
from tapctl.headroom.verdict import Finding, Verdict
from tapctl.limits import Limit
from tapctl.template.family import Family
from tapctl.template.model import Resource
from tapctl.template.resolve import ResourceReference

EVENT_SOURCE = "AWS::Lambda::EventSourceMapping"

STAGES = {
    "AWS::ApiGateway::Stage": "MethodSettings with ThrottlingRateLimit",
    "AWS::ApiGatewayV2::Stage": "DefaultRouteSettings with ThrottlingRateLimit",
}
"""How a stage of an API throttles what it calls."""


def overrunning(limit: Limit, subject: Subject) -> Iterator[Finding]:
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


def throttles(family: Family) -> Throttles:
    """Those of the whole family, told once."""
    sources: dict[str, str] = {}
    stages: dict[str, str] = {}
    for member in family.members():
        for resource in member.resolver.template.resources():
            if resource.type == EVENT_SOURCE and (function := _queued(member, resource)):
                sources.setdefault(f"{member.prefix}{function}", resource.logical_id)
            elif resource.type in STAGES:
                stages.setdefault(member.prefix.rstrip("/"), f"{STAGES[resource.type]} of {resource.logical_id}")
    return Throttles(sources, stages)


def _queued(member: Family, resource: Resource) -> str:
    """The function that a mapping feeds from an SQS queue; other sources have no MaximumConcurrency."""
    resolver, path = member.resolver, ("Resources", resource.logical_id, "Properties")
    if existence(resolver, resource) is False:
        return ""
    target = resolver.value(resource.properties.get("FunctionName", ""), (*path, "FunctionName"))
    queue = resolver.value(resource.properties.get("EventSourceArn", ""), (*path, "EventSourceArn"))
    is_queue = ":sqs:" in str(queue) or _type(member, queue) == "AWS::SQS::Queue"
    return target.logical_id if isinstance(target, ResourceReference) and is_queue else ""


def _type(member: Family, value: object) -> str:
    if not isinstance(value, ResourceReference):
        return ""
    return str(member.resolver.template.body["Resources"].get(value.logical_id, {}).get("Type"))
