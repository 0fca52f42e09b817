"""The claims of a template's functions, and of the tree of its nested stacks."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tapctl.concurrency.demand import Demand, EventSource, FunctionDemand, OpaqueResource, Provisioned, Scaling
from tapctl.resource_types import EVENT_SOURCE_MAPPING, FUNCTION, PUBLISHED, SCALABLE_TARGET, is_custom_resource
from tapctl.template.model import INCLUDED, LANGUAGE_EXTENSIONS, SERVERLESS, Resource
from tapctl.template.nested import StackTree
from tapctl.template.parameters import as_text
from tapctl.template.properties import count, existence, plain
from tapctl.template.resolver import NO_VALUE, Resolver, ResourceReference
from tapctl.template.source import Path
from tapctl.unknown import Count, Unknown

"""The resource types that carry a ProvisionedConcurrencyConfig."""


def read_demand(tree: StackTree) -> Demand:
    """Work the demand of the whole tree out.

    Raises `TemplateError` for a value that is no whole number above or at 0, with its line.
    """
    members = list(tree.members())
    remotes = [
        FunctionDemand(f"{each.prefix}*", each.line, plain(each.unknown), file=each.file) for each in tree.remotes()
    ]
    return Demand(
        tree.resolver.template.file,
        (*(function for member in members for function in _functions(member)), *remotes),
        tuple(each for member in members for each in scaling(member)),
        tuple(each for member in members for each in event_sources(member)),
        tuple(each for member in members for each in opaque_resources(member)),
    )


def _functions(member: StackTree) -> Iterator[FunctionDemand]:
    """The functions of one stack, named as the tree names them."""
    for each in _own_functions(member.resolver):
        function = replace(each, logical_id=f"{member.prefix}{each.logical_id}", file=member.resolver.template.file)
        yield _maybe(function, member.exists) if isinstance(member.exists, Unknown) else function


def _maybe(function: FunctionDemand, unknown: Unknown) -> FunctionDemand:
    """A function of a stack that may not exist: whatever it claims is unknown, too."""
    doubt = plain(unknown)
    return replace(
        function,
        reserved=None if function.reserved is None else doubt,
        provisioned=tuple(replace(each, value=doubt) for each in function.provisioned),
    )


def _own_functions(resolver: Resolver) -> Iterator[FunctionDemand]:
    template = resolver.template
    resources = [resource for resource in template.resources() if existence(resolver, resource) is not False]
    functions = {each.logical_id: _function(resolver, each) for each in resources if _claims(each)}
    provisioned: dict[str, list[Provisioned]] = {logical_id: [] for logical_id in functions}
    for resource in resources:
        if resource.type in PUBLISHED and (found := _provisioned(resolver, resource)):
            owner = _owner(resolver, resource, functions)
            provisioned.setdefault(owner, []).append(found)
            functions.setdefault(owner, FunctionDemand(owner, resource.line))
    for name, function in functions.items():
        yield replace(function, provisioned=tuple(provisioned.get(name, ())))
    for name, unknown in template.opaque.items():
        yield FunctionDemand(name, template.line("Resources", name), plain(unknown))


def _claims(resource: Resource) -> bool:
    """Functions on managed instances run outside the account's pool; they are listed as opaque_resources."""
    return resource.type == FUNCTION and "CapacityProviderConfig" not in resource.properties


def _function(resolver: Resolver, resource: Resource) -> FunctionDemand:
    path = ("Resources", resource.logical_id, "Properties", "ReservedConcurrentExecutions")
    name = resolver.value(resource.properties.get("FunctionName", NO_VALUE), (*path[:3], "FunctionName"))
    raw = _raw(resource, "ReservedConcurrentExecutions")
    return FunctionDemand(
        resource.logical_id,
        resource.line,
        count(resolver, resource, raw, path),
        name=None if name is NO_VALUE else name if isinstance(name, Unknown) else as_text(name),
        reserved_line=resolver.template.line(*path),
        reserved_source=source_of(resolver, raw, path),
    )


def _raw(resource: Resource, name: str) -> Any:
    """A property as it is written; a macro among the properties may set those that are not."""
    macro = {INCLUDED: resource.properties[INCLUDED]} if INCLUDED in resource.properties else NO_VALUE
    return resource.properties.get(name, macro)


def _provisioned(resolver: Resolver, resource: Resource) -> Provisioned | None:
    path: Path = ("Resources", resource.logical_id, "Properties", "ProvisionedConcurrencyConfig")
    raw = _raw(resource, "ProvisionedConcurrencyConfig")
    config = resolver.value(raw, path)
    if config is NO_VALUE:
        return None
    inner = (*path, "ProvisionedConcurrentExecutions")
    value = config.get("ProvisionedConcurrentExecutions", NO_VALUE) if isinstance(config, dict) else config
    found = count(resolver, resource, value, inner)
    if found is None:
        return None
    written = raw.get("ProvisionedConcurrentExecutions", raw) if isinstance(raw, dict) else raw
    return Provisioned(resource.logical_id, found, resolver.template.line(*inner), source_of(resolver, written, inner))


