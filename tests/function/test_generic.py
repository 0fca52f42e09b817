"""The generic scheme signs as it is configured, and its two forms cannot be taken for each other."""

import pytest

from tests.function.receiver import Receiver
from tests.function.senders import NOW, SECRETS, b64, mac, payment_body, sign_generic

BODY = payment_body()
KEY = SECRETS["generic"][0].encode()
DIGEST = mac(KEY, BODY)
TIMED = mac(KEY, f"{NOW}.".encode() + BODY)


@pytest.mark.parametrize("prefix", ["sha256=", "v0=", "v1=", ""])
def test_a_digest_may_have_a_name(receiver: Receiver, prefix: str) -> None:
    assert receiver.post("generic", BODY, {"x-webhook-signature": f"{prefix}{DIGEST.hex()}"})[0] == 200


def test_the_right_one_among_several_is_found(receiver: Receiver) -> None:
    assert receiver.post("generic", BODY, {"x-webhook-signature": f"v0={'0' * 64}, junk,v0={DIGEST.hex()}"})[0] == 200


@pytest.mark.parametrize("value", [b64(DIGEST), f"sha256={b64(DIGEST)}"])
def test_header_and_encoding_are_configured(value: str) -> None:
    receiver = Receiver(signature_header="X-Shop-Hmac", signature_encoding="base64")
    assert receiver.post("generic", BODY, {"x-shop-hmac": value})[0] == 200
    assert receiver.post("generic", BODY, {"x-shop-hmac": DIGEST.hex()})[0] == 401
    assert receiver.post("generic", BODY, sign_generic(BODY))[0] == 401


def test_a_configured_time_is_required() -> None:
    receiver = Receiver(timestamp_header="X-Shop-Time")
    signature = {"x-webhook-signature": TIMED.hex()}
    assert receiver.post("generic", BODY, sign_generic(BODY))[0] == 401
    assert receiver.post("generic", BODY, {**signature, "x-webhook-timestamp": str(NOW)})[0] == 401
    assert receiver.post("generic", BODY, {**signature, "x-shop-time": str(NOW)})[0] == 200
    receiver.now += 301
    assert receiver.post("generic", BODY, {**signature, "x-shop-time": str(NOW)})[0] == 401


def test_a_signed_time_cannot_be_moved_into_the_body(receiver: Receiver) -> None:
    moved = f"{NOW}.".encode() + BODY
    assert receiver.post("generic", moved, {"x-webhook-signature": TIMED.hex()})[0] == 401
    assert not receiver.table.calls


def test_an_unknown_encoding_accepts_nothing() -> None:
    receiver = Receiver(signature_encoding="rot13")
    assert receiver.post("generic", BODY, sign_generic(BODY)) == (500, {"error": "misconfigured"})
