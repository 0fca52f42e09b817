"""The effects of an update on the functions, versions and aliases of one stack, by its old and its new template.

CloudFormation replaces a resource when a create-only property changes, and deletes the old one after everything else
succeeded.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self

from tapctl.concurrency.demand import named_version
from tapctl.concurrency.read_demand import published_version
from tapctl.resource_types import (
    ALIAS,
    EVENT_SOURCE_MAPPING,
    FUNCTION,
    PROVISIONED_CONCURRENCY,
    RESERVED_CONCURRENCY,
    VERSION,
)
from tapctl.template.model import Resource
from tapctl.template.resolver import Resolver, existence
from tapctl.template.values import NO_VALUE
from tapctl.unknown import Unknown

CREATE_ONLY: Mapping[str, tuple[str, ...]] = {
    ALIAS: ("Name", "FunctionName"),
    FUNCTION: ("PackageType", "TenancyConfig"),
    VERSION: (
        "FunctionName",
        "Description",
        "CodeSha256",
        PROVISIONED_CONCURRENCY,
        "RuntimePolicy",
    ),
}
"""The `createOnlyProperties` of the resource schemas, but the FunctionName of a function: one that the template gives
is compared with the live function's name."""

ADDED_OR_REMOVED: Mapping[str, tuple[str, ...]] = {FUNCTION: ("DurableConfig",)}
"""The `conditionalCreateOnlyProperties` of the resource schemas: to add or to remove one replaces the resource, and a
change inside it does not.

https://docs.aws.amazon.com/lambda/latest/dg/durable-configuration.html
"""

CLAIMS: Mapping[str, str] = {
    ALIAS: PROVISIONED_CONCURRENCY,
    FUNCTION: RESERVED_CONCURRENCY,
    VERSION: PROVISIONED_CONCURRENCY,
}
"""The property by which a resource of each type claims concurrency."""

RETAINING = ("Retain", "RetainExceptOnCreate")
"""The policies under which a resource stays in the account when it leaves the stack. For a deleted resource the old
template's DeletionPolicy counts, for a replaced one the new template's UpdateReplacePolicy."""


@dataclass(frozen=True, slots=True)
class UpdateEffects:
    """Effects of an update on functions, versions and aliases, by logical id; and which other resources it replaces.

    `maybe_replaced` is the part of `replaced` that depends on an unknown value. `removed` are not in the new template,
    and those that are not among `retained_on_delete` are deleted last; `retained_on_replace` would stay if they are
    replaced. Both templates give `unchanged_concurrency` the same concurrency, and `same_name` the same FunctionName.
    `unchanged_sources` are event source mappings of which both templates set the same ScalingConfig and function.
    `old_versions` names the version of each alias in the old template, by its number or its logical id.
    Where the templates could not be compared, `not_compared_reason` says why, and replacements are unknown and not
    counted.
    """

    replaced: frozenset[str] = frozenset()
    maybe_replaced: frozenset[str] = frozenset()
    retained_on_delete: frozenset[str] = frozenset()
    retained_on_replace: frozenset[str] = frozenset()
    unchanged_concurrency: frozenset[str] = frozenset()
    same_name: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    unchanged_sources: frozenset[str] = frozenset()
    old_versions: Mapping[str, str] = field(default_factory=dict)
    not_compared_reason: str = ""

    def __or__(self, other: Self) -> Self:
        return type(self)(
            replaced=self.replaced | other.replaced,
            maybe_replaced=self.maybe_replaced | other.maybe_replaced,
            retained_on_delete=self.retained_on_delete | other.retained_on_delete,
            retained_on_replace=self.retained_on_replace | other.retained_on_replace,
            unchanged_concurrency=self.unchanged_concurrency | other.unchanged_concurrency,
            same_name=self.same_name | other.same_name,
            removed=self.removed | other.removed,
            unchanged_sources=self.unchanged_sources | other.unchanged_sources,
            old_versions={**self.old_versions, **other.old_versions},
            not_compared_reason=self.not_compared_reason or other.not_compared_reason,
        )


NO_EFFECTS = UpdateEffects()
"""Nothing is replaced or retained."""


