"""A stack brought to where a deploy can begin: what is under way is waited for, what failed is mended.

What would delete, roll back or leave something behind is explained first, and done only with consent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tapctl.aws.session import explained
from tapctl.errors import BusyError, DeployStuck
from tapctl.resource_types import STACK
from tapctl.stacks.diagnose import diagnose, explain
from tapctl.stacks.follow import StackEvent, place, watch_command
from tapctl.stacks.operation import Operator, failure
from tapctl.stacks.stack import StackDescription, StackResource, describe_stack, list_resources
from tapctl.stacks.status import End, Situation, StackAction, Step, decide, state

STEPS = 6
"""How often a stack may turn up in yet another state that no deploy can begin in."""

_READY = (StackAction.CREATE, StackAction.UPDATE, StackAction.RECREATE)


@dataclass(frozen=True, slots=True)
class Counsel:
    """Explains, and asks."""

    operator: Operator
    flag: str = "--recover"
    """What agrees where nobody can be asked."""

    def explain(self, live: StackDescription) -> None:
        """Why the stack is as it is: the first cause, and every resource that is in a failed state."""
        self._say(_said(self.operator.name, live))
        if cause := diagnose(self._last_operation(live.id)):
            meaning = f"; that is, {cause.meaning}" if cause.meaning else ""
            self._say(f"  the first cause: {cause.logical_id}: {cause.words}{meaning}")
        if state(live.status).end is End.STUCK:
            self.list([each for each in list_resources(self.operator.aws, live.id) if each.failed])

    def list(self, failed: Sequence[StackResource | StackEvent]) -> None:
        for each in failed:
            _, hint = explain(each.reason, each.physical_id, place(self.operator.aws, self.operator.name))
            reason = self.operator.secrets.without(each.reason)
            told = f": {reason}" if reason else ""
            self._say(f"  {each.logical_id} is {each.status}{told}{f'; {hint}' if hint else ''}")

    def ask(self, live: StackDescription, doing: str, leaving: Sequence[str] = (), why: str = "") -> None:
        """Go on only with a yes. Raises `DeployStuck` without one."""
        if not self.operator.observer.allow(f"stack {self.operator.name} is {live.status}; {doing}", leaving):
            flags = " ".join([self.flag, *(f"--leave {each}" for each in leaving)])
            raise self.stuck(live, why, hint=f"`{flags}` agrees to this: {doing}")

    def stuck(self, live: StackDescription, why: str = "", hint: str = "") -> DeployStuck:
        """The error that says so."""
        said = _said(self.operator.name, live)
        return DeployStuck(f"{said}, {why}" if why else said, hint or None)

    def _say(self, text: str) -> None:
        self.operator.observer.step(text)

    def _last_operation(self, stack_id: str) -> Sequence[StackEvent]:
        """The events of the last operation, nested stacks included, oldest first."""
        follower = self.operator.follower(stack_id, None)
        with explained("reading the stack's events"):
            return tuple(follower.follow())


def _said(name: str, live: StackDescription) -> str:
    return f"stack {name} is {live.status}: {state(live.status).meaning}"


@dataclass(frozen=True, slots=True)
class Removal:
    """Deletes one stack."""

    operator: Operator
    role_arn: str | None = None
    flag: str = "--recover"
    """What agrees where nobody can be asked."""

    def clear(self, live: StackDescription, found: Situation, *, consent: bool) -> None:
        """Make room for a new stack of this name: explain, ask where that is needed, delete.

        Raises `DeployStuck` without consent, or where the deletion fails for good.
        """
        name, counsel = self.operator.name, self._counsel
        counsel.explain(live)
        if found.kept:
            told = "`--import-existing` takes what has a name of its own into the new stack"
            self.operator.observer.step(f"{', '.join(found.kept)} stay behind; {told}")
        if consent:
            counsel.ask(live, f"delete it with {', '.join(found.held)}" if found.held else "delete what is left of it")
        if found.guarded:
            self._unguard(live)
        self.operator.observer.step(f"deleting stack {name} to make room for a new one")
        self.delete(live)

    @property
    def _counsel(self) -> Counsel:
        return Counsel(self.operator, self.flag)

    def _attempt(self, live: StackDescription, **how: Any) -> StackEvent:
        """One deletion, by the stack's id and in the mode that it was last in; its last event."""
        role = {"RoleARN": self.role_arn} if self.role_arn else {}
        mode = {"DeploymentConfig": {"Mode": "EXPRESS"}} if live.express else {}
        asked = {"StackName": live.id, **role, **mode, **how}
        return self.operator.run(f"deleting stack {self.operator.name}", "delete_stack", asked)[-1]

    def delete(self, live: StackDescription) -> tuple[str, ...]:
        """Delete the stack; the logical ids of what was left behind, with consent, because it could not be deleted.

        Raises `DeployStuck` without that consent.
        """
        counsel, last, names = self._counsel, self._attempt(live), list[str]()
        # Both are taken for a stack in DELETE_FAILED only. The first leaves what is named and no more.
        for how in ("RetainResources", "DeletionMode"):
            if last.status != "DELETE_FAILED":
                break
            left = [each for each in list_resources(self.operator.aws, live.id) if each.failed]
            names = [each.logical_id for each in left]
            counsel.list(left)
            leave = "delete the stack and leave these behind"
            counsel.ask(replace(live, status=last.status), leave, names, why=last.reason.rstrip("."))
            last = self._attempt(live, **{how: names if how == "RetainResources" else "FORCE_DELETE_STACK"})
        if last.status != "DELETE_COMPLETE":
            raise DeployStuck(
                f"stack {self.operator.name} could not be deleted, it is {last.status}: {last.reason}",
                "mend what the reason names, and run it again",
            )
        return tuple(names)

    def _unguard(self, live: StackDescription) -> None:
        with explained("switching termination protection off"):
            self.operator.aws.client("cloudformation").update_termination_protection(
                StackName=live.id, EnableTerminationProtection=False
            )


