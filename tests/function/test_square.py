"""Square's objects are stored as what they are: a payment, one that was refunded, a refund."""

from typing import Any

import pytest

from tests.function.receiver import Receiver
from tests.function.senders import sign_square, square_body


def send(receiver: Receiver, kind: str, **changes: Any) -> str:
    subject = {"id": "sq_1", "amount_money": {"amount": 500, "currency": "EUR"}, "status": "COMPLETED", **changes}
    body = square_body(data={"type": kind, "id": "sq_1", "object": {kind: subject}})
    return str(receiver.post("square", body, sign_square(body))[1]["result"])


@pytest.mark.parametrize(
    ("kind", "changes", "status"),
    [
        ("payment", {}, "COMPLETED"),
        ("payment", {"refunded_money": {"amount": 0, "currency": "EUR"}}, "COMPLETED"),
        ("payment", {"refunded_money": {"amount": 100, "currency": "EUR"}}, "partially_refunded"),
        ("payment", {"refunded_money": {"amount": 500, "currency": "EUR"}}, "refunded"),
        ("refund", {}, "REFUND_COMPLETED"),
        ("payout", {"status": "SENT"}, "PAYOUT_SENT"),
        ("dispute", {"status": None, "state": "LOST"}, "DISPUTE_LOST"),
    ],
)
def test_an_object_is_stored_as_what_it_is(receiver: Receiver, kind: str, changes: dict[str, Any], status: str) -> None:
    assert send(receiver, kind, **changes) == "applied"
    row = receiver.table.plain("square#sq_1")
    assert (row["status"], row["amount"]) == (status, "500")


def test_an_object_that_is_no_payment_is_ignored(receiver: Receiver) -> None:
    assert send(receiver, "gift_card_activity") == "ignored"
    assert "Quarantined" not in receiver.log[-1]
