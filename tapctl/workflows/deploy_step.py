"""One change set of a deploy: created, confirmed, rechecked, executed and followed to its end.

The end of a step is a value (`StepEnd`); only an error that ends the whole deploy is raised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from tapctl.account.floor_cache import floor_in_error
from tapctl.account.live import LiveAccount
from tapctl.aws.cloudformation import describe_stack, set_termination_protection
from tapctl.concurrency import two_step
from tapctl.concurrency.verdict import worst
from tapctl.errors import AwsError, DeployFailed, Interrupted, TapctlError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.resource_types import ABSENT, OperationEnd, stack_status
from tapctl.stacks import change_set
from tapctl.stacks.operation import operation_error
from tapctl.stacks.redaction import given_secrets
from tapctl.state import noecho_hash
from tapctl.state.journal import Phase
from tapctl.workflows.create_change_set import create_change_set
from tapctl.workflows.preflight import decide
from tapctl.workflows.read_inputs import read_inputs

if TYPE_CHECKING:
    from concurrent.futures import Future

    from tapctl.aws.stacks import StackDescription
    from tapctl.concurrency.result import Preflight
    from tapctl.stacks.change_set import ChangeSet
    from tapctl.stacks.stack import ReadyStack
    from tapctl.workflows.deployer import Deployer


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """A successful deploy."""

    stack_name: str
    stack_id: str
    status: str
    changed: bool
    outputs: Mapping[str, str] = field(default_factory=dict)
    followed: bool = True
    """Whether the operation was followed to its end."""
    executed: ChangeSet | None = field(default=None, compare=False)
    """None where nothing was changed."""
    only: str = ""
    """Where the second of two steps was declined, what the first changed."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """The change set was executed, or there was nothing to change."""

    outcome: StepOutcome


@dataclass(frozen=True, slots=True)
class Declined:
    """The user declined the change set, which was deleted."""


@dataclass(frozen=True, slots=True)
class Raced:
    """The verdict, or the stack, changed before the execution; the change set was deleted."""

    reason: str
    replacements: frozenset[str]
    """The resources that the change set would have replaced."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Lambda refused a reservation and named the unreserved minimum; CloudFormation rolled back."""

    failure: DeployFailed
    minimum: int


StepEnd = Deployed | Declined | Raced | Refused


@dataclass(frozen=True, slots=True)
class DeployStep:
    """The only change set of a deploy, or one of two."""

    result: Preflight
    part: str = ""
    """`step 1 of 2` or `step 2 of 2`."""
    deployed_before: str = ""
    """The step that this run has deployed before."""
    rechecks: bool = True
    """Whether the verdict is checked again before the execution."""
    waits: bool = True
    """Whether the execution is followed to its end."""

    @property
    def remedied(self) -> Mapping[str, Sequence[int | None]]:
        """The remedies as the journal has them; the first of two steps has none that stays."""
        changes = {} if self.part == two_step.FIRST else self.result.plan.changes
        return {name: [remedy.requested, remedy.value] for name, remedy in changes.items()}


def run_step(deployer: Deployer, step: DeployStep, ready: ReadyStack) -> StepEnd:
    """Bring the stack to what the step's template, with its remedy, describes.

    Raises `DeployFailed` or `DeployStuck` with the first cause, `BusyError` when the timeout is over.
    """
    try:
        return _run(deployer, step, ready)
    finally:
        # Every end before the execution has cleaned up; only a killed process has not.
        if deployer.journal.entry.phase in (Phase.CREATING, Phase.CONFIRMING):
            deployer.journal.close()


def _run(deployer: Deployer, step: DeployStep, ready: ReadyStack) -> StepEnd:
    aws = deployer.aws
    created = create_change_set(deployer, step.result, ready, step.part)
    if created is None:
        return Deployed(_outcome(deployer, ready.stack.id))
    deployer.ui.changes(created)
    if not confirm(deployer, created, step.deployed_before, creates=ready.creates):
        return Declined()
    if step.rechecks and not _still_fits(deployer, step, created):
        change_set.discard(aws, created, with_stack=ready.creates)
        _await_deletion(deployer, created.stack_id)
        return Raced("the headroom, or what is replaced, has changed", created.replaced)
    return execute(deployer, created, creates=ready.creates, waits=step.waits, remedied=step.remedied)


def confirm(deployer: Deployer, created: ChangeSet, deployed_before: str = "", *, creates: bool) -> bool:
    """Ask; anything but a yes, an interrupt included, leaves neither the change set nor a stack created for it."""
    confirmed = False
    try:
        if deployer.options.fail_on_warnings:
            change_set.fail_on_warnings(created, deployer.name)
        confirmed = deployer.ui.confirm(deployer.name)
    except KeyboardInterrupt:
        done = f"only {deployed_before} was deployed" if deployed_before else "nothing was deployed"
        hint = two_step.GOES_ON if deployed_before else None
        raise Interrupted(f"interrupted; {done}, and the change set was deleted", hint) from None
    finally:
        if not confirmed:
            change_set.discard(deployer.aws, created, with_stack=creates)
    return confirmed


