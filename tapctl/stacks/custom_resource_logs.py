"""The last words of the function behind a failed custom resource, from CloudWatch Logs.

Two reads at most, each of one page; what may not be read is Unknown, with the permission that is missing.
"""

import re
from collections.abc import Sequence
from typing import Any

from tapctl.aws.session import Aws, error_code, readable
from tapctl.errors import TemplateError
from tapctl.resource_types import CUSTOM_RESOURCES
from tapctl.stacks.follow import StackEvent
from tapctl.template.load import from_stack
from tapctl.template.model import Template
from tapctl.unknown import Unknown

LINES = 10
WIDEST = 300
"""Characters of a line that are shown."""

_STREAM = re.compile(r"CloudWatch Log Stream: (\S+)")
_PLATFORM = re.compile(r"(START|END|REPORT|INIT_START|EXTENSION) ")
"""How the lines begin that Lambda itself writes."""


def custom(event: StackEvent) -> bool:
    """Whether it is of a resource that a function of the account makes."""
    return event.type.startswith(CUSTOM_RESOURCES)


def last_lines(aws: Aws, function: str, reason: str) -> list[str] | Unknown:
    """What the function logged last; in the stream that the reason names, where it names one."""
    group, client = f"/aws/lambda/{function}", aws.client("logs")
    named = _STREAM.search(reason)
    stream = named[1] if named else readable("logs:DescribeLogStreams", lambda: _latest(client, group))
    if isinstance(stream, Unknown):
        return stream
    if stream is None:
        return Unknown(f"there is no log in {group}")
    found = readable("logs:GetLogEvents", lambda: _events(client, group, stream))
    return found if isinstance(found, Unknown) else _said(found)


def _latest(client: Any, group: str) -> str | None:
    from botocore.exceptions import ClientError

    asked = {"logGroupName": group, "orderBy": "LastEventTime", "descending": True, "limit": 1}
    try:
        streams = client.describe_log_streams(**asked)["logStreams"]
    except ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            return None
        raise
    return str(streams[0]["logStreamName"]) if streams else None


def _events(client: Any, group: str, stream: str) -> list[str]:
    asked = {"logGroupName": group, "logStreamName": stream, "limit": 5 * LINES, "startFromHead": False}
    return [str(each["message"]) for each in client.get_log_events(**asked)["events"]]


def _said(messages: list[str]) -> list[str]:
    lines = [line.rstrip() for message in messages for line in message.splitlines()]
    own = [line for line in lines if line and not _PLATFORM.match(line)]
    return [line if len(line) <= WIDEST else f"{line[: WIDEST - 1]}…" for line in own[-LINES:]]


def backing_function(aws: Aws, event: StackEvent, seen: Sequence[StackEvent]) -> str | Unknown:
    """The name of the function that makes a custom resource: from the event, else by way of the stack's template.

    A function that went with the rollback is only in the events any more; its log is still there.
    """
    if event.service_token:
        return event.service_token.rpartition(":function:")[2].partition(":")[0]
    client, stack = aws.client("cloudformation"), event.stack_id
    body = readable(
        "cloudformation:GetTemplate",
        lambda: client.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"],
    )
    if isinstance(body, Unknown):
        return body
    try:
        logical_id = _backing_resource(from_stack(body, stack.split("/")[1]), event.logical_id)
    except TemplateError as error:
        return Unknown(error.message)
    if logical_id is None:
        return Unknown(f"the template does not say which function makes {event.name}")
    made = [each.physical_id for each in seen if each.name == f"{event.within}{logical_id}" and each.physical_id]
    if made:
        return made[-1]
    return readable("cloudformation:DescribeStackResource", lambda: _physical_id(client, stack, logical_id))


def _physical_id(client: Any, stack: str, logical_id: str) -> str:
    found = client.describe_stack_resource(StackName=stack, LogicalResourceId=logical_id)
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def _backing_resource(template: Template, logical_id: str) -> str | None:
    """The logical id that `ServiceToken` takes its ARN from."""
    try:
        token = template.body["Resources"][logical_id]["Properties"]["ServiceToken"]["Fn::GetAtt"]
    except (KeyError, TypeError):
        return None
    return str(token[0] if isinstance(token, list) else token).partition(".")[0]
