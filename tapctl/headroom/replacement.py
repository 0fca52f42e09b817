"""Which functions, versions and aliases an update makes anew, told from the template that runs and the new one.

CloudFormation replaces a resource when a property that can only be set at its creation changes, and keeps the
old one until everything else succeeded. With a change set at hand, its word counts instead.
"""

from collections.abc import Iterator, Mapping

from tapctl.template.model import Resource
from tapctl.template.resolve import NO_VALUE, Resolver
from tapctl.unknown import Unknown

CREATE_ONLY: Mapping[str, tuple[str, ...]] = {
    "AWS::Lambda::Alias": ("Name", "FunctionName"),
    "AWS::Lambda::Function": ("PackageType", "TenancyConfig"),
    "AWS::Lambda::Version": (
        "FunctionName",
        "Description",
        "CodeSha256",
        "ProvisionedConcurrencyConfig",
        "RuntimePolicy",
    ),
}
"""The `createOnlyProperties` of the resource schemas, but a function's name: one that is given is compared with the
live one's."""

CLAIMS: Mapping[str, str] = {
    "AWS::Lambda::Alias": "ProvisionedConcurrencyConfig",
    "AWS::Lambda::Function": "ReservedConcurrentExecutions",
    "AWS::Lambda::Version": "ProvisionedConcurrencyConfig",
}
"""The property by which each claims concurrency."""


def ours(resolver: Resolver) -> dict[str, Resource]:
    """Functions, versions and aliases by their logical ids, but those that a condition leaves out."""
    return {
        each.logical_id: each
        for each in resolver.template.resources()
        if each.type in CREATE_ONLY and resolver.exists(each.condition, ("Resources", each.logical_id, "Condition"))
    }


def replaced(running: Resolver, wanted: Resolver) -> frozenset[str]:
    """The logical ids that one update replaces; a value that is not known may be another one."""
    pairs = _pairs(running, wanted)
    return frozenset(new.logical_id for old, new in pairs if _is_replaced(running, old, wanted, new))


def restated(running: Resolver, wanted: Resolver) -> frozenset[str]:
    """What both templates give the same reservation, or the same provisioned concurrency."""
    pairs = _pairs(running, wanted)
    return frozenset(
        new.logical_id for old, new in pairs if not _changes(running, old, wanted, new, (CLAIMS[new.type],))
    )


def named_alike(running: Resolver, wanted: Resolver) -> frozenset[str]:
    """What both templates give the same name, whatever that is."""
    pairs = _pairs(running, wanted)
    return frozenset(new.logical_id for old, new in pairs if not _changes(running, old, wanted, new, ("FunctionName",)))


def _pairs(running: Resolver, wanted: Resolver) -> Iterator[tuple[Resource, Resource]]:
    """What is of one type in both templates."""
    before = ours(running)
    for new in ours(wanted).values():
        old = before.get(new.logical_id)
        if old and old.type == new.type:
            yield old, new


def _is_replaced(running: Resolver, old: Resource, wanted: Resolver, new: Resource) -> bool:
    if _loses_its_name(running, old, wanted, new):
        return True
    return _changes(running, old, wanted, new, CREATE_ONLY[new.type])


def _loses_its_name(running: Resolver, old: Resource, wanted: Resolver, new: Resource) -> bool:
    """Whether a function that was named gets a name of CloudFormation's making, which nobody knows yet."""
    ((before, after),) = _values(running, old, wanted, new, ("FunctionName",))
    return before is not NO_VALUE and after is NO_VALUE


def _changes(running: Resolver, old: Resource, wanted: Resolver, new: Resource, names: tuple[str, ...]) -> bool:
    pairs = zip(names, _values(running, old, wanted, new, names), strict=True)
    return any(
        _differs(*pair) or (_is_open(pair) and old.properties.get(n) != new.properties.get(n)) for n, pair in pairs
    )


def _values(
    running: Resolver, old: Resource, wanted: Resolver, new: Resource, names: tuple[str, ...]
) -> Iterator[tuple[object, object]]:
    for name in names:
        path = ("Resources", new.logical_id, "Properties", name)
        yield (
            running.value(old.properties.get(name, NO_VALUE), path),
            wanted.value(new.properties.get(name, NO_VALUE), path),
        )


def _differs(old: object, new: object) -> bool:
    # CloudFormation compares text with text: 5 and "5" are one value.
    return str(old) != str(new)


def _is_open(value: object) -> bool:
    """Whether something in it is not known, so that it says nothing of what is written otherwise."""
    if isinstance(value, Mapping):
        return any(map(_is_open, value.values()))
    return isinstance(value, Unknown) or (isinstance(value, list | tuple) and any(map(_is_open, value)))


def maybe_replaced(wanted: Resolver) -> frozenset[str]:
    """What an update might replace where nobody may read what runs: all that sets such a property beside its names."""
    return frozenset(
        name
        for name, each in ours(wanted).items()
        if {*CREATE_ONLY[each.type]} & {*each.properties} - {"FunctionName", "Name"}
    )
