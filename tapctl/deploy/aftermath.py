"""What is still to be said when an operation has ended: the log behind its cause, and what a success left behind."""

from collections.abc import Iterator, Sequence

from tapctl.aws import Aws
from tapctl.deploy import logs
from tapctl.deploy.diagnose import diagnose
from tapctl.deploy.events import STACK, Event
from tapctl.deploy.stack_state import End, state
from tapctl.errors import TapctlError
from tapctl.unknown import Unknown


def aftermath(aws: Aws, seen: Sequence[Event]) -> Iterator[str]:
    """Lines for whoever watched; what cannot be read is said in one of them and changes nothing."""
    end = state(seen[-1].status).end
    if end is not End.STUCK:
        for event in left_behind(seen):
            yield (
                f"warning: {event.name} ({event.type} {event.physical_id}) could not be deleted and is no part of the"
                f" stack any more: {event.reason or 'no reason was given'}; it stays, at its price, until you delete it"
            )
    cause = diagnose(seen) if end is not End.SUCCESS else None
    if cause and cause.event and logs.custom(cause.event):
        yield from _log(aws, cause.event, seen)


def left_behind(seen: Sequence[Event]) -> list[Event]:
    """Resources whose last word is that they could not be deleted. An update succeeds with them all the same."""
    last = {event.name: event for event in seen if event.type != STACK}
    return [event for event in last.values() if event.status == "DELETE_FAILED"]


def _log(aws: Aws, event: Event, seen: Sequence[Event]) -> Iterator[str]:
    try:
        function = logs.backing_function(aws, event, seen)
        lines = function if isinstance(function, Unknown) else logs.last_lines(aws, function, event.reason)
    except TapctlError as error:
        function = lines = Unknown(error.message)
    if isinstance(lines, Unknown):
        why = f"{lines.reason}; {lines.settle}" if lines.settle else lines.reason
        yield f"the log of the function behind {event.name} cannot be shown: {why}"
        return
    yield f"the last lines of the log of {function}, which makes {event.name}:"
    yield from (f"  {line}" for line in lines)