def compare_templates(old: Resolver, new: Resolver | None, prefix: str = "") -> UpdateEffects:
    """The effects on one stack, whose logical ids get the prefix; no new template deletes the stack."""
    retained = _retained(old, "DeletionPolicy")
    if new is None:
        return UpdateEffects(retained_on_delete=_prefixed(prefix, retained))
    differences = replaced(old, new)
    return UpdateEffects(
        replaced=_prefixed(prefix, differences),
        maybe_replaced=_prefixed(prefix, (name for name, how in differences.items() if how is Difference.MAYBE)),
        retained_on_delete=_prefixed(prefix, retained - {*concurrency_resources(new)}),
        retained_on_replace=_prefixed(prefix, _retained(new, "UpdateReplacePolicy")),
        unchanged_concurrency=_prefixed(prefix, unchanged_concurrency(old, new)),
        same_name=_prefixed(prefix, same_name(old, new)),
        unchanged_sources=_prefixed(prefix, unchanged_sources(old, new)),
        removed=_prefixed(prefix, {*concurrency_resources(old)} - {*concurrency_resources(new)}),
        old_versions={
            f"{prefix}{name}": named_version(published_version(old, resource))
            for name, resource in concurrency_resources(old).items()
            if resource.type == ALIAS
        },
    )


def without_old_template(new: Resolver | None, prefix: str = "") -> UpdateEffects:
    """The effects on a stack whose old template cannot be read: all that sets a create-only property may be replaced.

    Names do not count: they are compared with the live resources' names.
    """
    if new is None:
        return NO_EFFECTS
    maybe = _prefixed(
        prefix,
        (
            name
            for name, resource in concurrency_resources(new).items()
            if {*CREATE_ONLY[resource.type], *ADDED_OR_REMOVED.get(resource.type, ())}
            & {*resource.properties} - {"FunctionName", "Name"}
        ),
    )
    return UpdateEffects(replaced=maybe, maybe_replaced=maybe)


def concurrency_resources(resolver: Resolver) -> dict[str, Resource]:
    """Functions, versions and aliases by logical id, without those whose condition is false."""
    return {
        resource.logical_id: resource
        for resource in resolver.template.resources()
        if resource.type in CREATE_ONLY
        and resolver.exists(resource.condition, ("Resources", resource.logical_id, "Condition"))
    }


def retains(resolver: Resolver, resource: Resource, policy: str) -> bool:
    """Whether the DeletionPolicy or UpdateReplacePolicy keeps the resource in the account."""
    written = resolver.template.body["Resources"][resource.logical_id].get(policy)
    return resolver.value(written, ("Resources", resource.logical_id, policy)) in RETAINING


def _retained(resolver: Resolver, policy: str) -> frozenset[str]:
    resources = concurrency_resources(resolver).items()
    return frozenset(name for name, resource in resources if retains(resolver, resource, policy))


def _prefixed(prefix: str, logical_ids: Iterable[str]) -> frozenset[str]:
    return frozenset(f"{prefix}{logical_id}" for logical_id in logical_ids)


class Difference(IntEnum):
    """Whether an update changes a property, or replaces a resource; the surer is the greater."""

    NO = 0
    MAYBE = 1
    SURELY = 2


def replaced(old: Resolver, new: Resolver) -> dict[str, Difference]:
    """The logical ids that the update replaces, surely or maybe: an unknown value may turn out to be another one."""
    differences = {after.logical_id: _is_replaced(old, before, new, after) for before, after in _pairs(old, new)}
    return {name: how for name, how in differences.items() if how is not Difference.NO}


def unchanged_concurrency(old: Resolver, new: Resolver) -> frozenset[str]:
    """The resources to which both templates give the same reservation or provisioned concurrency."""
    return frozenset(
        after.logical_id
        for before, after in _pairs(old, new)
        if _compare(old, before, new, after, (CLAIMS[after.type],)) is Difference.NO
    )


def same_name(old: Resolver, new: Resolver) -> frozenset[str]:
    """The resources to which both templates give the same FunctionName, known or not."""
    return frozenset(
        after.logical_id
        for before, after in _pairs(old, new)
        if _compare(old, before, new, after, ("FunctionName",)) is Difference.NO
    )


def unchanged_sources(old: Resolver, new: Resolver) -> frozenset[str]:
    """The event source mappings that exist in both templates with the same ScalingConfig and function."""
    before, after = (
        {
            resource.logical_id: resource
            for resource in resolver.template.resources()
            if resource.type == EVENT_SOURCE_MAPPING and existence(resolver, resource) is True
        }
        for resolver in (old, new)
    )
    settings = ("ScalingConfig", "FunctionName")
    return frozenset(
        name
        for name in before.keys() & after.keys()
        if _compare(old, before[name], new, after[name], settings) is Difference.NO
    )


def _pairs(old: Resolver, new: Resolver) -> Iterator[tuple[Resource, Resource]]:
    """The resources that have the same logical id and type in both templates."""
    resources = concurrency_resources(old)
    for after in concurrency_resources(new).values():
        before = resources.get(after.logical_id)
        if before and before.type == after.type:
            yield before, after