def _still_fits(deployer: Deployer, step: DeployStep, created: ChangeSet) -> bool:
    """Judge again, with what will be replaced: is the remedy the same, and the verdict no worse?"""
    before = step.result
    inputs = read_inputs(before.template, LiveAccount(deployer.aws), deployer.settings, created.replaced)
    now = decide(before.template, inputs, deployer.settings)
    verdicts = [result.concurrency_after_remedy for result in (before, now)]
    return now.plan.remedies == before.plan.remedies and worst(verdicts) is verdicts[0]


def _await_deletion(deployer: Deployer, stack_id: str) -> None:
    """Wait until a discarded stack is deleted, so that its name is free for the next attempt."""
    for _ in range(30):
        if describe_stack(deployer.aws, stack_id).status != "DELETE_IN_PROGRESS":
            return
        deployer.request.sleep(1)


def execute(
    deployer: Deployer,
    created: ChangeSet,
    *,
    creates: bool,
    waits: bool = True,
    remedied: Mapping[str, Sequence[int | None]] = MappingProxyType({}),
) -> StepEnd:
    """Execute the change set and follow it. Raises the error of a failed operation, except for a named minimum."""
    journal, stack_id = deployer.journal, created.stack_id
    parameters = {"ChangeSetName": created.id, "StackName": stack_id, **deployer.options.execution_parameters()}
    before = journal.entry.remedied if journal.entry.stack_id == stack_id else {}
    owed = {"remedied": remedied, **({"unverified": True} if deployer.request.verifies else {})}
    action = f"executing the change set of stack {deployer.name}"
    hashing = noecho_hash.start(given_secrets(deployer.request.template, deployer.settings.parameters))
    try:
        token = deployer.operator.begin(Phase.EXECUTING, action, "execute_change_set", parameters, **owed)
    except AwsError as refusal:
        return _not_executed(deployer, created, refusal, creates=creates)
    if waits:
        events = deployer.operator.follow(stack_id, token, created.id)
        succeeded = stack_status(events[-1].status).end is OperationEnd.SUCCESS
        journal.close(
            failed="" if succeeded else journal.entry.digest,
            # A rollback brings back what the deploy before had left.
            remedied=remedied if succeeded else before,
        )
        if not succeeded:
            return _refusal(operation_error(deployer.aws, deployer.name, events))
    return Deployed(_outcome(deployer, stack_id, created, followed=waits, hashing=hashing))


def _not_executed(deployer: Deployer, created: ChangeSet, refusal: AwsError, *, creates: bool) -> Raced:
    """Delete a change set that AWS refused to execute; without an answer it may be executing, and is left alone."""
    if not refusal.code:
        raise refusal
    deployer.journal.close()
    if refusal.code in ("InvalidChangeSetStatus", "ChangeSetNotFound"):
        return Raced(f"stack {deployer.name} was changed by another user", created.replaced)
    with suppress(TapctlError):
        change_set.discard(deployer.aws, created, with_stack=creates)
    raise refusal


def _refusal(error: TapctlError) -> Refused:
    """A rolled-back operation whose cause names the unreserved minimum; any other error is raised."""
    minimum = floor_in_error(error.message)
    if minimum is None or not isinstance(error, DeployFailed):
        raise error
    return Refused(error, minimum)


def _outcome(
    deployer: Deployer,
    stack_id: str,
    executed: ChangeSet | None = None,
    *,
    followed: bool = True,
    hashing: Future[noecho_hash.Hashed] | None = None,
) -> StepOutcome:
    """The outcome by the stack's description; the NoEcho parameters of the deploy are remembered by their hash."""
    aws, settings = deployer.aws, deployer.settings
    if settings.termination_protection is not None:
        set_termination_protection(aws, stack_id, enabled=settings.termination_protection)
    stack = describe_stack(aws, stack_id)
    if stack.status == ABSENT:
        raise AwsError(f"stack {deployer.name} does not exist any more", advise(DeployAdvice.CHECK_DELETION))
    secrets = given_secrets(deployer.request.template, settings.parameters)
    noecho_hash.remember(stack_id, stack.last_updated, secrets, hashing)
    changed = executed is not None
    return StepOutcome(deployer.name, stack_id, stack.status, changed, stack.outputs, followed, executed)


def unchanged(deployer: Deployer, stack: StackDescription) -> StepOutcome:
    """The outcome where there is nothing to deploy; sets termination protection where it is not as configured."""
    wanted = deployer.settings.termination_protection
    if wanted is not None and wanted != stack.termination_protection:
        return _outcome(deployer, stack.id)
    return StepOutcome(deployer.name, stack.id, stack.status, changed=False, outputs=stack.outputs)
