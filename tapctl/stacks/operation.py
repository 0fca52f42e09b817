"""An operation of CloudFormation on one stack: begun, followed to its end, and its failure explained.

The end includes the last log lines of the function behind a failed custom resource, for at most two more requests.
"""

import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tapctl.aws import lambda_
from tapctl.aws.cloudformation import Operation, cancel_update, get_template, physical_id, start_operation
from tapctl.aws.errors import read_or_unknown
from tapctl.aws.session import Aws
from tapctl.aws.stacks import StackEvent, stack_name
from tapctl.errors import AwsError, DeployFailed, DeployStuck, Interrupted, TapctlError, TemplateError
from tapctl.resource_types import ABSENT, CUSTOM_RESOURCES, STACK, OperationEnd, stack_status
from tapctl.stacks.diagnose import Diagnosis, diagnose
from tapctl.stacks.follow import Follower, stack_flags, watch_command
from tapctl.stacks.redaction import Secrets
from tapctl.stacks.stack import find_stack
from tapctl.stacks.status import rule_for
from tapctl.stacks.ui import DeployUI
from tapctl.state.journal import Journal, Phase
from tapctl.template.load import from_stack
from tapctl.template.model import Template
from tapctl.unknown import Unknown

TIMEOUT = 3600.0
"""Seconds to wait for CloudFormation."""

CANCELLABLE = "UPDATE_IN_PROGRESS"
"""The only status in which CancelUpdateStack is accepted."""

LOG_LINES = 10
"""How many lines of a function's log are shown."""

WIDEST = 300
"""Characters of a log line that are shown."""

_LOG_STREAM = re.compile(r"CloudWatch Log Stream: (\S+)")
"""Where the reason of a failed custom resource names the log stream."""

_PLATFORM = re.compile(r"(START|END|REPORT|INIT_START|EXTENSION) ")
"""How the log lines begin that Lambda itself writes."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Begins and follows operations on one stack."""

    aws: Aws
    name: str
    ui: DeployUI
    timeout: float = TIMEOUT
    sleep: Callable[[float], None] = time.sleep
    journal: Journal = field(default_factory=Journal)
    secrets: Secrets = field(default_factory=Secrets)
    """Removed from every reason, since a resource may quote them."""

    def run(self, action: str, operation: Operation, request: Mapping[str, Any]) -> list[StackEvent]:
        """Begin a recovery, with the stack's id in `request`, and follow it; all its events."""
        token = self.begin(Phase.RECOVERING, action, operation, request)
        events = self.follow(request["StackName"], token)
        self.journal.close()
        return events

    def begin(self, phase: Phase, action: str, operation: Operation, request: Mapping[str, Any], **known: Any) -> str:
        """Begin an operation; its token, which is written into the journal first, with `known` fields of the entry."""
        token = new_token()
        self.journal.record(phase, token=token, stack_id=request["StackName"], **known)
        start_operation(self.aws, operation, action, request, token)
        return token

    def follow(self, stack_id: str, token: str | None) -> list[StackEvent]:
        """All events of the operation with this token, or of the running one; the last is the stack's own.

        Raises what `follow_operation` does.
        """
        return follow_operation(self.follower(stack_id, token), self.ui)

    def follower(self, stack_id: str, token: str | None) -> Follower:
        """Reads the events of an operation, without the secrets in their reasons."""
        return Follower(self.aws, stack_id, token, self.timeout, self.sleep, redact=self.secrets.redact)


def new_token() -> str:
    """A ClientRequestToken."""
    return f"tapctl-{uuid.uuid4()}"


def follow_operation(follower: Follower, ui: DeployUI) -> list[StackEvent]:
    """Show every event up to the stack's own last one, then what its end leaves to say; all events.

    After a Ctrl-C it offers to cancel an update, and raises `Interrupted`: at once where nothing is cancelled, else
    when the update is rolled back. A second Ctrl-C raises at once. Raises what `Follower.follow` does.
    """
    try:
        _show(follower, ui)
    except KeyboardInterrupt:
        raise _interrupted(follower, ui) from None
    for line in closing_remarks(follower.aws, follower.seen):
        ui.step(follower.redact(line))
    return follower.seen


def _show(follower: Follower, ui: DeployUI) -> None:
    for event in follower.follow():
        ui.event(event)


def _interrupted(follower: Follower, ui: DeployUI) -> Interrupted:
    name, status = follower.name, ""
    try:
        status = _status(follower)
        if status == ABSENT:
            hint = "create it again with `tapctl deploy`"
            return Interrupted(f"interrupted; stack {name} does not exist any more", hint)
        if status == CANCELLABLE and ui.cancel(name) and _cancel(follower, ui):
            _show(follower, ui)
            end = follower.seen[-1].status
            return Interrupted(f"interrupted; the update of stack {name} was cancelled ({end})")
    except KeyboardInterrupt:
        pass
    return Interrupted(
        f"interrupted; CloudFormation continues with stack {name}{f' ({status})' if status else ''}",
        f"follow it with {watch_command(follower.aws, name)}",
    )


def _status(follower: Follower) -> str:
    """The stack's status; empty where it cannot be read now."""
    try:
        return find_stack(follower.aws, follower.stack_id).status
    except TapctlError:
        return ""


def _cancel(follower: Follower, ui: DeployUI) -> bool:
    """Whether CloudFormation cancels the update; it refuses, for example, when the update has just ended."""
    try:
        cancel_update(follower.aws, follower.stack_id, new_token())
    except AwsError as refusal:
        ui.step(refusal.message)
        return False
    ui.step(f"cancelling the update of stack {follower.name}; Ctrl-C stops waiting for it")
    return True


