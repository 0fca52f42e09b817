"""Direct invocation, authenticated by IAM: a payment as plain fields, answered like a proxy response.

`transactionId`, `amount`, `currency` and `status` are required, `provider`, `timestamp` and `eventId` are not. The
runtime has read the event's numbers already: an amount of more than 15 digits has to be sent as a string.
"""

import json

from deliveries import Entry, Notice, Recorded
from intake import App
from payments import read_payment
from refusals import MalformedError
from signatures import digest_of, plain_id
from store.patience import Patience, patience
from strict_json import text
from telemetry import Occasion, report
from verdicts import reply, settle

_SOURCE = "direct"


def answer(event: object, context: object, app: App) -> dict[str, object]:
    """Store one payment."""
    started_at = app.clock()
    until = patience(context)
    verdict = settle(lambda: [_record(event, app, started_at, until)])
    report(verdict, Occasion("direct", text(event, "provider"), "", started_at), app, context)
    return reply(verdict)


def _record(event: object, app: App, now: float, until: Patience) -> Recorded:
    if not isinstance(event, dict):
        raise MalformedError("transactionId")
    payment = read_payment(event, now)
    try:
        content = json.dumps(event, sort_keys=True, separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise MalformedError("event is no JSON") from error
    digest = digest_of(content)
    provider = text(event, "provider") or _SOURCE
    if not plain_id(provider) or "#" in provider:
        raise MalformedError("provider")
    event_id = text(event, "eventId")
    notice = Notice(event_id if plain_id(event_id) else digest, digest, _SOURCE, payment)
    return app.ledger.record(Entry(_SOURCE, provider, notice, content, int(now)), until)
