"""One JSON line per delivery: a log record and, in CloudWatch's embedded metric format, its metrics.

It names the provider, the outcome and the first digits of the body's digest, by which the stored rows can be found;
never a header, a signature, a field of the body or an address.
"""

import json
import os
from functools import lru_cache
from typing import NamedTuple

from ingest import App
from outcomes import Outcome
from providers import SCHEMES, UNSUPPORTED

NAMESPACE = "WebhookProcessor"


class Arrival(NamedTuple):
    """Where and when a delivery was received."""

    handler: str
    provider: str
    reference: str
    started_at: float


def report(outcome: Outcome, arrival: Arrival, app: App, context: object) -> None:
    """Write the line of one delivery."""
    now = app.clock()
    known = arrival.provider in SCHEMES or arrival.provider in UNSUPPORTED
    failure = app.keyring.failure
    metrics = {**outcome.metrics, "Duration": round((now - arrival.started_at) * 1000, 3)}
    if failure is not None:
        metrics["SecretsUnread"] = 1
    line = {
        "_aws": {"Timestamp": int(now * 1000), "CloudWatchMetrics": [_directive(tuple(metrics))]},
        "level": "ERROR" if failure is not None else _level(outcome.status),
        "message": "delivery",
        "requestId": str(getattr(context, "aws_request_id", "")),
        "traceId": os.environ.get("_X_AMZN_TRACE_ID", "").partition(";")[0].removeprefix("Root="),
        "FunctionName": app.function_name,
        "Provider": arrival.provider if known else "unknown",
        "handler": arrival.handler,
        "status": outcome.status,
        "detail": outcome.detail,
        "reference": arrival.reference,
        "secrets": str(failure or "read"),
        **metrics,
    }
    app.emit(json.dumps(line))


@lru_cache(maxsize=32)
def _directive(metrics: tuple[str, ...]) -> dict[str, object]:
    return {
        "Namespace": NAMESPACE,
        "Dimensions": [["FunctionName"], ["FunctionName", "Provider"]],
        "Metrics": [{"Name": name, "Unit": "Milliseconds" if name == "Duration" else "Count"} for name in metrics],
    }


def _level(status: int) -> str:
    if status >= 500:
        return "ERROR"
    return "WARN" if status >= 400 else "INFO"
