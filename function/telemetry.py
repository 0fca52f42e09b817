"""One JSON line per delivery: a log record and, in CloudWatch's embedded metric format, its metrics.

It names the provider, the outcome and the first digits of the body's digest, by which the stored rows can be found;
never a header, a signature, a field of the body or an address.
"""

import json
import os
from functools import lru_cache
from typing import NamedTuple

from intake import App
from providers import SCHEMES, UNSUPPORTED
from verdicts import Verdict

NAMESPACE = "WebhookProcessor"


class Occasion(NamedTuple):
    """Where and when a delivery came in."""

    door: str
    provider: str
    reference: str
    started_at: float


def report(verdict: Verdict, occasion: Occasion, app: App, context: object) -> None:
    """Write the line of one delivery."""
    now = app.clock()
    known = occasion.provider in SCHEMES or occasion.provider in UNSUPPORTED
    metrics = {**verdict.metrics, "Duration": round((now - occasion.started_at) * 1000, 3)}
    line = {
        "_aws": {"Timestamp": int(now * 1000), "CloudWatchMetrics": [_directive(tuple(metrics))]},
        "level": _level(verdict.status),
        "message": "delivery",
        "requestId": str(getattr(context, "aws_request_id", "")),
        "traceId": os.environ.get("_X_AMZN_TRACE_ID", "").partition(";")[0].removeprefix("Root="),
        "FunctionName": app.function_name,
        "Provider": occasion.provider if known else "unknown",
        "door": occasion.door,
        "status": verdict.status,
        "detail": verdict.detail,
        "reference": occasion.reference,
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
