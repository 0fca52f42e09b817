"""Signatures as the providers publish them, and as the reference function takes them."""

import base64
import hmac
import json
from typing import Any

import pytest

from tapctl.settings.verify_section import WebhookProbe
from tapctl.verify.webhook.signing import SCHEMES, Message, Scheme, generic

BODY = b'{"test": 2432232314}'


def signed(provider: str, secret: str, message: Message) -> dict[str, str]:
    scheme = SCHEMES[provider]
    return scheme.sign(message, scheme.key(secret))


def test_standard_webhooks_as_its_published_example() -> None:
    message = Message("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY, "")

    assert signed("standard", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", message) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_github_as_its_published_example() -> None:
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


def test_stripe_as_its_own_library_tests_it() -> None:
    body = f"{json.dumps(STRIPE_EVENT, indent=2)}\n".encode()

    assert signed("stripe", "webhook_secret", Message("id", 1533204620, body, "")) == {
        "stripe-signature": "t=1533204620,v1=2220f87ef101a04665f11cdf770523143f875572008577fa0f20882ddb9cc3c7"
    }


BODY_MAC = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


@pytest.mark.parametrize(
    ("scheme", "headers"),
    [
        pytest.param(generic("x-sig", "", prefix=""), {"x-sig": BODY_MAC}, id="the body alone"),
        pytest.param(
            generic("x-sig", "", "base64", "v0="),
            {"x-sig": f"v0={base64.b64encode(bytes.fromhex(BODY_MAC)).decode()}"},
            id="in base64",
        ),
        pytest.param(
            generic("x-sig", "x-time"),
            {
                "x-time": "5",
                "x-sig": f"sha256={hmac.new(b'key', b'5.Hello, World!', 'sha256').hexdigest()}",
            },
            id="with the time",
        ),
    ],
)
def test_a_plain_hmac_is_where_the_configuration_says(scheme: Scheme, headers: dict[str, str]) -> None:
    key = b"key" if "x-time" in headers else b"It's a Secret to Everybody"

    assert scheme.sign(Message("id", 5, b"Hello, World!", ""), key) == headers


def test_adyen_as_its_documentation_does() -> None:
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
def test_what_has_no_items_for_adyen_to_sign_stays_as_it_is(document: dict[str, Any]) -> None:
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
def test_a_signature_covers_what_the_provider_signs_and_no_more(
    provider: str, covers: set[str], change: dict[str, object]
) -> None:
    plain = {"event_id": "id", "timestamp": 0, "body": b"{}", "url": "https://here"}
    before, after = (
        SCHEMES[provider].sign(Message(**fields), b"key")  # type: ignore[arg-type]
        for fields in (plain, plain | change)
    )
    (name,) = [each for each in before if "signature" in each]
    (changed,) = change

    assert (before[name].split("v1")[-1] != after[name].split("v1")[-1]) is (changed in covers)


def test_every_provider_that_can_be_configured_has_a_scheme() -> None:
    assert {WebhookProbe(endpoint="e", table="t", provider=each).provider for each in SCHEMES} == set(SCHEMES)  # type: ignore[arg-type]
