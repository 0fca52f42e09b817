"""The JSON document of a command that works on a stack: its common fields, and the shape of an error."""

import json
from typing import Any

from tapctl.errors import TapctlError
from tapctl.report.hints import worded


def as_document(schema: str, stack_name: str, **fields: Any) -> str:
    return json.dumps({"schema": schema, "stack": stack_name, **fields}, indent=2) + "\n"


def error_fields(error: TapctlError) -> dict[str, Any]:
    """The field `error` of a document."""
    hint = worded(error.hint) if error.hint else None
    return {"message": error.message, "hint": hint, "exit_code": int(error.exit_code)}
