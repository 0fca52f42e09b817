"""A signed webhook through the deployed endpoint, the same again, and a forged one; and the row behind them.

signed     answered as expected, and found in the table as expected
duplicate  the same bytes once more: answered as expected, the row unchanged
forged     another event under a key that nobody has: refused, and no row
"""

import os
from collections.abc import Iterator, Mapping

from tapctl.aws import Aws
from tapctl.errors import ConfigError
from tapctl.expectations import Answer, WebhookProbe
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, Status
from tapctl.verify.event import Endpoint, Event, new_event
from tapctl.verify.http import Route, send
from tapctl.verify.patience import Patience
from tapctl.verify.secret import signing_key
from tapctl.verify.stored import Place, Row, differences
from tapctl.verify.subject import Deployed

SUBJECT = "webhook"
_LOG_HINT = "read the function's log"


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
    try:
        key = signing_key(probe, parameters)
    except ConfigError as error:
        yield _misconfigured(error.message, error.hint)
        return
    if isinstance(key, Unknown):
        yield Check(SUBJECT, Status.NOT_CHECKED, key.reason, key.settle)
        return
    url, table = deployed.outputs[probe.endpoint].rstrip("/"), deployed.outputs[probe.table]
    endpoint = Endpoint(probe, url, table, aws, route, patience or Patience(15))
    yield from _check_genuine(endpoint, key)
    yield from _check_forged(endpoint)


def _check_genuine(endpoint: Endpoint, key: bytes) -> Iterator[Check]:
    event = new_event(endpoint, key)
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
    event = new_event(endpoint, os.urandom(32))
    before = event.place.read()
    hint = "the endpoint must verify signatures before anything else"
    yield _answered(endpoint, event, endpoint.probe.forged, "a forged event was answered", hint)
    yield _left_alone(event.place, before, "the forged event left no row", "the forged event left a row")


def _answered(endpoint: Endpoint, event: Event, expected: Answer, said: str, hint: str) -> Check:
    response = send(event.request, endpoint.route)
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
