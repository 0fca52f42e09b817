"""Reads the demand of a template and its nested stacks."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tapctl.concurrency.demand import (
    Demand,
    EventSource,
    FunctionDemand,
    Provisioned,
    Scaling,
    on_instances,
    opaque_resources,
    parts_not_here,
)
from tapctl.resource_types import (
    ALIAS,
    EVENT_SOURCE_MAPPING,
    FUNCTION,
    PUBLISHED,
    RESERVED_CONCURRENCY,
    SCALABLE_TARGET,
)
from tapctl.template.includes import includes_only
from tapctl.template.model import (
    FN_TRANSFORM,
    FOR_EACH,
    Path,
    Resource,
    Template,
)
from tapctl.template.nested import StackTree
from tapctl.template.parameters import as_text
from tapctl.template.resolver import Resolver, count, existence, plain
from tapctl.template.values import NO_VALUE, ResourceReference
from tapctl.unknown import Count, Unknown


def read_demand(tree: StackTree) -> Demand:
    """The demand of the whole tree.

    Raises `TemplateError`, with the line, for a value that is not a whole number of 0 or more.
    """
    members = list(tree.members())
    remotes = [
        FunctionDemand(f"{nested.prefix}*", nested.line, plain(nested.unknown), file=nested.file)
        for nested in tree.remotes()
    ]
    return Demand(
        tree.resolver.template.file,
        (*(function for member in members for function in _functions(member)), *remotes),
        tuple(target for member in members for target in scaling(member)),
        tuple(source for member in members for source in event_sources(member)),
        tuple(resource for member in members for resource in (*opaque_resources(member), *parts_not_here(member))),
        tree.resolver.template.source.construct,
    )


def _functions(member: StackTree) -> Iterator[FunctionDemand]:
    """The functions of one stack, with its prefix."""
    for own in _own_functions(member.resolver):
        function = replace(own, logical_id=f"{member.prefix}{own.logical_id}")
        yield _maybe(function, member.exists) if isinstance(member.exists, Unknown) else function


def _maybe(function: FunctionDemand, unknown: Unknown) -> FunctionDemand:
    """A function of a stack that may not exist: its claim is unknown, too."""
    unknown = plain(unknown)
    return replace(
        function,
        reserved=None if function.reserved is None else unknown,
        provisioned=tuple(replace(version, value=unknown) for version in function.provisioned),
    )


def _own_functions(resolver: Resolver) -> Iterator[FunctionDemand]:
    template = resolver.template
    resources = [resource for resource in template.resources() if existence(resolver, resource) is not False]
    functions = {resource.logical_id: _function(resolver, resource) for resource in resources if _is_function(resource)}
    provisioned: dict[str, list[Provisioned]] = {logical_id: [] for logical_id in functions}
    for resource in resources:
        if resource.type in PUBLISHED and (version := _provisioned(resolver, resource)):
            owner = _owner(resolver, resource, functions)
            provisioned.setdefault(owner, []).append(version)
            functions.setdefault(owner, FunctionDemand(owner, resource.line, file=resource.file))
    managed = {resource.logical_id: on_instances(resolver, resource) for resource in resources}
    for name, function in functions.items():
        claiming, unknown = replace(function, provisioned=tuple(provisioned.get(name, ()))), managed.get(name)
        yield _maybe(claiming, unknown) if unknown else claiming
    yield from _opaque_functions(template, {resource.logical_id for resource in resources})


def _opaque_functions(template: Template, existing: set[str]) -> Iterator[FunctionDemand]:
    """Functions that the template may have without showing them, by the place that may add them."""
    for path, unknown in template.opaque.items():
        name = str(path[-1])
        # SAM removed a function that it could not translate; a loop is named like its functions.
        is_function = path[0] == "Resources" and (name not in template.body["Resources"] or name.startswith(FOR_EACH))
        if _brings_functions(path) and (is_function or name.startswith("Fn::") or name in {*existing, "Transform"}):
            file, line = template.place(*path)
            # As for a nested stack that is not here: any number of functions, none of which is named.
            yield FunctionDemand(name if is_function else f"{name}/*", line, plain(unknown), file=file)


def _brings_functions(path: Path) -> bool:
    """Whether an include or macro at this place may add resources, rather than parameters, mappings or outputs."""
    return path[0] not in ("Parameters", "Mappings", "Conditions", "Outputs")


def _is_function(resource: Resource) -> bool:
    return resource.type == FUNCTION


def _function(resolver: Resolver, resource: Resource) -> FunctionDemand:
    path = ("Resources", resource.logical_id, "Properties", RESERVED_CONCURRENCY)
    name = resolver.value(resource.properties.get("FunctionName", NO_VALUE), (*path[:3], "FunctionName"))
    raw = _raw(resource, RESERVED_CONCURRENCY)
    file, line = resolver.template.place(*path)
    return FunctionDemand(
        resource.logical_id,
        resource.line,
        count(resolver, resource, raw, path),
        name=None if name is NO_VALUE else name if isinstance(name, Unknown) else as_text(name),
        reserved_line=line,
        reserved_source=source_of(resolver, raw, path),
        file=resource.file,
        reserved_file=file,
    )


def _raw(resource: Resource, name: str) -> Any:
    """A property as it is written; the macro that may change it, and where it is missing the include that may set it.

    A macro gets the properties beside it and may return others; `AWS::Include` only adds some.
    """
    if FN_TRANSFORM not in resource.properties:
        return resource.properties.get(name, NO_VALUE)
    macro = {FN_TRANSFORM: resource.properties[FN_TRANSFORM]}
    return resource.properties.get(name, macro) if includes_only(macro[FN_TRANSFORM]) else macro


def _provisioned(resolver: Resolver, resource: Resource) -> Provisioned | None:
    path: Path = ("Resources", resource.logical_id, "Properties", "ProvisionedConcurrencyConfig")
    raw = _raw(resource, "ProvisionedConcurrencyConfig")
    config = resolver.value(raw, path)
    if config is NO_VALUE:
        return None
    inner = (*path, "ProvisionedConcurrentExecutions")
    value = config.get("ProvisionedConcurrentExecutions", NO_VALUE) if isinstance(config, dict) else config
    number = count(resolver, resource, value, inner)
    if number is None:
        return None
    written = raw.get("ProvisionedConcurrentExecutions", raw) if isinstance(raw, dict) else raw
    file, line = resolver.template.place(*inner)
    source, version = source_of(resolver, written, inner), published_version(resolver, resource)
    return Provisioned(resource.logical_id, number, line, source, file, version)


def published_version(resolver: Resolver, resource: Resource) -> str | Unknown:
    """The version that an alias or version refers to."""
    if resource.type != ALIAS:
        return ResourceReference("its number is known only after the deploy", logical_id=resource.logical_id)
    path = ("Resources", resource.logical_id, "Properties", "FunctionVersion")
    version = resolver.value(resource.properties.get("FunctionVersion", ""), path)
    return version if isinstance(version, Unknown) else as_text(version)


def _owner(resolver: Resolver, resource: Resource, functions: dict[str, FunctionDemand]) -> str:
    """The logical id of the function of an alias or version; its own where the function is not in the template."""
    raw = resource.properties.get("FunctionName", "")
    target = resolver.value(raw, ("Resources", resource.logical_id, "Properties", "FunctionName"))
    if isinstance(target, ResourceReference):
        return target.logical_id if target.logical_id in functions else resource.logical_id
    named = [function for function in functions.values() if function.name is not None and function.name == target]
    if isinstance(target, Unknown):
        # Two names that are unknown for the same reason may differ, unless they are written in the same way.
        written = resolver.template.body["Resources"]
        named = [owner for owner in named if written[owner.logical_id]["Properties"].get("FunctionName") == raw]
    return named[0].logical_id if named else resource.logical_id


DIMENSION = "lambda:function:ProvisionedConcurrency"


def scaling(member: StackTree) -> Iterator[Scaling]:
    """The widest capacity range of each scalable target for provisioned concurrency, with its scheduled actions."""
    resolver = member.resolver
    for resource in _existing(resolver, SCALABLE_TARGET):
        path: Path = ("Resources", resource.logical_id, "Properties")
        if resolver.value(resource.properties.get("ScalableDimension"), path) != DIMENSION:
            continue
        ranges = [resource.properties, *_scheduled(resolver, resource, path)]
        minimum = [_bound(resolver, resource, holder, "MinCapacity", path) for holder in ranges]
        maximum = [_bound(resolver, resource, holder, "MaxCapacity", path) for holder in ranges]
        yield Scaling(
            f"{member.prefix}{resource.logical_id}",
            resolver.template.file,
            resource.line,
            _first(minimum),
            _largest(maximum),
            max(value for value in (0, *minimum) if isinstance(value, int)),
            _function_of(member, resource.properties.get("ResourceId"), (*path, "ResourceId")),
        )


def _scheduled(resolver: Resolver, resource: Resource, path: Path) -> list[Any]:
    actions = resolver.value(resource.properties.get("ScheduledActions") or [], (*path, "ScheduledActions"))
    items = actions if isinstance(actions, list) else []
    return [action.get("ScalableTargetAction", {}) for action in items if isinstance(action, dict)]


def _bound(resolver: Resolver, resource: Resource, holder: Any, name: str, path: Path) -> Count | None:
    raw = holder.get(name, NO_VALUE) if isinstance(holder, Mapping) else holder
    return count(resolver, resource, raw, (*path, name))


def _first(values: list[Count | None]) -> Count:
    """The target's own minimum; scheduled actions change it later."""
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
            function = _function_of(member, resource.properties.get("FunctionName"), (*path[:3], "FunctionName"))
            name = f"{member.prefix}{resource.logical_id}"
            yield EventSource(name, resolver.template.file, resource.line, maximum, function)


