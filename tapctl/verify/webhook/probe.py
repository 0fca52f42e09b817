"""A signed webhook through the deployed endpoint, the same again, and a forged one; and the row behind them.

signed     answered as expected, and found in the table as expected
duplicate  the same bytes once more: answered as expected, the row unchanged
forged     another event under a key that nobody has: refused, and no row
"""

import json
import os
from collections.abc import Iterator, Mapping

from tapctl.aws.session import Aws
from tapctl.errors import ConfigError
from tapctl.hints import Hint
from tapctl.resource_types import FUNCTION
from tapctl.settings.verify_section import Answer, WebhookProbe, secret_value
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.deployed_stack import Deployed
from tapctl.verify.http import Route, send
from tapctl.verify.retry import RetryWindow
from tapctl.verify.webhook.event import TestEvent, WebhookEndpoint, new_event
from tapctl.verify.webhook.row import Row, RowLocation, differences
from tapctl.verify.webhook.signing import SCHEMES

SUBJECT = "webhook"
_UNGUARDED = "the endpoint must verify signatures before anything else"
_FORGED = {2: _UNGUARDED, 4: "it was refused, but otherwise: `forged` in [verify.webhook] says what is expected"}
"""What to do about another answer to a forged event, by the class of its status."""


def check_webhook(
    probe: WebhookProbe,
    deployed: Deployed,
    aws: Aws,
    parameters: Mapping[str, str],
    route: Route,
    *,
    patience: RetryWindow | None = None,
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
        yield Check(SUBJECT, CheckStatus.NOT_CHECKED, key.reason, key.resolution)
        return
    url, table = deployed.outputs[probe.endpoint].rstrip("/"), deployed.outputs[probe.table]
    endpoint = WebhookEndpoint(probe, url, table, aws, route, patience or RetryWindow(15), advice(deployed))
    yield from _check_genuine(endpoint, key)
    yield from _check_forged(endpoint)


def _check_genuine(endpoint: WebhookEndpoint, key: bytes) -> Iterator[Check]:
    event = new_event(endpoint, key)
    first = _answered(endpoint, event, endpoint.probe.signed, "a signed event was answered")
    yield first
    if first.status is not CheckStatus.PROVED:
        return
    row = event.place.wait(endpoint.patience)
    yield _stored(event, row, endpoint.log)
    if isinstance(row, Unknown) or row is None:
        return
    yield _answered(endpoint, event, endpoint.probe.duplicate, "the same delivery again was answered")
    left, changed = "the duplicate left the row unchanged", "the duplicate changed the row"
    yield _left_alone(event.place, row, left, changed, endpoint.log)


def _check_forged(endpoint: WebhookEndpoint) -> Iterator[Check]:
    event = new_event(endpoint, os.urandom(32))
    before = event.place.read()
    yield _answered(endpoint, event, endpoint.probe.forged, "a forged event was answered", _FORGED)
    left, stored = "the forged event left no row", "the forged event left a row"
    yield _left_alone(event.place, before, left, stored, _UNGUARDED)


def _answered(
    endpoint: WebhookEndpoint, event: TestEvent, expected: Answer, said: str, hints: Mapping[int, str] = {}
) -> Check:
    """Whether the answer is as expected; `hints` are for classes of status for which the log is of no use."""
    response = send(event.request, endpoint.route)
    if expected.accepts(response.status, response.text):
        return Check(SUBJECT, CheckStatus.PROVED, f"{said} {response.status}")
    return _failed(
        f"{said} {response}; expected is {expected.wanted}, at {event.request.url}",
        hints.get(response.status // 100, endpoint.log),
    )


def _stored(event: TestEvent, row: Row | Unknown | None, log: str) -> Check:
    table = event.place.table
    if isinstance(row, Unknown):
        return _unseen(event.place, row)
    if row is None:
        return _failed(f"the event is not in table {table}", log)
    if wrong := differences(row, event.row):
        return _failed(f"the event is in table {table}, but {'; '.join(wrong)}", log)
    return Check(SUBJECT, CheckStatus.PROVED, f"the event was found in table {table}")


def _left_alone(place: RowLocation, before: Row | Unknown | None, proved: str, broken: str, hint: str) -> Check:
    after = place.read()
    for row in (before, after):
        if isinstance(row, Unknown):
            return _unseen(place, row)
    return Check(SUBJECT, CheckStatus.PROVED, proved) if before == after else _failed(broken, hint)


def _unseen(place: RowLocation, unknown: Unknown) -> Check:
    return Check(SUBJECT, CheckStatus.NOT_CHECKED, f"table {place.table}: {unknown.reason}", unknown.resolution or None)


def _misconfigured(message: str, hint: Hint | None = None) -> Check:
    return Check(SUBJECT, CheckStatus.FAILED, message, hint, lasting=True)


def _failed(message: str, hint: Hint | None = None) -> Check:
    return Check(SUBJECT, CheckStatus.FAILED, message, hint)


def advice(deployed: Deployed) -> str:
    """The command that shows the log of the stack's function, or the logs that it may be where there are several."""
    groups = tuple(_groups(deployed))
    if len(groups) == 1:
        region = deployed.id.split(":")[3]
        return f"`aws logs tail {groups[0]} --since 10m --region {region}` shows the function's log"
    return f"read the function's log, {' or '.join(groups)}" if groups else "read the function's log"


def _groups(deployed: Deployed) -> Iterator[str]:
    for each in deployed.template.resources():
        if each.type == FUNCTION and (name := deployed.physical.get(each.logical_id)):
            logging = deployed.properties(each.logical_id).get("LoggingConfig")
            chosen = logging.get("LogGroup") if isinstance(logging, dict) else None
            yield chosen if chosen and not isinstance(chosen, Unknown) else f"/aws/lambda/{name}"


def signing_key(probe: WebhookProbe, parameters: Mapping[str, str]) -> bytes | Unknown:
    """The provider's first secret as a key. Raises `ConfigError`, which does not show it, where it is none."""
    secret = _secret(probe, parameters)
    if secret is None:
        hint = "give the parameter that [verify.webhook] names as `secret_parameter`, or set `secret`"
        return Unknown(f"no signing secret of provider {probe.provider} is known here", hint)
    scheme = SCHEMES[probe.provider]
    try:
        return scheme.key(secret)
    except ValueError:
        message = f"the signing secret of [verify.webhook] is none of provider {probe.provider}"
        raise ConfigError(message, f"it is written as {scheme.notation}") from None


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
