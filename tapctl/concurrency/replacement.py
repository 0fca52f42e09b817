"""Which functions, versions and aliases an update makes anew, told from the template that runs and the new one.

CloudFormation replaces a resource when a property that can only be set at its creation changes, and keeps the
old one until everything else succeeded. With a change set at hand, its word counts instead.
"""

import re
from collections.abc import Iterator, Mapping
from enum import Enum

from tapctl.resource_types import ALIAS, FUNCTION, PROVISIONED_CONCURRENCY, RESERVED_CONCURRENCY, VERSION
from tapctl.template.model import Resource
from tapctl.template.resolver import NO_VALUE, Resolver
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
"""The `createOnlyProperties` of the resource schemas, but a function's name: one that is given is compared with the
live one's."""

CLAIMS: Mapping[str, str] = {
    ALIAS: PROVISIONED_CONCURRENCY,
    FUNCTION: RESERVED_CONCURRENCY,
    VERSION: PROVISIONED_CONCURRENCY,
}
"""The property by which each claims concurrency."""


_ATTRIBUTE = re.compile(r"\$\{([A-Za-z0-9]+)\.[^}]+\}")


def concurrency_resources(resolver: Resolver) -> dict[str, Resource]:
    """Functions, versions and aliases by their logical ids, but those that a condition leaves out."""
    return {
        each.logical_id: each
        for each in resolver.template.resources()
        if each.type in CREATE_ONLY and resolver.exists(each.condition, ("Resources", each.logical_id, "Condition"))
    }


class Difference(Enum):
    """Whether an update changes something."""

    NO = 0
    MAYBE = 1
    SURELY = 2


def replaced(running: Resolver, wanted: Resolver) -> dict[str, Difference]:
    """The logical ids that one update replaces, surely or maybe: a value that is not known may be another one."""
    found = {new.logical_id: _is_replaced(running, old, wanted, new) for old, new in _pairs(running, wanted)}
    return {name: differs for name, differs in found.items() if differs is not Difference.NO}


def unchanged_concurrency(running: Resolver, wanted: Resolver) -> frozenset[str]:
    """What both templates give the same reservation, or the same provisioned concurrency."""
    return frozenset(
        new.logical_id
        for old, new in _pairs(running, wanted)
        if _compare(running, old, wanted, new, (CLAIMS[new.type],)) is Difference.NO
    )


def same_name(running: Resolver, wanted: Resolver) -> frozenset[str]:
    """What both templates give the same name, whatever that is."""
    return frozenset(
        new.logical_id
        for old, new in _pairs(running, wanted)
        if _compare(running, old, wanted, new, ("FunctionName",)) is Difference.NO
    )


def _pairs(running: Resolver, wanted: Resolver) -> Iterator[tuple[Resource, Resource]]:
    """What is of one type in both templates."""
    before = concurrency_resources(running)
    for new in concurrency_resources(wanted).values():
        old = before.get(new.logical_id)
        if old and old.type == new.type:
            yield old, new


def _is_replaced(running: Resolver, old: Resource, wanted: Resolver, new: Resource) -> Difference:
    if _loses_its_name(running, old, wanted, new):
        return Difference.SURELY
    return _compare(running, old, wanted, new, CREATE_ONLY[new.type])


def _loses_its_name(running: Resolver, old: Resource, wanted: Resolver, new: Resource) -> bool:
    """Whether a function that was named gets a name of CloudFormation's making, which nobody knows yet."""
    ((before, after),) = _values(running, old, wanted, new, ("FunctionName",))
    return before is not NO_VALUE and after is NO_VALUE


def _compare(running: Resolver, old: Resource, wanted: Resolver, new: Resource, names: tuple[str, ...]) -> Difference:
    """Whether any of the properties differs."""
    found = Difference.NO
    for name, (before, after) in zip(names, _values(running, old, wanted, new, names), strict=True):
        if not (_is_open(before) or _is_open(after)):
            # CloudFormation compares text with text: 5 and "5" are one value.
            if str(before) != str(after):
                return Difference.SURELY
        elif str(before) != str(after) or _is_written_otherwise(running, old, wanted, new, name):
            found = Difference.MAYBE
    return found


def _is_written_otherwise(running: Resolver, old: Resource, wanted: Resolver, new: Resource, name: str) -> bool:
    """Whether what is not known is another text, or asks for an attribute of a resource that changes itself."""
    text = new.properties.get(name)
    return old.properties.get(name) != text or any(_is_altered(each, running, wanted) for each in _asked(text))


def _is_altered(logical_id: str, running: Resolver, wanted: Resolver) -> bool:
    """An attribute of a function, version or alias stays the same unless that is replaced."""
    before, after = (each.template.body["Resources"].get(logical_id) for each in (running, wanted))
    if before is None or after is None:
        return True
    path = ("Resources", logical_id, "Properties")
    values = (running.value(before.get("Properties"), path), wanted.value(after.get("Properties"), path))
    return after.get("Type") not in CREATE_ONLY and (before != after or str(values[0]) != str(values[1]))


def _asked(text: object) -> Iterator[str]:
    """The logical ids of the resources of which a text asks for attributes."""
    if isinstance(text, Mapping):
        for key, item in text.items():
            if key == "Fn::GetAtt":
                yield str(item[0] if isinstance(item, list) else item).partition(".")[0]
            yield from _asked(item)
    elif isinstance(text, list):
        for item in text:
            yield from _asked(item)
    elif isinstance(text, str):
        yield from _ATTRIBUTE.findall(text)


def _values(
    running: Resolver, old: Resource, wanted: Resolver, new: Resource, names: tuple[str, ...]
) -> Iterator[tuple[object, object]]:
    for name in names:
        path = ("Resources", new.logical_id, "Properties", name)
        yield (
            running.value(old.properties.get(name, NO_VALUE), path),
            wanted.value(new.properties.get(name, NO_VALUE), path),
        )


def _is_open(value: object) -> bool:
    """Whether something in it is not known, so that it says nothing of what is written otherwise."""
    if isinstance(value, Mapping):
        return any(map(_is_open, value.values()))
    return isinstance(value, Unknown) or (isinstance(value, list | tuple) and any(map(_is_open, value)))


def maybe_replaced(wanted: Resolver) -> frozenset[str]:
    """What an update might replace where nobody may read what runs: all that sets such a property beside its names."""
    return frozenset(
        name
        for name, each in concurrency_resources(wanted).items()
        if {*CREATE_ONLY[each.type]} & {*each.properties} - {"FunctionName", "Name"}
    )
