"""A preflight as JSON, the contract `tapctl.preflight/1`; a deploy's document has parts of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from tapctl.account.model import InFlight
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Finding
from tapctl.report.hints import worded_all
from tapctl.report.render import RenderOptions
from tapctl.unknown import Unknown

SCHEMA = "tapctl.preflight/1"


def as_json(result: Preflight, _: RenderOptions) -> str:
    """The contract `tapctl.preflight/1`."""
    return json.dumps(as_document(result), indent=2) + "\n"


def as_document(result: Preflight) -> dict[str, Any]:
    """The contract `tapctl.preflight/1` before it is text."""
    judged = result.concurrency
    bounds = judged.floor
    return {
        "schema": SCHEMA,
        "verdict": result.verdict.value,
        "template": result.template.file,
        "construct": result.template.source.construct or None,
        "stack": result.stack_name,
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
            name: {"parameter": override.parameter, "value": override.value}
            for name, override in result.plan.overrides.items()
        },
        "in_flight": _in_flight(result.account.in_flight),
        "functions": [_function(result, change) for change in result.changes if change.wanted],
        "findings": [finding_json(finding) for finding in (*result.findings, *result.lint)],
        "kept_parameters": kept_json(result),
        "coverage": coverage_json(result),
        "not_seen": [asdict(place) for place in result.not_seen],
        **({"weakenings": [asdict(weakening) for weakening in result.weakenings]} if result.weakenings else {}),
    }


def _in_flight(others: tuple[InFlight, ...] | Unknown) -> Any:
    if isinstance(others, Unknown):
        return plain(others)
    return [{"stack": other.stack, "status": other.status} for other in others]


def _function(result: Preflight, change: ClaimChange) -> dict[str, Any]:
    remedy = result.plan.remedies.get(change.logical_id)
    return {
        "logical_id": change.logical_id,
        "requested": plain(change.wanted.reserved if change.wanted else None),
        "live": plain(change.live.reserved if change.live else None),
        "remedy": {"action": remedy.action.value, "value": remedy.value} if remedy else None,
    }


def kept_json(result: Preflight) -> list[dict[str, str]]:
    """The parameters that keep the stack's value although the template's default has changed."""
    return [{"parameter": kept.name, "value": kept.value, "default": kept.default} for kept in result.kept]


def coverage_json(result: Preflight) -> list[dict[str, Any]]:
    """The resource types whose limits are not covered."""
    return [{"type": type_, "count": count} for type_, count in result.coverage.items()]


def finding_json(finding: Finding) -> dict[str, Any]:
    shared = {
        "resource": finding.resource,
        "resources": list(finding.named),
        "file": finding.file,
        "line": finding.line,
        "message": finding.message,
        "hint": worded_all(finding.hints) or None,
    }
    severity = {"severity": finding.severity} if finding.severity else {}
    if finding.excused:
        shared["excused"] = finding.excused
    if finding.rule:
        verdict = {"verdict": finding.verdict.value} if finding.severity in ("", "warning") else {}
        counts = {} if finding.severity else {"judged": finding.judged}
        return {"limit": None, "rule": finding.rule, **verdict, **counts, **severity, **shared}
    return {"limit": finding.limit, "verdict": finding.verdict.value, "judged": finding.judged, **severity, **shared}


def plain(value: object) -> Any:
    return {"unknown": value.reason} if isinstance(value, Unknown) else value
