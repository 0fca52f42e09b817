"""A preflight as its JSON document."""

from __future__ import annotations

import json
from typing import Any

from tapctl.account.model import InFlight, Stack
from tapctl.headroom.override import overrides
from tapctl.headroom.result import Preflight
from tapctl.headroom.transition import Change
from tapctl.headroom.verdict import Finding
from tapctl.report.surface import Surface
from tapctl.unknown import Unknown

SCHEMA = "tapctl.preflight/1"


def as_json(result: Preflight, _: Surface) -> str:
    """The contract `tapctl.preflight/1`."""
    judged = result.concurrency
    bounds = judged.floor
    document = {
        "schema": SCHEMA,
        "verdict": result.verdict.value,
        "template": result.template.file,
        "stack": stack_name(result),
        "concurrency": {
            "limit": plain(judged.limit),
            "unreserved_now": plain(judged.unreserved),
            "final": plain(judged.outlook.final),
            "peak": plain(judged.outlook.peak),
            "floor": plain(bounds)
            if isinstance(bounds, Unknown)
            else {"hard": bounds.hard, "safe": bounds.safe, "source": bounds.source},
        },
        "overrides": {
            name: {"parameter": each.parameter, "value": each.value} for name, each in overrides(result).items()
        },
        "in_flight": _in_flight_json(result.account.in_flight),
        "functions": [_function_json(result, change) for change in result.changes if change.wanted],
        "findings": [finding_json(finding) for finding in (*result.findings, *result.lint)],
    }
    return json.dumps(document, indent=2) + "\n"


def _in_flight_json(others: tuple[InFlight, ...] | Unknown) -> Any:
    if isinstance(others, Unknown):
        return plain(others)
    return [{"stack": each.stack, "status": each.status} for each in others]


def _function_json(result: Preflight, change: Change) -> dict[str, Any]:
    remedy = result.plan.remedies.get(change.logical_id)
    return {
        "logical_id": change.logical_id,
        "requested": plain(change.wanted.reserved if change.wanted else None),
        "live": plain(change.live.reserved if change.live else None),
        "remedy": {"action": remedy.action.value, "value": remedy.value} if remedy else None,
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    shared = {
        "resource": finding.resource,
        "file": finding.file,
        "line": finding.line,
        "message": finding.message,
        "hint": finding.hint,
    }
    if finding.rule:
        return {"limit": None, "rule": finding.rule, "severity": finding.severity, **shared}
    severity = {"severity": finding.severity} if finding.severity else {}
    return {"limit": finding.limit, "verdict": finding.verdict.value, "judged": finding.judged, **severity, **shared}


def plain(value: object) -> Any:
    return {"unknown": value.reason} if isinstance(value, Unknown) else value


def stack_name(result: Preflight) -> str | None:
    stack = result.account.stack
    return stack.name if isinstance(stack, Stack) else result.family.resolver.pseudo.get("AWS::StackName")
