"""From a result or an exception to a status, a body and metrics, in one place."""

import json
from collections.abc import Callable
from typing import NamedTuple

from deliveries import Recorded
from errors import MethodError, RefusalError, StorageUnavailableError

_RETRY_AFTER_SECONDS = "10"


class Outcome(NamedTuple):
    """The outcome of a delivery; `detail` goes to the log only."""

    status: int
    body: dict[str, object]
    metrics: dict[str, int]
    detail: str = ""


def run(work: Callable[[], list[Recorded]]) -> Outcome:
    """Run the work and return its outcome, also after an exception."""
    try:
        return _outcome_of(work())
    except RefusalError as error:
        return refused(error, str(error))
    except Exception as error:  # noqa: BLE001 - the edge: the text of a bug must not reach the sender
        return refused(RefusalError(), _place(error))


def refused(error: RefusalError, detail: str) -> Outcome:
    """Return the outcome of a refusal."""
    metrics = {error.metric: 1}
    if error.is_server_fault:
        metrics["Failed"] = 1  # one metric to alarm on
    return Outcome(error.status, {"error": error.public}, metrics, detail)


def reply(outcome: Outcome) -> dict[str, object]:
    """Return a outcome as the answer of a Lambda proxy integration."""
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    if outcome.status == StorageUnavailableError.status:
        headers["retry-after"] = _RETRY_AFTER_SECONDS
    if outcome.status == MethodError.status:
        headers["allow"] = "POST"
    return {"statusCode": outcome.status, "headers": headers, "body": json.dumps(outcome.body)}


def _outcome_of(recorded: list[Recorded]) -> Outcome:
    metrics: dict[str, int] = {}
    for notice in recorded:
        flags = {notice.result.capitalize(): True, "IdMismatch": notice.mismatch, "Quarantined": notice.quarantined}
        for name in (name for name, holds in flags.items() if holds):
            metrics[name] = metrics.get(name, 0) + 1
    results = [{"result": notice.result, "transactionId": notice.transaction_id} for notice in recorded]
    body: dict[str, object] = dict(results[0])
    if len(results) > 1:  # several Adyen items: the first one that changed something speaks for all
        body = dict(next((result for result in results if result["result"] == "applied"), results[0]), items=results)
    return Outcome(200, body, metrics, "; ".join(notice.reason for notice in recorded if notice.reason))


def _place(error: Exception) -> str:
    """Say what kind of error rose where, without its message: that could quote the input."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace is not None else "?"
    return f"{type(error).__name__} in {where}"
