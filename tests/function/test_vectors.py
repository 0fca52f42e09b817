"""The public test vectors of the signature schemes, through the whole function."""

import json

import pytest

from tests.function.receiver import Receiver

STRIPE_BODY = b"""{
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
      "livemode": false,
      "metadata": {}
    }
  },
  "livemode": false,
  "pending_webhooks": 1,
  "request": {
    "id": "req_123",
    "idempotency_key": "idempotency-key-123"
  },
  "type": "customer.created"
}
"""
STRIPE_HEADER = (
    "t=1533204620,v1=2220f87ef101a04665f11cdf770523143f875572008577fa0f20882ddb9cc3c7,"
    "v0=63f3a72374a733066c4be69ed7f8e5ac85c22c9f0a6a612ab9a025a9e4ee7eef"
)
STANDARD_HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
SQUARE_URL = "https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9"
SQUARE_BODY = (
    b'{"merchant_id":"MLEFBHHSJGVHD","type":"webhooks.test_notification",'
    b'"event_id":"ac3ac95b-f97d-458c-a6e6-18981597e05f","created_at":"2022-07-13T20:30:59.037339943Z",'
    b'"data":{"type":"webhooks","id":"bc368e64-01aa-407e-b46e-3231809b1129"}}'
)
ADYEN_ITEM = {
    "pspReference": "7914073381342284",
    "originalReference": "",
    "merchantAccountCode": "TestMerchant",
    "merchantReference": "TestPayment-1407325143704",
    "amount": {"value": 1130, "currency": "EUR"},
    "eventCode": "AUTHORISATION",
    "eventDate": "2014-08-06T17:15:34.121+02:00",
    "success": "true",
    "additionalData": {"hmacSignature": "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="},
}
ADYEN_KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
ADYEN_BODY = json.dumps({"live": "false", "notificationItems": [{"NotificationRequestItem": ADYEN_ITEM}]}).encode()

VECTORS = [
    pytest.param(
        "stripe", "webhook_secret", STRIPE_BODY, {"Stripe-Signature": STRIPE_HEADER}, 1533204620, id="stripe-dotnet"
    ),
    pytest.param(
        "standard",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        b'{"test": 2432232314}',
        STANDARD_HEADERS,
        1614265330,
        id="standard-webhooks",
    ),
    pytest.param(
        "standard",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        b'{"test": 2432232314}',
        {name.replace("webhook", "Svix"): value for name, value in STANDARD_HEADERS.items()},
        1614265330,
        id="svix-header-names",
    ),
    pytest.param("adyen", ADYEN_KEY, ADYEN_BODY, {}, 1407338134, id="adyen-item"),
    pytest.param(
        "square",
        "Ibxx_5AKakO-3qeNVR61Dw",
        SQUARE_BODY,
        {"x-square-hmacsha256-signature": "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4="},
        0,
        id="square-test-notification",
    ),
    pytest.param(
        "github",
        "It's a Secret to Everybody",
        b"Hello, World!",
        {"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
        0,
        id="github-hello-world",
    ),
]


@pytest.mark.parametrize("encoded", [pytest.param(False, id="as-text"), pytest.param(True, id="as-base64")])
@pytest.mark.parametrize(("provider", "secret", "body", "headers", "at"), VECTORS)
def test_a_public_vector_is_accepted(
    *, provider: str, secret: str, body: bytes, headers: dict[str, str], at: int, encoded: bool
) -> None:
    receiver = Receiver({provider: [secret]}, url=SQUARE_URL)
    receiver.now = at + 0.9
    status, answer = receiver.post(provider, body, headers, encoded=encoded)
    assert (status, answer["result"]) == (200, "applied" if provider == "adyen" else "ignored")


@pytest.mark.parametrize(("provider", "secret", "body", "headers", "at"), VECTORS)
def test_a_public_vector_with_one_byte_more_is_refused(
    provider: str, secret: str, body: bytes, headers: dict[str, str], at: int
) -> None:
    receiver = Receiver({provider: [secret]}, url=SQUARE_URL)
    receiver.now = at
    changed = body.replace(b"1130", b"11300") if provider == "adyen" else body + b" "
    assert receiver.post(provider, changed, headers) == (401, {"error": "signature not accepted"})
    assert not receiver.table.rows


def test_the_adyen_vector_is_stored_to_the_cent() -> None:
    receiver = Receiver({"adyen": [ADYEN_KEY]})
    receiver.post("adyen", ADYEN_BODY, {})
    row = receiver.table.plain("adyen#7914073381342284")
    assert (row["amount"], row["currency"], row["amountUnit"]) == ("1130", "EUR", "minor")
    assert (row["status"], row["lastEventAt"]) == ("AUTHORISATION", "1407338134.121")
