"""A plain HMAC for senders of one's own: `x-webhook-signature: sha256=<hex>`, several values separated by commas.

Without `x-webhook-timestamp` the signed bytes are the body. With it they are `<timestamp>.<body>`, the timestamp is
in seconds since 1970 and at most 300 s away: use it, for it bounds replays. The secret is used as UTF-8 text. The
event is named by `id` in the body, or else by the digest of the body.
"""

from collections.abc import Sequence

from deliveries import Delivery, Notice
from payments import read_content
from signatures import HEX_DIGEST, demand_match, digest_of, fresh, header, hex_macs, plain_id, well_formed
from strict_json import parse_object, text

_PREFIX = "sha256="
_TIME = "x-webhook-timestamp"


def verify(delivery: Delivery, keys: Sequence[bytes]) -> None:
    """Refuse unless one value signs the body, together with the time when there is one."""
    message = delivery.body
    if _TIME in delivery.headers:
        stamp = delivery.headers[_TIME]
        fresh(stamp, delivery.received_at)
        message = f"{stamp}.".encode("ascii") + message
    values = [value.strip() for value in header(delivery.headers, "x-webhook-signature").split(",")]
    candidates = well_formed((v.removeprefix(_PREFIX) for v in values if v.startswith(_PREFIX)), HEX_DIGEST)
    demand_match(candidates, hex_macs(message, keys))


def notices(delivery: Delivery) -> list[Notice]:
    """Read the one event; without a `timestamp` of its own it happened when it was signed or received."""
    event = parse_object(delivery.body)
    digest = digest_of(delivery.body)
    named = text(event, "id")
    timed = _TIME in delivery.headers
    happened = int(delivery.headers[_TIME]) if timed else delivery.received_at
    content = read_content(event, happened)
    return [Notice(named if plain_id(named) else digest, digest, text(event, "type"), content, expires=timed)]
