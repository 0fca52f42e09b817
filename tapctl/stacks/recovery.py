"""Brings a stack into a state in which a deploy can begin: waits for running operations, repairs failed ones.

What would delete, roll back or leave something behind is explained first, and only done with consent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tapctl.aws.cloudformation import list_stack_resources, set_termination_protection
from tapctl.aws.stacks import StackDescription, StackEvent, StackResource, stack_name
from tapctl.errors import BusyError, DeployStuck
from tapctl.hints import Hint, advise, with_step
from tapctl.hints.deploy import DeployAdvice
from tapctl.resource_types import STACK, OperationEnd, stack_status
from tapctl.stacks.causes import diagnose, explain, unwrapped
from tapctl.stacks.follow import stack_flags
from tapctl.stacks.operation import Operator, operation_error
from tapctl.stacks.remains import described, outlasting, retained
from tapctl.stacks.stack import ReadyStack, find_stack
from tapctl.stacks.status import Decision, Situation, StackAction, decide, rule_for

ROUNDS = 6
"""How often a stack may change into yet another state on which no deploy can begin."""

_READY = (StackAction.CREATE, StackAction.UPDATE, StackAction.RECREATE)


_IMPORT = advise(DeployAdvice.PASS_IMPORT_EXISTING)


@dataclass(frozen=True, slots=True)
class RecoveryPrompt:
    """Explains why a stack failed, and asks for consent to change it."""

    operator: Operator
    flag: str = "--recover"
    """The option that gives consent where no question can be asked."""

    def explain(self, stack: StackDescription, events: Sequence[StackEvent] | None = None) -> None:
        """Show why the stack is in its state: the first cause, and every resource that failed.

        `events` are those of the last operation where they are read already.
        """
        self.operator.ui.step(_status_line(self.operator.name, stack))
        events = last_operation(self.operator, stack.id) if events is None else events
        if cause := diagnose(events, stack_flags(self.operator.aws, self.operator.name)):
            self.operator.ui.step(f"  first cause: {cause.logical_id}: {cause.sentence}", cause.hint)
        if stack_status(stack.status).end is OperationEnd.STUCK:
            self.list(_failed_resources(self.operator, stack, events))

    def list(self, failed: Sequence[StackResource | StackEvent]) -> None:
        """Show each failed resource with its reason and the next step."""
        for resource in failed:
            _, hint = explain(resource.reason, resource.physical_id, stack_flags(self.operator.aws, self.operator.name))
            reason = self.operator.secrets.redact(unwrapped(resource.reason))
            because = f": {reason}" if reason else ""
            self.operator.ui.step(f"  {resource.logical_id} is {resource.status}{because}", hint)

    def warn_of_staying(self, resources: Sequence[str]) -> None:
        """Name what an operation leaves in the account, and how to take it into the stack."""
        names = ", ".join(resources)
        text = f"staying in the account by DeletionPolicy: {names}; creating the same name fails"
        self.operator.ui.step(text, _IMPORT)

    def ask(
        self,
        stack: StackDescription,
        doing: str,
        leaving: Sequence[str] = (),
        why: str = "",
        instead: Hint | None = None,
    ) -> None:
        """Ask for consent. Raises `DeployStuck` without it; `instead` is a next step that needs none."""
        if not self.operator.ui.allow(f"stack {self.operator.name} is {stack.status}; {doing}", leaving):
            flags = " ".join([self.flag, *(f"--leave {name}" for name in leaving)])
            consent = advise(DeployAdvice.PASS_CONSENT, doing, flags)
            raise self.stuck(stack, why, with_step(instead, consent))

    def stuck(self, stack: StackDescription, why: str = "", hint: Hint | None = None) -> DeployStuck:
        """The error of a stack that stays as it is."""
        message = _status_line(self.operator.name, stack)
        return DeployStuck(f"{message}, {why}" if why else message, hint)


def last_operation(operator: Operator, stack_id: str) -> Sequence[StackEvent]:
    """The events of the last operation, those of nested stacks included, oldest first."""
    return tuple(operator.follower(stack_id, None).follow())


def _status_line(name: str, stack: StackDescription) -> str:
    return f"stack {name} is {stack.status}: {stack_status(stack.status).meaning}"


def _failed_resources(operator: Operator, stack: StackDescription, events: Sequence[StackEvent]) -> list[StackResource]:
    """The failed resources of the stack; a reason that the stack does not have is the one of the event."""
    reasons = {event.logical_id: event.reason for event in events if event.failed and not event.within}
    return [
        replace(resource, reason=resource.reason or reasons.get(resource.logical_id, ""))
        for resource in list_stack_resources(operator.aws, stack.id)
        if resource.failed
    ]


@dataclass(frozen=True, slots=True)
class StackDeletion:
    """Deletes one stack."""

    operator: Operator
    role_arn: str | None = None
    flag: str = "--recover"
    """The option that gives consent where no question can be asked."""

    @property
    def prompt(self) -> RecoveryPrompt:
        return RecoveryPrompt(self.operator, self.flag)

    def make_room(
        self, stack: StackDescription, situation: Situation, events: Sequence[StackEvent], *, consent: bool
    ) -> None:
        """Delete a failed stack before a new one of its name is created: explain, ask where needed, delete.

        Raises `DeployStuck` without consent, or where the deletion fails for good.
        """
        name, ui = self.operator.name, self.operator.ui
        self.prompt.explain(stack, events)
        held, stays = ", ".join(situation.held), situation.retained and not situation.imports
        if stays:
            self.prompt.warn_of_staying(situation.retained)
        if consent:
            doing = f"delete it with {held}" if held else "delete what is left of it"
            self.prompt.ask(stack, doing, instead=_IMPORT if stays else None)
        if situation.termination_protection:
            set_termination_protection(self.operator.aws, stack.id, enabled=False)
        ui.step(f"deleting stack {name} to create it again")
        self.delete(stack)

    def delete(self, stack: StackDescription) -> tuple[str, ...]:
        """Delete the stack; the logical ids of resources that could not be deleted and were left behind with consent.

        Raises `DeployStuck` without that consent.
        """
        events, names = self._attempt(stack), list[str]()
        # Both are accepted in DELETE_FAILED only. RetainResources leaves the named resources behind and no others.
        for parameter in ("RetainResources", "DeletionMode"):
            last = events[-1]
            if last.status != "DELETE_FAILED":
                break
            left = _failed_resources(self.operator, stack, events)
            names = [resource.logical_id for resource in left]
            self.prompt.list(left)
            doing = "delete the stack and leave these resources behind"
            self.prompt.ask(replace(stack, status=last.status), doing, names, why=last.reason.rstrip("."))
            events = self._attempt(
                stack, **{parameter: names if parameter == "RetainResources" else "FORCE_DELETE_STACK"}
            )
        if (last := events[-1]).status != "DELETE_COMPLETE":
            raise DeployStuck(
                f"stack {self.operator.name} could not be deleted and is {last.status}: {last.reason}",
                advise(DeployAdvice.FIX_REASON_AND_RUN_AGAIN),
            )
        return tuple(names)

    def _attempt(self, stack: StackDescription, **parameters: Any) -> list[StackEvent]:
        """The events of one deletion, by the stack's id and in the mode of its last operation."""
        role = {"RoleARN": self.role_arn} if self.role_arn else {}
        mode = {"DeploymentConfig": {"Mode": "EXPRESS"}} if stack.express else {}
        request = {"StackName": stack.id, **role, **mode, **parameters}
        return self.operator.run(f"deleting stack {self.operator.name}", "delete_stack", request)


