"""The result of `tapctl watch`."""

from collections.abc import Callable, Mapping

from tapctl.errors import TapctlError
from tapctl.report.document import as_document, error_fields
from tapctl.workflows.watch import Watched

SCHEMA = "tapctl.watch/1"


def as_text(end: Watched) -> str:
    if end.followed:
        return f"stack {end.stack_name} is {end.status}"
    return f"stack {end.stack_name} is {end.status}: nothing is running"


def as_json(end: Watched) -> str:
    return as_document(SCHEMA, end.stack_name, stack_id=end.stack_id, status=end.status, followed=end.followed)


def failure_json(stack_name: str, error: TapctlError) -> str:
    """The document of an operation that failed or could not be followed."""
    return as_document(SCHEMA, stack_name, error=error_fields(error))


RENDERERS: Mapping[str, Callable[[Watched], str]] = {"text": as_text, "json": as_json}
