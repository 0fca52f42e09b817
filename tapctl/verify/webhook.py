"""A signed test webhook through the deployed endpoint, and the row that it must leave behind.

The event is signed as Standard Webhooks does: https://github.com/standard-webhooks/standard-webhooks
"""

import base64
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any

from tapctl.aws import Aws, readable
from tapctl.config import WebhookProbe
from tapctl.errors import ConfigError
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, Status
from tapctl.verify.subject import Deployed

TIMEOUT = 15.0
"""Seconds for one delivery, and for the row to be seen."""

Route = Callable[[str], tuple[str, dict[str, str]]]
"""Where a URL of an output is really served, and the headers that it takes."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One signed request."""

    body: bytes
    headers: dict[str, str]


def check_webhook(
    probe: WebhookProbe, deployed: Deployed, aws: Aws, secret: str | None, route: Route, *, patience: float = TIMEOUT
) -> Iterator[Check]:
    """Send one event and look for it as long as `patience` says. The secret is never shown."""
    subject = "webhook"
    for output in (probe.endpoint, probe.table):
        if output not in deployed.outputs:
            yield Check(subject, Status.FAILED, f"[verify.webhook] names output {output}, which the stack lacks")
            return
    if secret is None:
        hint = "give the parameter that [verify.webhook] names as `secret_parameter`, or set `secret`"
        yield Check(subject, Status.NOT_CHECKED, f"no signing secret of provider {probe.provider} is known here", hint)
        return
    event_id = f"tapctl-{uuid.uuid4()}"
    url = deployed.outputs[probe.endpoint].rstrip("/") + _filled(probe.path, event_id)
    delivery = signed(event_id, json.dumps(_filled(probe.body, event_id)).encode(), secret, int(time.time()))
    status, answer = send(*route(url), delivery)
    if not 200 <= status < 300:
        yield Check(subject, Status.FAILED, f"{url} answered {status}: {answer[:200]}", "read the function's log")
        return
    yield Check(subject, Status.PROVED, f"a signed event was answered {status}")
    yield _find_row(probe, deployed, aws, event_id, patience)


def _find_row(probe: WebhookProbe, deployed: Deployed, aws: Aws, event_id: str, patience: float) -> Check:
    table = deployed.outputs[probe.table]
    key = {name: {"S": value} for name, value in _filled(probe.key, event_id).items()}
    deadline = time.monotonic() + patience
    while True:
        found = readable(
            "dynamodb:GetItem",
            lambda: aws.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True).get("Item"),
        )
        if isinstance(found, Unknown):
            return Check("webhook", Status.NOT_CHECKED, f"table {table}: {found.reason}", found.settle or None)
        if found:
            return Check("webhook", Status.PROVED, f"the event was found in table {table}")
        if time.monotonic() > deadline:
            return Check("webhook", Status.FAILED, f"the event is not in table {table}", "read the function's log")
        time.sleep(0.5)


def signed(event_id: str, body: bytes, secret: str, timestamp: int) -> Delivery:
    """A delivery signed with `secret`, in the `whsec_` notation of Standard Webhooks."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"))
    except ValueError:
        raise ConfigError(
            "the signing secret of [verify.webhook] is not base64", "Standard Webhooks writes it as whsec_…"
        ) from None
    content = f"{event_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    headers = {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }
    return Delivery(body, headers)


def send(url: str, headers: dict[str, str], delivery: Delivery) -> tuple[int, str]:
    """POST it; what never got an answer is status 0 and the reason."""
    try:
        request = urllib.request.Request(url, delivery.body, {**delivery.headers, **headers}, method="POST")  # noqa: S310
        with _opener(url).open(request, timeout=TIMEOUT) as response:
            return response.status, response.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except (OSError, HTTPException, ValueError) as error:
        return 0, str(getattr(error, "reason", error))


def _opener(url: str) -> urllib.request.OpenerDirector:
    """The proxies of the environment lead to no address of this machine."""
    local = urllib.parse.urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")
    return urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if local else []))


def _filled(value: Any, event_id: str) -> Any:
    """`{id}` and `{timestamp}` filled in, anywhere in the value."""
    if isinstance(value, str):
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return value.replace("{id}", event_id).replace("{timestamp}", now)
    if isinstance(value, dict):
        return {name: _filled(item, event_id) for name, item in value.items()}
    return [_filled(item, event_id) for item in value] if isinstance(value, list) else value