def _is_replaced(old: Resolver, before: Resource, new: Resolver, after: Resource) -> Difference:
    if _loses_its_name(old, before, new, after):
        return Difference.SURELY
    appears = _appears(old, before, new, after, ADDED_OR_REMOVED.get(after.type, ()))
    return max(appears, _compare(old, before, new, after, CREATE_ONLY[after.type]))


def _appears(
    old: Resolver, before: Resource, new: Resolver, after: Resource, properties: tuple[str, ...]
) -> Difference:
    """Whether any of the properties is added or removed."""
    difference = Difference.NO
    for old_value, new_value in _values(old, before, new, after, properties):
        if not any(isinstance(value, Unknown) for value in (old_value, new_value)):
            if (old_value is NO_VALUE) is not (new_value is NO_VALUE):
                return Difference.SURELY
        elif str(old_value) != str(new_value):
            difference = Difference.MAYBE
    return difference


def _loses_its_name(old: Resolver, before: Resource, new: Resolver, after: Resource) -> bool:
    """Whether CloudFormation will generate a name for a function that had one in the template."""
    ((old_name, new_name),) = _values(old, before, new, after, ("FunctionName",))
    return old_name is not NO_VALUE and new_name is NO_VALUE


def _compare(
    old: Resolver, before: Resource, new: Resolver, after: Resource, properties: tuple[str, ...]
) -> Difference:
    """Whether any of the properties differs."""
    difference = Difference.NO
    values = _values(old, before, new, after, properties)
    for name, (old_value, new_value) in zip(properties, values, strict=True):
        if not (is_open(old_value) or is_open(new_value)):
            # CloudFormation compares text with text: 5 and "5" are one value.
            if str(old_value) != str(new_value):
                return Difference.SURELY
        elif str(old_value) != str(new_value) or _is_written_otherwise(old, before, new, after, name):
            difference = Difference.MAYBE
    return difference


def _is_written_otherwise(old: Resolver, before: Resource, new: Resolver, after: Resource, name: str) -> bool:
    """Whether an unknown value is written in another way, or reads an attribute of a resource that changes."""
    written = after.properties.get(name)
    return before.properties.get(name) != written or any(
        _may_change(logical_id, old, new) for logical_id in references(written, whole=False)
    )


def _may_change(logical_id: str, old: Resolver, new: Resolver) -> bool:
    """Whether an attribute of the resource may change; a function, version or alias keeps its own in place."""
    before, after = (resolver.template.body["Resources"].get(logical_id) for resolver in (old, new))
    if before is None or after is None:
        return True
    path = ("Resources", logical_id, "Properties")
    values = (old.value(before.get("Properties"), path), new.value(after.get("Properties"), path))
    return after.get("Type") not in CREATE_ONLY and (before != after or str(values[0]) != str(values[1]))


_IN_TEXT = re.compile(r"\$\{([A-Za-z0-9]+)(\.[^}]+)?\}")


def references(value: object, *, whole: bool = True) -> Iterator[str]:
    """The logical ids of the resources whose attributes a value reads, and with `whole` those to which it refers."""
    yield from (name for name, attribute in reads(value) if attribute or whole)


def reads(value: object) -> Iterator[tuple[str, str]]:
    """The resources that a value reads by their logical ids, each with the attribute; empty for a Ref."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "Fn::GetAtt":
                name, _, attribute = ".".join(map(str, item) if isinstance(item, list) else [str(item)]).partition(".")
                yield name, attribute or "*"
            elif key == "Ref":
                yield str(item), ""
            yield from reads(item)
    elif isinstance(value, list):
        for item in value:
            yield from reads(item)
    elif isinstance(value, str):
        yield from ((name, attribute.removeprefix(".")) for name, attribute in _IN_TEXT.findall(value))


def _values(
    old: Resolver, before: Resource, new: Resolver, after: Resource, properties: tuple[str, ...]
) -> Iterator[tuple[object, object]]:
    for name in properties:
        path = ("Resources", after.logical_id, "Properties", name)
        yield (
            old.value(before.properties.get(name, NO_VALUE), path),
            new.value(after.properties.get(name, NO_VALUE), path),
        )


def is_open(value: object) -> bool:
    """Whether a part of the value is unknown."""
    if isinstance(value, Mapping):
        return any(map(is_open, value.values()))
    return isinstance(value, Unknown) or (isinstance(value, list | tuple) and any(map(is_open, value)))
