"""A signed webhook through the deployed endpoint, the same again, and a forged one; and the row behind them.

signed     answered as expected, and found in the table as expected
duplicate  the same bytes once more: answered as expected, the row unchanged
forged     another event under a key that nobody has: refused, and no row
"""

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tapctl.aws import Aws
from tapctl.errors import ConfigError
from tapctl.expectations import Answer, WebhookProbe
from tapctl.from_environment import secret_value
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, Status
from tapctl.verify.http import Request, Response, Route, send
from tapctl.verify.patience import Patience
from tapctl.verify.signing import SCHEMES, Message
from tapctl.verify.stored import Place, Row, differences
from tapctl.verify.subject import Deployed

SUBJECT = "webhook"
_LOG_HINT = "read the function's log"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events are posted, and where they are stored; `patience` is for the row."""

    probe: WebhookProbe
    url: str
    table: str
    aws: Aws
    route: Route
    patience: Patience


@dataclass(frozen=True, slots=True)
class Event:
    """One event, whole: what is posted, and where its row is to be found."""

    request: Request
    place: Place
    row: Mapping[str, object]


def check_webhook(
    probe: WebhookProbe,
    deployed: Deployed,
    aws: Aws,
    parameters: Mapping[str, str],
    route: Route,
    *,
    patience: Patience | None = None,
) -> Iterator[Check]:
    """The three deliveries, as far as each makes sense after the one before. The secret is never shown."""
    for output in (probe.endpoint, probe.table):
        if output not in deployed.outputs:
            yield _misconfigured(f"[verify.webhook] names output {output}, which the stack lacks")
            return
    key = signing_key(probe, parameters)
    if isinstance(key, Check):
        yield key
        return
    url, table = deployed.outputs[probe.endpoint].rstrip("/"), deployed.outputs[probe.table]
    endpoint = Endpoint(probe, url, table, aws, route, patience or Patience(15))
    yield from _check_genuine(endpoint, key)
    yield from _check_forged(endpoint)


def signing_key(probe: WebhookProbe, parameters: Mapping[str, str]) -> bytes | Check:
    """The first secret of the provider as a key, or the check that says why there is none."""
    try:
        secret = _secret(probe, parameters)
    except ConfigError as error:
        return _misconfigured(error.message, error.hint)
    if secret is None:
        hint = "give the parameter that [verify.webhook] names as `secret_parameter`, or set `secret`"
        message = f"no signing secret of provider {probe.provider} is known here"
        return Check(SUBJECT, Status.NOT_CHECKED, message, hint)
    scheme = SCHEMES[probe.provider]
    try:
        return scheme.key(secret)
    except ValueError:
        message = f"the signing secret of [verify.webhook] is none of provider {probe.provider}"
        return _misconfigured(message, f"it is written as {scheme.notation}")


def _secret(probe: WebhookProbe, parameters: Mapping[str, str]) -> str | None:
    if probe.secret is not None:
        return secret_value(probe.secret, "[verify.webhook] secret")
    text = parameters.get(probe.secret_parameter or "")
    if text is None:
        return None
    try:
        secrets = json.loads(text)[probe.provider]
        return str(secrets if isinstance(secrets, str) else secrets[0])
    except (ValueError, KeyError, IndexError, TypeError):
        raise ConfigError(
            f"parameter {probe.secret_parameter} is no JSON object with a list of secrets for {probe.provider}",
            f'for example {{"{probe.provider}": ["whsec_…"]}}',
        ) from None


def _check_genuine(endpoint: Endpoint, key: bytes) -> Iterator[Check]:
    event = _event(endpoint, key)
    said = "a signed event was answered"
    first = _answered(endpoint, event, endpoint.probe.signed, said, _LOG_HINT)
    yield first
    if first.status is not Status.PROVED:
        return
    row = event.place.wait(endpoint.patience)
    yield _stored(event, row)
    if isinstance(row, Unknown) or row is None:
        return
    yield _answered(endpoint, event, endpoint.probe.duplicate, "the same delivery again was answered", _LOG_HINT)
    yield _left_alone(event.place, row, "the duplicate left the row unchanged", "the duplicate changed the row")


def _check_forged(endpoint: Endpoint) -> Iterator[Check]:
    event = _event(endpoint, os.urandom(32))
    before = event.place.read()
    hint = "the endpoint must verify signatures before anything else"
    yield _answered(endpoint, event, endpoint.probe.forged, "a forged event was answered", hint)
    yield _left_alone(event.place, before, "the forged event left no row", "the forged event left a row")


def _answered(endpoint: Endpoint, event: Event, expected: Answer, said: str, hint: str) -> Check:
    response: Response = send(event.request, endpoint.route)
    if expected.accepts(response.status, response.text):
        return Check(SUBJECT, Status.PROVED, f"{said} {response.status}")
    return _failed(f"{said} {response}; expected is {expected.wanted}, at {event.request.url}", hint)


def _stored(event: Event, row: Row | Unknown | None) -> Check:
    table = event.place.table
    if isinstance(row, Unknown):
        return _unseen(event.place, row)
    if row is None:
        return _failed(f"the event is not in table {table}", _LOG_HINT)
    if wrong := differences(row, event.row):
        return _failed(f"the event is in table {table}, but {'; '.join(wrong)}", _LOG_HINT)
    return Check(SUBJECT, Status.PROVED, f"the event was found in table {table}")


def _left_alone(place: Place, before: Row | Unknown | None, proved: str, broken: str) -> Check:
    after = place.read()
    for row in (before, after):
        if isinstance(row, Unknown):
            return _unseen(place, row)
    return Check(SUBJECT, Status.PROVED, proved) if before == after else _failed(broken, _LOG_HINT)


def _unseen(place: Place, unknown: Unknown) -> Check:
    return Check(SUBJECT, Status.NOT_CHECKED, f"table {place.table}: {unknown.reason}", unknown.settle or None)


def _misconfigured(message: str, hint: str | None = None) -> Check:
    return Check(SUBJECT, Status.FAILED, message, hint, lasting=True)


def _failed(message: str, hint: str | None = None) -> Check:
    return Check(SUBJECT, Status.FAILED, message, hint)


def _event(endpoint: Endpoint, key: bytes) -> Event:
    probe, event_id, now = endpoint.probe, f"tapctl-{uuid.uuid4()}", datetime.now(UTC)
    url = endpoint.url + filled(probe.path, event_id, now)
    scheme = SCHEMES[probe.provider]
    body = json.dumps(scheme.seal(filled(probe.body, event_id, now), key)).encode()
    message = Message(event_id, int(now.timestamp()), body, probe.url or url)
    headers = {"content-type": "application/json", **scheme.sign(message, key)}
    return Event(
        Request(url, body, headers),
        Place(endpoint.aws, endpoint.table, filled(probe.key, event_id, now)),
        filled(probe.row, event_id, now),
    )


def filled(value: Any, event_id: str, now: datetime) -> Any:
    """`{id}`, `{timestamp}` and `{epoch}` filled in, anywhere in the value; a lone `{epoch}` becomes a number."""
    match value:
        case "{epoch}":
            return int(now.timestamp())
        case str():
            moment, epoch = now.strftime("%Y-%m-%dT%H:%M:%SZ"), str(int(now.timestamp()))
            return value.replace("{id}", event_id).replace("{timestamp}", moment).replace("{epoch}", epoch)
        case dict():
            return {name: filled(item, event_id, now) for name, item in value.items()}
        case list():
            return [filled(item, event_id, now) for item in value]
        case _:
            return value
