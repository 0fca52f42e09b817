"""What a destruction takes along, and what came of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tapctl.errors import TapctlError
from tapctl.report.hints import worded
from tapctl.report.render import RenderOptions, draw
from tapctl.workflows.destroy import DeletedResource, Deletion, Destroyed

if TYPE_CHECKING:
    from rich.text import Text

SCHEMA = "tapctl.destroy/1"


def deletion(found: Deletion, surface: RenderOptions) -> str:
    """A line for each resource, its physical id last, which may be long; what is lost with it stands in words, too."""
    names = max((len(each.logical_id) for each in found.resources), default=0)
    types = max((len(each.type) for each in found.resources), default=0)
    title = f"stack {found.stack_name}, {len(found.resources)} resources"
    return draw(surface, title, *(_line(each, names, types) for each in found.resources)).rstrip("\n")


def _line(each: DeletedResource, names: int, types: int) -> Text:
    from rich.text import Text

    sign, (said, style) = ("=", "green") if each.retained else ("-", "red"), _said(each)
    named = f" {each.logical_id:<{names}}  {each.type:<{types}}  "
    return Text.assemble(sign, named, (said, style), f"  {each.physical_id}")


def _said(each: DeletedResource) -> tuple[str, str]:
    if each.retained:
        return f"stays: DeletionPolicy {each.policy}", ""
    if each.loss:
        return f"lost, with {each.loss}", "bold red"
    return "deleted, after a snapshot" if each.policy == "Snapshot" else "deleted", ""


def as_text(name: str, result: Destroyed) -> str:
    if result.deletion is None:
        return f"there is no stack {name}: nothing to destroy"
    if not result.done:
        return f"stack {name} was left as it is"
    left = f"; left behind: {', '.join(result.left)}" if result.left else ""
    return f"stack {name} is destroyed{left}; code in s3://{result.deletion.bucket}, if there is any, is kept"


def as_json(name: str, result: Destroyed) -> str:
    found = result.deletion
    document = {
        "schema": SCHEMA,
        "stack": name,
        "stack_id": found.stack_id if found else None,
        "destroyed": result.done and found is not None,
        "declined": not result.done,
        "resources": [
            {
                "logical_id": each.logical_id,
                "type": each.type,
                "physical_id": each.physical_id,
                "stays": each.retained or each.logical_id in result.left,
                "loss": each.loss or None,
            }
            for each in (found.resources if found else ())
        ],
        "artifacts": found.bucket if found else None,
    }
    return json.dumps(document, indent=2) + "\n"


def failure_json(name: str, error: TapctlError) -> str:
    """The same document for a destruction that did not come to its end."""
    told = {
        "message": error.message,
        "hint": worded(error.hint) if error.hint else None,
        "exit_code": int(error.exit_code),
    }
    return json.dumps({"schema": SCHEMA, "stack": name, "destroyed": False, "error": told}, indent=2) + "\n"
