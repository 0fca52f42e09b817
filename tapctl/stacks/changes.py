"""The changes of a change set, resource by resource, and the data that they delete."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tapctl.stacks.redaction import Secrets
from tapctl.stacks.stateful_types import STATEFUL


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """A property, or an attribute such as DeletionPolicy, before and after; None where it is not set or not shown."""

    path: str
    before: str | None = None
    after: str | None = None
    recreates: str = ""
    """`Always`, `Conditionally`, `Never`, or empty where CloudFormation does not return it."""
    drifted: bool = False
    """Whether `before` is the actual value rather than the deployed one."""


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """The change of one resource; an action that AWS adds later keeps its name.

    `policy` is what DeletionPolicy and UpdateReplacePolicy do with the old resource: `Delete`, `Retain`, `Snapshot`,
    or `ReplaceAnd…`. `nested` are the changes of a nested stack.
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
        """Whether the resource will or may be replaced."""
        return self.replacement in ("True", "Conditional")

    @property
    def destroys(self) -> bool:
        """Whether the current resource will or may be deleted, or removed from the stack."""
        return self.action == "Remove" or self.replaces

    @property
    def retention(self) -> str:
        """How the old resource's data is kept: `Retain`, `Snapshot`, or empty."""
        return next((policy for policy in ("Retain", "Snapshot") if self.policy.endswith(policy)), "")

    @property
    def loss(self) -> str:
        """The data that is or may be lost with the resource; empty where there is none."""
        return STATEFUL.get(self.type, "") if self.destroys and not self.retention else ""


def walk(changes: Sequence[ResourceChange], prefix: str = "") -> Iterator[tuple[str, ResourceChange]]:
    """Every change with its name in the tree of stacks: `Stack/Table` for a resource of a nested one."""
    for change in changes:
        name = f"{prefix}{change.logical_id}"
        yield name, change
        yield from walk(change.nested, f"{name}/")


def resource_change(entry: Mapping[str, Any], nested: tuple[ResourceChange, ...], secrets: Secrets) -> ResourceChange:
    """A ResourceChange structure of DescribeChangeSet, without secrets."""
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
    """One change for each path, which several details may name: one for each entity that causes the change."""
    changes: dict[str, PropertyChange] = {}
    for detail in details:
        target = detail.get("Target", {})
        path = _path(target)
        hidden = secrets.hides(logical_id, path, detail.get("CausingEntity", ""))
        if path not in changes or (changes[path].before, changes[path].after) == (None, None):
            changes[path] = _property(path, target, hidden, secrets)
    return tuple(changes.values())


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
