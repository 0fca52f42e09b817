"""A deploy: its outputs, its JSON document, and the transcript behind the document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tapctl.concurrency.remedy import Remedy, effects
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Verdict
from tapctl.errors import DeployFailed, DeployStuck, TapctlError
from tapctl.report import plan_changes, verify
from tapctl.report.document import as_document, error_fields
from tapctl.report.finding import Level, Report, ReportItem, of_preflight, of_verification
from tapctl.report.hints import worded
from tapctl.report.preflight_json import coverage_json, finding_json, kept_json
from tapctl.report.render import RenderOptions, draw
from tapctl.stacks.causes import Diagnosis, diagnose
from tapctl.stacks.remains import left_in_account
from tapctl.verify.verify import Verification
from tapctl.workflows.deploy_step import StepOutcome
from tapctl.workflows.plan import Planned

if TYPE_CHECKING:
    from tapctl.aws.stacks import StackEvent
    from tapctl.concurrency.result import Preflight
    from tapctl.stacks.change_set import ChangeSet

SCHEMA = "tapctl.deploy/1"
PLAN_SCHEMA = "tapctl.plan/1"


def outputs(outcome: StepOutcome, options: RenderOptions) -> str:
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
        kept_parameters=kept_json(planned.preflight),
        **plan_changes.document(planned.change_set),
        compared=planned.compared,
        uploads=[{"url": url, "artifact": label} for url, label in planned.uploads.items()],
    )


def uploads(labels: Mapping[str, str], options: RenderOptions) -> str:
    """The objects that a deploy would upload, by their addresses in S3, one to a line."""
    from rich.text import Text

    lines = (Text(f"  {label}: {url}", no_wrap=True) for url, label in labels.items())
    return draw(options, "a deploy would upload", *lines)


def _remedies(preflight: Preflight) -> dict[str, Any]:
    return {
        name: {"action": remedy.action.value, "value": remedy.value, "requested": remedy.requested}
        for name, remedy in preflight.plan.remedies.items()
    }


def remedied(preflight: Preflight | None, *, declined: bool = False) -> Mapping[str, Remedy]:
    """The remedies that the stack is deployed with; none if the second of two steps was declined."""
    return preflight.plan.changes if preflight and not declined else {}


def remedy_line(preflight: Preflight | None) -> str:
    """The last line of a deploy with a remedy; empty without one."""
    changes = remedied(preflight)
    return f"deployed with a remedy; {effects(changes)}" if changes else ""


def success(
    preflight: Preflight | None, outcome: StepOutcome, verified: Verification | None, error: TapctlError | None = None
) -> Report:
    """The remedies and the checks as annotations; `error` is why the deploy could not be verified."""
    file = preflight.template.file if preflight else ""
    items = [*_remedy_items(preflight), *_error_items(error)]
    if verified:
        of_verified = of_verification(replace(verified, template=preflight.template if preflight else None), "")
        checks = zip(verified.checks, of_verified.items, strict=True)
        items += [item for check, item in checks if not check.remedied]
    sentence = remedy_line(preflight) or f"stack {outcome.stack_name} is {outcome.status}"
    return Report("deploy", f"deploy of stack {outcome.stack_name}", sentence, tuple(items), file)


def failure(preflight: Preflight | None, error: TapctlError) -> Report:
    """The findings of the last verdict, and the error."""
    found = of_preflight(preflight, "") if preflight else None
    items = (*(found.items if found else ()), *_error_items(error))
    return Report("deploy", "deploy", error.message, items, found.file if found else "")


def _error_items(error: TapctlError | None) -> list[ReportItem]:
    hint = worded(error.hint) if error and error.hint else None
    return [ReportItem("deploy", Level.ERROR, "", error.message, hint)] if error else []


def _remedy_items(preflight: Preflight | None) -> Iterator[ReportItem]:
    """A warning for each remedy, at its place in the template."""
    places = {function.logical_id: function.claim_place for function in preflight.demand.functions} if preflight else {}
    for name, remedy in remedied(preflight).items():
        yield ReportItem("remedy", Level.WARNING, name, remedy.effect, None, *places[name])


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
    outcome: StepOutcome,
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
        remedied={name: remedy.effect for name, remedy in remedied(preflight, declined=declined).items()},
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
        "remedied": {},
        "findings": [finding_json(finding) for finding in findings],
        "kept_parameters": kept_json(preflight) if preflight else [],
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
