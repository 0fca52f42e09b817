"""Stripe: `Stripe-Signature: t=…,v1=…`, hexadecimal HMAC-SHA256 of `t.body` under the whole `whsec_…` text.

The transaction is the event's object (a payment intent, charge, refund, payout …), its amount in minor units.
"""

from collections.abc import Sequence

import fields
from deliveries import Delivery, Ignored, Notice, Payment
from errors import MalformedError, UnverifiedError
from payments import NOT_A_PAYMENT, unusable
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
    amount = member(event, "data", "object", "amount")
    if amount is None:
        amount = member(event, "data", "object", "amount_total")  # a checkout session
    if amount is None:
        return NOT_A_PAYMENT
    try:
        return _payment(event, amount)
    except MalformedError as error:
        return unusable(error)


def _payment(event: dict[str, object], amount: object) -> Payment:
    subject = member(event, "data", "object")
    occurred_at = fields.moment(event.get("created"))
    return Payment(
        fields.transaction_id(member(subject, "id")),
        fields.amount(amount),
        fields.currency(member(subject, "currency")),
        fields.status(member(subject, "status")),
        occurred_at,
        fields.iso(occurred_at),
        amount_unit="minor",
        related_id=fields.related_id(member(subject, "payment_intent")),
    )
