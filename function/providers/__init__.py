"""One row per provider: the name in the path, how its secret is decoded, how it signs and which notices a body holds.

`verify` raises unless the raw body is authentic; `notices` runs only after it and may trust what the signature covers.
Providers with asymmetric schemes are in `UNSUPPORTED`: they are rejected with 501, never accepted unverified.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from deliveries import Delivery, Notice

from providers import adyen, generic, github, square, standard, stripe


class ProviderScheme(NamedTuple):
    """How one provider signs and what its bodies hold."""

    key_of: Callable[[str], bytes]
    verify: Callable[[Delivery, Sequence[bytes]], None]
    notices: Callable[[Delivery], list[Notice]]


def _utf8(secret: str) -> bytes:
    return secret.encode("utf-8")


SCHEMES: dict[str, ProviderScheme] = {
    "adyen": ProviderScheme(bytes.fromhex, adyen.verify, adyen.notices),
    "generic": ProviderScheme(_utf8, generic.verify, generic.notices),
    "github": ProviderScheme(_utf8, github.verify, github.notices),
    "square": ProviderScheme(_utf8, square.verify, square.notices),
    "standard": ProviderScheme(standard.key_of, standard.verify, standard.notices),
    "stripe": ProviderScheme(_utf8, stripe.verify, stripe.notices),
}

UNSUPPORTED = frozenset({"paypal"})
