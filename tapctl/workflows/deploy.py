"""The workflow behind `tapctl deploy`: one state machine, read from top to bottom in `_deploy`.

    look → judge → gate, consent → change set → confirm → recheck → execute → follow
      ↑                            └────── once, or twice in a two-step deploy ────┘
      ├── raced: the headroom or the stack changed before the execution; judge again, at most ATTEMPTS times
      └── refused: Lambda named the unreserved minimum, and CloudFormation rolled back; judge by it, once

The command verifies afterwards. The journal says which state was reached, should the process be killed: the next run
continues from there in `_resume`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Thread
from typing import TYPE_CHECKING

from tapctl.account import quota_increase
from tapctl.account.floor_cache import remember
from tapctl.account.live import LiveAccount
from tapctl.account.model import LearnedFloor
from tapctl.account.quota_increase import WantedQuota
from tapctl.aws.cloudformation import describe_change_set
from tapctl.concurrency import two_step
from tapctl.concurrency.verdict import Verdict
from tapctl.errors import AwsError, BusyError, DeployFailed, TapctlError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.resource_types import ABSENT, OperationEnd, in_progress, stack_status
from tapctl.stacks import change_set
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.redaction import secrets_of
from tapctl.stacks.stack import ReadyStack, find_stack
from tapctl.stacks.status import StackAction, rule_for
from tapctl.state.journal import Journal, JournalEntry, Phase, open_journal
from tapctl.unknown import Unknown
from tapctl.workflows.deploy_step import (
    Declined,
    Deployed,
    DeployStep,
    Raced,
    Refused,
    StepEnd,
    StepOutcome,
    run_step,
    unchanged,
)
from tapctl.workflows.deployer import Deployer, DeployRequest, check_parameters
from tapctl.workflows.gate import consent, gate
from tapctl.workflows.no_op import find_no_op
from tapctl.workflows.preflight import preflight

if TYPE_CHECKING:
    from tapctl.aws.stacks import StackDescription
    from tapctl.concurrency.result import Preflight
    from tapctl.stacks.operation import Operator
    from tapctl.stacks.ui import DeployUI
    from tapctl.template.lint import Linting

ATTEMPTS = 5
"""How often a deploy judges before it gives up on an account or a stack that keeps changing."""


@dataclass(frozen=True, slots=True)
class DeployResult:
    """A successful deploy."""

    preflight: Preflight | None
    """None where the stack needed no change, and nothing was judged."""
    outcome: StepOutcome
    unverified: bool = False
    """Whether this deploy, or an earlier one, still has to be verified."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The results of earlier rounds of the state machine."""

    replacements: frozenset[str] | None = None
    """What the last change set would have replaced."""
    refusal: DeployFailed | None = None
    """The refusal that named the minimum."""
    first: StepOutcome | None = None
    """The outcome of step 1 of 2."""
    consented: str = ""
    """The remedy, or the two steps, that the user has consented to."""


def deploy(request: DeployRequest, ui: DeployUI, linting: Linting | None = None) -> DeployResult | None:
    """Deploy a template so that it fits; None when the user declined, and nothing was deployed.

    Raises `Blocked` when the verdict blocks the deploy, and what `run_step` raises.
    """
    stack = find_stack(request.aws, request.stack_name)
    request = request.by_name_of(stack)
    with _journal(request, stack) as journal:
        secrets = secrets_of(request.template, request.settings.parameters, request.settings.hidden)
        deployer = Deployer(request, ui, journal, secrets)
        stale = _resume(deployer.operator, waits=request.waits) or journal.waited
        result = _deploy(deployer, None if stale else stack, linting)
        return replace(result, unverified=journal.entry.unverified) if result else None


def _journal(request: DeployRequest, stack: StackDescription) -> AbstractContextManager[Journal]:
    """The journal of the stack in its account and Region; a temporary one where the account is not known."""
    if stack.id:
        return open_journal(stack.account_id, request.aws.region, request.stack_name)
    identity = LiveAccount(request.aws).identity()
    if isinstance(identity, Unknown):
        return nullcontext(Journal())
    return open_journal(identity.account_id, request.aws.region, request.stack_name)