@dataclass(frozen=True, slots=True)
class Recovery:
    """Mends one stack."""

    operator: Operator
    role_arn: str | None = None
    protected: bool = False
    """Whether nothing that the stack holds may be deleted."""
    forward: bool = False
    """Whether a failure is to be mended by the deploy itself, with rollback switched off."""
    waits: bool = True
    """Whether an operation that is under way is followed."""

    def ready(self, live: StackDescription | None = None, *, told: bool = False) -> StackDescription:
        """The stack once a deploy can begin, pinned by its id; what must be deleted for it, `clear` deletes.

        Why its last update failed is said, unless this run has `told` it.
        Raises `BusyError` where nobody waits for it, `DeployStuck` where consent is missing or nothing helps.
        """
        live = live or describe_stack(self.operator.aws, self.operator.name)
        left = self.operator.journal.entry
        if left.skipped and left.stack_id == live.id:
            doubt = "were skipped in a rollback, and may not be what CloudFormation takes them for"
            self.operator.observer.step(f"{', '.join(left.skipped)} {doubt}")
        for _ in range(STEPS):
            step = decide(self._situation(live))
            if step.action in _READY:
                if step.action is StackAction.UPDATE and state(live.status).end is not End.SUCCESS and not told:
                    self._counsel.explain(live)
                return replace(live, decided=step.action)
            self._take(step, live)
            live = describe_stack(self.operator.aws, live.id)
        raise BusyError(f"stack {self.operator.name} does not come to rest; it is {live.status}", "look who changes it")

    def at_rest(self) -> StackDescription:
        """The stack, where a deploy could begin right now; nothing is waited for or mended.

        Raises what `ready` does.
        """
        live = describe_stack(self.operator.aws, self.operator.name)
        step = decide(self._situation(live))
        if step.action is StackAction.WAIT:
            raise self._busy(live)
        if step.action not in _READY:
            mended = f"`tapctl deploy{place(self.operator.aws, self.operator.name)} --recover`: {step.action.value}"
            raise self._counsel.stuck(live, step.why, step.hint or mended)
        return replace(live, decided=step.action)

    def settled(self, live: StackDescription) -> StackDescription:
        """The stack after the operation that is under way."""
        for _ in range(STEPS):
            if decide(self._situation(live)).action is not StackAction.WAIT:
                return live
            self._wait(live)
            live = describe_stack(self.operator.aws, live.id)
        raise self._busy(live)

    def clear(self, live: StackDescription) -> None:
        """Delete a stack that cannot be updated, so that it can be created anew."""
        found = self._situation(live)
        step = decide(found)
        if step.action is not StackAction.RECREATE:
            raise self._counsel.stuck(live, step.why, step.hint)
        Removal(self.operator, self.role_arn).clear(live, found, consent=step.consent)

    def _situation(self, live: StackDescription) -> Situation:
        listed = list_resources(self.operator.aws, live.id) if live.action is StackAction.RECREATE else ()
        return Situation(
            live.status,
            tuple(each.logical_id for each in listed if each.held),
            tuple(each.logical_id for each in listed if each.kept),
            live.guarded,
            live.express,
            self.protected,
            self.forward,
        )

    def _take(self, step: Step, live: StackDescription) -> None:
        match step.action:
            case StackAction.WAIT:
                self._wait(live)
            case StackAction.ROLL_BACK:
                self._roll_back(live)
            case StackAction.CONTINUE:
                self._continue(live)
            case _:
                self._counsel.explain(live)
                raise self._counsel.stuck(live, step.why, step.hint)

    def _wait(self, live: StackDescription) -> None:
        busy = self._busy(live)
        if not self.waits:
            raise busy
        self.operator.observer.step(f"{busy.message}; following it to its end")
        last = self.operator.follow(live.id, None)[-1]
        # A deletion that was refused ends in the status from before, and only the reason tells.
        reason = f": {last.reason}" if last.reason else ""
        self.operator.observer.step(f"that ended in {last.status}{reason}")

    def _roll_back(self, live: StackDescription) -> None:
        self._counsel.explain(live)
        self._counsel.ask(live, StackAction.ROLL_BACK.value)
        # What an unfinished update made goes, even where it is marked to be retained: unless nothing may be lost.
        asked = {"StackName": live.id, "RetainExceptOnCreate": not self.protected, **self._role}
        self.operator.run("rolling back", "rollback_stack", asked)

    def _continue(self, live: StackDescription) -> None:
        self._counsel.explain(live)
        self._counsel.ask(live, StackAction.CONTINUE.value)
        asked = {"StackName": live.id, **self._role}
        doing, operation = "continuing the rollback", "continue_update_rollback"
        seen = self.operator.run(doing, operation, asked)
        if state(seen[-1].status).end is not End.STUCK:
            return
        skipped = to_skip(seen)
        self._counsel.list([each for each in seen if each.failed and not each.own])
        self._counsel.ask(live, "go on with its rollback without these", skipped)
        seen = self.operator.run(doing, operation, {**asked, "ResourcesToSkip": skipped})
        if state(seen[-1].status).end is End.STUCK:
            raise failure(self.operator.aws, self.operator.name, seen)
        self.operator.journal.close(skipped=(*self.operator.journal.entry.skipped, *skipped))
        told = "CloudFormation takes them for rolled back, and drift detection leaves them out"
        self.operator.observer.step(f"skipped: {', '.join(skipped)}; {told}")

    def _busy(self, live: StackDescription) -> BusyError:
        said = f"stack {self.operator.name} is {live.status}: {state(live.status).meaning}"
        return BusyError(said, f"{watch_command(self.operator.aws, self.operator.name)} follows it to its end")

    @property
    def _counsel(self) -> Counsel:
        return Counsel(self.operator)

    @property
    def _role(self) -> dict[str, str]:
        return {"RoleARN": self.role_arn} if self.role_arn else {}


def to_skip(seen: Sequence[StackEvent]) -> list[str]:
    """The least that a rollback must skip to come to an end, by the names that ContinueUpdateRollback takes.

    A nested stack is not skipped as a whole; its resources are named `NestedStackName.LogicalId`. Source:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html
    """
    root = seen[-1].stack_id
    failed = [each for each in seen if each.failed and not each.cancelled and each.type != STACK]
    names = (
        each.logical_id if each.stack_id == root else f"{each.stack_id.split('/')[1]}.{each.logical_id}"
        for each in failed
    )
    return list(dict.fromkeys(names))
