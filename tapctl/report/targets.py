"""The preflights of several targets as one report."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tapctl.concurrency.result import Preflight
from tapctl.report import preflight
from tapctl.report.document import error_fields
from tapctl.report.finding import Level, Report, ReportItem, of_preflight
from tapctl.report.formats import rendered_by
from tapctl.report.hints import worded
from tapctl.report.preflight_json import as_json as preflight_json
from tapctl.report.render import RenderOptions
from tapctl.workflows.targets import JudgedTarget, worst_verdict

SCHEMA = "tapctl.targets/1"


def as_text(results: Sequence[JudgedTarget], options: RenderOptions) -> str:
    """Each target under its name, and a line for each at the end, before the sentence."""
    parts = [f"== {result.target.name} ==\n\n{_text(result, options)}" for result in results]
    lines = [f"{result.target.name}: {_short(result)}" for result in results]
    return "\n".join([*parts, *lines, "", sentence(results)]) + "\n"


def _text(result: JudgedTarget, options: RenderOptions) -> str:
    outcome = result.outcome
    if isinstance(outcome, Preflight):
        return preflight.as_text(outcome, options)
    return f"error: {outcome.message}" + (f"\n  hint: {worded(outcome.hint)}\n" if outcome.hint else "\n")


def _short(result: JudgedTarget) -> str:
    outcome = result.outcome
    return preflight.sentence(outcome).plain if isinstance(outcome, Preflight) else f"error: {outcome.message}"


def sentence(results: Sequence[JudgedTarget]) -> str:
    """The worst verdict, and how many targets have which."""
    shown = [result.verdict.value if isinstance(result.outcome, Preflight) else "error" for result in results]
    counts = ", ".join(f"{shown.count(verdict)} {verdict}" for verdict in dict.fromkeys(shown))
    return f"{worst_verdict(results).value}: {len(results)} target{'s' if len(results) != 1 else ''}: {counts}"


def verdict_line(results: Sequence[JudgedTarget], _: RenderOptions) -> str:
    """The last line of the text alone."""
    return f"{sentence(results)}\n"


def as_json(results: Sequence[JudgedTarget], options: RenderOptions) -> str:
    """The contract `tapctl.targets/1`; a target that could not be judged has no preflight, and an error."""
    document = {
        "schema": SCHEMA,
        "verdict": worst_verdict(results).value,
        "targets": [_target(result, options) for result in results],
    }
    return json.dumps(document, indent=2) + "\n"


def _target(result: JudgedTarget, options: RenderOptions) -> dict[str, Any]:
    settings, outcome = result.target.settings, result.outcome
    shared = {"name": result.target.name, "template": settings.template, "env": settings.env}
    if not isinstance(outcome, Preflight):
        place = {"stack": settings.stack_name, "account_id": settings.account, "region": settings.region}
        return {**shared, **place, "preflight": None, "error": error_fields(outcome)}
    account = outcome.account
    return {
        **shared,
        "stack": outcome.stack_name,
        "account_id": account.account_id or settings.account,
        "region": account.region or settings.region,
        "preflight": json.loads(preflight_json(outcome, options)),
    }


def _report(results: Sequence[JudgedTarget]) -> Report:
    """The findings of all targets; each message begins with the target's name."""
    items = tuple(item for result in results for item in _items(result))
    title = f"preflight of {len(results)} targets"
    return Report("preflight", title, sentence(results), items, results[0].target.settings.template)


def _items(result: JudgedTarget) -> Sequence[ReportItem]:
    outcome, name = result.outcome, result.target.name
    if isinstance(outcome, Preflight):
        items = of_preflight(outcome, "").items
        return [replace(item, message=f"{name}: {item.message}") for item in items]
    hint = worded(outcome.hint) if outcome.hint else None
    file = result.target.settings.template
    return [ReportItem("preflight", Level.ERROR, name, f"{name}: {outcome.message}", hint, file)]


RENDERERS: Mapping[str, Callable[[Sequence[JudgedTarget], RenderOptions], str]] = {
    "text": as_text,
    "json": as_json,
    **rendered_by(_report),
}
