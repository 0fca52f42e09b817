"""Random events: no uncaught exception, no acceptance, no 5xx. WEBHOOK_FUZZ_EXAMPLES makes it longer."""

import json
import re
from functools import partial
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.function.examples import bounded
from tests.function.receiver import Receiver
from tests.function.senders import (
    NOW,
    SIGNED,
    adyen_body,
    adyen_item,
    b64,
    delivery,
    http_event,
    sign_generic,
    sign_github,
    sign_square,
    sign_standard,
    sign_stripe,
)
from tests.support.random_json import random_object, random_text, random_value

RECEIVER = Receiver()
FIELDS = ("transactionId", "amount", "currency", "status", "timestamp", "id", "data", "created", "object", "type")
JSON = st.randoms(use_true_random=True).map(random_value)


def field(random: Random) -> str:
    return random.choice((random.choice(FIELDS), random_text(random)))


SHAPED = st.randoms(use_true_random=True).map(partial(random_object, key=field, most=8))
HEADER_NAMES = st.sampled_from(
    [
        "stripe-signature",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "svix-signature",
        "x-square-hmacsha256-signature",
        "x-hub-signature-256",
        "x-webhook-signature",
        "x-webhook-timestamp",
        "hmacsignature",
    ]
)
DIGESTS = st.binary(min_size=32, max_size=32)  # not from a pattern, which takes ten times as long
HEADER_VALUES = (
    st.text(max_size=200)
    | st.builds("t={},v1={}".format, st.integers(0, 10**12 - 1), DIGESTS.map(bytes.hex))
    | st.lists(st.builds("{},{}".format, st.sampled_from(["v1", "v1a"]), DIGESTS.map(b64)), max_size=12).map(" ".join)
    | DIGESTS.map(lambda digest: f"sha256={digest.hex()}")
    | st.just(str(NOW))
)
HEADERS = st.dictionaries(HEADER_NAMES | st.text(max_size=20), HEADER_VALUES, max_size=6)
BODIES = st.text() | st.binary().map(lambda raw: raw.decode("latin-1")) | SHAPED.map(json.dumps) | JSON
TIMED_BODY = re.compile(rb"[0-9]{1,12}\.")
PROVIDERS = st.sampled_from([*SIGNED, "paypal", "unknown"]) | st.text(max_size=10)


def check_refused(answer: dict[str, Any]) -> None:
    assert 400 <= answer["statusCode"] < 500 or answer["statusCode"] == 501, answer
    assert not RECEIVER.table.calls
    json.loads(answer["body"])


@bounded
@given(provider=PROVIDERS, body=BODIES, headers=HEADERS, encoded=st.booleans() | JSON)
def test_a_random_request_is_refused(provider: str, body: Any, headers: dict[str, str], encoded: Any) -> None:
    event = http_event("standard", "", {}) | {"body": body, "headers": headers, "isBase64Encoded": encoded}
    event["pathParameters"] = {"provider": provider}
    check_refused(RECEIVER.invoke(event))


@bounded
@given(event=JSON | SHAPED | SHAPED.map(lambda fields: {"requestContext": {"http": fields}, **fields}))
def test_a_random_event_is_refused(event: Any) -> None:
    receiver = Receiver()
    answer = receiver.invoke(event)
    assert answer["statusCode"] < 500, answer


@bounded
@given(
    records=st.lists(
        SHAPED.map(lambda fields: {**fields, "eventSource": "aws:sqs"})
        | st.just(
            {"eventSource": "aws:sqs", "messageId": "m", "messageAttributes": {"provider": {"stringValue": "stripe"}}}
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_random_record_stays_in_the_queue(records: list[Any]) -> None:
    answer = RECEIVER.invoke({"Records": records})
    assert len(answer["batchItemFailures"]) == len(records)
    assert not RECEIVER.table.calls


@bounded
@given(provider=st.sampled_from(SIGNED), place=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_one_changed_byte_is_never_accepted(provider: str, place: int, flip: int) -> None:
    body, headers = delivery(provider)
    changed = bytearray(body)
    changed[place % len(body)] ^= flip
    if provider == "adyen":  # a part of its body is not signed
        changed = bytearray(body.replace(b'"PSP1"', json.dumps(f"PSP{place + 2}").encode()))
    check_refused(RECEIVER.invoke(http_event(provider, bytes(changed), headers, encoded=True)))


@bounded
@given(body=st.binary(min_size=1, max_size=300) | SHAPED.map(lambda fields: json.dumps(fields).encode()))
def test_any_signed_body_is_answered_without_an_error(body: bytes) -> None:
    signers = [("stripe", sign_stripe), ("standard", sign_standard), ("square", sign_square), ("github", sign_github)]
    for provider, sign in [*signers, ("generic", sign_generic)]:
        status, answer = Receiver().post(provider, body, sign(body), encoded=True)
        expected = {(200, "applied"), (200, "ignored"), (400, None)}
        if provider == "generic" and TIMED_BODY.match(body):
            expected = {(401, None)}  # it could be a timed message whose time was moved into the body
        assert (status, answer.get("result")) in expected, answer


@bounded
@given(
    changes=st.fixed_dictionaries(
        {},
        optional={
            "eventDate": st.text(),
            "merchantReference": st.text(),
            "amount": st.fixed_dictionaries({"value": st.integers() | st.text(), "currency": st.text()}),
        },
    )
)
def test_a_signed_adyen_item_is_answered_without_an_error(changes: dict[str, Any]) -> None:
    try:
        body = adyen_body(adyen_item(**changes))
    except UnicodeEncodeError:  # not even the sender can sign it
        return
    assert Receiver().post("adyen", body, {})[0] in {200, 401}
