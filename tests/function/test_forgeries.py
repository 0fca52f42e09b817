"""Forged, replayed and malformed deliveries: refused with a 4xx, and nothing is stored."""

import json
from collections.abc import Callable

import pytest

from tests.function.receiver import Receiver
from tests.function.senders import (
    NOW,
    SECRETS,
    SIGNED,
    STANDARD_SECRET,
    adyen_body,
    adyen_item,
    delivery,
    payment_body,
    sign_generic,
    sign_github,
    sign_square,
    sign_standard,
    sign_stripe,
    square_body,
    stripe_body,
)
from tests.support.tables import check_each

Headers = dict[str, str]
STRIPE, PAYMENT, SQUARE = stripe_body(), payment_body(), square_body()
SIGNATURE_HEADERS = {
    "stripe": "stripe-signature",
    "standard": "webhook-signature",
    "square": "x-square-hmacsha256-signature",
    "github": "x-hub-signature-256",
    "generic": "x-webhook-signature",
}


def stripe_parts() -> tuple[str, str]:
    stamp, signature, _ = sign_stripe(STRIPE)["stripe-signature"].split(",")
    return stamp, signature


def refused(receiver: Receiver, provider: str, body: bytes | str | None, headers: Headers, status: int = 401) -> None:
    answered, answer = receiver.post(provider, body, headers)
    assert answered == status, answer
    assert "result" not in answer
    assert not receiver.table.calls


@pytest.mark.parametrize("provider", SIGNED)
def test_an_untouched_delivery_is_applied(receiver: Receiver, provider: str) -> None:
    body, headers = delivery(provider)
    status, answer = receiver.post(provider, body, headers)
    assert (status, answer["result"]) == (200, "applied")
    assert receiver.applied == [f"{provider}#{answer['transactionId']}"]


@pytest.mark.parametrize("provider", SIGNED)
def test_without_headers_nothing_but_adyen_is_accepted(receiver: Receiver, provider: str) -> None:
    body, _ = delivery(provider)
    if provider == "adyen":
        body = body.replace(b"hmacSignature", b"signature")
    refused(receiver, provider, body, {})


UNUSABLE = {
    "empty": "",
    "blank": " ",
    "equals": "=",
    "commas": ",,,,",
    "name-only": "v1",
    "no-value": "v1,",
    "prefix-only": "sha256=",
    "weaker-hash": "sha1=" + "0" * 40,
    "stripe-without-values": "t=,v1=",
    "latin-letters": "\u00e9" * 64,
    "arabic-digits": "\u0661" * 64,
    "half-a-surrogate-pair": "\ud800",
    "zeros": "0" * 64,
    "base64-zeros": "v1," + "A" * 43 + "=",
    "huge": "v1," * 20_000,
    "control-characters": "\x00\x01",
}


@pytest.mark.parametrize("provider", SIGNATURE_HEADERS)
def test_an_unusable_signature_is_401(receiver: Receiver, provider: str) -> None:
    body, headers = delivery(provider)

    def it_is_refused(signature: str) -> None:
        refused(receiver, provider, body, {**headers, SIGNATURE_HEADERS[provider]: signature})

    check_each(UNUSABLE, it_is_refused)


@pytest.mark.parametrize("provider", SIGNED)
def test_a_changed_body_is_401(receiver: Receiver, provider: str) -> None:
    body, headers = delivery(provider)
    changed = body.replace(b"EUR", b"USD").replace(b"eur", b"usd")
    assert changed != body
    refused(receiver, provider, changed, headers)


@pytest.mark.parametrize("provider", SIGNED)
def test_a_key_that_is_not_ours_is_401(provider: str) -> None:
    others = {"adyen": "00" * 32, "standard": "whsec_" + "A" * 32}
    receiver = Receiver({provider: [others.get(provider, "another secret")]})
    refused(receiver, provider, *delivery(provider))


@pytest.mark.parametrize(
    ("provider", "sign"),
    [
        pytest.param("stripe", lambda at: (STRIPE, sign_stripe(STRIPE, at=at)), id="stripe"),
        pytest.param("standard", lambda at: (PAYMENT, sign_standard(PAYMENT, at=at)), id="standard"),
        pytest.param("generic", lambda at: (PAYMENT, sign_generic(PAYMENT, at=at)), id="generic"),
    ],
)
@pytest.mark.parametrize(
    ("offset", "status"),
    [
        pytest.param(-301, 401, id="301-seconds-old"),
        pytest.param(-300, 200, id="300-seconds-old"),
        pytest.param(300, 200, id="300-seconds-ahead"),
        pytest.param(301, 401, id="301-seconds-ahead"),
        pytest.param(-(10**9), 401, id="of-last-century"),
        pytest.param(10**11, 401, id="of-a-far-century"),
    ],
)
def test_the_time_window_has_two_sides(
    receiver: Receiver, provider: str, sign: Callable[[int], tuple[bytes, Headers]], offset: int, status: int
) -> None:
    body, headers = sign(NOW + offset)
    assert receiver.post(provider, body, headers)[0] == status


