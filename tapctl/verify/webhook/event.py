"""One test event: what is posted, signed with a key, and the row that it is to leave."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tapctl.aws.session import Aws
from tapctl.settings.verify_section import WebhookProbe
from tapctl.verify.http import HttpRequest, Route
from tapctl.verify.retry import RetryWindow
from tapctl.verify.webhook.row import RowLocation
from tapctl.verify.webhook.signing import SCHEMES, Message, Scheme, generic


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """Where events are posted, and where they are stored; `patience` is for the row, `log` says where to read on."""

    probe: WebhookProbe
    url: str
    table: str
    aws: Aws
    route: Route
    patience: RetryWindow
    log: str


@dataclass(frozen=True, slots=True)
class TestEvent:
    """One event, whole: what is posted, and where its row is to be found."""

    request: HttpRequest
    place: RowLocation
    row: Mapping[str, object]


def new_event(endpoint: WebhookEndpoint, key: bytes) -> TestEvent:
    """A new event, which nobody has seen."""
    probe, event_id, now = endpoint.probe, f"tapctl-{uuid.uuid4()}", datetime.now(UTC)
    url = endpoint.url + _filled(probe.path, event_id, now)
    scheme = _scheme(probe)
    body = json.dumps(scheme.seal(_filled(probe.body, event_id, now), key)).encode()
    message = Message(event_id, int(now.timestamp()), body, probe.url or url)
    headers = {"content-type": "application/json", **scheme.sign(message, key)}
    return TestEvent(
        HttpRequest(url, body, headers),
        RowLocation(endpoint.aws, endpoint.table, _filled(probe.key, event_id, now)),
        _filled(probe.row, event_id, now),
    )


def _scheme(probe: WebhookProbe) -> Scheme:
    return generic(**probe.generic.model_dump()) if probe.provider == "generic" else SCHEMES[probe.provider]


def _filled(value: Any, event_id: str, now: datetime) -> Any:
    """`{id}`, `{timestamp}` and `{epoch}` filled in, anywhere in the value; a lone `{epoch}` becomes a number."""
    match value:
        case "{epoch}":
            return int(now.timestamp())
        case str():
            moment, epoch = now.strftime("%Y-%m-%dT%H:%M:%SZ"), str(int(now.timestamp()))
            return value.replace("{id}", event_id).replace("{timestamp}", moment).replace("{epoch}", epoch)
        case dict():
            return {name: _filled(item, event_id, now) for name, item in value.items()}
        case list():
            return [_filled(item, event_id, now) for item in value]
        case _:
            return value
