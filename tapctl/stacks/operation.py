"""An operation of CloudFormation on one stack: begun, followed to its end, and its failure explained.

The end includes the last log lines of the invocation that failed a custom resource, which its rollback follows with
another invocation of the same function.
"""

import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tapctl.aws import lambda_
from tapctl.aws.cloudformation import Operation, cancel_update, get_template, physical_id, start_operation
from tapctl.aws.errors import read_or_unknown
from tapctl.aws.lambda_ import LogMessage
from tapctl.aws.session import Aws
from tapctl.aws.stacks import StackEvent, stack_name
from tapctl.errors import AwsError, DeployFailed, DeployStuck, Interrupted, TapctlError, TemplateError
from tapctl.hints import Hint, advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.resource_types import ABSENT, CUSTOM_RESOURCES, PUBLISHED, OperationEnd, stack_status
from tapctl.stacks import remains, validations
from tapctl.stacks.causes import Diagnosis, diagnose, explain
from tapctl.stacks.follow import Follower, stack_flags
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

_LOG_STREAM = re.compile(r"CloudWatch Log Stream: (\S+?)[.,;)]?(?=\s|$)")
"""Where the reason of a failed custom resource names the log stream."""

_REQUEST = re.compile(r"\(RequestId: (?P<failed>[\w-]+)\)|requestId \[(?P<unanswered>[\w-]+)\]")
"""Where it names CloudFormation's request, which many functions log."""

_PLATFORM = re.compile(r'(START|END|(INIT_)?REPORT|INIT_START|EXTENSION) |\{"time": ?"[^"]*", ?"type": ?"platform\.')
"""How the log lines begin that Lambda itself writes."""

_INVOKED = re.compile(r'START RequestId: |\{"time": ?"[^"]*", ?"type": ?"platform\.start"')
"""How the first line of an invocation begins."""

_PROVISIONING = "Provisioned Concurrency configuration failed to be applied"
"""How Lambda begins the reason of a version or alias whose function does not initialise."""

_LONGEST = timedelta(hours=1)
"""How long CloudFormation waits for a custom resource unless its ServiceTimeout is shorter."""

_LATE = timedelta(seconds=1)
"""How much later than the event of its failure a function may have logged it, since events may have whole seconds."""


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
        events = self.follow(request["StackName"], token, deletes=operation == "delete_stack")
        self.journal.close()
        return events

    def begin(self, phase: Phase, action: str, operation: Operation, request: Mapping[str, Any], **known: Any) -> str:
        """Begin an operation; its token, which is written into the journal first, with `known` fields of the entry."""
        token = new_token()
        self.journal.record(phase, token=token, stack_id=request["StackName"], **known)
        try:
            start_operation(self.aws, operation, action, request, token)
        except AwsError as error:
            error.hint = error.hint or explain(error.aws_message, flags=stack_flags(self.aws, self.name))[1]
            raise
        return token

    def follow(
        self, stack_id: str, token: str | None, change_set: str = "", *, deletes: bool = False
    ) -> list[StackEvent]:
        """All events of the operation with this token, or of the running one; the last is the stack's own.

        `change_set` is what it executes, `deletes` whether it deletes the stack. Raises what `follow_operation` does.
        """
        return follow_operation(self.follower(stack_id, token, change_set, deletes=deletes), self.ui)

    def follower(self, stack_id: str, token: str | None, change_set: str = "", *, deletes: bool = False) -> Follower:
        """Reads the events of an operation, without the secrets in their reasons."""
        more: dict[str, Any] = {"redact": self.secrets.redact, "change_set": change_set, "deletes": deletes}
        return Follower(self.aws, stack_id, token, self.timeout, self.sleep, **more)


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
    for line, hint in closing_remarks(follower.aws, follower.seen):
        ui.step(follower.redact(line), hint)
    return follower.seen


def _show(follower: Follower, ui: DeployUI) -> None:
    for event in follower.follow():
        ui.event(event)


