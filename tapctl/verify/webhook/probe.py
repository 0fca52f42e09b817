"""Sends test events to the deployed webhook, and checks the responses and the rows in the table.

signed     a correctly signed event: the expected response, and the expected row
duplicate  the same request again: the expected response, and the row unchanged
forged     another event, signed with a random key: rejected, and no row
"""

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tapctl.aws.errors import read_or_unknown
from tapctl.aws.session import Aws
from tapctl.errors import ConfigError
from tapctl.hints import Hint, advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.resource_types import FUNCTION
from tapctl.settings.verify_section import Answer, WebhookProbe
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.deployed_stack import DeployedStack
from tapctl.verify.http import HttpRequest, Route, send
from tapctl.verify.retry import RetryWindow
from tapctl.verify.webhook.signing import Message, scheme_of, signing_key

SUBJECT = "webhook"
_VERIFY_SIGNATURES = advise(DeployAdvice.VERIFY_SIGNATURES)
_FORGED_HINTS = {
    2: _VERIFY_SIGNATURES,
    4: advise(DeployAdvice.SET_FORGED_STATUS),
}
"""The next step after an unexpected response to a forged event, by the class of its status."""


Row = Mapping[str, Mapping[str, Any]]
"""Attribute name to typed value, as DynamoDB returns it: `{"amount": {"N": "12.34"}}`."""


@dataclass(frozen=True, slots=True)
class RowLocation:
    """A table and the key of a row."""

    aws: Aws
    table: str
    key: Mapping[str, str | int]

    def read(self) -> Row | Unknown | None:
        """The row, None if it does not exist, Unknown if it cannot be read."""
        key = {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in self.key.items()}
        return read_or_unknown(
            "dynamodb:GetItem",
            lambda: self.aws.call("dynamodb", "GetItem", TableName=self.table, Key=key, ConsistentRead=True).get(
                "Item"
            ),
        )

    def wait(self, retry: RetryWindow) -> Row | Unknown | None:
        """`read` until the row exists or the window ends."""
        row: Row | Unknown | None = None
        for _ in retry.tries():
            if (row := self.read()) is not None:
                break
        return row


def differences(row: Row, expected: Mapping[str, object]) -> list[str]:
    """The attributes that differ from the expected values; numbers are compared exactly."""
    return [
        f"{name} is {_attribute_text(row.get(name))}, expected {value}"
        for name, value in expected.items()
        if not _equal(row.get(name, {}), value)
    ]


def _equal(actual: Mapping[str, Any], expected: object) -> bool:
    if "N" in actual:
        try:
            return Decimal(actual["N"]) == Decimal(str(expected))
        except InvalidOperation:
            return False
    return any(value == expected for value in actual.values())


def _attribute_text(actual: Mapping[str, Any] | None) -> str:
    return str(next(iter(actual.values()))) if actual else "not set"


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """The endpoint of a stack and the table behind it."""

    probe: WebhookProbe
    url: str
    table: str
    aws: Aws
    route: Route
    retry: RetryWindow
    """How long to wait for a row."""
    log_hint: Hint


@dataclass(frozen=True, slots=True)
class TestEvent:
    """A signed request, and the row that it must leave in the table."""

    request: HttpRequest
    location: RowLocation
    row: Mapping[str, object]


def check_webhook(
    probe: WebhookProbe,
    stack: DeployedStack,
    aws: Aws,
    parameters: Mapping[str, str],
    route: Route,
    *,
    retry: RetryWindow | None = None,
) -> Iterator[Check]:
    """Send the three events; a duplicate only after a signed event was stored. No message contains the secret."""
    for output in (probe.endpoint, probe.table):
        if output not in stack.outputs:
            yield _misconfigured(f"the stack has no output {output}, which [verify.webhook] names")
            return
    try:
        key = signing_key(probe, parameters)
    except ConfigError as error:
        yield _misconfigured(error.message, error.hint)
        return
    if isinstance(key, Unknown):
        yield Check(SUBJECT, CheckStatus.NOT_CHECKED, key.reason, key.resolution)
        return
    url, table = stack.outputs[probe.endpoint].rstrip("/"), stack.outputs[probe.table]
    endpoint = WebhookEndpoint(probe, url, table, aws, route, retry or RetryWindow(15), log_hint(stack))
    yield from _check_signed(endpoint, key)
    yield from _check_forged(endpoint)


def _check_signed(endpoint: WebhookEndpoint, key: bytes) -> Iterator[Check]:
    event = new_event(endpoint, key)
    response = _check_response("signed event", endpoint, event, endpoint.probe.signed)
    yield response
    if response.status is not CheckStatus.PROVED:
        return
    row = event.location.wait(endpoint.retry)
    yield _check_stored(event, row, endpoint.log_hint)
    if isinstance(row, Unknown) or row is None:
        return
    yield _check_response("duplicate event", endpoint, event, endpoint.probe.duplicate)
    proved, failed = "duplicate event: row unchanged", "duplicate event: row changed"
    yield _check_unchanged(event.location, row, proved, failed, endpoint.log_hint)


