"""A change set as text and JSON: a line for each resource, its properties below it, and in red the data it deletes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tapctl.aws.stacks import stack_name
from tapctl.report.hints import worded
from tapctl.report.render import RenderOptions, draw
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.changes import PropertyChange, ResourceChange, walk
from tapctl.state.redaction import REDACTED
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from rich.text import Text

    from tapctl.stacks.validations import Validation

_SIGNS = {
    "Add": ("+", "green"),
    "Import": ("<", "green"),
    "Remove": ("-", "red"),
    "Modify": ("~", "yellow"),
    "SyncWithActual": ("~", "yellow"),
}

_EFFECTS = {
    "Add": "added",
    "Import": "imported",
    "Remove": "removed",
    "Modify": "modified",
    "Dynamic": "decided during the update",
    "SyncWithActual": "not changed, only its drift status is reset",
}
"""What each action does to the resource; `SyncWithActual` changes CloudFormation's metadata only.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

_KINDS = {**_EFFECTS, "SyncWithActual": "drift reset"}
"""How the summary counts each action, ..."""

_ORDER = ("added", "imported", "modified", "may be replaced", "replaced", "removed")
"""... in this order."""

_RED = "bold red"

_MAX_VALUE = 60
"""Characters of a property's value that are shown."""


def text(change_set: ChangeSet, options: RenderOptions) -> str:
    """A line for each change, then the data that may be lost, AWS's own checks, and the counts."""
    from rich.text import Text

    changes = list(walk(change_set.changes))
    names = max((len(change.logical_id) + 2 * name.count("/") for name, change in changes), default=0)
    types = max((len(change.type) for _, change in changes), default=0)
    part = f", {change_set.part}" if change_set.part else ""
    heading = Text(f"changes to stack {stack_name(change_set.stack_id)}{part}")
    lines = [line for name, change in changes for line in _lines(change, name.count("/"), names, types)]
    lines = lines or [Text("no resource changes, only outputs or settings of the stack")]
    lines += [*_tags(change_set), *_losses(change_set), *_validations(change_set)]
    return draw(options, heading, *lines, *_counts(change_set)).rstrip("\n")


def _lines(change: ResourceChange, depth: int, names: int, types: int) -> Iterator[Text]:
    from rich.text import Text

    indent = "  " * depth
    sign, style = _SIGNS.get(change.action, ("?", "yellow"))
    yield Text.assemble(
        (f"{indent}{sign} ", style),
        f"{change.logical_id:<{names - len(indent)}}  {change.type:<{types}}  ",
        (_effect(change), _RED if change.destroys else ""),
    )
    for prop in change.properties:
        yield Text.assemble(f"{indent}    {_property(prop)}", (_replacement_by(prop), _RED))


def _effect(change: ResourceChange) -> str:
    """The effect of the change on the resource and its data."""
    effect = _replacement(change) or _EFFECTS.get(change.action, change.action.lower())
    if not change.destroys:
        return effect
    match change.retention:
        case "Retain":
            old = "the old resource" if change.replaces else "the resource"
            return f"{effect}: {old} is retained in the account, outside of the stack"
        case "Snapshot":
            return f"{effect}, after a snapshot"
        case _:
            return f"{effect}: {change.loss} would be lost" if change.loss else effect


def _replacement(change: ResourceChange) -> str:
    return {"True": "replaced", "Conditional": "may be replaced"}.get(change.replacement, "")


def _property(change: PropertyChange) -> str:
    if change.before is None and change.after is None:
        return change.path
    if change.before == change.after != REDACTED:
        return f"{change.path}: what it refers to may change"
    drifted = " (drifted)" if change.drifted else ""
    before, after = (None if value is None else " ".join(value.split()) for value in (change.before, change.after))
    pairs = enumerate(zip(before or "", after or "", strict=False))
    same = next((index for index, (old, new) in pairs if old != new), min(len(before or ""), len(after or "")))
    start = same - _MAX_VALUE // 2 if same >= _MAX_VALUE - 1 else 0
    return f"{change.path}: {_value(before, start)}{drifted} → {_value(after, start)}"