def _interrupted(follower: Follower, ui: DeployUI) -> Interrupted:
    name, status = follower.name, ""
    try:
        status = _status(follower)
        if status == ABSENT:
            return Interrupted(f"interrupted; stack {name} does not exist any more", advise(DeployAdvice.CREATE_AGAIN))
        if status == CANCELLABLE and ui.cancel(name) and _cancel(follower, ui):
            _show(follower, ui)
            end = follower.seen[-1].status
            return Interrupted(f"interrupted; the update of stack {name} was cancelled ({end})")
    except KeyboardInterrupt:
        pass
    return Interrupted(
        f"interrupted; CloudFormation continues with stack {name}{f' ({status})' if status else ''}",
        advise(DeployAdvice.FOLLOW, stack_flags(follower.aws, name)),
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
    reason = f"{cause.logical_id}: {cause.sentence}" if cause else "CloudFormation gives no reason"
    # The next deploy repairs a stuck stack, but the cause comes first where there is something to do about it.
    recover = advise(DeployAdvice.RECOVER, flags, rule.action.value) if rule.end is OperationEnd.STUCK else None
    hint = (cause.hint if cause else None) or rule.hint or recover or _function_hint(cause)
    if rule.end is OperationEnd.ROLLED_BACK:
        message = f"stack {name} failed and was rolled back ({status}): {reason}"
        return DeployFailed(message, hint)
    return DeployStuck(f"stack {name} is {status}: {reason}", hint)


def _function_hint(cause: Diagnosis | None) -> Hint | None:
    """The next step where a function failed a custom resource; its log was shown with the end."""
    if cause is None or cause.event is None or not cause.event.type.startswith(CUSTOM_RESOURCES):
        return None
    return advise(DeployAdvice.FIX_FUNCTION, cause.logical_id)


Remark = tuple[str, Hint | None]
"""A line with the next step, if there is one."""


def closing_remarks(aws: Aws, events: Sequence[StackEvent]) -> Iterator[Remark]:
    """Lines after an operation: what it left in the account, and the log of the function that failed it."""
    end = stack_status(events[-1].status).end
    if end is not OperationEnd.STUCK:
        for event in remains.undeletable(events):
            failed = f"{event.name} ({event.type} {event.physical_id}) could not be deleted"
            why = event.reason or "CloudFormation gives no reason"
            text = f"warning: {failed} and is no longer part of the stack: {why}; it is billed until you delete it"
            yield text, None
    if kept := remains.retained(events):
        names = ", ".join(map(remains.described, kept))
        flags = stack_flags(aws, stack_name(events[-1].stack_id))
        yield f"left in the account by DeletionPolicy: {names}", advise(DeployAdvice.IMPORT_WITH_DEPLOY, flags)
    cause = diagnose(events) if end is not OperationEnd.SUCCESS else None
    if cause and cause.event and _is_failed_by_function(cause.event):
        yield from _function_log(aws, cause.event, events)
    if cause and cause.event and cause.event.unvalidated:
        yield from _failed_checks(aws, cause.event.stack_id)


def _failed_checks(aws: Aws, stack_id: str) -> Iterator[Remark]:
    """The failed checks of an operation that CloudFormation refused before it touched a resource."""
    checks = validations.read_of_stack(aws, stack_id)
    if isinstance(checks, Unknown):
        yield f"cannot show CloudFormation's checks: {checks.reason}", checks.resolution
    else:
        yield from ((f"refused by CloudFormation's checks: {check}", check.hint) for check in checks)


def _is_failed_by_function(event: StackEvent) -> bool:
    """Whether the code of a function failed the resource."""
    return event.type.startswith(CUSTOM_RESOURCES) or (event.type in PUBLISHED and _PROVISIONING in event.reason)


def _function_log(aws: Aws, event: StackEvent, events: Sequence[StackEvent]) -> Iterator[Remark]:
    try:
        function = _backing_function(aws, event, events)
        lines = function if isinstance(function, Unknown) else _last_lines(aws, function, event, events)
    except TapctlError as error:
        function = lines = Unknown(error.message)
    if isinstance(lines, Unknown):
        yield f"cannot show the log of the function behind {event.name}: {lines.reason}", lines.resolution
        return
    yield f"last log lines of {function}, the function behind {event.name}:", None
    yield from ((f"  {line}", None) for line in lines)


def _last_lines(aws: Aws, function: str, event: StackEvent, events: Sequence[StackEvent]) -> list[str] | Unknown:
    """The last lines that the function wrote in the invocation that failed."""
    begin, end = _window(event, events)
    named = _LOG_STREAM.search(event.reason)
    stream, group = named[1] if named else None, lambda_.log_group(function)

    def read(group: str) -> tuple[LogMessage, ...] | Unknown:
        return read_or_unknown(lambda_.FILTER_LOG_EVENTS, lambda: lambda_.log_messages(aws, group, begin, end, stream))

    messages = read(group)
    # A function that logs nothing there may log elsewhere, which takes another request to know.
    if not messages and (other := lambda_.configured_log_group(aws, function)) != group:
        group, messages = other, read(other)
    if isinstance(messages, Unknown):
        return messages
    return (
        _own_lines(_invocation(messages, event)) if messages else Unknown(f"nothing was logged in {group} at that time")
    )


def _window(event: StackEvent, events: Sequence[StackEvent]) -> tuple[datetime, datetime | None]:
    """When the invocation may have run: from the resource's first event to its failure, or to its next request."""
    same = [other for other in events if (other.name, other.stack_id) == (event.name, event.stack_id)]
    before, after = same[: same.index(event)], same[same.index(event) + 1 :]
    failed = event.moment
    if failed is None:
        return datetime.fromtimestamp(0, UTC), None
    begin = failed - _LONGEST
    for earlier in reversed(before):
        if not earlier.running:
            break
        begin = earlier.moment or begin
    rollback = next((later.moment for later in after if later.running and later.moment), failed + _LATE)
    return begin, min(rollback, failed + _LATE)


def _invocation(messages: Sequence[LogMessage], event: StackEvent) -> list[LogMessage]:
    """The messages of the invocation that failed: the one that logged its request, else the last that logged anything.

    Several custom resources may have one function, which CloudFormation invokes for all at once.
    """
    invocations, current = list[list[LogMessage]](), dict[str, list[LogMessage]]()
    for message in messages:
        if message.stream not in current or _INVOKED.match(message.text):
            current[message.stream] = []
            invocations.append(current[message.stream])
        current[message.stream].append(message)
    invocations = [invocation for invocation in invocations if _own_lines(invocation)] or invocations
    request = _REQUEST.search(event.reason)
    marks = [re.escape(mark) for mark in (request.groups("") if request else ()) if mark]
    for mark in (*marks, rf"LogicalResourceId\W+{re.escape(event.logical_id)}\b"):
        if about := [
            candidate for candidate in invocations if any(re.search(mark, message.text) for message in candidate)
        ]:
            return about[-1]
    return invocations[-1]


def _own_lines(messages: Sequence[LogMessage]) -> list[str]:
    """The last lines that the function itself wrote."""
    lines = [line.rstrip() for message in messages for line in message.text.splitlines()]
    own = [line for line in lines if line and not _PLATFORM.match(line)]
    return [line if len(line) <= WIDEST else f"{line[: WIDEST - 1]}…" for line in own[-LOG_LINES:]]


def _backing_function(aws: Aws, event: StackEvent, events: Sequence[StackEvent]) -> str | Unknown:
    """The name of the function behind a resource: from its event, else through the stack's template.

    A function that was deleted by the rollback is only in the events, but its log still exists.
    """
    if arn := event.physical_id if event.type in PUBLISHED else event.service_token:
        name = arn.rpartition(":function:")[2].partition(":")[0]
        return name if ":function:" in arn else Unknown(f"{arn} is behind {event.name}, not a function")
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
    """The logical id from which `ServiceToken` takes its ARN, or to which the `FunctionName` of an alias refers."""
    try:
        properties = template.body["Resources"][logical_id]["Properties"]
        if "Ref" in (properties.get("FunctionName") or ()):
            return str(properties["FunctionName"]["Ref"])
        token = properties["ServiceToken"]["Fn::GetAtt"]
    except (KeyError, TypeError, AttributeError):
        return None
    return str(token[0] if isinstance(token, list) else token).partition(".")[0]
