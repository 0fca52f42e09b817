"""Payment fields as `standard`, `generic`, `github` and direct events carry them: at top level or under `data`."""

from decimal import Decimal

import fields
from deliveries import Ignored, Payment
from errors import MalformedError
from signatures import TOLERANCE_SECONDS

NOT_A_PAYMENT = Ignored("not a payment")


def _pick(document: dict[str, object], name: str) -> object:
    if name in document:
        return document[name]
    data = document.get("data")
    return data.get(name) if isinstance(data, dict) else None


def read_payment(document: dict[str, object], otherwise_at: float) -> Payment:
    """Return the payment in a document, or refuse by the name of the first field that is missing or wrong."""
    transaction_id = fields.transaction_id(_pick(document, "transactionId"))
    amount = fields.amount(_pick(document, "amount"))
    currency = fields.currency(_pick(document, "currency"))
    status = fields.status(_pick(document, "status"))
    stamp = _pick(document, "timestamp")
    occurred_at = Decimal(int(otherwise_at)) if stamp is None else fields.moment(stamp)
    timestamp = stamp if isinstance(stamp, str) else fields.iso(occurred_at)
    return Payment(transaction_id, amount, currency, status, occurred_at, timestamp)


def read_content(document: dict[str, object], otherwise_at: float) -> Payment | Ignored:
    """Return the payment, or what an authentic document without a usable one is."""
    if _pick(document, "transactionId") is None and _pick(document, "amount") is None:
        return NOT_A_PAYMENT
    try:
        return read_payment(document, otherwise_at)
    except MalformedError as error:
        return unusable(error)


def unusable(error: MalformedError) -> Ignored:
    """Return the note for a payment that cannot be used: kept with its body for repair and replay."""
    return Ignored(f"unusable {error}", quarantined=True)


def with_plausible_time(payment: Payment, received_at: float) -> Payment:
    """Return the payment, or refuse one from the future: it would make every event until then stale."""
    if payment.occurred_at > received_at + TOLERANCE_SECONDS:
        raise MalformedError("timestamp: in the future")
    return payment


def refund_status(status: str, amount: Decimal, refunded: Decimal) -> str:
    """Return what a successful payment becomes by what was paid back of it."""
    if refunded <= 0:
        return status
    return "refunded" if refunded >= amount else "partially_refunded"


# Stripe's event times have a resolution of one second: within it, a status further along wins.
_RANKS = {
    "created": 10,
    "new": 10,
    "open": 10,
    "pending": 10,
    "requires_payment_method": 10,
    "requires_confirmation": 11,
    "requires_action": 12,
    "in_transit": 20,
    "processing": 20,
    "under_review": 20,
    "unpaid": 20,
    "failed": 30,
    "authorised": 40,
    "authorized": 40,
    "authorisation": 40,
    "authorization": 40,
    "approved": 40,
    "requires_capture": 40,
    "canceled": 50,
    "cancelled": 50,
    "expired": 50,
    "capture": 60,
    "captured": 60,
    "complete": 60,
    "completed": 60,
    "no_payment_required": 60,
    "paid": 60,
    "succeeded": 60,
    "success": 60,
    "won": 60,
    "lost": 60,
    "partially_refunded": 70,
    "refund": 71,
    "refunded": 71,
    "disputed": 80,
    "chargeback": 80,
}

_KINDS = frozenset({"dispute", "payout", "refund"})
"""What the status of a transaction that is no payment begins with."""


def rank(status: str) -> int:
    """Return how far along a status is; an unknown one ranks as pending, so that the later of the two wins."""
    word = status.lower()
    kind, _, after = word.partition("_")
    return _RANKS.get(word, _RANKS.get(after if kind in _KINDS else "", _RANKS["pending"]))
