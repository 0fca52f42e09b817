"""What `tapctl watch` came to."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tapctl.errors import TapctlError
from tapctl.report.hints import worded
from tapctl.workflows.watch import Watched

SCHEMA = "tapctl.watch/1"


def as_text(end: Watched) -> str:
    if end.followed:
        return f"stack {end.stack_name} is {end.status}"
    return f"stack {end.stack_name} is {end.status}: nothing is under way"


def as_json(end: Watched) -> str:
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "stack": end.stack_name,
        "stack_id": end.stack_id,
        "status": end.status,
        "followed": end.followed,
    }
    return json.dumps(document, indent=2) + "\n"


def failure_json(stack_name: str, error: TapctlError) -> str:
    """The same document for an operation that did not end well, or could not be followed."""
    told = {
        "message": error.message,
        "hint": worded(error.hint) if error.hint else None,
        "exit_code": int(error.exit_code),
    }
    return json.dumps({"schema": SCHEMA, "stack": stack_name, "error": told}, indent=2) + "\n"


RENDERERS: Mapping[str, Callable[[Watched], str]] = {"text": as_text, "json": as_json}
