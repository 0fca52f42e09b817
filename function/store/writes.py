"""The writes as DynamoDB wants them: an event marker, a transaction row, and both in one transaction."""

from binascii import b2a_base64
from functools import lru_cache

from deliveries import DIRECT, LedgerEntry, Payment
from payments import rank

# Longer than every sender retries: Adyen goes on for 30 days.
MARKER_SECONDS = 35 * 24 * 3600
_MAX_BODY = 300_000  # an item holds 400 kB

# Expired rows are deleted some time later, so the condition looks at the time as well.
NEW_EVENT = "attribute_not_exists(#transactionId) OR #expiresAt < :now"
NEWER_STATE = (
    "(attribute_not_exists(#lastEventAt) OR #lastEventAt < :lastEventAt"
    " OR (#lastEventAt = :lastEventAt AND #statusRank <= :statusRank))"
    " AND (attribute_not_exists(#provider) OR #provider = :provider)"
)

Value = dict[str, str | bool]
Request = dict[str, object]


def marker(table: str, entry: LedgerEntry, result: str, about: dict[str, Value]) -> Request:
    """Return the write of an event's marker, refused when the event is known."""
    notice, now = entry.notice, entry.now
    item = {
        "transactionId": _s(f"evt#{entry.source}#{notice.event_id}"),
        "bodyHash": _s(notice.digest),
        "receivedAt": _n(now),
        "result": _s(result),
        **about,
    }
    if notice.expires:
        item["expiresAt"] = _n(now + MARKER_SECONDS)
    return {
        "TableName": table,
        "Item": item,
        "ConditionExpression": NEW_EVENT,
        "ExpressionAttributeNames": _names("transactionId", "expiresAt"),
        "ExpressionAttributeValues": {":now": _n(now)},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def row_key(entry: LedgerEntry, transaction_id: str) -> str:
    """Return the key of a transaction's row. Each provider has separate rows; a direct invocation names its row."""
    return transaction_id if entry.source == DIRECT else f"{entry.source}#{transaction_id}"


def about_payment(payment: Payment) -> dict[str, Value]:
    """Return what a marker says about the transaction it belongs to."""
    return {"paymentId": _s(payment.transaction_id)}


def about_ignored(reason: str, body: bytes | None) -> dict[str, Value]:
    """Return what a marker says about an event that changed no transaction, with its body when that is to be kept."""
    about: dict[str, Value] = {"reason": _s(reason)}
    if body is not None:
        import zlib  # rarely needed, so not part of the cold start

        packed = zlib.compress(body)
        about["quarantined"] = {"BOOL": True}
        if len(packed) <= _MAX_BODY:
            about["body"] = {"B": b2a_base64(packed, newline=False).decode("ascii")}
    return about


def state(table: str, entry: LedgerEntry, payment: Payment) -> Request:
    """Return the write of a transaction's row, refused when the row is newer."""
    notice = entry.notice
    values = {
        "provider": _s(entry.provider),
        "amount": _n(payment.amount),
        "currency": _s(payment.currency),
        "status": _s(payment.status),
        "statusRank": _n(rank(payment.status)),
        "timestamp": _s(payment.timestamp),
        "lastEventAt": _n(payment.occurred_at),
        "eventId": _s(notice.event_id),
        "bodyHash": _s(notice.digest),
        "updatedAt": _n(entry.now),
    }
    optional = {"eventType": notice.kind, "amountUnit": payment.amount_unit, "relatedId": payment.related_id}
    values |= {name: _s(value) for name, value in optional.items() if value}
    gone = [name for name, value in optional.items() if not value]
    if payment.amount_refunded is None:
        gone.append("amountRefunded")
    else:
        values["amountRefunded"] = _n(payment.amount_refunded)
    return {
        "TableName": table,
        "Key": {"transactionId": _s(row_key(entry, payment.transaction_id))},
        "UpdateExpression": _update(tuple(values), tuple(gone)),
        "ConditionExpression": NEWER_STATE,
        "ExpressionAttributeNames": _names(*values, *gone),
        "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


@lru_cache(maxsize=8)
def _update(names: tuple[str, ...], gone: tuple[str, ...]) -> str:
    update = "SET " + ", ".join(f"#{name} = :{name}" for name in names)
    return update + " REMOVE " + ", ".join(f"#{name}" for name in gone) if gone else update


def both(put: Request, update: Request, token: str) -> Request:
    """Return the two writes as one transaction; sent again with its token within ten minutes it is done once."""
    return {"TransactItems": [{"Put": put}, {"Update": update}], "ClientRequestToken": token}


def _names(*names: str) -> dict[str, str]:
    # Every name goes through a placeholder: status and timestamp are reserved words, and the list of them grows.
    return {f"#{name}": name for name in names}


def _s(value: str) -> Value:
    return {"S": value}


def _n(value: object) -> Value:
    return {"N": str(value)}
