"""Which functions, versions and aliases an update makes anew, told from the template that runs and the new one.

CloudFormation replaces a resource when a property that can only be set at its creation changes, and keeps the
old one until everything else succeeded. With a change set at hand, its word counts instead.
"""

from collections.abc import Iterator, Mapping

from tapctl.headroom.claims import FUNCTION
from tapctl.template.model import Resource
from tapctl.template.resolve import NO_VALUE, Resolver

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

RESERVATION = ("ReservedConcurrentExecutions",)


def replaced(running: Resolver, wanted: Resolver) -> frozenset[str]:
    """The logical ids that one update replaces; a value that is not known may be another one."""
    before = {each.logical_id: each for each in running.template.resources()}
    return frozenset(
        resource.logical_id
        for resource in wanted.template.resources()
        if (old := before.get(resource.logical_id)) and _is_replaced(running, old, wanted, resource)
    )


def restated(running: Resolver, wanted: Resolver) -> frozenset[str]:
    """The functions to which both templates give the same reservation."""
    before = {each.logical_id: each for each in running.template.resources() if each.type == FUNCTION}
    return frozenset(
        new.logical_id
        for new in wanted.template.resources()
        if (old := before.get(new.logical_id)) and not _changes(running, old, wanted, new, RESERVATION)
    )


def _is_replaced(running: Resolver, old: Resource, wanted: Resolver, new: Resource) -> bool:
    if new.type not in CREATE_ONLY:
        return False
    if old.type != new.type or _loses_its_name(running, old, wanted, new):
        return True
    return _changes(running, old, wanted, new, CREATE_ONLY[new.type])


def _loses_its_name(running: Resolver, old: Resource, wanted: Resolver, new: Resource) -> bool:
    """Whether a function that was named gets a name of CloudFormation's making, which nobody knows yet."""
    ((before, after),) = _values(running, old, wanted, new, ("FunctionName",))
    return before is not NO_VALUE and after is NO_VALUE


def _changes(running: Resolver, old: Resource, wanted: Resolver, new: Resource, names: tuple[str, ...]) -> bool:
    return any(_differs(*pair) for pair in _values(running, old, wanted, new, names))


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


def maybe_replaced(wanted: Resolver) -> frozenset[str]:
    """What an update might replace where nobody may read what runs: all that sets such a property beside its names."""
    return frozenset(
        each.logical_id
        for each in wanted.template.resources()
        if {*CREATE_ONLY.get(each.type, ())} & {*each.properties} - {"FunctionName", "Name"}
    )
