"""What travels through the function: a delivery as it arrived, and the notices that a provider reads from it."""

from decimal import Decimal
from typing import NamedTuple

# Named tuples, not dataclasses: importing dataclasses costs a cold start several milliseconds (it loads inspect).


class Senders(NamedTuple):
    """What this deployment knows of its senders beside their secrets: Square's address, and how `generic` signs."""

    square_url: str = ""
    signature_header: str = "x-webhook-signature"
    signature_encoding: str = "hex"
    timestamp_header: str = ""


class Delivery(NamedTuple):
    """One POST as it arrived: raw bytes, header names in lower case, and when the front door received it."""

    provider: str
    headers: dict[str, str]
    body: bytes
    received_at: float
    senders: Senders = Senders()


class Payment(NamedTuple):
    """The state of one transaction, as far as a notice tells it."""

    transaction_id: str
    amount: Decimal
    currency: str
    status: str
    occurred_at: Decimal
    timestamp: str
    amount_unit: str | None = None
    related_id: str | None = None


class Aside(NamedTuple):
    """An authentic notice that changes no transaction; one that should have is kept with its body."""

    reason: str
    quarantined: bool = False


class Notice(NamedTuple):
    """One thing that a provider says happened, named by an id taken from signed content."""

    event_id: str
    digest: str
    kind: str
    content: Payment | Aside
    expires: bool = True


class Recorded(NamedTuple):
    """What became of a notice."""

    result: str
    transaction_id: str | None = None
    reason: str = ""
    mismatch: bool = False
    quarantined: bool = False


class Entry(NamedTuple):
    """A notice on its way into the table; `source` is who vouches for it and sets the range of its event ids."""

    source: str
    provider: str
    notice: Notice
    body: bytes
    now: int
