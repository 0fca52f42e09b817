"""A deploy: what the change set would do, what happens, and how it ended."""

from __future__ import annotations

import json
from typing import Any

from tapctl.deploy.diagnose import Diagnosis, diagnose
from tapctl.deploy.run import Outcome
from tapctl.errors import DeployFailed, DeployStuck, TapctlError
from tapctl.headroom.result import Preflight
from tapctl.headroom.verdict import Verdict
from tapctl.plan import Planned
from tapctl.report import changes, verification
from tapctl.report.preflight_json import finding_json
from tapctl.report.story import Story
from tapctl.report.surface import Surface, draw
from tapctl.verify.run import Verification

SCHEMA = "tapctl.deploy/1"
PLAN_SCHEMA = "tapctl.plan/1"


def outputs(outcome: Outcome, surface: Surface) -> str:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("output")
    table.add_column("value", overflow="fold")
    for key, value in outcome.outputs.items():
        table.add_row(key, Text(value))
    said = "is up to date: nothing to change" if not outcome.changed else f"is {outcome.status}"
    return draw(surface, f"stack {outcome.stack_name} {said}", *([table] if outcome.outputs else []))


def plan_json(stack_name: str, planned: Planned) -> str:
    """What a deploy would do; `changes` is empty where that is nothing, or concerns no resource."""
    found = planned.found
    document: dict[str, Any] = {
        "schema": PLAN_SCHEMA,
        "stack": stack_name,
        "changed": found is not None,
        "verdict": planned.preflight.verdict.value,
        "remedies": _remedies(planned.preflight),
        **changes.document(found),
    }
    return json.dumps(document, indent=2) + "\n"


def _remedies(preflight: Preflight) -> dict[str, Any]:
    return {
        name: {"action": each.action.value, "value": each.value, "requested": each.requested}
        for name, each in preflight.plan.remedies.items()
    }


def failure_json(stack_name: str, story: Story, error: TapctlError) -> str:
    """The document of a deploy that did not end well: what was judged and executed last, and the error."""
    end: dict[str, Any] = {}
    if last := story.last:
        end = {"stack_id": last.stack_id, "status": last.status, "changed": True, **changes.document(story.executed)}
    return _document(stack_name, _judged(story), error=error, cause=diagnose(story.events), **end)


def declined_json(stack_name: str, story: Story) -> str:
    """The document where somebody said no to the changes."""
    return _document(stack_name, _judged(story), changed=False, declined=True)


def _judged(story: Story) -> Preflight | None:
    return story.verdicts[-1] if story.verdicts else None


def as_json(
    preflight: Preflight | None,
    outcome: Outcome,
    verified: Verification | None,
    error: TapctlError | None = None,
    *,
    declined: bool = False,
) -> str:
    """The document of a deploy that ended well; the error is one that kept it from being verified.

    It may be `declined`: then only the first of two steps was deployed.
    """
    return _document(
        outcome.stack_name,
        preflight,
        error=error,
        stack_id=outcome.stack_id,
        status=outcome.status,
        changed=outcome.changed,
        declined=declined,
        # What changes nothing fits: it claims no more than the stack holds.
        verdict=preflight.verdict.value if preflight else Verdict.FITS.value,
        outputs=dict(outcome.outputs),
        **changes.document(outcome.executed),
        verification=verification.document(verified) if verified else None,
    )


def _document(
    stack_name: str,
    judged: Preflight | None,
    *,
    error: TapctlError | None = None,
    cause: Diagnosis | None = None,
    **told: Any,
) -> str:
    """The same keys however a deploy ends; what is not known of it is null or empty."""
    findings = (*judged.findings, *judged.lint) if judged else ()
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "stack": stack_name,
        "stack_id": None,
        "status": None,
        "changed": None,
        "declined": False,
        "verdict": judged.verdict.value if judged else None,
        "remedies": _remedies(judged) if judged else {},
        "findings": [finding_json(each) for each in findings],
        "outputs": {},
        **changes.document(None),
        "verification": None,
        "error": error and _error(error, cause if isinstance(error, DeployFailed | DeployStuck) else None),
    }
    return json.dumps(document | told, indent=2) + "\n"


def _error(error: TapctlError, cause: Diagnosis | None) -> dict[str, Any]:
    """The error, and the resource that failed first with CloudFormation's word on it."""
    return {
        "message": error.message,
        "hint": error.hint,
        "exit_code": int(error.exit_code),
        "logical_id": cause.logical_id if cause else None,
        "reason": cause.said if cause else None,
    }
