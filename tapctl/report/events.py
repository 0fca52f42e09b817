"""One event of a stack as a line of text or JSON, and the result of `tapctl watch`."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC

from tapctl.aws.stacks import StackEvent
from tapctl.errors import TapctlError
from tapctl.report.document import as_document, error_fields
from tapctl.workflows.watch import WatchResult

SCHEMA = "tapctl.event/1"


def line(event: StackEvent) -> str:
    """The time, the status, the resource and the reason."""
    clock = event.time[11:19]
    reason = f"  {event.reason}" if event.reason else ""
    return f"{clock}  {event.status:<28} {event.name}{reason}"


def repeats(event: StackEvent) -> bool:
    """Whether the parent stack reports the same event of a nested stack."""
    return event.own and bool(event.within) and not event.failed


def as_json_line(event: StackEvent) -> str:
    return json.dumps(
        {
            "schema": SCHEMA,
            "time": _iso(event),
            "resource": event.name,
            "type": event.type,
            "status": event.status,
            "detail": event.detail or None,
            "reason": event.reason or None,
            "physical_id": event.physical_id or None,
            "stack_id": event.stack_id,
        }
    )


def _iso(event: StackEvent) -> str:
    """The time in UTC, as `2026-11-24T15:29:15.067Z`; unchanged if it is not a time."""
    if (moment := event.moment) is None:
        return event.time
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


WATCH_SCHEMA = "tapctl.watch/1"


def as_text(result: WatchResult) -> str:
    if result.followed:
        return f"stack {result.stack_name} is {result.status}"
    return f"stack {result.stack_name} is {result.status}: nothing is running"


def as_json(result: WatchResult) -> str:
    return as_document(
        WATCH_SCHEMA, result.stack_name, stack_id=result.stack_id, status=result.status, followed=result.followed
    )


def failure_json(stack_name: str, error: TapctlError) -> str:
    """The document of an operation that failed or could not be followed."""
    return as_document(WATCH_SCHEMA, stack_name, error=error_fields(error))


RENDERERS: Mapping[str, Callable[[WatchResult], str]] = {"text": as_text, "json": as_json}