def _value(line: str | None, start: int) -> str:
    """The value from this character on, where it differs from the other one."""
    if line is None:
        return "(not set)"
    shown = f"…{line[start + 1 :]}" if start else line
    return shown if len(shown) <= _MAX_VALUE else f"{shown[: _MAX_VALUE - 1]}…"


def _replacement_by(change: PropertyChange) -> str:
    return {"Always": "  replaces it", "Conditionally": "  may replace it"}.get(change.recreates, "")


def _counts(change_set: ChangeSet) -> Iterator[str]:
    """How many changes of each kind, if there are several."""
    counts = Counter(_kind(change) for _, change in walk(change_set.changes))
    if counts.total() > 1:
        kinds = dict.fromkeys((*_ORDER, *counts))
        yield ", ".join(f"{counts[kind]} {kind}" for kind in kinds if counts[kind])


def _kind(change: ResourceChange) -> str:
    return _replacement(change) or _KINDS.get(change.action, change.action.lower())


def _tags(change_set: ChangeSet) -> Iterator[Text]:
    """A line for each tag that the stack gets, changes or loses."""
    from rich.text import Text

    for change in change_set.tags:
        action = "Add" if change.before is None else "Remove" if change.after is None else "Modify"
        sign, style = _SIGNS[action]
        values = " → ".join(value for value in (change.before, change.after) if value is not None)
        yield Text.assemble((f"{sign} ", style), f"tag {change.key}={values}  {_EFFECTS[action]}")


def _losses(change_set: ChangeSet) -> Iterator[Text]:
    from rich.text import Text

    if change_set.losses:
        losses = ", ".join(f"{name} ({data})" for name, data in change_set.losses.items())
        yield Text(f"data may be lost: {losses}", style=_RED)


def _validations(change_set: ChangeSet) -> Iterator[Text]:
    """CloudFormation's own checks that did not pass."""
    from rich.text import Text

    match change_set.validations:
        case Unknown() as unknown:
            resolution = f"; {worded(unknown.resolution)}" if unknown.resolution else ""
            yield Text(f"AWS's own checks are unknown: {unknown.reason}{resolution}", style="yellow")
        case validations:
            for validation in validations:
                label = "quota warning" if validation.about_quota else "warning"
                yield Text(f"AWS {'skipped' if validation.skipped else label}: {validation}", style="yellow")


def document(change_set: ChangeSet | None) -> dict[str, Any]:
    """The JSON fields of a change set; None is one without changes."""
    if change_set is None:
        return {"changes": [], "tags": [], "losses": {}, "validations": []}
    validations = change_set.validations
    return {
        "changes": [_change_json(change) for change in change_set.changes],
        "tags": [{"key": tag.key, "before": tag.before, "after": tag.after} for tag in change_set.tags],
        "losses": dict(change_set.losses),
        "validations": {"unknown": validations.reason}
        if isinstance(validations, Unknown)
        else [_validation_json(validation) for validation in validations],
    }


def _validation_json(validation: Validation) -> dict[str, Any]:
    return {
        "name": validation.name,
        "status": validation.status,
        "mode": validation.mode,
        "resource": validation.logical_id,
        "path": validation.path,
        "message": validation.reason,
    }


def _change_json(change: ResourceChange) -> dict[str, Any]:
    return {
        "action": change.action,
        "logical_id": change.logical_id,
        "type": change.type,
        "physical_id": change.physical_id or None,
        "replacement": change.replacement or None,
        "policy": change.policy or None,
        "properties": [
            {"path": prop.path, "before": prop.before, "after": prop.after, "recreates": prop.recreates or None}
            for prop in change.properties
        ],
        "nested": [_change_json(nested) for nested in change.nested],
    }