@dataclass(frozen=True, slots=True)
class Recovery:
    """Brings one stack into a state in which a deploy can begin."""

    operator: Operator
    role_arn: str | None = None
    protected: bool = False
    """Whether the environment's configuration forbids to delete resources."""
    roll_forward: bool = False
    """Whether the deploy repairs a failure by an update with rollback disabled."""
    waits: bool = True
    """Whether a running operation is followed."""
    imports: bool = False
    """Whether the change set imports what exists in the account already."""

    def make_ready(self, stack: StackDescription | None = None, *, explained: bool = False) -> ReadyStack:
        """The stack when a deploy can begin; one that must be deleted for that is left to `clear`.

        Shows why the last update failed, unless `explained`. Raises `BusyError` for a running operation that is not
        followed, `DeployStuck` without consent or where nothing helps.
        """
        stack = stack or find_stack(self.operator.aws, self.operator.name)
        self._warn_of_skipped(stack)
        for _ in range(ROUNDS):
            decision = decide(self._situation(stack))
            if decision.action in _READY:
                failed = stack_status(stack.status).end is not OperationEnd.SUCCESS
                if decision.action is StackAction.UPDATE and failed and not explained:
                    self._explain_update(stack)
                return ReadyStack(stack, decision.action)
            self._act(decision, stack)
            stack = find_stack(self.operator.aws, stack.id)
        hint = advise(DeployAdvice.CHECK_OTHER_UPDATES)
        raise BusyError(f"stack {self.operator.name} keeps changing state (now {stack.status})", hint)

    def _explain_update(self, stack: StackDescription) -> None:
        """Show why the last update failed, and what its rollback left in the account."""
        events = last_operation(self.operator, stack.id)
        self._prompt.explain(stack, events)
        if not self.imports and (left := retained(events)):
            self._prompt.warn_of_staying([described(event) for event in left])

    def require_ready(self) -> ReadyStack:
        """The stack, on which a deploy could begin now; waits for nothing and repairs nothing.

        Raises what `make_ready` does.
        """
        stack = find_stack(self.operator.aws, self.operator.name)
        decision = decide(self._situation(stack))
        if decision.action is StackAction.WAIT:
            raise self._busy(stack)
        if decision.action not in _READY:
            flags = stack_flags(self.operator.aws, self.operator.name)
            recover = advise(DeployAdvice.RECOVER, flags, decision.action.value)
            raise self._prompt.stuck(stack, decision.why, decision.hint or recover)
        return ReadyStack(stack, decision.action)

    def wait(self, stack: StackDescription) -> StackDescription:
        """The stack after its running operation."""
        for _ in range(ROUNDS):
            if decide(self._situation(stack)).action is not StackAction.WAIT:
                return stack
            self._wait(stack)
            stack = find_stack(self.operator.aws, stack.id)
        raise self._busy(stack)

    def clear(self, stack: StackDescription) -> None:
        """Delete a stack that cannot be updated, so that it can be created again."""
        events = last_operation(self.operator, stack.id)
        situation = self._situation(stack, events)
        decision = decide(situation)
        if decision.action is not StackAction.RECREATE:
            raise self._prompt.stuck(stack, decision.why, decision.hint)
        StackDeletion(self.operator, self.role_arn).make_room(stack, situation, events, consent=decision.consent)

    def _warn_of_skipped(self, stack: StackDescription) -> None:
        entry = self.operator.journal.entry
        if entry.skipped and entry.stack_id == stack.id:
            names = ", ".join(entry.skipped)
            self.operator.ui.step(f"{names} were skipped in a rollback and may differ from what CloudFormation assumes")

    def _situation(self, stack: StackDescription, events: Sequence[StackEvent] = ()) -> Situation:
        """The facts that decide; `events` of the last operation show what a rollback left outside of the stack."""
        recreates = rule_for(stack.status).action is StackAction.RECREATE
        resources = list_stack_resources(self.operator.aws, stack.id) if recreates else ()
        held = {resource.logical_id: resource for resource in resources if resource.held}
        stays = outlasting(self.operator.aws, stack) & held.keys() if held else frozenset()
        left: list[StackResource | StackEvent] = [resource for resource in resources if resource.retained]
        left += [held[name] for name in held if name in stays]
        left += retained(events)
        return Situation(
            stack.status,
            tuple(name for name in held if name not in stays),
            tuple({item.logical_id: described(item) for item in left}.values()),
            stack.termination_protection,
            stack.express,
            self.protected,
            self.roll_forward,
            self.imports,
        )

    def _act(self, decision: Decision, stack: StackDescription) -> None:
        match decision.action:
            case StackAction.WAIT:
                self._wait(stack)
            case StackAction.ROLL_BACK:
                self._roll_back(stack)
            case StackAction.CONTINUE:
                self._continue_rollback(stack)
            case _:
                self._prompt.explain(stack)
                raise self._prompt.stuck(stack, decision.why, decision.hint)

    def _wait(self, stack: StackDescription) -> None:
        busy = self._busy(stack)
        if not self.waits:
            raise busy
        self.operator.ui.step(f"{busy.message}; waiting for it to end")
        last = self.operator.follow(stack.id, None)[-1]
        # A refused deletion ends in the status from before, and only the reason shows that it was refused.
        reason = f": {last.reason}" if last.reason else ""
        self.operator.ui.step(f"the operation ended in {last.status}{reason}")

    def _roll_back(self, stack: StackDescription) -> None:
        self._prompt.explain(stack)
        self._prompt.ask(stack, StackAction.ROLL_BACK.value)
        # New resources of the unfinished update are deleted even if marked as retained, unless nothing may be lost.
        request = {"StackName": stack.id, "RetainExceptOnCreate": not self.protected, **self._role}
        self.operator.run(f"rolling back stack {self.operator.name}", "rollback_stack", request)

    def _continue_rollback(self, stack: StackDescription) -> None:
        self._prompt.explain(stack)
        self._prompt.ask(stack, StackAction.CONTINUE.value)
        action = f"continuing the rollback of stack {self.operator.name}"
        request = {"StackName": stack.id, **self._role}
        events = self.operator.run(action, "continue_update_rollback", request)
        if stack_status(events[-1].status).end is not OperationEnd.STUCK:
            return
        skipped = to_skip(events)
        self._prompt.list([event for event in events if event.failed and not event.own])
        self._prompt.ask(stack, "continue its rollback without these resources", skipped)
        events = self.operator.run(action, "continue_update_rollback", {**request, "ResourcesToSkip": skipped})
        if stack_status(events[-1].status).end is OperationEnd.STUCK:
            raise operation_error(self.operator.aws, self.operator.name, events)
        self.operator.journal.close(skipped=(*self.operator.journal.entry.skipped, *skipped))
        warning = "CloudFormation assumes that they are rolled back, and drift detection does not check them"
        self.operator.ui.step(f"skipped: {', '.join(skipped)}; {warning}")

    def _busy(self, stack: StackDescription) -> BusyError:
        hint = advise(DeployAdvice.FOLLOW, stack_flags(self.operator.aws, self.operator.name))
        return BusyError(_status_line(self.operator.name, stack), hint)

    @property
    def _prompt(self) -> RecoveryPrompt:
        return RecoveryPrompt(self.operator)

    @property
    def _role(self) -> dict[str, str]:
        return {"RoleARN": self.role_arn} if self.role_arn else {}


def to_skip(events: Sequence[StackEvent]) -> list[str]:
    """The fewest resources without which a rollback can end, by the names that ContinueUpdateRollback takes.

    A nested stack is not skipped as a whole; its resources are named `NestedStackName.LogicalId`. Source:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html
    """
    root = events[-1].stack_id
    failed = [event for event in events if event.failed and not event.cancelled and event.type != STACK]
    names = (
        event.logical_id if event.stack_id == root else f"{stack_name(event.stack_id)}.{event.logical_id}"
        for event in failed
    )
    return list(dict.fromkeys(names))
