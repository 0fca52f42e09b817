"""What a change set would do, resource by resource, and what is lost by it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tapctl.stacks.redaction import Secrets
from tapctl.stacks.stateful_types import STATEFUL
from tapctl.template.nested import StackTree
from tapctl.template.resolver import existence


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One property, or attribute such as DeletionPolicy, before and after; None where it is not set or not told."""

    path: str
    before: str | None = None
    after: str | None = None
    recreates: str = ""
    """`Always`, `Conditionally`, `Never`, or empty where CloudFormation does not say."""
    drifted: bool = False
    """Whether `before` is what was found rather than what was deployed."""


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """What becomes of one resource; an action that AWS adds later is kept by its name.

    `policy` is what DeletionPolicy and UpdateReplacePolicy make of what goes: `Delete`, `Retain`, `Snapshot`,
    or `ReplaceAnd…`. `nested` is what the change set of a nested stack would do.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
    """

    action: str
    logical_id: str
    type: str
    replacement: str = ""
    physical_id: str = ""
    policy: str = ""
    properties: tuple[PropertyChange, ...] = ()
    nested: tuple["ResourceChange", ...] = ()

    @property
    def replaces(self) -> bool:
        """Whether the resource will or may be made anew."""
        return self.replacement in ("True", "Conditional")

    @property
    def destroys(self) -> bool:
        """Whether the resource that there is now will or may be gone afterwards, or out of the stack."""
        return self.action == "Remove" or self.replaces

    @property
    def kept(self) -> str:
        """How what goes is kept: `Retain`, `Snapshot`, or not at all."""
        return next((each for each in ("Retain", "Snapshot") if self.policy.endswith(each)), "")

    @property
    def loss(self) -> str:
        """What is or may be lost with the resource, in words; empty where that is nothing."""
        return STATEFUL.get(self.type, "") if self.destroys and not self.kept else ""


def walk(changes: Sequence[ResourceChange], prefix: str = "") -> Iterator[tuple[str, ResourceChange]]:
    """Every change with its name in the tree of stacks: `Stack/Table` for a resource of a nested one."""
    for each in changes:
        name = f"{prefix}{each.logical_id}"
        yield name, each
        yield from walk(each.nested, f"{name}/")


def parsed(entry: Mapping[str, Any], nested: tuple[ResourceChange, ...], secrets: Secrets) -> ResourceChange:
    """A `ResourceChange` as DescribeChangeSet tells it."""
    action, logical_id = entry["Action"], entry["LogicalResourceId"]
    modified = action not in ("Add", "Remove", "Import")
    return ResourceChange(
        action,
        logical_id,
        entry["ResourceType"],
        entry.get("Replacement", "") if modified else "",
        entry.get("PhysicalResourceId", ""),
        entry.get("PolicyAction", ""),
        _properties(entry.get("Details", ()), logical_id, secrets) if modified else (),
        nested,
    )


def _properties(details: Sequence[Mapping[str, Any]], logical_id: str, secrets: Secrets) -> tuple[PropertyChange, ...]:
    """One entry for each place, though several details may name it: one for each entity that causes the change."""
    found: dict[str, PropertyChange] = {}
    for detail in details:
        target = detail.get("Target", {})
        path = _path(target)
        told = _property(path, target, secrets.hides(logical_id, path, detail.get("CausingEntity", "")), secrets)
        if path not in found or (found[path].before, found[path].after) == (None, None):
            found[path] = told
    return tuple(found.values())


def _property(path: str, target: Mapping[str, Any], hidden: bool, secrets: Secrets) -> PropertyChange:
    return PropertyChange(
        path,
        secrets.shown(target.get("BeforeValue"), hidden=hidden),
        secrets.shown(target.get("AfterValue"), hidden=hidden),
        target.get("RequiresRecreation", ""),
        target.get("BeforeValueFrom") == "ACTUAL_STATE",
    )


def _path(target: Mapping[str, Any]) -> str:
    """`/Properties/Code/S3Key` is `Code/S3Key`; where there is no path, the property's or the attribute's name."""
    path = str(target.get("Path", "")).removeprefix("/Properties/").removeprefix("/")
    return path or str(target.get("Name") or target.get("Attribute", ""))


def without_absent(changes: Sequence[ResourceChange], tree: StackTree) -> tuple[ResourceChange, ...]:
    """The changes without what would be added and is not to exist, in nested stacks as well."""
    absent = {
        f"{member.prefix}{each.logical_id}"
        for member in tree.members()
        for each in member.resolver.template.resources()
        if existence(member.resolver, each) is False
    }
    return _kept(changes, absent)


def _kept(changes: Sequence[ResourceChange], absent: Collection[str], prefix: str = "") -> tuple[ResourceChange, ...]:
    return tuple(
        replace(each, nested=_kept(each.nested, absent, f"{prefix}{each.logical_id}/"))
        for each in changes
        if each.action != "Add" or f"{prefix}{each.logical_id}" not in absent
    )
