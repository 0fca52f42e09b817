"""Signatures compared with the examples that the providers publish."""

import base64
import hmac
import json
from typing import Any

import pytest

from tapctl.errors import ConfigError
from tapctl.settings.verify_section import FromEnvironment, WebhookProbe
from tapctl.unknown import Unknown
from tapctl.verify.webhook.signing import SCHEMES, Message, Scheme, generic, signing_key
from tests.support.golden import Golden, shown

BODY = b'{"test": 2432232314}'


def signed(provider: str, secret: str, message: Message) -> dict[str, str]:
    scheme = SCHEMES[provider]
    return scheme.sign(message, scheme.key(secret))


def test_standard_webhooks_example() -> None:
    message = Message("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY, "")

    assert signed("standard", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", message) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_github_example() -> None:
    headers = signed("github", "It's a Secret to Everybody", Message("id", 0, b"Hello, World!", ""))

    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert headers["x-hub-signature-256"] == f"sha256={digest}"


STRIPE_EVENT = {
    "id": "evt_123",
    "object": "event",
    "account": "acct_123",
    "api_version": "2017-05-25",
    "created": 1533204620,
    "data": {
        "object": {
            "id": "cus_123",
            "object": "customer",
            "created": 123456789,
            "email": "test@stripe.com",
            "livemode": False,
            "metadata": {},
        }
    },
    "livemode": False,
    "pending_webhooks": 1,
    "request": {"id": "req_123", "idempotency_key": "idempotency-key-123"},
    "type": "customer.created",
}


def test_stripe_example() -> None:
    body = f"{json.dumps(STRIPE_EVENT, indent=2)}\n".encode()

    assert signed("stripe", "webhook_secret", Message("id", 1533204620, body, "")) == {
        "stripe-signature": "t=1533204620,v1=2220f87ef101a04665f11cdf770523143f875572008577fa0f20882ddb9cc3c7"
    }


BODY_MAC = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


@pytest.mark.parametrize(
    ("scheme", "headers"),
    [
        pytest.param(generic("x-sig", "", prefix=""), {"x-sig": BODY_MAC}, id="body only"),
        pytest.param(
            generic("x-sig", "", "base64", "v0="),
            {"x-sig": f"v0={base64.b64encode(bytes.fromhex(BODY_MAC)).decode()}"},
            id="base64",
        ),
        pytest.param(
            generic("x-sig", "x-time"),
            {
                "x-time": "5",
                "x-sig": f"sha256={hmac.new(b'key', b'5.Hello, World!', 'sha256').hexdigest()}",
            },
            id="with a timestamp",
        ),
    ],
)
def test_a_generic_hmac_is_in_the_configured_header(scheme: Scheme, headers: dict[str, str]) -> None:
    key = b"key" if "x-time" in headers else b"It's a Secret to Everybody"

    assert scheme.sign(Message("id", 5, b"Hello, World!", ""), key) == headers


def test_adyen_example() -> None:
    item = {
        "pspReference": "7914073381342284",
        "merchantAccountCode": "TestMerchant",
        "merchantReference": "TestPayment-1407325143704",
        "amount": {"value": 1130, "currency": "EUR"},
        "eventCode": "AUTHORISATION",
        "success": "true",
        "additionalData": {"kept": "yes"},
    }
    scheme = SCHEMES["adyen"]
    key = scheme.key("44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056")

    sealed = scheme.seal({"notificationItems": [{"NotificationRequestItem": item}]}, key)

    assert sealed["notificationItems"][0]["NotificationRequestItem"]["additionalData"] == {
        "kept": "yes",
        "hmacSignature": "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=",
    }


@pytest.mark.parametrize("document", [{}, {"notificationItems": []}, {"other": 1}])
def test_a_document_without_adyen_items_is_unchanged(document: dict[str, Any]) -> None:
    assert SCHEMES["adyen"].seal(document, b"key") == document


@pytest.mark.parametrize("change", [{"body": b"other"}, {"url": "other"}, {"timestamp": 1}, {"event_id": "other"}])
@pytest.mark.parametrize(
    ("provider", "covers"),
    [
        ("generic", {"body", "timestamp"}),
        ("github", {"body"}),
        ("square", {"body", "url"}),
        ("standard", {"body", "timestamp", "event_id"}),
        ("stripe", {"body", "timestamp"}),
    ],
)
def test_the_fields_that_a_signature_covers(provider: str, covers: set[str], change: dict[str, object]) -> None:
    plain = {"event_id": "id", "timestamp": 0, "body": b"{}", "url": "https://here"}
    before, after = (
        SCHEMES[provider].sign(Message(**fields), b"key")  # type: ignore[arg-type]
        for fields in (plain, plain | change)
    )
    (name,) = [header for header in before if "signature" in header]
    (changed,) = change

    assert (before[name].split("v1")[-1] != after[name].split("v1")[-1]) is (changed in covers)


def test_every_configurable_provider_has_a_scheme() -> None:
    assert {WebhookProbe(endpoint="e", table="t", provider=name).provider for name in SCHEMES} == set(SCHEMES)  # type: ignore[arg-type]


STANDARD = WebhookProbe(endpoint="e", table="t")


def test_without_a_secret_the_key_is_unknown(golden: Golden) -> None:
    key = signing_key(STANDARD, {})

    assert isinstance(key, Unknown)
    golden([key.reason, key.resolution])


@pytest.mark.parametrize("secret", ["whsec_q", "secret€"])
def test_a_malformed_secret_raises_and_is_not_printed(secret: str, golden: Golden) -> None:
    with pytest.raises(ConfigError) as raised:
        signing_key(STANDARD.model_copy(update={"secret": secret}), {})

    assert secret not in shown(raised.value)
    golden(raised.value)


@pytest.mark.parametrize("secrets", ["[]", "{}", '{"standard": []}', "whsec_x", "5"])
def test_malformed_secrets_in_a_parameter_raise_and_are_not_printed(secrets: str, golden: Golden) -> None:
    with pytest.raises(ConfigError) as raised:
        signing_key(STANDARD.model_copy(update={"secret_parameter": "Secrets"}), {"Secrets": secrets})

    golden(raised.value)


def test_a_secret_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, golden: Golden) -> None:
    probe = STANDARD.model_copy(update={"secret": FromEnvironment(env="PROBE_SECRET")})
    monkeypatch.delenv("PROBE_SECRET", raising=False)
    with pytest.raises(ConfigError) as raised:
        signing_key(probe, {})
    golden(raised.value)

    monkeypatch.setenv("PROBE_SECRET", f"whsec_{base64.b64encode(b'key').decode()}")

    assert signing_key(probe, {}) == b"key"
