"""The claims of a template's functions, and of the family of its nested stacks."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tapctl.headroom import alongside
from tapctl.headroom.demand import Demand, FunctionDemand, Provisioned
from tapctl.headroom.number import count, existence, plain
from tapctl.headroom.source import source_of
from tapctl.template.family import Family
from tapctl.template.model import INCLUDED, Resource
from tapctl.template.parameters import as_text
from tapctl.template.resolve import NO_VALUE, Resolver, ResourceReference
from tapctl.template.source import Path
from tapctl.unknown import Unknown

FUNCTION = "AWS::Lambda::Function"
PUBLISHED = ("AWS::Lambda::Alias", "AWS::Lambda::Version")
"""The resource types that carry a ProvisionedConcurrencyConfig."""


def read_demand(family: Family) -> Demand:
    """Work the demand of the whole family out.

    Raises `TemplateError` for a value that is no whole number above or at 0, with its line.
    """
    members = list(family.members())
    remotes = [
        FunctionDemand(f"{each.prefix}*", each.line, plain(each.unknown), file=each.file) for each in family.remotes()
    ]
    return Demand(
        family.resolver.template.file,
        (*(function for member in members for function in _functions(member)), *remotes),
        tuple(each for member in members for each in alongside.scaling(member)),
        tuple(each for member in members for each in alongside.event_sources(member)),
        tuple(each for member in members for each in alongside.unseen(member)),
    )


def _functions(member: Family) -> Iterator[FunctionDemand]:
    """The functions of one stack, named as the family names them."""
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
    """Functions on managed instances run outside the account's pool; they are listed as unseen."""
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