def _check_forged(endpoint: WebhookEndpoint) -> Iterator[Check]:
    event = new_event(endpoint, os.urandom(32))
    before = event.location.read()
    yield _check_response("forged event", endpoint, event, endpoint.probe.forged, _FORGED_HINTS)
    proved, failed = "forged event: not stored", "forged event: stored"
    yield _check_unchanged(event.location, before, proved, failed, _VERIFY_SIGNATURES)


def _check_response(
    label: str, endpoint: WebhookEndpoint, event: TestEvent, expected: Answer, hints: Mapping[int, Hint] = {}
) -> Check:
    """Post the event and compare the response; `hints` replace the log hint for some classes of status."""
    response = send(event.request, endpoint.route)
    if expected.accepts(response.status, response.text):
        return Check(SUBJECT, CheckStatus.PROVED, f"{label}: POST returned {response.status}")
    message = f"{label}: POST {event.request.url} {response}; expected {expected.wanted}"
    return _failed(message, hints.get(response.status // 100, endpoint.log_hint))


def _check_stored(event: TestEvent, row: Row | Unknown | None, hint: Hint) -> Check:
    table = event.location.table
    if isinstance(row, Unknown):
        return _unreadable(event.location, row)
    if row is None:
        return _failed(f"signed event: not found in table {table}", hint)
    if different := differences(row, event.row):
        return _failed(f"signed event: stored in table {table}, but {'; '.join(different)}", hint)
    return Check(SUBJECT, CheckStatus.PROVED, f"signed event: stored in table {table}")


def _check_unchanged(
    location: RowLocation, before: Row | Unknown | None, proved: str, failed: str, hint: Hint
) -> Check:
    after = location.read()
    for row in (before, after):
        if isinstance(row, Unknown):
            return _unreadable(location, row)
    return Check(SUBJECT, CheckStatus.PROVED, proved) if before == after else _failed(failed, hint)


def _unreadable(location: RowLocation, row: Unknown) -> Check:
    return Check(SUBJECT, CheckStatus.NOT_CHECKED, f"table {location.table}: {row.reason}", row.resolution)


def _misconfigured(message: str, hint: Hint | None = None) -> Check:
    return Check(SUBJECT, CheckStatus.FAILED, message, hint, permanent=True)


def _failed(message: str, hint: Hint | None = None) -> Check:
    return Check(SUBJECT, CheckStatus.FAILED, message, hint)


def new_event(endpoint: WebhookEndpoint, key: bytes) -> TestEvent:
    """An event with a new id."""
    probe, event_id, now = endpoint.probe, f"tapctl-{uuid.uuid4()}", datetime.now(UTC)
    url = endpoint.url + _filled(probe.path, event_id, now)
    scheme = scheme_of(probe)
    body = json.dumps(scheme.seal(_filled(probe.body, event_id, now), key)).encode()
    message = Message(event_id, int(now.timestamp()), body, probe.url or url)
    headers = {"content-type": "application/json", **scheme.sign(message, key)}
    return TestEvent(
        HttpRequest(url, body, headers),
        RowLocation(endpoint.aws, endpoint.table, _filled(probe.key, event_id, now)),
        _filled(probe.row, event_id, now),
    )


def _filled(value: Any, event_id: str, now: datetime) -> Any:
    """`{id}`, `{timestamp}` and `{epoch}` replaced everywhere in a value; `{epoch}` alone becomes a number."""
    match value:
        case "{epoch}":
            return int(now.timestamp())
        case str():
            timestamp, epoch = now.strftime("%Y-%m-%dT%H:%M:%SZ"), str(int(now.timestamp()))
            return value.replace("{id}", event_id).replace("{timestamp}", timestamp).replace("{epoch}", epoch)
        case dict():
            return {name: _filled(item, event_id, now) for name, item in value.items()}
        case list():
            return [_filled(item, event_id, now) for item in value]
        case _:
            return value


def log_hint(stack: DeployedStack) -> Hint:
    """The command that shows the log of the stack's only function, or the log groups of several."""
    groups = tuple(_log_groups(stack))
    if len(groups) == 1:
        region = stack.id.split(":")[3]
        return advise(DeployAdvice.TAIL_LOG, groups[0], region)
    return advise(DeployAdvice.READ_LOG_GROUPS, " or ".join(groups)) if groups else advise(DeployAdvice.READ_LOG)


def _log_groups(stack: DeployedStack) -> Iterator[str]:
    for resource in stack.template.resources():
        function = stack.physical_ids.get(resource.logical_id)
        if function and resource.type == FUNCTION:
            logging = stack.properties(resource.logical_id).get("LoggingConfig")
            group = logging.get("LogGroup") if isinstance(logging, dict) else None
            yield group if group and not isinstance(group, Unknown) else f"/aws/lambda/{function}"
