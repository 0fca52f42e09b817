"""Square: `x-square-hmacsha256-signature`, base64 HMAC-SHA256 of the public notification URL followed by the body.

The URL is a setting, never the Host header. There is no signed time, so the stored marker does not expire. The
transaction is the payment, refund, dispute or payout in `data.object`, its amount in minor units.
"""

from collections.abc import Sequence

import fields
from deliveries import Delivery, Ignored, Notice, Payment
from errors import MalformedError, MisconfiguredError
from payments import NOT_A_PAYMENT, refund_status, unusable
from signatures import BASE64_DIGEST, base64_macs, demand_match, digest_of, header, well_formed
from strict_json import member, parse_object, text

_KINDS = {"dispute": "DISPUTE_", "payment": "", "payout": "PAYOUT_", "refund": "REFUND_"}
"""What is stored, and what its status begins with."""


def verify(delivery: Delivery, keys: Sequence[bytes]) -> None:
    """Refuse unless the header signs the configured URL and the body."""
    if not delivery.senders.square_url:
        raise MisconfiguredError("SQUARE_NOTIFICATION_URL is not set")
    candidates = well_formed([header(delivery.headers, "x-square-hmacsha256-signature")], BASE64_DIGEST)
    demand_match(candidates, base64_macs(delivery.senders.square_url.encode("utf-8") + delivery.body, keys))


def notices(delivery: Delivery) -> list[Notice]:
    """Read the one event."""
    event = parse_object(delivery.body)
    digest = digest_of(delivery.body)
    return [Notice(text(event, "event_id") or digest, digest, text(event, "type"), _content(event), expires=False)]


def _content(event: dict[str, object]) -> Payment | Ignored:
    kind = text(event, "data", "type")
    subject = member(event, "data", "object", kind)
    if kind not in _KINDS or member(subject, "amount_money") is None:
        return NOT_A_PAYMENT
    try:
        return _payment(event, kind, subject)
    except MalformedError as error:
        return unusable(error)


def _payment(event: dict[str, object], kind: str, subject: object) -> Payment:
    stamp = text(event, "created_at")
    amount = fields.amount(member(subject, "amount_money", "amount"))
    refunded = fields.amount(member(subject, "refunded_money", "amount") or 0)
    # A refund that was completed is no payment that was completed.
    status = fields.status(_KINDS[kind] + fields.status(member(subject, "status") or member(subject, "state")))
    return Payment(
        fields.transaction_id(member(subject, "id")),
        amount,
        fields.currency(member(subject, "amount_money", "currency")),
        refund_status(status, amount, refunded),
        fields.moment(stamp),
        stamp,
        amount_unit="minor",
        related_id=fields.related_id(member(subject, "payment_id")),
        amount_refunded=refunded or None,
    )
