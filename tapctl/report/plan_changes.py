"""What a change set would do: a line for each resource, its properties below it, and in red what is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tapctl.report.render import RenderOptions, draw
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.changes import PropertyChange, ResourceChange, walk
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from rich.text import Text

_SIGNS = {
    "Add": ("+", "green"),
    "Import": ("<", "green"),
    "Remove": ("-", "red"),
    "Modify": ("~", "yellow"),
    "SyncWithActual": ("~", "yellow"),
}

_FATES = {
    "Add": "new",
    "Import": "taken into the stack",
    "Remove": "removed",
    "Modify": "changed in place",
    "Dynamic": "known only on the way",
    "SyncWithActual": "brought back to what the template says",
}

_KINDS = {"Add": "new", "Import": "taken in", "Remove": "removed", "Modify": "changed", "SyncWithActual": "changed"}

_ORDER = ("new", "taken in", "changed", "may be replaced", "replaced", "removed")

_STAYS = "stays in the account, outside of the stack"

_RED = "bold red"

_WIDEST = 60
"""Characters of a value that are shown."""


def text(found: ChangeSet, surface: RenderOptions) -> str:
    """Every change in its own line; what destroys something says so in words, too."""
    from rich.text import Text

    every = list(walk(found.changes))
    names = max((len(each.logical_id) + 2 * name.count("/") for name, each in every), default=0)
    types = max((len(each.type) for _, each in every), default=0)
    heading = Text(f"changes to stack {found.stack_id.split('/')[1]}{f', {found.part}' if found.part else ''}")
    lines = [line for name, each in every for line in _lines(each, name.count("/"), names, types)]
    lines = lines or [Text("no resource changes: outputs or settings of the stack do")]
    return draw(surface, heading, *lines, *_losses(found), *_checks(found), *_sum(found)).rstrip("\n")


def _lines(change: ResourceChange, depth: int, names: int, types: int) -> Iterator[Text]:
    from rich.text import Text

    indent = "  " * depth
    sign, style = _SIGNS.get(change.action, ("?", "yellow"))
    fate = fate_of(change)
    yield Text.assemble(
        (f"{indent}{sign} ", style),
        f"{change.logical_id:<{names - len(indent)}}  {change.type:<{types}}  ",
        (fate, _RED if change.destroys else ""),
    )
    for each in change.properties:
        yield Text.assemble(f"{indent}    {_property(each)}", (_recreates(each), _RED))


def fate_of(change: ResourceChange) -> str:
    """What becomes of a resource, and of what it holds."""
    stays = f"{'a new one is made, the old one' if change.replaces else 'the resource itself'} {_STAYS}"
    kept = {"Retain": stays, "Snapshot": "a snapshot is kept"}.get(change.retention)
    lost = kept or (f"{change.loss} would be lost" if change.loss else "")
    fate = _replacement(change) or _FATES.get(change.action, change.action.lower())
    return f"{fate}: {lost}" if lost and change.destroys else fate


def _replacement(change: ResourceChange) -> str:
    return {"True": "replaced", "Conditional": "may be replaced"}.get(change.replacement, "")


def _property(each: PropertyChange) -> str:
    drifted = " (drifted)" if each.drifted else ""
    if each.before is None and each.after is None:
        return each.path
    before = "(not set)" if each.before is None else _short(each.before)
    after = "(not set)" if each.after is None else _short(each.after)
    return f"{each.path}: {before}{drifted} → {after}"


def _short(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= _WIDEST else f"{line[: _WIDEST - 1]}…"


def _recreates(each: PropertyChange) -> str:
    return {"Always": "  replaces it", "Conditionally": "  may replace it"}.get(each.recreates, "")


def _sum(found: ChangeSet) -> Iterator[str]:
    """How many of which kind, where there are several: the last line before the question."""
    counts = Counter(_kind(each) for _, each in walk(found.changes))
    if counts.total() > 1:
        kinds = dict.fromkeys((*_ORDER, *counts))
        yield ", ".join(f"{counts[kind]} {kind}" for kind in kinds if counts[kind])


def _kind(change: ResourceChange) -> str:
    return _replacement(change) or _KINDS.get(change.action, change.action.lower())


def _losses(found: ChangeSet) -> Iterator[Text]:
    from rich.text import Text

    if found.losses:
        named = ", ".join(f"{name} ({what})" for name, what in found.losses.items())
        yield Text(f"data may be lost: {named}", style=_RED)


def _checks(found: ChangeSet) -> Iterator[Text]:
    """What AWS's own checks said; nothing where every one passed."""
    from rich.text import Text

    match found.validations:
        case Unknown() as unknown:
            resolution = f"; {unknown.resolution}" if unknown.resolution else ""
            yield Text(f"AWS's own checks are unknown: {unknown.reason}{resolution}", style="yellow")
        case told:
            for each in told:
                said = "skipped" if each.skipped else "warns of the quota" if each.about_quota else "warns"
                yield Text(f"AWS {said}: {each}", style="yellow")


def document(found: ChangeSet | None) -> dict[str, Any]:
    """A change set as JSON has it; None is one without changes."""
    if found is None:
        return {"changes": [], "losses": {}, "validations": []}
    told = found.validations
    return {
        "changes": [_change(each) for each in found.changes],
        "losses": dict(found.losses),
        "validations": {"unknown": told.reason}
        if isinstance(told, Unknown)
        else [
            {
                "name": each.name,
                "status": each.status,
                "mode": each.mode,
                "resource": each.logical_id,
                "path": each.path,
                "message": each.reason,
            }
            for each in told
        ],
    }


def _change(change: ResourceChange) -> dict[str, Any]:
    return {
        "action": change.action,
        "logical_id": change.logical_id,
        "type": change.type,
        "physical_id": change.physical_id or None,
        "replacement": change.replacement or None,
        "policy": change.policy or None,
        "properties": [
            {"path": each.path, "before": each.before, "after": each.after, "recreates": each.recreates or None}
            for each in change.properties
        ],
        "nested": [_change(each) for each in change.nested],
    }
