"""The last log lines of the function behind a failed custom resource, from CloudWatch Logs.

At most two requests, each of one page. What may not be read is Unknown, with the missing permission.
"""

import re
from collections.abc import Sequence

from tapctl.aws import lambda_
from tapctl.aws.cloudformation import get_template, physical_id
from tapctl.aws.errors import read_or_unknown
from tapctl.aws.session import Aws
from tapctl.aws.stacks import StackEvent, stack_name
from tapctl.errors import TemplateError
from tapctl.template.load import from_stack
from tapctl.template.model import Template
from tapctl.unknown import Unknown

LINES = 10
WIDEST = 300
"""Characters of a line that are shown."""

_STREAM = re.compile(r"CloudWatch Log Stream: (\S+)")
_PLATFORM = re.compile(r"(START|END|REPORT|INIT_START|EXTENSION) ")
"""How the lines begin that Lambda itself writes."""


def last_lines(aws: Aws, function: str, reason: str) -> list[str] | Unknown:
    """The last lines of the function's log, in the stream that the reason names if it names one."""
    named = _STREAM.search(reason)
    stream = (
        named[1] if named else read_or_unknown(lambda_.LIST_STREAMS, lambda: lambda_.latest_log_stream(aws, function))
    )
    if isinstance(stream, Unknown):
        return stream
    if stream is None:
        return Unknown(f"there is no log in {lambda_.log_group(function)}")
    messages = read_or_unknown(
        lambda_.GET_LOG_EVENTS, lambda: lambda_.last_log_messages(aws, function, stream, 5 * LINES)
    )
    return messages if isinstance(messages, Unknown) else _shown(messages)


def _shown(messages: Sequence[str]) -> list[str]:
    lines = [line.rstrip() for message in messages for line in message.splitlines()]
    own = [line for line in lines if line and not _PLATFORM.match(line)]
    return [line if len(line) <= WIDEST else f"{line[: WIDEST - 1]}…" for line in own[-LINES:]]


def backing_function(aws: Aws, event: StackEvent, events: Sequence[StackEvent]) -> str | Unknown:
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
