"""SQS batches from the queue lane: each record is one delivery, and what is not stored stays in the queue.

A record's body is the raw body; its attributes `provider` and `requestTimeEpoch` (milliseconds) and the signature
headers are set by the API, so the time window is judged at the moment the API received the delivery. A bad signature
goes to the dead-letter queue in the end, as after an outage: a wrong secret must not lose real events.
"""

from deliveries import Delivery, Recorded, Senders
from errors import MalformedError
from ingest import App, ingest
from outcomes import run
from signatures import digest_of
from store.deadline import deadline
from store.writes import MARKER_SECONDS
from strict_json import member, text
from telemetry import Arrival, report

# The queues keep a record for 28 days. What claims to be older than the markers last could be a replay.
_OLDEST_SECONDS = MARKER_SECONDS - 24 * 3600
_OURS = frozenset({"provider", "requesttimeepoch"})


def is_batch(event: object) -> bool:
    """Whether the event has the structure of an SQS batch."""
    records = member(event, "Records")
    return isinstance(records, list) and bool(records) and all(text(r, "eventSource") == "aws:sqs" for r in records)


def answer(event: object, context: object, app: App) -> dict[str, object]:
    """Process every record and return the ids of those to retry."""
    records = member(event, "Records")
    failed = [_name(r) for r in records if not _store(r, context, app)] if isinstance(records, list) else [""]
    return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}


def _name(record: object) -> str:
    # An empty identifier makes Lambda return the whole batch: a record that cannot be named is not lost.
    return text(record, "messageId")


def _store(record: object, context: object, app: App) -> bool:
    started_at = app.clock()
    until = deadline(context)
    attributes = _attributes(record)

    def work() -> list[Recorded]:
        return ingest(read(record, attributes, started_at, app.senders), app, until)

    outcome = run(work)
    reference = digest_of(text(record, "body").encode("utf-8", "replace"))[:16]
    report(outcome, Arrival("sqs", attributes.get("provider", ""), reference, started_at), app, context)
    return outcome.status == 200


def read(record: object, attributes: dict[str, str], now: float, senders: Senders) -> Delivery:
    """Read the delivery from a record."""
    milliseconds = attributes.get("requesttimeepoch") or text(record, "attributes", "SentTimestamp")
    if not (milliseconds.isascii() and milliseconds.isdigit() and len(milliseconds) <= 15):
        raise MalformedError("requestTimeEpoch")
    received_at = int(milliseconds) / 1000
    if received_at < now - _OLDEST_SECONDS:
        raise MalformedError("requestTimeEpoch: too old")
    try:
        body = text(record, "body").encode("utf-8")
    except UnicodeEncodeError as error:
        raise MalformedError("body encoding") from error
    headers = {name: value for name, value in attributes.items() if name not in _OURS}
    return Delivery(attributes.get("provider", ""), headers, body, received_at, senders)


def _attributes(record: object) -> dict[str, str]:
    found = member(record, "messageAttributes")
    if not isinstance(found, dict):
        return {}
    return {str(name).lower(): text(value, "stringValue") for name, value in found.items()}