_FUNCTION_NAME = re.compile(r"(?:.*:)?function:([^:]+)|([^:]+)")
"""A function's name, ARN or resource id, with or without a version or alias behind it."""


def _function_of(member: StackTree, raw: Any, path: Path) -> str:
    """The logical id, with the stack's prefix, of the function that a name, ARN or resource id is about.

    Empty where it is about no function of the template. References become texts with `@LOGICAL_ID` in the place of
    the function's name, so that expressions around them can be evaluated.
    """
    resolver = member.resolver
    existing = [resource for resource in resolver.template.resources() if existence(resolver, resource) is not False]
    functions = {resource.logical_id: _function(resolver, resource) for resource in existing if _is_function(resource)}
    live: dict[str, str] = {}
    for name in functions:
        live |= {name: f"@{name}", f"{name}.Arn": f"{_ARN}@{name}"}
    for resource in existing:
        if resource.type in PUBLISHED and (owner := _owner(resolver, resource, functions)) in functions:
            live[resource.logical_id] = f"{_ARN}@{owner}:{resource.logical_id}"
    text = replace(resolver, live=live, _conditions={}).value(raw, path)
    match = _FUNCTION_NAME.match(text) if isinstance(text, str) else None
    written = (match[1] or match[2]) if match else ""
    named = [owner for owner, function in functions.items() if written in (f"@{owner}", function.name)]
    return f"{member.prefix}{named[0]}" if named and written else ""


_ARN = "arn:aws:lambda:region:account:function:"


def _existing(resolver: Resolver, kind: str) -> Iterator[Resource]:
    for resource in resolver.template.resources():
        if resource.type == kind and existence(resolver, resource) is not False:
            yield resource


def source_of(resolver: Resolver, raw: Any, path: Path) -> str:
    """The source of a value, for example `parameter Limit`, `mapping Plans, where IsProd`, `literal in Globals`."""
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
