"""A deploy: its outputs, its JSON document, and the transcript behind the document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Verdict
from tapctl.errors import DeployFailed, DeployStuck, TapctlError
from tapctl.report import plan_changes, verify
from tapctl.report.document import as_document, error_fields
from tapctl.report.preflight import coverage_json, finding_json
from tapctl.report.render import RenderOptions, draw
from tapctl.stacks.diagnose import Diagnosis, diagnose
from tapctl.stacks.remains import left_in_account
from tapctl.verify.verify import Verification
from tapctl.workflows.deploy_step import Outcome
from tapctl.workflows.plan import Planned

if TYPE_CHECKING:
    from tapctl.aws.stacks import StackEvent
    from tapctl.concurrency.result import Preflight
    from tapctl.stacks.change_set import ChangeSet

SCHEMA = "tapctl.deploy/1"
PLAN_SCHEMA = "tapctl.plan/1"


def outputs(outcome: Outcome, options: RenderOptions) -> str:
    """The stack's state and outputs, one to a line, since a value in several lines cannot be copied."""
    from rich.text import Text

    state = "is up to date: nothing to change" if not outcome.changed else f"is {outcome.status}"
    width = max(map(len, outcome.outputs), default=0)
    values = (Text(f"{key:<{width}}  {value}", no_wrap=True) for key, value in outcome.outputs.items())
    return draw(options, f"stack {outcome.stack_name} {state}", *values)


def plan_json(stack_name: str, planned: Planned) -> str:
    """The document of `--plan`; `changes` is empty if nothing would change, or no resource."""
    return as_document(
        PLAN_SCHEMA,
        stack_name,
        changed=planned.change_set is not None,
        verdict=planned.preflight.verdict.value,
        remedies=_remedies(planned.preflight),
        **plan_changes.document(planned.change_set),
    )


def _remedies(preflight: Preflight) -> dict[str, Any]:
    return {
        name: {"action": remedy.action.value, "value": remedy.value, "requested": remedy.requested}
        for name, remedy in preflight.plan.remedies.items()
    }


def failure_json(stack_name: str, transcript: Transcript, error: TapctlError) -> str:
    """The document of a deploy that failed: the last verdict, the last executed change set, and the error."""
    end: dict[str, Any] = {}
    if last := transcript.last:
        end = {
            "stack_id": last.stack_id,
            "status": last.status,
            "changed": True,
            "left": [_left(event) for event in left_in_account(transcript.events)],
            **plan_changes.document(transcript.executed),
        }
    return _document(stack_name, transcript.preflight, error=error, cause=diagnose(transcript.events), **end)


def _left(event: StackEvent) -> dict[str, str]:
    """A resource that stays in the account outside of the stack."""
    return {"logical_id": event.name, "type": event.type, "physical_id": event.physical_id}


def declined_json(stack_name: str, transcript: Transcript) -> str:
    """The document of a deploy whose changes were declined."""
    return _document(stack_name, transcript.preflight, changed=False, declined=True)


def as_json(
    preflight: Preflight | None,
    outcome: Outcome,
    verified: Verification | None,
    error: TapctlError | None = None,
    *,
    declined: bool = False,
) -> str:
    """The document of a successful deploy; `error` is why it could not be verified.

    `declined` means that only step 1 of 2 was deployed.
    """
    return _document(
        outcome.stack_name,
        preflight,
        error=error,
        stack_id=outcome.stack_id,
        status=outcome.status,
        changed=outcome.changed,
        declined=declined,
        # A deploy without changes needs no verdict: the stack claims nothing more.
        verdict=preflight.verdict.value if preflight else Verdict.FITS.value,
        outputs=dict(outcome.outputs),
        **plan_changes.document(outcome.executed),
        verification=verify.document(verified) if verified else None,
    )


def _document(
    stack_name: str,
    preflight: Preflight | None,
    *,
    error: TapctlError | None = None,
    cause: Diagnosis | None = None,
    **values: Any,
) -> str:
    """Every document of a deploy has the same fields; those without a value are null or empty."""
    findings = (*preflight.findings, *preflight.lint) if preflight else ()
    fields: dict[str, Any] = {
        "stack_id": None,
        "status": None,
        "changed": None,
        "declined": False,
        "verdict": preflight.verdict.value if preflight else None,
        "remedies": _remedies(preflight) if preflight else {},
        "findings": [finding_json(finding) for finding in findings],
        "coverage": coverage_json(preflight) if preflight else [],
        "outputs": {},
        "left": [],
        **plan_changes.document(None),
        "verification": None,
        "error": error and _error(error, cause if isinstance(error, DeployFailed | DeployStuck) else None),
    }
    return as_document(SCHEMA, stack_name, **fields | values)


def _error(error: TapctlError, cause: Diagnosis | None) -> dict[str, Any]:
    """The error, and the resource that failed first with CloudFormation's reason."""
    first = {"logical_id": cause.logical_id if cause else None, "reason": cause.reason if cause else None}
    return {**error_fields(error), **first}


@dataclass(slots=True)
class Transcript:
    """The last preflight, the last change set shown, the last one executed, and the events of its execution."""

    preflight: Preflight | None = None
    shown: ChangeSet | None = None
    executed: ChangeSet | None = None
    events: list[StackEvent] = field(default_factory=list)

    def event(self, event: StackEvent) -> None:
        """Add an event; the first one after a change set was shown starts its execution."""
        if self.shown is not self.executed:
            self.executed = self.shown
            self.events.clear()
        self.events.append(event)

    @property
    def last(self) -> StackEvent | None:
        """The last event of the stack itself in this execution; None if nothing was executed."""
        own = (event for event in reversed(self.events) if event.own and not event.within)
        return next(own, None) if self.executed else None
