"""GitHub-style HMAC: `X-Hub-Signature-256: sha256=<hex>` over the body alone.

There is no signed time, and `X-GitHub-Delivery` is not signed either, so a replay can change it. The digest of the
signed body identifies the event, and the stored marker does not expire.
"""

from collections.abc import Sequence

from deliveries import Delivery, Notice
from payments import read_content
from signatures import HEX_DIGEST, demand_match, digest_of, header, hex_macs, well_formed
from strict_json import parse_object, text

_PREFIX = "sha256="


def verify(delivery: Delivery, keys: Sequence[bytes]) -> None:
    """Refuse unless the header signs the body."""
    value = header(delivery.headers, "x-hub-signature-256")
    candidates = well_formed([value.removeprefix(_PREFIX)], HEX_DIGEST) if value.startswith(_PREFIX) else []
    demand_match(candidates, hex_macs(delivery.body, keys))


def notices(delivery: Delivery) -> list[Notice]:
    """Read the one event."""
    event = parse_object(delivery.body)
    digest = digest_of(delivery.body)
    return [Notice(digest, digest, text(event, "action"), read_content(event, delivery.received_at), expires=False)]
