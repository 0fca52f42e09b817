"""The one place where an outcome or an exception becomes a status, a body and a metric."""

import json
from collections.abc import Callable
from typing import NamedTuple

from deliveries import Recorded
from refusals import MethodError, RefusalError, StorageUnavailableError

_RETRY_AFTER_SECONDS = "10"


class Verdict(NamedTuple):
    """How a delivery ended; `detail` is for our log only."""

    status: int
    body: dict[str, object]
    metrics: dict[str, int]
    detail: str = ""


def settle(work: Callable[[], list[Recorded]]) -> Verdict:
    """Run the work and say how it ended, whatever happened."""
    try:
        return _stored(work())
    except RefusalError as error:
        return refused(error, str(error))
    except Exception as error:  # noqa: BLE001 - the edge: our bug must not show its text to the sender
        return refused(RefusalError(), _place(error))


def refused(error: RefusalError, detail: str) -> Verdict:
    """Return the verdict of a refusal."""
    metrics = {error.metric: 1}
    if error.ours:
        metrics["Failed"] = 1  # one metric to alarm on
    return Verdict(error.status, {"error": error.public}, metrics, detail)


def reply(verdict: Verdict) -> dict[str, object]:
    """Return a verdict as the answer of a Lambda proxy integration."""
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    if verdict.status == StorageUnavailableError.status:
        headers["retry-after"] = _RETRY_AFTER_SECONDS
    if verdict.status == MethodError.status:
        headers["allow"] = "POST"
    return {"statusCode": verdict.status, "headers": headers, "body": json.dumps(verdict.body)}


def _stored(recorded: list[Recorded]) -> Verdict:
    metrics: dict[str, int] = {}
    for one in recorded:
        flags = {one.result.capitalize(): True, "IdMismatch": one.mismatch, "Quarantined": one.quarantined}
        for name in (name for name, holds in flags.items() if holds):
            metrics[name] = metrics.get(name, 0) + 1
    results = [{"result": one.result, "transactionId": one.transaction_id} for one in recorded]
    body: dict[str, object] = dict(results[0])
    if len(results) > 1:  # several Adyen items: the first one that changed something speaks for all
        body = dict(next((one for one in results if one["result"] == "applied"), results[0]), items=results)
    return Verdict(200, body, metrics, "; ".join(one.reason for one in recorded if one.reason))


def _place(error: Exception) -> str:
    """Say what kind of error rose where, without its message: that could quote the input."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace is not None else "?"
    return f"{type(error).__name__} in {where}"
