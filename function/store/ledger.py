"""Stores a notice once: its marker and the transaction's state in one conditional write, or the marker alone.

There is no lock and no "in progress": the effect is the write itself, so after a crash before it the
sender's next attempt stores the event, and after a crash behind it that attempt is a duplicate.
"""

import os
from collections.abc import Mapping
from typing import Protocol

from aws.client import WireError
from deliveries import Ignored, LedgerEntry, Payment, Recorded
from errors import MisconfiguredError
from strict_json import member, text

from store import writes
from store.deadline import Deadline, retry

_FAILED = "ConditionalCheckFailed"
_INVALID = frozenset({"ValidationError", "ValidationException"})


class Table(Protocol):
    """The part of DynamoDB that the ledger uses; a rejected call raises `WireError`."""

    def call(self, operation: str, request: Mapping[str, object], timeout: float) -> dict[str, object]:
        """Run one operation."""
        ...


class Ledger:
    """The table of transactions and event markers."""

    def __init__(self, table: Table, name: str) -> None:
        self._table = table
        self._name = name

    def record(self, entry: LedgerEntry, until: Deadline) -> Recorded:
        """Store one notice and return what changed."""
        if not self._name:
            raise MisconfiguredError("DYNAMODB_TABLE_NAME is not set")
        content = entry.notice.content
        if isinstance(content, Ignored):
            ignored = Recorded("ignored", reason=content.reason, quarantined=content.quarantined)
            return self._note(entry, ignored, until)
        token = os.urandom(16).hex()  # an answer that was lost on its way is given again, not read as a duplicate
        outcome = retry(lambda timeout: self._transact(entry, content, token, timeout), until)
        if outcome.result in {"stale", "ignored"}:
            return self._note(entry, outcome, until)
        return outcome

    def _transact(self, entry: LedgerEntry, payment: Payment, token: str, timeout: float) -> Recorded:
        put = writes.marker(self._name, entry, "applied", writes.about_payment(payment))
        update = writes.state(self._name, entry, payment)
        try:
            self._table.call("TransactWriteItems", writes.both(put, update, token), timeout)
        except WireError as error:
            return _cancelled(error, entry, payment)
        return Recorded("applied", payment.transaction_id)

    def _note(self, entry: LedgerEntry, outcome: Recorded, until: Deadline) -> Recorded:
        """Write the marker alone."""
        content = entry.notice.content
        if isinstance(content, Payment) and outcome.result == "stale":
            about = writes.about_payment(content)
        else:
            about = writes.about_ignored(outcome.reason, entry.body if outcome.quarantined else None)
        put = writes.marker(self._name, entry, outcome.result, about)
        return retry(lambda timeout: self._put(put, entry, outcome, timeout), until)

    def _put(self, put: Mapping[str, object], entry: LedgerEntry, outcome: Recorded, timeout: float) -> Recorded:
        try:
            self._table.call("PutItem", put, timeout)
        except WireError as error:
            if error.code != "ConditionalCheckFailedException":
                raise
            return _duplicate(entry, outcome.transaction_id, error.item)
        return outcome


def _cancelled(error: WireError, entry: LedgerEntry, payment: Payment) -> Recorded:
    """Read why the transaction was cancelled; the first failed condition is the marker's, the second the row's."""
    codes = [str(reason.get("Code")) for reason in error.reasons]
    if error.code == "TransactionCanceledException" and codes[:1] == [_FAILED]:
        return _duplicate(entry, payment.transaction_id, error.reasons[0].get("Item"))
    if not _INVALID.isdisjoint({error.code, *codes}):  # no attempt will ever be stored
        return Recorded("ignored", reason="not accepted by the table", quarantined=True)
    if error.code != "TransactionCanceledException" or len(codes) != 2:
        raise error
    if codes[1] != _FAILED or error.contended:
        raise error
    owner = text(error.reasons[1].get("Item"), "provider", "S")
    if owner not in {"", entry.provider}:
        return Recorded("ignored", reason="transaction of another provider", quarantined=True)
    return Recorded("stale", payment.transaction_id)


def _duplicate(entry: LedgerEntry, transaction_id: str | None, known: object) -> Recorded:
    """Acknowledge a known event by its stored transaction; other content under the same id is a mismatch.

    One that is in quarantine counts as quarantined again: the answer to its first write may have been lost.
    """
    before = text(known, "bodyHash", "S")
    return Recorded(
        "duplicate",
        text(known, "paymentId", "S") or transaction_id,
        mismatch=before not in {"", entry.notice.digest},
        quarantined=member(known, "quarantined", "BOOL") is True,
        reason=text(known, "reason", "S"),
    )
