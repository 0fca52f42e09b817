"""How each provider signs a webhook, for events of our own making.

Sources: https://github.com/standard-webhooks/standard-webhooks · https://docs.stripe.com/webhooks/signature ·
https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries ·
https://developer.squareup.com/docs/webhooks/step3validate ·
https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures/
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """What a signature is about; `timestamp` is in seconds since 1970."""

    event_id: str
    timestamp: int
    body: bytes
    url: str


@dataclass(frozen=True, slots=True)
class Scheme:
    """How the key stands in a secret, and the headers that sign a message with it.

    `seal` puts the signature into the document instead, where it stands there. `notation` says how the secret is
    written, for those that are not plain text.
    """

    sign: Callable[[Message, bytes], dict[str, str]]
    key: Callable[[str], bytes] = str.encode
    seal: Callable[[Any, bytes], Any] = lambda document, _: document
    notation: str = "text"


def _mac(key: bytes, content: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()


def _hex_mac(key: bytes, content: bytes) -> str:
    return _mac(key, content).hex()


def _base64_mac(key: bytes, content: bytes) -> str:
    return base64.b64encode(_mac(key, content)).decode()


def _standard_key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"), validate=True)


def _standard(message: Message, key: bytes) -> dict[str, str]:
    content = f"{message.event_id}.{message.timestamp}.".encode() + message.body
    return {
        "webhook-id": message.event_id,
        "webhook-timestamp": str(message.timestamp),
        "webhook-signature": f"v1,{_base64_mac(key, content)}",
    }


def _stripe(message: Message, key: bytes) -> dict[str, str]:
    signature = _hex_mac(key, f"{message.timestamp}.".encode() + message.body)
    return {"stripe-signature": f"t={message.timestamp},v1={signature}"}


def _github(message: Message, key: bytes) -> dict[str, str]:
    return {
        "x-github-delivery": message.event_id,
        "x-hub-signature-256": f"sha256={_hex_mac(key, message.body)}",
    }


def _square(message: Message, key: bytes) -> dict[str, str]:
    return {"x-square-hmacsha256-signature": _base64_mac(key, message.url.encode() + message.body)}


def generic(
    signature: str = "x-webhook-signature",
    timestamp: str = "x-webhook-timestamp",
    encoding: str = "hex",
    prefix: str = "sha256=",
) -> Scheme:
    """A plain HMAC in the header `signature`, of the body, or of `time.body` where `timestamp` names a header."""
    digest = _base64_mac if encoding == "base64" else _hex_mac

    def sign(message: Message, key: bytes) -> dict[str, str]:
        if not timestamp:
            return {signature: f"{prefix}{digest(key, message.body)}"}
        stamp = str(message.timestamp)
        return {timestamp: stamp, signature: f"{prefix}{digest(key, f'{stamp}.'.encode() + message.body)}"}

    return Scheme(sign)


_ADYEN_SIGNED = (
    ("pspReference",),
    ("originalReference",),
    ("merchantAccountCode",),
    ("merchantReference",),
    ("amount", "value"),
    ("amount", "currency"),
    ("eventCode",),
    ("success",),
)


def _adyen(document: Any, key: bytes) -> Any:
    """Every item with the signature over its own fields; what has no items is left as it is."""
    entries = document.get("notificationItems", [])
    items = [{**each, _ADYEN_ITEM: _adyen_item(each.get(_ADYEN_ITEM, {}), key)} for each in entries]
    return {**document, "notificationItems": items} if items else document


_ADYEN_ITEM = "NotificationRequestItem"


def _adyen_item(item: dict[str, Any], key: bytes) -> dict[str, Any]:
    content = ":".join(_field(item, *path) for path in _ADYEN_SIGNED)
    signature = _base64_mac(key, content.encode())
    return {**item, "additionalData": {**item.get("additionalData", {}), "hmacSignature": signature}}


def _field(item: Any, *path: str) -> str:
    for part in path:
        item = item.get(part, "") if isinstance(item, dict) else ""
    return str(item).lower() if isinstance(item, bool) else str(item)


SCHEMES: Mapping[str, Scheme] = {
    "adyen": Scheme(lambda _message, _key: {}, bytes.fromhex, _adyen, "hexadecimal digits"),
    "generic": generic(),
    "github": Scheme(_github),
    "square": Scheme(_square),
    "standard": Scheme(_standard, _standard_key, notation="whsec_… with base64 behind it"),
    "stripe": Scheme(_stripe),
}