def _deploy(deployer: Deployer, stack: StackDescription | None, linting: Linting | None) -> DeployResult | None:
    template, ui, attempt = deployer.request.template, deployer.ui, Attempt()
    for _ in range(ATTEMPTS):
        # look
        ready = deployer.recovery.make_ready(stack, explained=attempt.refusal is not None)
        check_parameters(ready, template, deployer.settings)
        if no_op := find_no_op(template, deployer, ready.stack):
            return DeployResult(no_op.preflight, unchanged(deployer, ready.stack))
        Thread(target=deployer.request.while_waiting, name="while waiting", daemon=True).start()
        # judge
        account = LiveAccount(deployer.aws)
        result = preflight(template, account, deployer.settings, linting, attempt.replacements)
        ui.verdict(result)
        if _waited(deployer, result):
            stack, linting = None, None
            continue
        # gate, consent
        gate(result, allow_uncertain=deployer.request.allow_uncertain)
        consented = consent(result, ui, attempt.consented, deployer.settings.env, _name(attempt.first))
        attempt = replace(attempt, consented=consented)
        # change set, confirm, recheck, execute, follow
        first, end = _run_steps(deployer, result, ready, attempt.first)
        match end:
            case Deployed(outcome):
                return DeployResult(result, outcome)
            case Declined():
                return DeployResult(result, first) if first else None
            case Raced(reason, replacements):
                ui.step(f"{reason}; judging again")
                attempt = replace(attempt, replacements=replacements, first=first)
            case Refused(failure) if attempt.refusal:
                raise _refused_twice(attempt.refusal, failure)
            case Refused(failure, minimum):
                attempt = replace(attempt, refusal=failure, first=first)
                deployer = _learn(deployer, result, minimum)
                _clear(deployer)
        stack, linting = None, None
    raise BusyError(
        f"the account or stack {deployer.name} changed {ATTEMPTS} times before the change set could be executed",
        advise(DeployAdvice.RUN_AFTER_OTHER_DEPLOYS),
    )


def _waited(deployer: Deployer, result: Preflight) -> bool:
    """Wait for the increases that the deploy waits for; whether there were any."""
    request = deployer.request
    if increases := awaited(request, result):
        deployer.ui.step(f"waiting until AWS grants {', '.join(map(str, increases))}")
        quota_increase.wait(deployer.aws, increases, request.timeout, sleep=request.sleep)
    return bool(increases)


def awaited(request: DeployRequest, result: Preflight) -> tuple[WantedQuota, ...]:
    """The pending increases with which the template would fit, where the deploy waits for them; else none."""
    allowed = (Verdict.FITS, Verdict.UNCERTAIN, Verdict.UNKNOWN) if request.allow_uncertain else (Verdict.FITS,)
    blocking = [item for item in result.findings if result.counts(item) and item.verdict not in allowed]
    increases = [item.increase for item in blocking if item.increase and item.increase.enough]
    if not request.wait_increase or len(increases) < len(blocking):
        return ()
    quotas = {needed.limit.key: (needed.limit, needed.enough) for needed in increases}
    return tuple(WantedQuota(limit, enough.value) for limit, enough in quotas.values() if enough)


def _run_steps(
    deployer: Deployer, result: Preflight, ready: ReadyStack, first: StepOutcome | None
) -> tuple[StepOutcome | None, StepEnd]:
    """Step 1 of 2, if there are two, and the target; the outcome of step 1, and how the last step ended."""
    part = ""
    if plan := result.first_step:
        frees = two_step.describe_first(result.changes, plan)
        deployer.ui.step(f"deploying in two steps, since one might fail depending on the order of updates; {frees}")
        # It frees what step 2 needs and raises nothing. Step 2 needs its end, even with `--no-wait`.
        step = DeployStep(replace(result, plan=plan), two_step.FIRST, _name(first), rechecks=False)
        end = run_step(deployer, step, ready)
        if not isinstance(end, Deployed):
            return first, end
        first = replace(end.outcome, only=frees) if end.outcome.changed else first
        stack, part = find_stack(deployer.aws, deployer.name), two_step.SECOND
        ready = ReadyStack(stack, rule_for(stack.status).action)
        deployer.ui.step(two_step.describe_second(plan))
    return first, run_step(deployer, DeployStep(result, part, _name(first), waits=deployer.request.waits), ready)


