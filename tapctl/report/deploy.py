"""A deploy: what the change set would do, what happens, and how it ended."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Verdict
from tapctl.errors import DeployFailed, DeployStuck, TapctlError
from tapctl.report import plan_changes, verify
from tapctl.report.hints import worded
from tapctl.report.preflight import finding_json
from tapctl.report.render import RenderOptions, draw
from tapctl.stacks.diagnose import Diagnosis, diagnose
from tapctl.verify.verify import Verification
from tapctl.workflows.deploy_step import Outcome
from tapctl.workflows.plan import Planned

if TYPE_CHECKING:
    from tapctl.concurrency.result import Preflight
    from tapctl.stacks.change_set import ChangeSet
    from tapctl.aws.stacks import StackEvent

SCHEMA = "tapctl.deploy/1"
PLAN_SCHEMA = "tapctl.plan/1"


def outputs(outcome: Outcome, surface: RenderOptions) -> str:
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
    found = planned.change_set
    document: dict[str, Any] = {
        "schema": PLAN_SCHEMA,
        "stack": stack_name,
        "changed": found is not None,
        "verdict": planned.preflight.verdict.value,
        "remedies": _remedies(planned.preflight),
        **plan_changes.document(found),
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
        end = {
            "stack_id": last.stack_id,
            "status": last.status,
            "changed": True,
            **plan_changes.document(story.executed),
        }
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
        **plan_changes.document(outcome.executed),
        verification=verify.document(verified) if verified else None,
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
        **plan_changes.document(None),
        "verification": None,
        "error": error and _error(error, cause if isinstance(error, DeployFailed | DeployStuck) else None),
    }
    return json.dumps(document | told, indent=2) + "\n"


def _error(error: TapctlError, cause: Diagnosis | None) -> dict[str, Any]:
    """The error, and the resource that failed first with CloudFormation's word on it."""
    return {
        "message": error.message,
        "hint": worded(error.hint) if error.hint else None,
        "exit_code": int(error.exit_code),
        "logical_id": cause.logical_id if cause else None,
        "reason": cause.reason if cause else None,
    }


@dataclass(slots=True)
class Story:
    """The verdicts, the change set that was shown last, the one that was executed last, and the events since."""

    verdicts: list[Preflight] = field(default_factory=list)
    shown: ChangeSet | None = None
    executed: ChangeSet | None = None
    events: list[StackEvent] = field(default_factory=list)

    def event(self, event: StackEvent) -> None:
        """Take an event in; the first one after a change set was shown begins its execution."""
        if self.shown is not self.executed:
            self.executed = self.shown
            self.events.clear()
        self.events.append(event)

    @property
    def last(self) -> StackEvent | None:
        """The stack's own last word in the execution; None where nothing was executed."""
        own = (event for event in reversed(self.events) if event.own and not event.within)
        return next(own, None) if self.executed else None