def operation_error(aws: Aws, name: str, events: Sequence[StackEvent]) -> DeployFailed | DeployStuck:
    """The error for a failed operation, from its first cause."""
    status, flags = events[-1].status, stack_flags(aws, name)
    rule, cause = rule_for(status), diagnose(events, flags)
    reason = f"{cause.logical_id}: {cause.words}" if cause else "CloudFormation gives no reason"
    meaning = f"; that is, {cause.meaning}" if cause and cause.meaning else ""
    # The next deploy repairs a stuck stack, but the cause comes first where there is something to do about it.
    stuck = rule.end is OperationEnd.STUCK
    recover = f"`tapctl deploy{flags} --recover` will {rule.action.value}" if stuck else ""
    hint = (cause.hint if cause else "") or rule.hint or recover or _function_hint(cause) or None
    if rule.end is OperationEnd.ROLLED_BACK:
        message = f"stack {name} failed and was rolled back ({status}): {reason}{meaning}"
        return DeployFailed(message, hint)
    return DeployStuck(f"stack {name} is {status}: {reason}{meaning}", hint)


def _function_hint(cause: Diagnosis | None) -> str:
    """The next step where a function failed a custom resource; its log was shown with the end."""
    if cause is None or cause.event is None or not cause.event.type.startswith(CUSTOM_RESOURCES):
        return ""
    return f"fix the function behind {cause.logical_id}, whose log is above, and run `tapctl deploy` again"


def closing_remarks(aws: Aws, events: Sequence[StackEvent]) -> Iterator[str]:
    """What a finished operation left behind, and the log of the function whose custom resource failed."""
    end = stack_status(events[-1].status).end
    if end is not OperationEnd.STUCK:
        for event in left_behind(events):
            yield (
                f"warning: {event.name} ({event.type} {event.physical_id}) could not be deleted and is no longer part"
                f" of the stack: {event.reason or 'CloudFormation gives no reason'}; it is billed until you delete it"
            )
    cause = diagnose(events) if end is not OperationEnd.SUCCESS else None
    if cause and cause.event and cause.event.type.startswith(CUSTOM_RESOURCES):
        yield from _function_log(aws, cause.event, events)


def left_behind(events: Sequence[StackEvent]) -> list[StackEvent]:
    """The last events of resources that could not be deleted; an update succeeds all the same."""
    last = {event.name: event for event in events if event.type != STACK}
    return [event for event in last.values() if event.status == "DELETE_FAILED"]


def _function_log(aws: Aws, event: StackEvent, events: Sequence[StackEvent]) -> Iterator[str]:
    try:
        function = _backing_function(aws, event, events)
        lines = function if isinstance(function, Unknown) else _last_lines(aws, function, event.reason)
    except TapctlError as error:
        function = lines = Unknown(error.message)
    if isinstance(lines, Unknown):
        hint = lines.resolution if isinstance(lines.resolution, str) else ""  # an advice repeats the reason
        why = f"{lines.reason}; {hint}" if hint else lines.reason
        yield f"cannot show the log of the function behind {event.name}: {why}"
        return
    yield f"last log lines of {function}, the function behind {event.name}:"
    yield from (f"  {line}" for line in lines)


def _last_lines(aws: Aws, function: str, reason: str) -> list[str] | Unknown:
    """The last lines of the function's log, in the stream that the reason names if it names one."""
    named = _LOG_STREAM.search(reason)
    stream = (
        named[1] if named else read_or_unknown(lambda_.LIST_STREAMS, lambda: lambda_.latest_log_stream(aws, function))
    )
    if isinstance(stream, Unknown):
        return stream
    if stream is None:
        return Unknown(f"there is no log in {lambda_.log_group(function)}")
    messages = read_or_unknown(
        lambda_.GET_LOG_EVENTS, lambda: lambda_.last_log_messages(aws, function, stream, 5 * LOG_LINES)
    )
    return messages if isinstance(messages, Unknown) else _own_lines(messages)


def _own_lines(messages: Sequence[str]) -> list[str]:
    """The last lines that the function itself wrote."""
    lines = [line.rstrip() for message in messages for line in message.splitlines()]
    own = [line for line in lines if line and not _PLATFORM.match(line)]
    return [line if len(line) <= WIDEST else f"{line[: WIDEST - 1]}…" for line in own[-LOG_LINES:]]


def _backing_function(aws: Aws, event: StackEvent, events: Sequence[StackEvent]) -> str | Unknown:
    """The name of the function behind a custom resource: from its event, else through the stack's template.

    A function that was deleted by the rollback is only in the events, but its log still exists.
    """
    if event.service_token:
        return event.service_token.rpartition(":function:")[2].partition(":")[0]
    stack = event.stack_id
    body = read_or_unknown("cloudformation:GetTemplate", lambda: get_template(aws, stack))
    if isinstance(body, Unknown):
        return body
    try:
        logical_id = _backing_resource(from_stack(body, stack_name(stack)), event.logical_id)
    except TemplateError as error:
        return Unknown(error.message)
    if logical_id is None:
        return Unknown(f"the template does not show which function is behind {event.name}")
    name = f"{event.within}{logical_id}"
    created = [other.physical_id for other in events if other.name == name and other.physical_id]
    if created:
        return created[-1]
    return read_or_unknown("cloudformation:DescribeStackResource", lambda: physical_id(aws, stack, logical_id))


def _backing_resource(template: Template, logical_id: str) -> str | None:
    """The logical id that `ServiceToken` takes its ARN from."""
    try:
        token = template.body["Resources"][logical_id]["Properties"]["ServiceToken"]["Fn::GetAtt"]
    except (KeyError, TypeError):
        return None
    return str(token[0] if isinstance(token, list) else token).partition(".")[0]
