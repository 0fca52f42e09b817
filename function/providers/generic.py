"""A plain HMAC-SHA256 for senders of one's own, by configuration: which headers carry it and in which encoding.

`GENERIC_SIGNATURE_HEADER` (`x-webhook-signature`) holds one or more digests in `GENERIC_SIGNATURE_ENCODING` (`hex` or
`base64`), separated by commas, each bare or after a name as in `sha256=`. `GENERIC_TIMESTAMP_HEADER` holds the signed
time in seconds since 1970; a time is required when that is set, and read from `x-webhook-timestamp` where there is one
when it is not. With a time the signed bytes are `<timestamp>.<body>`, without one the body: use it, for it bounds
replays. The secret is used as UTF-8 text. The event is named by `id` in the body, or else by the body's digest.
"""

import re
from collections.abc import Sequence

from deliveries import Delivery, Notice
from errors import MisconfiguredError, UnverifiedError
from payments import read_content
from signatures import (
    BASE64_DIGEST,
    HEX_DIGEST,
    base64_macs,
    demand_match,
    digest_of,
    fresh,
    header,
    hex_macs,
    plain_id,
    well_formed,
)
from strict_json import parse_object, text

_TIME = "x-webhook-timestamp"
_PREFIX = re.compile(r"^[a-z][a-z0-9]*=(?!$)")
_TIMED_BODY = re.compile(rb"[0-9]{1,12}\.")
_ENCODINGS = {"hex": (HEX_DIGEST, hex_macs), "base64": (BASE64_DIGEST, base64_macs)}


def verify(delivery: Delivery, keys: Sequence[bytes]) -> None:
    """Refuse unless one value signs the body, together with the time when there is one."""
    senders = delivery.senders
    if senders.signature_encoding not in _ENCODINGS:
        raise MisconfiguredError("GENERIC_SIGNATURE_ENCODING is neither hex nor base64")
    form, macs = _ENCODINGS[senders.signature_encoding]
    signatures = header(delivery.headers, senders.signature_header.lower())
    candidates = well_formed((_PREFIX.sub("", signature.strip(), count=1) for signature in signatures.split(",")), form)
    demand_match(candidates, macs(_signed(delivery), keys))


def notices(delivery: Delivery) -> list[Notice]:
    """Read the one event; without a `timestamp` it happened when it was signed or received."""
    event = parse_object(delivery.body)
    digest = digest_of(delivery.body)
    named, stamp = text(event, "id"), _stamp(delivery)
    content = read_content(event, delivery.received_at if stamp is None else int(stamp))
    event_id = named if plain_id(named) else digest
    return [Notice(event_id, digest, text(event, "type"), content, expires=stamp is not None)]


def _signed(delivery: Delivery) -> bytes:
    stamp = _stamp(delivery)
    if stamp is not None:
        fresh(stamp, delivery.received_at)
        return f"{stamp}.".encode("ascii") + delivery.body
    if _TIMED_BODY.match(delivery.body):
        raise UnverifiedError("a timed message with its time moved into the body")
    return delivery.body


def _stamp(delivery: Delivery) -> str | None:
    required = delivery.senders.timestamp_header.lower()
    return header(delivery.headers, required) if required else delivery.headers.get(_TIME)
