"""One event of a stack, as a line for people or as one for programs."""

import json
from datetime import UTC, datetime

from tapctl.aws.stacks import StackEvent

SCHEMA = "tapctl.event/1"


def line(event: StackEvent) -> str:
    """When, what became of what, and why."""
    clock = event.time[11:19]
    reason = f"  {event.reason}" if event.reason else ""
    return f"{clock}  {event.status:<28} {event.name}{reason}"


def repeats(event: StackEvent) -> bool:
    """Whether it is a nested stack's word on itself, which the stack around it says, too."""
    return event.own and bool(event.within) and not event.failed


def as_json_line(event: StackEvent) -> str:
    return json.dumps(
        {
            "schema": SCHEMA,
            "time": _iso(event.time),
            "resource": event.name,
            "type": event.type,
            "status": event.status,
            "detail": event.detail or None,
            "reason": event.reason or None,
            "physical_id": event.physical_id or None,
            "stack_id": event.stack_id,
        }
    )


def _iso(time: str) -> str:
    """In UTC, as `2026-11-24T15:29:15.067Z`; an event that has no time keeps that."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return time
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