def _name(first: StepOutcome | None) -> str:
    return two_step.FIRST if first else ""


def _learn(deployer: Deployer, result: Preflight, minimum: int) -> Deployer:
    """Remember the minimum that Lambda named, and judge by it instead of a given one."""
    settings, limit = deployer.settings, result.concurrency.limit
    identity = LiveAccount(deployer.aws).identity()
    given = settings.min_unreserved
    instead = "" if given is None else f", not {given}"
    deployer.ui.step(f"AWS requires at least {minimum} unreserved executions{instead}; judging again")
    if not isinstance(limit, int):
        return deployer
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    learned = LearnedFloor(minimum, limit, today, f"an event of stack {deployer.name}")
    if not isinstance(identity, Unknown):
        remember(identity.account_id, identity.region, learned)
    settings = replace(settings, learned=learned, min_unreserved=None)
    return replace(deployer, request=replace(deployer.request, settings=settings))


def _clear(deployer: Deployer) -> None:
    """Delete a failed new stack, since the next verdict may end the deploy."""
    ready = deployer.recovery.make_ready(explained=True)
    if ready.action is StackAction.RECREATE:
        deployer.recovery.clear(ready.stack)


def _refused_twice(first: DeployFailed, second: DeployFailed) -> DeployFailed:
    """The error of a deploy that was refused twice."""
    before = "with the same message" if first.message == second.message else f"as well: {first.message}"
    return DeployFailed(f"{second.message}; the attempt before was refused {before}", second.hint)


def _resume(operator: Operator, *, waits: bool = True) -> bool:
    """Continue where the journal ends; whether there was anything to continue.

    An abandoned change set is deleted, and an execution is followed to its end. An interrupted recovery needs nothing
    more: the stack's status shows what is left to do.
    """
    entry = operator.journal.entry
    if entry.phase is Phase.OVER:
        return False
    # From here on the stack's status is enough, should this run be killed, too.
    operator.journal.close()
    operator.ui.step(f"the previous run ({entry.when}) stopped while {entry.phase.value}")
    match entry.phase:
        case Phase.CREATING | Phase.CONFIRMING:
            _abandon(operator, entry)
        case Phase.EXECUTING if not _was_executed(operator, entry):
            _abandon(operator, entry)
        case Phase.EXECUTING if waits:
            _follow_to_end(operator, entry)
        case _:
            pass
    return True


def _abandon(operator: Operator, entry: JournalEntry) -> None:
    abandoned = ChangeSet(entry.change_set, entry.stack_id or operator.name, ())
    # It may be deleted already; one that cannot be deleted now, a later deploy deletes.
    with suppress(TapctlError):
        change_set.discard(operator.aws, abandoned, with_stack=entry.creates)
        operator.ui.step("its change set, which was not executed, was deleted")


def _was_executed(operator: Operator, entry: JournalEntry) -> bool:
    """Whether AWS received the execution; a change set that does not exist any more was executed, or replaced since."""
    try:
        page = describe_change_set(operator.aws, entry.change_set, entry.stack_id, values=False)
    except AwsError as error:
        if error.code in ("ChangeSetNotFound", "ChangeSetNotFoundException", "ValidationError"):
            return True
        raise
    return page.execution_status != "AVAILABLE"


def _follow_to_end(operator: Operator, entry: JournalEntry) -> None:
    """Follow a running execution to its end; of a finished one only the stack's status is known."""
    status = find_stack(operator.aws, entry.stack_id).status
    if in_progress(status):
        status = operator.follow(entry.stack_id, entry.token, entry.change_set)[-1].status
    operator.ui.step("its stack does not exist any more" if status == ABSENT else f"its deploy ended in {status}")
    if stack_status(status).end in (OperationEnd.ROLLED_BACK, OperationEnd.STUCK):
        operator.journal.close(failed=entry.digest)
