"""Stripe's objects are stored as what they are: paid, partly captured, refunded, unpaid, or no payment at all."""

from typing import Any

import pytest

from tests.function.receiver import Receiver
from tests.function.senders import NOW, sign_stripe, stripe_body


def send(receiver: Receiver, subject: dict[str, Any], kind: str = "", event_id: str = "evt_1", at: int = NOW) -> str:
    body = stripe_body(id=event_id, type=kind, created=at, data={"object": {"currency": "eur", **subject}})
    status, answer = receiver.post("stripe", body, sign_stripe(body))
    assert status == 200
    return str(answer["result"])


def charge(**changes: Any) -> dict[str, Any]:
    return {"id": "ch_1", "object": "charge", "amount": 500, "status": "succeeded", "captured": True, **changes}


def intent(**changes: Any) -> dict[str, Any]:
    return {"id": "pi_1", "object": "payment_intent", "amount": 500, "status": "succeeded", **changes}


def checkout(**changes: Any) -> dict[str, Any]:
    return {"id": "cs_1", "object": "checkout.session", "amount_total": 500, "status": "complete", **changes}


def other(kind: str, **changes: Any) -> dict[str, Any]:
    return {"id": "x_1", "object": kind, "amount": 500, "status": "succeeded", **changes}


@pytest.mark.parametrize(
    ("subject", "status", "amount", "refunded"),
    [
        pytest.param(charge(), "succeeded", 500, None, id="charge"),
        pytest.param(charge(amount_captured=500, amount_refunded=0), "succeeded", 500, None, id="charge-in-full"),
        pytest.param(charge(amount_refunded=500, refunded=True), "refunded", 500, 500, id="charge-refunded"),
        pytest.param(charge(refunded=True), "refunded", 500, 500, id="charge-refunded-by-its-flag"),
        pytest.param(charge(amount_refunded=100), "partially_refunded", 500, 100, id="charge-partly-refunded"),
        pytest.param(charge(amount_captured=100), "succeeded", 100, None, id="charge-partly-captured"),
        pytest.param(charge(amount_captured=100, amount_refunded=400), "succeeded", 100, None, id="rest-released"),
        pytest.param(
            charge(amount_captured=100, amount_refunded=100), "refunded", 100, 100, id="captured-and-refunded"
        ),
        pytest.param(charge(captured=False), "requires_capture", 500, None, id="charge-reserved"),
        pytest.param(charge(captured=False, refunded=True), "canceled", 500, None, id="reservation-released"),
        pytest.param(charge(status="failed", captured=False), "failed", 500, None, id="charge-failed"),
        pytest.param(intent(amount_received=500), "succeeded", 500, None, id="intent"),
        pytest.param(intent(amount_received=100), "succeeded", 100, None, id="intent-partly-captured"),
        pytest.param(intent(), "succeeded", 500, None, id="intent-without-amount_received"),
        pytest.param(
            intent(status="requires_capture", amount_received=0), "requires_capture", 500, None, id="intent-reserved"
        ),
        pytest.param(checkout(payment_status="paid"), "complete", 500, None, id="checkout"),
        pytest.param(checkout(payment_status="unpaid"), "unpaid", 500, None, id="checkout-unpaid"),
        pytest.param(checkout(payment_status="unpaid", status="open"), "open", 500, None, id="checkout-open"),
        pytest.param(checkout(payment_status="unpaid", status="expired"), "expired", 500, None, id="checkout-expired"),
        pytest.param(
            checkout(payment_status="no_payment_required"), "no_payment_required", 500, None, id="checkout-free"
        ),
        pytest.param(other("refund"), "refund_succeeded", 500, None, id="refund"),
        pytest.param(other("dispute", status="lost"), "dispute_lost", 500, None, id="dispute"),
        pytest.param(other("payout", status="paid"), "payout_paid", 500, None, id="payout"),
    ],
)
def test_an_object_is_stored_as_what_it_is(
    receiver: Receiver, subject: dict[str, Any], status: str, amount: int, refunded: int | None
) -> None:
    assert send(receiver, subject) == "applied"
    row = receiver.table.plain(f"stripe#{subject['id']}")
    assert (row["status"], row["amount"]) == (status, str(amount))
    assert row.get("amountRefunded") == (None if refunded is None else str(refunded))


def test_a_refund_shows_in_the_row_of_its_charge(receiver: Receiver) -> None:
    send(receiver, charge(payment_intent="pi_1"), "charge.succeeded")
    refunded = charge(payment_intent="pi_1", amount_refunded=500, refunded=True)
    assert send(receiver, refunded, "charge.refunded", "evt_2") == "applied"
    row = receiver.table.plain("stripe#ch_1")
    assert (row["status"], row["amountRefunded"], row["relatedId"]) == ("refunded", "500", "pi_1")


@pytest.mark.parametrize(
    "kind", ["application_fee", "balance_transaction", "credit_note", "invoiceitem", "plan", "quote", "transfer"]
)
@pytest.mark.parametrize("named", [True, False])
def test_an_object_that_is_no_payment_is_ignored(receiver: Receiver, kind: str, named: bool) -> None:
    subject = {"id": "x_1", "amount": 500, "amount_total": 500, **({"object": kind} if named else {})}
    assert send(receiver, subject, f"{kind}.created") == "ignored"
    assert "Quarantined" not in receiver.log[-1]
    assert receiver.table.plain("evt#stripe#evt_1")["reason"] == "not a payment"


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param(intent(amount_received="many"), id="received-is-no-number"),
        pytest.param(intent(amount_received=[]), id="received-is-a-list"),
        pytest.param(charge(amount_refunded="many"), id="refunded-is-no-number"),
        pytest.param(other("refund", status=None), id="refund-without-a-status"),
        pytest.param(checkout(status=None), id="checkout-without-a-status"),
    ],
)
def test_a_payment_that_cannot_be_read_is_quarantined(receiver: Receiver, subject: dict[str, Any]) -> None:
    assert send(receiver, subject) == "ignored"
    assert receiver.log[-1]["Quarantined"] == 1


@pytest.mark.parametrize(("ahead", "result"), [(300, "applied"), (301, "ignored"), (10**9, "ignored")])
def test_an_event_from_the_future_is_quarantined(receiver: Receiver, ahead: int, result: str) -> None:
    assert send(receiver, intent(), at=NOW + ahead) == result
    assert ("Quarantined" in receiver.log[-1]) is (result == "ignored")
