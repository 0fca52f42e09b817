"""Checks that every signature scheme shares: constant-time comparison of bytes and a time window on both sides."""

import hmac
import re
from binascii import b2a_base64
from collections.abc import Iterable, Sequence
from hashlib import sha256

from errors import UnverifiedError

TOLERANCE_SECONDS = 300
MAX_CANDIDATES = 10
MAX_HEADER = 8192

HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
BASE64_DIGEST = re.compile(r"[A-Za-z0-9+/]{43}=")
_SECONDS = re.compile(r"[0-9]{1,12}")
_EVENT_ID = re.compile(r"[\x21-\x7e]{1,255}")


def header(headers: dict[str, str], *names: str) -> str:
    """Return the first of these headers that is present."""
    for name in names:
        value = headers.get(name)
        if value:
            if len(value) > MAX_HEADER:
                raise UnverifiedError("header too long")
            return value
    raise UnverifiedError(f"no {names[0]} header")


def fresh(text: str, received_at: float) -> int:
    """Return the signed time, refused when it is not plain digits or too far from now on either side."""
    if not _SECONDS.fullmatch(text):
        raise UnverifiedError("timestamp is not a number of seconds")
    signed_at = int(text)
    if abs(int(received_at) - signed_at) > TOLERANCE_SECONDS:
        raise UnverifiedError("timestamp outside the tolerance")
    return signed_at


def plain_id(text: str) -> bool:
    """Whether a text can identify an event: 1 to 255 characters of printable ASCII without spaces."""
    return _EVENT_ID.fullmatch(text) is not None


def well_formed(tokens: Iterable[str], form: re.Pattern[str]) -> list[bytes]:
    """Keep the first few tokens that have the form of a digest; the others cannot match anything."""
    return [token.encode("ascii") for token in tokens if form.fullmatch(token)][:MAX_CANDIDATES]


def demand_match(candidates: Sequence[bytes], expected: Sequence[bytes]) -> None:
    """Refuse unless one candidate equals one expected value; every pair is compared, without an early exit."""
    found = False
    for candidate in candidates:
        for value in expected:
            found |= hmac.compare_digest(candidate, value)
    if not found:
        raise UnverifiedError("no signature matches")


def hex_macs(message: bytes, keys: Sequence[bytes]) -> list[bytes]:
    """Return the hexadecimal HMAC-SHA256 of a message under each key."""
    return [hmac.digest(key, message, "sha256").hex().encode("ascii") for key in keys]


def base64_macs(message: bytes, keys: Sequence[bytes]) -> list[bytes]:
    """Return the base64 HMAC-SHA256 of a message under each key."""
    return [b2a_base64(hmac.digest(key, message, "sha256"), newline=False) for key in keys]


def digest_of(content: bytes) -> str:
    """Return the SHA-256 by which two deliveries of one event are compared."""
    return sha256(content).hexdigest()
