"""HTTP API events (payload format 2.0): `POST /webhooks/{provider}`, answered with a status."""

import re
from binascii import a2b_base64

from deliveries import Delivery, Recorded, Senders
from errors import MalformedError, MethodError, UnknownProviderError
from ingest import App, check_size, ingest
from outcomes import reply, run
from signatures import digest_of
from store.deadline import deadline
from strict_json import member, text
from telemetry import Arrival, report

_PATH = re.compile(r"(?:/[^/]+)?/webhooks/([^/]+)/?")
_BASE64_GROWTH = 4 / 3


def is_http(event: object) -> bool:
    """Whether the event has the structure of an HTTP API event."""
    return isinstance(member(event, "requestContext", "http"), dict)


def answer(event: object, context: object, app: App) -> dict[str, object]:
    """Answer one POST."""
    started_at = app.clock()
    until = deadline(context)
    bodies: list[bytes] = []

    def work() -> list[Recorded]:
        delivery = read(event, started_at, app.senders)
        bodies.append(delivery.body)
        return ingest(delivery, app, until)

    outcome = run(work)
    reference = digest_of(bodies[0])[:16] if bodies else ""
    report(outcome, Arrival("http", provider_of(event), reference, started_at), app, context)
    return reply(outcome)


def read(event: object, received_at: float, senders: Senders) -> Delivery:
    """Read the delivery from the event."""
    if text(event, "requestContext", "http", "method").upper() != "POST":
        raise MethodError("webhooks are posted")
    provider = provider_of(event)
    if not provider:
        raise UnknownProviderError("path")
    return Delivery(provider, headers_of(event), body_of(event), received_at, senders)


def provider_of(event: object) -> str:
    """Return the provider that the path names."""
    named = text(event, "pathParameters", "provider")
    if named:
        return named
    found = _PATH.fullmatch(text(event, "rawPath") or text(event, "requestContext", "http", "path"))
    return found[1] if found else ""


def headers_of(event: object) -> dict[str, str]:
    """Return the headers with their names in lower case; the same name twice is refused."""
    headers = member(event, "headers")
    if not isinstance(headers, dict):
        return {}
    lowered = {str(name).lower(): value for name, value in headers.items() if isinstance(value, str)}
    if len(lowered) != len(headers):
        raise MalformedError("a header appears twice or is no text")
    return lowered


def body_of(event: object) -> bytes:
    """Return the raw bytes that were sent."""
    body = member(event, "body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedError("body is no text")
    encoded = member(event, "isBase64Encoded") is True
    check_size(int(len(body) / _BASE64_GROWTH) - 2 if encoded else len(body))
    try:
        return a2b_base64(body, strict_mode=True) if encoded else body.encode("utf-8")
    except ValueError as error:
        raise MalformedError("body encoding") from error
