"""Senders of webhooks: each signs a body in its provider's way, independently of the code under test."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

NOW = 1_795_435_200  # 2026-11-23T12:00:00Z
SQUARE_URL = "https://hooks.example.com/webhooks/square"

STANDARD_SECRET = "whsec_" + base64.b64encode(b"standard-webhooks-key-32-bytes!!").decode()
SECRETS: dict[str, list[str]] = {
    "stripe": ["whsec_new_stripe", "whsec_old_stripe"],
    "standard": [STANDARD_SECRET],
    "adyen": ["44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"],
    "square": ["square-key"],
    "github": ["It's a Secret to Everybody"],
    "generic": ["generic-secret"],
}

SIGNED = ("stripe", "standard", "adyen", "square", "github", "generic")
PAYMENT = {
    "transactionId": "tx-1",
    "amount": 10.5,
    "currency": "EUR",
    "status": "succeeded",
    "timestamp": "2026-11-23T11:59:00Z",
}


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def sign_stripe(body: bytes, secret: str = SECRETS["stripe"][0], at: int | str = NOW) -> dict[str, str]:
    return {"stripe-signature": f"t={at},v1={mac(secret.encode(), f'{at}.'.encode() + body).hex()},v0=abc"}


def sign_standard(
    body: bytes, secret: str = STANDARD_SECRET, at: int | str = NOW, event_id: str = "msg_1", prefix: str = "webhook"
) -> dict[str, str]:
    signature = mac(base64.b64decode(secret.removeprefix("whsec_")), f"{event_id}.{at}.".encode() + body)
    return {
        f"{prefix}-id": event_id,
        f"{prefix}-timestamp": str(at),
        f"{prefix}-signature": f"v1,{b64(signature)}",
    }


def sign_square(body: bytes, secret: str = SECRETS["square"][0], url: str = SQUARE_URL) -> dict[str, str]:
    return {"x-square-hmacsha256-signature": b64(mac(secret.encode(), url.encode() + body))}


def sign_github(body: bytes, secret: str = SECRETS["github"][0]) -> dict[str, str]:
    return {"x-hub-signature-256": f"sha256={mac(secret.encode(), body).hex()}", "x-github-delivery": "d-1"}


def sign_generic(body: bytes, secret: str = SECRETS["generic"][0], at: int | str | None = None) -> dict[str, str]:
    if at is None:
        return {"x-webhook-signature": f"sha256={mac(secret.encode(), body).hex()}"}
    signed = mac(secret.encode(), f"{at}.".encode() + body).hex()
    return {"x-webhook-signature": f"sha256={signed}", "x-webhook-timestamp": str(at)}


def adyen_item(secret: str = SECRETS["adyen"][0], **changes: Any) -> dict[str, Any]:
    item: dict[str, Any] = {
        "pspReference": "PSP1",
        "originalReference": "",
        "merchantAccountCode": "TestMerchant",
        "merchantReference": "order-1",
        "amount": {"value": 1130, "currency": "EUR"},
        "eventCode": "AUTHORISATION",
        "eventDate": "2026-11-23T12:59:00+01:00",
        "success": "true",
        **changes,
    }
    parts = [item["pspReference"], item["originalReference"], item["merchantAccountCode"], item["merchantReference"]]
    parts += [str(item["amount"]["value"]), item["amount"]["currency"], item["eventCode"], item["success"]]
    signature = b64(mac(bytes.fromhex(secret), ":".join(parts).encode()))
    return {**item, "additionalData": {"hmacSignature": signature}}


def adyen_body(*items: dict[str, Any]) -> bytes:
    entries = [{"NotificationRequestItem": item} for item in items]
    return json.dumps({"live": "false", "notificationItems": entries}).encode()


def stripe_body(**changes: Any) -> bytes:
    subject = {"id": "pi_1", "object": "payment_intent", "amount": 1050, "currency": "eur", "status": "succeeded"}
    event = {"id": "evt_1", "object": "event", "created": NOW - 60, "type": "payment_intent.succeeded"}
    return json.dumps({**event, "data": {"object": subject}, **changes}).encode()


def square_body(**changes: Any) -> bytes:
    payment = {"id": "sq_1", "amount_money": {"amount": 1050, "currency": "EUR"}, "status": "COMPLETED"}
    data = {"type": "payment", "id": "sq_1", "object": {"payment": payment}}
    event = {"event_id": "e-1", "type": "payment.updated", "created_at": "2026-11-23T11:59:00.037339943Z", "data": data}
    return json.dumps({**event, **changes}).encode()


def payment_body(**changes: Any) -> bytes:
    return json.dumps({"type": "payment", **PAYMENT, **changes}).encode()


def delivery(provider: str) -> tuple[bytes, dict[str, str]]:
    """Return an ordinary, correctly signed delivery of a provider."""
    match provider:
        case "stripe":
            return (body := stripe_body()), sign_stripe(body)
        case "standard":
            return (body := payment_body()), sign_standard(body)
        case "adyen":
            return adyen_body(adyen_item()), {}
        case "square":
            return (body := square_body()), sign_square(body)
        case "github":
            return (body := payment_body()), sign_github(body)
        case "generic":
            return (body := payment_body()), sign_generic(body, at=NOW)
    raise AssertionError(provider)


def http_event(
    provider: str, body: bytes | str | None, headers: Mapping[str, Any], *, method: str = "POST", encoded: bool = False
) -> dict[str, Any]:
    """Return the event that the HTTP API makes of a request (payload format 2.0)."""
    text = body if not isinstance(body, bytes) else b64(body) if encoded else body.decode()
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "POST /webhooks/{provider}",
        "rawPath": f"/webhooks/{provider}",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", **headers},
        "requestContext": {
            "http": {"method": method, "path": f"/webhooks/{provider}", "sourceIp": "203.0.113.7"},
            "requestId": "r-1",
            "timeEpoch": NOW * 1000,
        },
        "pathParameters": {"provider": provider},
        "isBase64Encoded": encoded,
    }
    return event if text is None else {**event, "body": text}


def sqs_event(provider: str, body: str, headers: Mapping[str, str], at: int = NOW, message_id: str = "m-1") -> Any:
    """Return one record as the queue lane delivers it."""
    attributes = {"provider": provider, "requestTimeEpoch": str(at * 1000), **headers}
    return {
        "messageId": message_id,
        "eventSource": "aws:sqs",
        "body": body,
        "attributes": {"SentTimestamp": str(at * 1000)},
        "messageAttributes": {k: {"stringValue": v, "dataType": "String"} for k, v in attributes.items()},
    }
