"""Adyen payments: each item of the body carries `additionalData.hmacSignature` over eight of its fields.

There is no signed time, so a replay is stopped by the stored marker alone, which does not expire. The transaction is
the item's own pspReference (a capture or refund is a separate one, `relatedId` names the payment), in minor units.
"""

from collections.abc import Sequence

import fields
from deliveries import Delivery, Ignored, Notice, Payment
from errors import MalformedError, UnsupportedSchemeError, UnverifiedError
from payments import unusable
from signatures import BASE64_DIGEST, base64_macs, demand_match, digest_of, plain_id, well_formed
from strict_json import NotJsonError, member, parse_object, text

_MAX_ITEMS = 100


def verify(delivery: Delivery, keys: Sequence[bytes]) -> None:
    """Refuse unless every item is signed; the signature lies inside the JSON, so this scheme has to parse first."""
    for item in _items(delivery):
        candidates = well_formed([text(item, "additionalData", "hmacSignature")], BASE64_DIGEST)
        demand_match(candidates, base64_macs(_signed(item), keys))


def notices(delivery: Delivery) -> list[Notice]:
    """Read one notice from each item."""
    return [_notice(item) for item in _items(delivery)]


def _items(delivery: Delivery) -> list[object]:
    try:
        document = parse_object(delivery.body)
    except NotJsonError as error:
        raise MalformedError("not a JSON object") from error
    entries = member(document, "notificationItems")
    if entries is None and "hmacsignature" in delivery.headers:
        raise UnsupportedSchemeError("platform webhooks, signed in a header")
    if not isinstance(entries, list) or len(entries) > _MAX_ITEMS:
        raise MalformedError("notificationItems")
    if not entries:
        raise UnverifiedError("no item, so nothing is signed")
    return [member(entry, "NotificationRequestItem") for entry in entries]


def _signed(item: object) -> bytes:
    """Join the signed fields as Adyen does, unescaped.

    A colon is allowed in the merchant reference only: elsewhere it would let one signature stand for other values.
    """
    ends = [text(item, "pspReference"), text(item, "originalReference"), text(item, "merchantAccountCode")]
    value = member(item, "amount", "value")
    tail = [
        "" if value is None else str(value),
        text(item, "amount", "currency"),
        text(item, "eventCode"),
        _success(item),
    ]
    if any(":" in part for part in ends + tail):
        raise UnverifiedError("a colon in a signed field")
    try:
        return ":".join([*ends, text(item, "merchantReference"), *tail]).encode("utf-8")
    except UnicodeEncodeError as error:  # half of a surrogate pair
        raise UnverifiedError("a signed field is no text") from error


def _success(item: object) -> str:
    value = member(item, "success")
    return str(value).lower() if isinstance(value, bool) else text(item, "success")


def _notice(item: object) -> Notice:
    digest = digest_of(_signed(item))
    event_id = f"{text(item, 'pspReference')}:{text(item, 'eventCode')}:{_success(item)}"
    try:
        content: Payment | Ignored = _payment(item)
    except MalformedError as error:
        content = unusable(error)
    named = event_id if plain_id(event_id) else digest
    return Notice(named, digest, text(item, "eventCode"), content, expires=False)


def _payment(item: object) -> Payment:
    event_code = text(item, "eventCode")
    stamp = text(item, "eventDate")
    return Payment(
        fields.transaction_id(member(item, "pspReference")),
        fields.amount(member(item, "amount", "value")),
        fields.currency(member(item, "amount", "currency")),
        fields.status(event_code if _success(item) == "true" else f"{event_code}_FAILED"),
        fields.moment(stamp),
        stamp,
        amount_unit="minor",
        related_id=fields.related_id(member(item, "originalReference")),
    )
