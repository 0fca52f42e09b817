"""Throttles beside a reservation: what an event source may ask of a smaller one, and what would serve instead of one.

An SQS source's MaximumConcurrency reserves nothing, and should not be more than the function's reservation, summed
over its sources: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

from collections.abc import Iterator

from tapctl.headroom.demand import EventSource
from tapctl.headroom.number import existence
from tapctl.headroom.subject import Subject
from tapctl.headroom.verdict import Finding, Verdict
from tapctl.limits import Limit
from tapctl.template.family import Family
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


def alternative(subject: Subject, name: str) -> str:
    """The throttle that this function could have without any reservation; empty where none comes to mind."""
    prefix, _, logical_id = name.rpartition("/")
    member = next((each for each in subject.family.members() if each.prefix.rstrip("/") == prefix), None)
    if member is None:
        return ""
    if source := _source_of(member, logical_id):
        return f"ScalingConfig.MaximumConcurrency of {source} throttles it without reserving anything"
    stage = next((each for each in member.resolver.template.resources() if each.type in STAGES), None)
    return f"{STAGES[stage.type]} of {stage.logical_id} throttles without reserving anything" if stage else ""


def _source_of(member: Family, logical_id: str) -> str:
    """The SQS event source of a function; the others have no MaximumConcurrency."""
    resolver = member.resolver
    for resource in resolver.template.resources():
        if resource.type != EVENT_SOURCE or existence(resolver, resource) is False:
            continue
        path = ("Resources", resource.logical_id, "Properties")
        target = resolver.value(resource.properties.get("FunctionName", ""), (*path, "FunctionName"))
        queue = resolver.value(resource.properties.get("EventSourceArn", ""), (*path, "EventSourceArn"))
        is_queue = ":sqs:" in str(queue) or _type(member, queue) == "AWS::SQS::Queue"
        if isinstance(target, ResourceReference) and target.logical_id == logical_id and is_queue:
            return resource.logical_id
    return ""


def _type(member: Family, value: object) -> str:
    if not isinstance(value, ResourceReference):
        return ""
    return str(member.resolver.template.body["Resources"].get(value.logical_id, {}).get("Type"))