@pytest.mark.parametrize(
    "stamp",
    [
        pytest.param(f"{NOW}.0", id="fraction"),
        pytest.param(f"+{NOW}", id="sign"),
        pytest.param(f" {NOW}", id="space"),
        pytest.param("1_795_435_200", id="underscores"),
        pytest.param("1e9", id="exponent"),
        pytest.param("0x6b0457c0", id="hexadecimal"),
        pytest.param(str(NOW).translate({48 + n: 0x660 + n for n in range(10)}), id="arabic-digits"),
        pytest.param(f"000{NOW}", id="leading-zeros"),
        pytest.param("", id="empty"),
        pytest.param("9" * 400, id="endless"),
        pytest.param(f"{NOW},{NOW}", id="twice"),
        pytest.param("NaN", id="not-a-number"),
    ],
)
def test_a_timestamp_is_plain_digits(receiver: Receiver, stamp: str) -> None:
    # Each is signed over the odd text itself, so that nothing but its form can refuse it.
    refused(receiver, "standard", PAYMENT, sign_standard(PAYMENT, at=stamp))
    refused(receiver, "generic", PAYMENT, sign_generic(PAYMENT, at=stamp))
    refused(receiver, "stripe", STRIPE, sign_stripe(STRIPE, at=stamp))


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("{t},{t},{v1}", id="t-twice"),
        pytest.param("t=1,{t},{v1}", id="two-different-t"),
        pytest.param("{v1}", id="no-t"),
        pytest.param("{t}", id="no-v1"),
        pytest.param("{t},{v0}", id="test-scheme-v0-only"),
        pytest.param("{t},{V1}", id="scheme-in-capitals"),
        pytest.param("{t},{upper}", id="digest-in-capitals"),
    ],
)
def test_a_stripe_header_is_read_strictly(receiver: Receiver, header: str) -> None:
    stamp, v1 = stripe_parts()
    digest = v1.removeprefix("v1=")
    parts = {"t": stamp, "v1": v1, "v0": f"v0={digest}", "V1": f"V1={digest}", "upper": f"v1={digest.upper()}"}
    refused(receiver, "stripe", STRIPE, {"stripe-signature": header.format(**parts)})


def test_the_right_signature_is_found_among_several(receiver: Receiver) -> None:
    stamp, v1 = stripe_parts()
    mixed = f"{stamp},v1=short,v1={'0' * 64},v1=\u00e9,{v1}"
    assert receiver.post("stripe", STRIPE, {"stripe-signature": mixed})[0] == 200
    right = sign_standard(PAYMENT)["webhook-signature"]
    several = {**sign_standard(PAYMENT), "webhook-signature": f"v1,xx v2,yy v1a,zz  v1,{'A' * 43}= {right}"}
    assert receiver.post("standard", PAYMENT, several)[0] == 200


def test_only_the_first_ten_signatures_are_tried(receiver: Receiver) -> None:
    stamp, v1 = stripe_parts()
    flood = ",".join([stamp, *[f"v1={'0' * 64}"] * 10, v1])
    refused(receiver, "stripe", STRIPE, {"stripe-signature": flood})


@pytest.mark.parametrize("secret", SECRETS["stripe"])
def test_both_configured_secrets_are_accepted(receiver: Receiver, secret: str) -> None:
    assert receiver.post("stripe", STRIPE, sign_stripe(STRIPE, secret))[0] == 200


def test_svix_header_names_are_accepted(receiver: Receiver) -> None:
    assert receiver.post("standard", PAYMENT, sign_standard(PAYMENT, prefix="svix"))[0] == 200


@pytest.mark.parametrize(
    "event_id",
    [
        pytest.param("", id="empty"),
        pytest.param("a b", id="space"),
        pytest.param("\u00e9", id="letter-beyond-ascii"),
        pytest.param("\ud800", id="half-a-surrogate-pair"),
        pytest.param("x" * 256, id="too-long"),
        pytest.param("a\nb", id="line-break"),
    ],
)
def test_a_webhook_id_is_plain_text(receiver: Receiver, event_id: str) -> None:
    refused(receiver, "standard", PAYMENT, {**sign_standard(PAYMENT), "webhook-id": event_id})


def test_a_changed_webhook_id_breaks_the_signature(receiver: Receiver) -> None:
    refused(receiver, "standard", PAYMENT, {**sign_standard(PAYMENT), "webhook-id": "msg_2"})


def test_dropping_the_signed_time_breaks_a_generic_signature(receiver: Receiver) -> None:
    headers = sign_generic(PAYMENT, at=NOW)
    del headers["x-webhook-timestamp"]
    refused(receiver, "generic", PAYMENT, headers)
    refused(receiver, "generic", PAYMENT, {**sign_generic(PAYMENT), "x-webhook-timestamp": str(NOW)})


def test_square_signs_the_configured_url_and_not_the_host(receiver: Receiver) -> None:
    url = "https://attacker.example.com/webhooks/square"
    refused(receiver, "square", SQUARE, {**sign_square(SQUARE, url=url), "host": "attacker.example.com"})


