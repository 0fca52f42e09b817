"""What a destruction takes along, and what came of it."""

from __future__ import annotations

import json
from typing import Any

from tapctl.deploy.destroy import Destroyed, Doomed, Fate
from tapctl.errors import TapctlError
from tapctl.report.surface import Surface, draw

SCHEMA = "tapctl.destroy/1"


def fate(found: Fate, surface: Surface) -> str:
    """A line for each resource; what is lost with it stands in words, too."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for whole in (True, True, True, False, False):
        # A name that is broken cannot be searched for; ids of AWS's making, which may be ARNs, give way.
        table.add_column(overflow="fold", no_wrap=whole)
    for each in found.resources:
        sign = Text("=", "green") if each.stays else Text("-", "red")
        table.add_row(sign, Text(each.logical_id), Text(each.type), Text(each.physical_id), _said(each))
    title = f"stack {found.stack_name}, {len(found.resources)} resources"
    return draw(surface, title, table).rstrip("\n")


def _said(each: Doomed) -> Any:
    from rich.text import Text

    if each.stays:
        return Text(f"stays: DeletionPolicy {each.policy}")
    if each.loss:
        return Text(f"lost, with {each.loss}", "bold red")
    return Text("deleted, after a snapshot" if each.policy == "Snapshot" else "deleted")


def as_text(name: str, result: Destroyed) -> str:
    if result.fate is None:
        return f"there is no stack {name}: nothing to destroy"
    if not result.done:
        return f"stack {name} was left as it is"
    left = f"; left behind: {', '.join(result.left)}" if result.left else ""
    return f"stack {name} is destroyed{left}; code in s3://{result.fate.bucket}, if there is any, is kept"


def as_json(name: str, result: Destroyed) -> str:
    found = result.fate
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
                "stays": each.stays or each.logical_id in result.left,
                "loss": each.loss or None,
            }
            for each in (found.resources if found else ())
        ],
        "artifacts": found.bucket if found else None,
    }
    return json.dumps(document, indent=2) + "\n"


def failure_json(name: str, error: TapctlError) -> str:
    """The same document for a destruction that did not come to its end."""
    told = {"message": error.message, "hint": error.hint, "exit_code": int(error.exit_code)}
    return json.dumps({"schema": SCHEMA, "stack": name, "destroyed": False, "error": told}, indent=2) + "\n"
