"""What stands beside the claims: scaling ranges, event sources' ceilings, and what cannot be seen into."""

from collections.abc import Iterator, Mapping
from typing import Any

from tapctl.headroom.demand import Count, EventSource, Scaling, Unseen
from tapctl.headroom.number import count, existence
from tapctl.template.family import Family
from tapctl.template.model import INCLUDED, LANGUAGE_EXTENSIONS, SERVERLESS, Resource
from tapctl.template.resolve import NO_VALUE, Resolver, ResourceReference
from tapctl.template.source import Path
from tapctl.unknown import Unknown

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
DIMENSION = "lambda:function:ProvisionedConcurrency"
EVENT_SOURCE = "AWS::Lambda::EventSourceMapping"


def scaling(member: Family) -> Iterator[Scaling]:
    """The widest range of each target on provisioned concurrency, its scheduled actions included."""
    resolver = member.resolver
    for resource in _existing(resolver, TARGET):
        path: Path = ("Resources", resource.logical_id, "Properties")
        if resolver.value(resource.properties.get("ScalableDimension"), path) != DIMENSION:
            continue
        ranges = [resource.properties, *_scheduled(resolver, resource, path)]
        minimum = [_bound(resolver, resource, each, "MinCapacity", path) for each in ranges]
        maximum = [_bound(resolver, resource, each, "MaxCapacity", path) for each in ranges]
        yield Scaling(
            f"{member.prefix}{resource.logical_id}",
            resolver.template.file,
            resource.line,
            _first(minimum),
            _largest(maximum),
        )


def _scheduled(resolver: Resolver, resource: Resource, path: Path) -> list[Any]:
    actions = resolver.value(resource.properties.get("ScheduledActions") or [], (*path, "ScheduledActions"))
    items = actions if isinstance(actions, list) else []
    return [each.get("ScalableTargetAction", {}) for each in items if isinstance(each, dict)]


def _bound(resolver: Resolver, resource: Resource, holder: Any, name: str, path: Path) -> Count | None:
    raw = holder.get(name, NO_VALUE) if isinstance(holder, Mapping) else holder
    return count(resolver, resource, raw, (*path, name))


def _first(values: list[Count | None]) -> Count:
    """The target's own minimum: schedules change it only later."""
    return values[0] if values[0] is not None else 0


def _largest(values: list[Count | None]) -> Count:
    unknown = next((value for value in values if isinstance(value, Unknown)), None)
    return unknown or max((value for value in values if isinstance(value, int)), default=0)


def event_sources(member: Family) -> Iterator[EventSource]:
    """Event source mappings with a MaximumConcurrency."""
    resolver = member.resolver
    for resource in _existing(resolver, EVENT_SOURCE):
        path: Path = ("Resources", resource.logical_id, "Properties", "ScalingConfig")
        config = resolver.value(resource.properties.get("ScalingConfig", NO_VALUE), path)
        raw = config.get("MaximumConcurrency", NO_VALUE) if isinstance(config, dict) else config
        maximum = count(resolver, resource, raw, (*path, "MaximumConcurrency"))
        if maximum is not None:
            target = resolver.value(resource.properties.get("FunctionName", ""), (*path[:3], "FunctionName"))
            function = f"{member.prefix}{target.logical_id}" if isinstance(target, ResourceReference) else ""
            name = f"{member.prefix}{resource.logical_id}"
            yield EventSource(name, resolver.template.file, resource.line, maximum, function)


def unseen(member: Family) -> Iterator[Unseen]:
    """Custom resources, modules, macros and functions on managed instances."""
    resolver = member.resolver
    template = resolver.template
    for resource in template.resources():
        reason = _why_unseen(resource)
        if reason and existence(resolver, resource) is not False:
            name = f"{member.prefix}{resource.logical_id}"
            yield Unseen(name, resource.type, template.file, resource.line, reason)
    for name in template.transforms:
        if name not in (SERVERLESS, LANGUAGE_EXTENSIONS, "AWS::CodeDeployBlueGreen"):
            line = template.line("Transform")
            yield Unseen(f"{member.prefix}Transform", name, template.file, line, "a macro may rewrite the template")


def _why_unseen(resource: Resource) -> str:
    if resource.type.startswith("Custom::") or resource.type == "AWS::CloudFormation::CustomResource":
        return "a custom resource runs code of its own"
    if resource.type.endswith("::MODULE"):
        return "a module is expanded by CloudFormation"
    if resource.type == INCLUDED:
        return "a macro fills it in at deploy time"
    if "CapacityProviderConfig" in resource.properties:
        return "on managed instances it runs outside the account's pool; AWS does not say how they meet"
    return ""


def _existing(resolver: Resolver, kind: str) -> Iterator[Resource]:
    for resource in resolver.template.resources():
        if resource.type == kind and existence(resolver, resource) is not False:
            yield resource