def test_asymmetric_signatures_alone_are_not_supported(receiver: Receiver) -> None:
    headers = {**sign_standard(PAYMENT), "webhook-signature": "v1a,c2lnbmF0dXJl"}
    refused(receiver, "standard", PAYMENT, headers, status=501)


@pytest.mark.parametrize("provider", ["paypal"])
def test_an_asymmetric_provider_is_not_supported(receiver: Receiver, provider: str) -> None:
    refused(receiver, provider, b"{}", {"paypal-transmission-sig": "x"}, status=501)


def test_adyen_platform_webhooks_are_not_supported(receiver: Receiver) -> None:
    refused(receiver, "adyen", b'{"type": "balancePlatform"}', {"hmacsignature": "x"}, status=501)


def test_one_unsigned_adyen_item_refuses_the_whole_batch(receiver: Receiver) -> None:
    forged = {**adyen_item(pspReference="PSP2"), "additionalData": {"hmacSignature": "A" * 43 + "="}}
    refused(receiver, "adyen", adyen_body(adyen_item(), forged), {})


def test_an_adyen_batch_without_items_is_not_accepted(receiver: Receiver) -> None:
    refused(receiver, "adyen", adyen_body(), {})


@pytest.mark.parametrize("field", ["pspReference", "originalReference", "merchantAccountCode", "eventCode"])
def test_a_colon_cannot_shift_adyen_fields(receiver: Receiver, field: str) -> None:
    refused(receiver, "adyen", adyen_body(adyen_item(**{field: "a:b"})), {})


def test_a_colon_in_the_merchant_reference_is_fine(receiver: Receiver) -> None:
    assert receiver.post("adyen", adyen_body(adyen_item(merchantReference="order:1")), {})[0] == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"[]", 400, id="a-list"),
        pytest.param(b'"text"', 400, id="a-string"),
        pytest.param(b"nonsense", 400, id="no-json"),
        pytest.param(b"\xff\xfe", 400, id="no-text"),
        pytest.param(b"{}", 400, id="no-items"),
        pytest.param(b'{"notificationItems": {}}', 400, id="items-are-no-list"),
        pytest.param(b'{"notificationItems": [1, null, "x"]}', 401, id="items-are-no-objects"),
        pytest.param(b'{"notificationItems": [{"NotificationRequestItem": []}]}', 401, id="item-is-a-list"),
        pytest.param(b'{"notificationItems": ' + b"[" * 200_000, 400, id="nested-without-end"),
        pytest.param(b'{"notificationItems": [' + b"{}," * 200 + b"{}]}", 400, id="too-many-items"),
    ],
)
def test_a_malformed_adyen_body_is_the_senders_fault(receiver: Receiver, body: bytes, status: int) -> None:
    answered, _ = receiver.post("adyen", body, {}, encoded=True)
    assert answered == status
    assert not receiver.table.calls


@pytest.mark.parametrize("provider", SIGNED)
def test_a_key_that_appears_twice_in_the_json_is_refused(receiver: Receiver, provider: str) -> None:
    body = b'{"id": "evt_9", "amount": 1, "amount": 2, "notificationItems": []}'
    signers = {"stripe": sign_stripe, "standard": sign_standard, "square": sign_square, "github": sign_github}
    headers = {**signers, "generic": sign_generic}.get(provider, lambda _: {})(body)
    refused(receiver, provider, body, headers, status=400)


@pytest.mark.parametrize("provider", SIGNED)
@pytest.mark.parametrize(
    ("body", "encoded", "status"),
    [
        pytest.param(None, False, 400, id="missing"),
        pytest.param("", False, 400, id="empty"),
        pytest.param("", True, 400, id="empty-base64"),
        pytest.param("e30", True, 400, id="base64-without-padding"),
        pytest.param("e3\n0=", True, 400, id="base64-with-a-line-break"),
        pytest.param("\u00e9\u00e9\u00e9\u00e9", True, 400, id="base64-beyond-ascii"),
        pytest.param("\ud800", False, 400, id="half-a-surrogate-pair"),
        pytest.param("x" * (256 * 1024 + 1), False, 413, id="huge"),
        pytest.param("A" * 4 * 1024 * 1024, True, 413, id="huge-base64"),
    ],
)
def test_a_body_that_cannot_be_read_is_the_senders_fault(
    receiver: Receiver, provider: str, body: str | None, encoded: bool, status: int
) -> None:
    answered, _ = receiver.post(provider, body, delivery(provider)[1], encoded=encoded)
    assert answered == status
    assert not receiver.table.calls


def test_a_header_that_appears_twice_is_refused(receiver: Receiver) -> None:
    headers = sign_standard(PAYMENT)
    refused(receiver, "standard", PAYMENT, {**headers, "Webhook-Signature": "v1,x"}, status=400)


def test_secrets_and_error_texts_stay_inside(receiver: Receiver) -> None:
    _, answer = receiver.post("standard", PAYMENT, {})
    assert answer == {"error": "signature not accepted"}
    assert STANDARD_SECRET not in json.dumps(receiver.log)
