"""The data that passes through the function: a delivery as received, and the notices that its provider reads."""

from decimal import Decimal
from typing import NamedTuple

DIRECT = "direct"
"""The source of events that were invoked directly."""

# Named tuples, not dataclasses: importing dataclasses costs a cold start several milliseconds (it loads inspect).


class Senders(NamedTuple):
    """Settings of the senders beside their secrets: Square's notification URL, and how `generic` signs."""

    square_url: str = ""
    signature_header: str = "x-webhook-signature"
    signature_encoding: str = "hex"
    timestamp_header: str = ""


class Delivery(NamedTuple):
    """One POST as received: raw bytes, header names in lower case, the time of receipt in epoch seconds."""

    provider: str
    headers: dict[str, str]
    body: bytes
    received_at: float
    senders: Senders = Senders()


class Payment(NamedTuple):
    """The state of one transaction according to one notice."""

    transaction_id: str
    amount: Decimal
    currency: str
    status: str
    occurred_at: Decimal
    timestamp: str
    amount_unit: str | None = None
    related_id: str | None = None
    amount_refunded: Decimal | None = None


class Ignored(NamedTuple):
    """An authentic notice that changes no transaction; a quarantined one is kept with its body."""

    reason: str
    quarantined: bool = False


class Notice(NamedTuple):
    """One event of a provider, identified by an id from the signed content."""

    event_id: str
    digest: str
    kind: str
    content: Payment | Ignored
    expires: bool = True


class Recorded(NamedTuple):
    """The result of storing a notice."""

    result: str
    transaction_id: str | None = None
    reason: str = ""
    mismatch: bool = False
    quarantined: bool = False


class LedgerEntry(NamedTuple):
    """A notice to be stored; `source` is the namespace of its event ids and of its transactions."""

    source: str
    provider: str
    notice: Notice
    body: bytes
    now: int
