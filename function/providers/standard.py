"""Standard Webhooks and Svix: `webhook-id`, `webhook-timestamp` and `webhook-signature`, a base64 HMAC of `id.ts.body`.

The headers may be called `svix-…`. The signature header holds tokens `v1,<base64>` separated by spaces; the key is the
base64 part of `whsec_…`. Asymmetric tokens (`v1a`) alone are answered as not supported.
"""

from binascii import a2b_base64
from collections.abc import Sequence

from deliveries import Delivery, Notice
from errors import UnsupportedSchemeError, UnverifiedError
from payments import read_content
from signatures import BASE64_DIGEST, base64_macs, demand_match, digest_of, fresh, header, plain_id, well_formed
from strict_json import parse_object, text

_PREFIX = "whsec_"


def key_of(secret: str) -> bytes:
    """Return the key in a `whsec_…` secret."""
    encoded = secret.removeprefix(_PREFIX)
    return a2b_base64(encoded + "=" * (-len(encoded) % 4), strict_mode=True)


def verify(delivery: Delivery, keys: Sequence[bytes]) -> None:
    """Refuse unless one `v1` token signs id, time and body."""
    event_id, stamp = _id(delivery), _stamp(delivery)
    tokens = [token.partition(",") for token in header(delivery.headers, *_names("signature")).split(" ")]
    versions = {version for version, _, _ in tokens}
    if "v1a" in versions and "v1" not in versions:
        raise UnsupportedSchemeError("asymmetric signatures only")
    if not plain_id(event_id):
        raise UnverifiedError("webhook-id is not plain text")
    fresh(stamp, delivery.received_at)
    message = f"{event_id}.{stamp}.".encode("ascii") + delivery.body
    candidates = well_formed((value for version, _, value in tokens if version == "v1"), BASE64_DIGEST)
    demand_match(candidates, base64_macs(message, keys))


def notices(delivery: Delivery) -> list[Notice]:
    """Read the one event; without a `timestamp` it happened when it was signed."""
    event = parse_object(delivery.body)
    content = read_content(event, int(_stamp(delivery)))
    return [Notice(_id(delivery), digest_of(delivery.body), text(event, "type"), content)]


def _names(part: str) -> tuple[str, str]:
    return f"webhook-{part}", f"svix-{part}"


def _id(delivery: Delivery) -> str:
    return header(delivery.headers, *_names("id"))


def _stamp(delivery: Delivery) -> str:
    return header(delivery.headers, *_names("timestamp"))
