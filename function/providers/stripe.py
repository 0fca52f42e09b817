"""Stripe: `Stripe-Signature: t=…,v1=…`, hexadecimal HMAC-SHA256 of `t.body` under the whole `whsec_…` text.

The transaction is the event's object (a payment intent, charge, checkout, refund, dispute or payout), its amount in
minor units.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

import fields
from deliveries import Delivery, Ignored, Notice, Payment
from errors import MalformedError, UnverifiedError
from payments import NOT_A_PAYMENT, refund_status, unusable
from signatures import HEX_DIGEST, demand_match, digest_of, fresh, header, hex_macs, well_formed
from strict_json import member, parse_object, text


def verify(delivery: Delivery, keys: Sequence[bytes]) -> None:
    """Refuse unless one `v1` value signs the body at the one `t`; `v0` is a test scheme and is ignored."""
    pairs = [item.strip().partition("=") for item in header(delivery.headers, "stripe-signature").split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1:
        raise UnverifiedError("not exactly one t")
    fresh(times[0], delivery.received_at)
    candidates = well_formed((value for name, _, value in pairs if name == "v1"), HEX_DIGEST)
    demand_match(candidates, hex_macs(f"{times[0]}.".encode("ascii") + delivery.body, keys))


def notices(delivery: Delivery) -> list[Notice]:
    """Read the one event."""
    event = parse_object(delivery.body)
    digest = digest_of(delivery.body)
    return [Notice(text(event, "id") or digest, digest, text(event, "type"), _content(event))]


def _content(event: dict[str, object]) -> Payment | Ignored:
    if text(event, "object").startswith("v2."):
        return Ignored("thin event")  # it only names an object, to be fetched from Stripe
    subject = member(event, "data", "object")
    state_of = _STATES.get(_kind(event))
    if state_of is None or (member(subject, "amount") is None and member(subject, "amount_total") is None):
        return NOT_A_PAYMENT
    try:
        return _payment(event, state_of(subject))
    except MalformedError as error:
        return unusable(error)


def _kind(event: dict[str, object]) -> str:
    """Return what kind of object the event is about; where the object does not say it, `charge.refunded` does."""
    return text(event, "data", "object", "object") or text(event, "type").rpartition(".")[0]


def _payment(event: dict[str, object], state: "_State") -> Payment:
    subject = member(event, "data", "object")
    occurred_at = fields.moment(event.get("created"))
    return Payment(
        fields.transaction_id(member(subject, "id")),
        state.amount,
        fields.currency(member(subject, "currency")),
        state.status,
        occurred_at,
        fields.iso(occurred_at),
        amount_unit="minor",
        related_id=fields.related_id(member(subject, "payment_intent") or member(subject, "charge")),
        amount_refunded=state.refunded,
    )


class _State(NamedTuple):
    """The amount of an object, its progress, and how much was paid back."""

    amount: Decimal
    status: str
    refunded: Decimal | None = None


def _plain(subject: object) -> _State:
    return _State(fields.amount(member(subject, "amount")), fields.status(member(subject, "status")))


def _with_kind(kind: str) -> Callable[[object], _State]:
    """Put the kind before the status: a refund that succeeded is no payment that succeeded."""

    def state_of(subject: object) -> _State:
        state = _plain(subject)
        return state._replace(status=fields.status(f"{kind}_{state.status}"))

    return state_of


def _intent(subject: object) -> _State:
    state = _plain(subject)
    if member(subject, "amount_received") is None:
        return state
    received = fields.amount(member(subject, "amount_received"))  # less than `amount` after a partial capture
    return state._replace(amount=received) if received or state.status == "succeeded" else state


def _charge(subject: object) -> _State:
    authorized, status = _plain(subject)[:2]
    if member(subject, "captured") is False and status == "succeeded":
        # Only reserved. Stripe marks a reservation that was released or expired as refunded.
        return _State(authorized, "canceled" if member(subject, "refunded") is True else "requires_capture")
    captured = member(subject, "amount_captured")
    amount = fields.amount(captured) if captured and status == "succeeded" else authorized
    refunded = fields.amount(member(subject, "amount_refunded") or 0)
    if refunded > amount:  # it counts what a partial capture released
        refunded = max(refunded - (authorized - amount), Decimal(0))
    if member(subject, "refunded") is True:
        refunded = max(refunded, amount)
    return _State(amount, refund_status(status, amount, refunded), refunded or None)


def _checkout(subject: object) -> _State:
    amount = fields.amount(member(subject, "amount_total"))
    status, paid = fields.status(member(subject, "status")), text(subject, "payment_status")
    # A completed checkout can wait for its payment, or need none.
    return _State(amount, fields.status(paid) if status == "complete" and paid not in {"", "paid"} else status)


_STATES: dict[str, Callable[[object], _State]] = {
    "": _plain,
    "charge": _charge,
    "checkout.session": _checkout,
    "dispute": _with_kind("dispute"),
    "payment_intent": _intent,
    "payout": _with_kind("payout"),
    "refund": _with_kind("refund"),
}
"""The objects that are stored, by kind; others, such as invoice items and plans, may have an amount but pay nothing."""
