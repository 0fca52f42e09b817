"""The signature schemes of webhook providers, and the signing key of `[verify.webhook]`.

Sources: https://github.com/standard-webhooks/standard-webhooks · https://docs.stripe.com/webhooks/signature ·
https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries ·
https://developer.squareup.com/docs/webhooks/step3validate ·
https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures/
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.errors import ConfigError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.settings.verify_section import WebhookProbe, secret_value
from tapctl.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Message:
    """The message that a signature covers; `timestamp` is in seconds since 1970."""

    event_id: str
    timestamp: int
    body: bytes
    url: str


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a provider signs a message."""

    sign: Callable[[Message, bytes], dict[str, str]]
    """The headers that sign a message with a key."""
    key: Callable[[str], bytes] = str.encode
    """The key that a secret encodes. Raises `ValueError` for a malformed secret."""
    seal: Callable[[Any, bytes], Any] = lambda document, _: document
    """Adds the signature to the document, for providers that do not send it as a header."""
    notation: str = "text"
    """How a secret is written."""


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
    """HMAC-SHA256 in the header `signature`: of the body, or of `TIMESTAMP.BODY` where `timestamp` names a header."""
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
    """The document with a signature in each of its items."""
    entries = document.get("notificationItems", [])
    items = [{**entry, _ADYEN_ITEM: _adyen_item(entry.get(_ADYEN_ITEM, {}), key)} for entry in entries]
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
    "standard": Scheme(_standard, _standard_key, notation="whsec_… followed by base64"),
    "stripe": Scheme(_stripe),
}


def scheme_of(probe: WebhookProbe) -> Scheme:
    return generic(**probe.generic.model_dump()) if probe.provider == "generic" else SCHEMES[probe.provider]


def signing_key(probe: WebhookProbe, parameters: Mapping[str, str]) -> bytes | Unknown:
    """The key of the provider's first secret. Raises `ConfigError`, without the secret, where it is malformed."""
    secret = _secret(probe, parameters)
    if secret is None:
        hint = advise(DeployAdvice.SET_SECRET)
        return Unknown(f"no signing secret for provider {probe.provider}", hint)
    scheme = SCHEMES[probe.provider]
    try:
        return scheme.key(secret)
    except ValueError:
        message = f"the signing secret in [verify.webhook] is not valid for provider {probe.provider}"
        raise ConfigError(message, advise(DeployAdvice.MUST_BE, scheme.notation)) from None


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
            f"parameter {probe.secret_parameter} must be a JSON object with a list of secrets for {probe.provider}",
            advise(UsageAdvice.FOR_EXAMPLE, f'{{"{probe.provider}": ["whsec_…"]}}'),
        ) from None
