"""Direct invocation, authenticated by IAM: a payment as plain fields, answered like a proxy response.

`transactionId`, `amount`, `currency` and `status` are required, `provider`, `timestamp` and `eventId` are not. The
runtime has read the event's numbers already: an amount of more than 15 digits has to be sent as a string. What cannot
be stored now raises, so that Lambda repeats an asynchronous invocation.
"""

import json

from deliveries import DIRECT, LedgerEntry, Notice, Recorded
from errors import MalformedError, RefusalError
from ingest import App
from outcomes import reply, run
from payments import read_payment, with_plausible_time
from providers import SCHEMES
from signatures import digest_of, plain_id
from store.deadline import Deadline, deadline
from strict_json import text
from telemetry import Arrival, report


class NotStoredError(Exception):
    """A payment that the function could not store now."""


def answer(event: object, context: object, app: App) -> dict[str, object]:
    """Store one payment."""
    started_at = app.clock()
    until = deadline(context)
    outcome = run(lambda: [_record(event, app, started_at, until)])
    report(outcome, Arrival(DIRECT, text(event, "provider"), "", started_at), app, context)
    if outcome.status >= RefusalError.status:
        # No one reads the answer of an asynchronous invocation: Lambda repeats what raises.
        raise NotStoredError(outcome.detail)
    return reply(outcome)


def _record(event: object, app: App, now: float, until: Deadline) -> Recorded:
    if not isinstance(event, dict):
        raise MalformedError("transactionId")
    payment = with_plausible_time(read_payment(event, now), now)
    owner, separator, _ = payment.transaction_id.partition("#")
    if separator and owner in SCHEMES:  # the row of a provider's transaction
        raise MalformedError("transactionId")
    try:
        content = json.dumps(event, sort_keys=True, separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise MalformedError("event is no JSON") from error
    digest = digest_of(content)
    provider = text(event, "provider") or DIRECT
    if not plain_id(provider) or "#" in provider:
        raise MalformedError("provider")
    event_id = text(event, "eventId")
    notice = Notice(event_id if plain_id(event_id) else digest, digest, DIRECT, payment)
    return app.ledger.record(LedgerEntry(DIRECT, provider, notice, content, int(now)), until)