def _owner(resolver: Resolver, resource: Resource, functions: dict[str, FunctionDemand]) -> str:
    """The logical id of the function that an alias or version belongs to; its own where that is elsewhere."""
    raw = resource.properties.get("FunctionName", "")
    target = resolver.value(raw, ("Resources", resource.logical_id, "Properties", "FunctionName"))
    if isinstance(target, ResourceReference):
        return target.logical_id if target.logical_id in functions else resource.logical_id
    named = [each for each in functions.values() if each.name is not None and each.name == target]
    if isinstance(target, Unknown):
        # Names may be unknown for one reason and differ; those that are written alike do not.
        written = resolver.template.body["Resources"]
        named = [each for each in named if written[each.logical_id]["Properties"].get("FunctionName") == raw]
    return named[0].logical_id if named else resource.logical_id


DIMENSION = "lambda:function:ProvisionedConcurrency"


def scaling(member: StackTree) -> Iterator[Scaling]:
    """The widest range of each target on provisioned concurrency, its scheduled actions included."""
    resolver = member.resolver
    for resource in _existing(resolver, SCALABLE_TARGET):
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


def event_sources(member: StackTree) -> Iterator[EventSource]:
    """Event source mappings with a MaximumConcurrency."""
    resolver = member.resolver
    for resource in _existing(resolver, EVENT_SOURCE_MAPPING):
        path: Path = ("Resources", resource.logical_id, "Properties", "ScalingConfig")
        config = resolver.value(resource.properties.get("ScalingConfig", NO_VALUE), path)
        raw = config.get("MaximumConcurrency", NO_VALUE) if isinstance(config, dict) else config
        maximum = count(resolver, resource, raw, (*path, "MaximumConcurrency"))
        if maximum is not None:
            target = resolver.value(resource.properties.get("FunctionName", ""), (*path[:3], "FunctionName"))
            function = f"{member.prefix}{target.logical_id}" if isinstance(target, ResourceReference) else ""
            name = f"{member.prefix}{resource.logical_id}"
            yield EventSource(name, resolver.template.file, resource.line, maximum, function)


def opaque_resources(member: StackTree) -> Iterator[OpaqueResource]:
    """Custom resources, modules, macros and functions on managed instances."""
    resolver = member.resolver
    template = resolver.template
    for resource in template.resources():
        reason = _why_unseen(resource)
        if reason and existence(resolver, resource) is not False:
            name = f"{member.prefix}{resource.logical_id}"
            yield OpaqueResource(name, resource.type, template.file, resource.line, reason)
    for name in template.transforms:
        if name not in (SERVERLESS, LANGUAGE_EXTENSIONS, "AWS::CodeDeployBlueGreen"):
            line = template.line("Transform")
            yield OpaqueResource(
                f"{member.prefix}Transform", name, template.file, line, "a macro may rewrite the template"
            )


def _why_unseen(resource: Resource) -> str:
    if is_custom_resource(resource.type):
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


def source_of(resolver: Resolver, raw: Any, path: Path) -> str:
    """For example `parameter Limit`, `mapping Plans, where IsProd`, `literal in Globals`."""
    if raw is NO_VALUE:
        return ""
    words = ", ".join(dict.fromkeys(_sources(resolver, raw, path))) or "literal"
    return f"{words} in Globals" if resolver.template.inherits(*path) else words


def _sources(resolver: Resolver, raw: Any, path: Path) -> list[str]:
    match raw:
        case {"Fn::If": [str(name), then, otherwise]}:
            return _chosen(resolver, name, then, otherwise, path)
        case {"Fn::Sub": str(text) | [str(text), *_]}:
            names = re.findall(r"\$\{([^!}][^}]*)\}", text)
            return [f"parameter {name}" for name in names if name in resolver.parameters] or ["Fn::Sub"]
        case dict(inner) if word := _word(resolver, inner):
            return [word]
        case dict() | list():
            items = raw.values() if isinstance(raw, dict) else raw
            return [word for item in items for word in _sources(resolver, item, path)]
        case str(text) if "{{resolve:" in text:
            return ["a dynamic reference"]
        case _:
            return []


def _word(resolver: Resolver, raw: dict[str, Any]) -> str | None:
    match raw:
        case {"Ref": str(name)}:
            return f"parameter {name}" if name in resolver.parameters else name
        case {"Fn::FindInMap": [str(name), *_]}:
            return f"mapping {name}"
        case {"Fn::FindInMap": _}:
            return "a mapping"
        case {"Fn::GetAtt": str(name) | [str(name), *_]}:
            return name.partition(".")[0]
        case {"Fn::ImportValue": _}:
            return "an export of another stack"
        case _:
            return None


def _chosen(resolver: Resolver, name: str, then: Any, otherwise: Any, path: Path) -> list[str]:
    answer = resolver.condition(name, path)
    if isinstance(answer, Unknown):
        return [f"condition {name}"]
    branch = then if answer else otherwise
    return [*(_sources(resolver, branch, path) or ["literal"]), f"where {name}" if answer else f"unless {name}"]
