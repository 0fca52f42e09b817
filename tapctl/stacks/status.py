"""The first action of a deploy for each stack status, and whether it needs consent."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from tapctl.hints import Hint, advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.resource_types import STACK_STATUSES, OperationEnd, StackStatus, stack_status


class StackAction(Enum):
    """The first action of a deploy."""

    CREATE = "create it"
    UPDATE = "update it"
    WAIT = "wait for the running operation"
    RECREATE = "delete what is left of it and create it again"
    ROLL_BACK = "roll it back to its last good state"
    CONTINUE = "continue its rollback"
    REFUSE = "leave it as it is"


@dataclass(frozen=True, slots=True)
class StatusRule:
    """The facts of a status and what a deploy does about it."""

    status: StackStatus
    action: StackAction
    consent: bool = False
    """Whether the action is only taken with consent."""
    hint: Hint | None = None

    @property
    def meaning(self) -> str:
        return self.status.meaning

    @property
    def end(self) -> OperationEnd | None:
        return self.status.end

    @property
    def stable(self) -> bool:
        """Whether all resources are there and nothing is running, be it after an update that was rolled back."""
        return self.action is StackAction.UPDATE and self.end is not None

    @property
    def usable(self) -> bool:
        """Whether there are resources to verify, rather than none yet, or the remains of a failure."""
        return self.action not in (StackAction.CREATE, StackAction.RECREATE)


_AFTER_FAILURE: Mapping[str, tuple[StackAction, bool, Hint | None]] = {
    "ROLLBACK_COMPLETE": (StackAction.RECREATE, False, None),
    # Deleting a failed stack without resources costs nothing; `decide` asks for consent where it has some.
    "CREATE_FAILED": (StackAction.RECREATE, False, None),
    "ROLLBACK_FAILED": (StackAction.RECREATE, True, None),
    "DELETE_FAILED": (StackAction.RECREATE, True, None),
    "UPDATE_FAILED": (StackAction.ROLL_BACK, True, None),
    "UPDATE_ROLLBACK_FAILED": (StackAction.CONTINUE, True, None),
    "IMPORT_ROLLBACK_FAILED": (StackAction.REFUSE, False, advise(DeployAdvice.ASK_SUPPORT_TO_REPAIR)),
}
"""The action, whether it needs consent, and the hint, where a new operation cannot simply begin."""

ROLL_FORWARD = ("CREATE_FAILED", "UPDATE_FAILED")
"""What an update with rollback disabled can repair."""


def rule_for(name: str) -> StatusRule:
    """The rule for a status; a stack in one that AWS adds later is not touched."""
    status = stack_status(name)
    if name not in STACK_STATUSES:
        return StatusRule(status, StackAction.REFUSE, hint=advise(DeployAdvice.LOOK_IN_CONSOLE))
    if name in _AFTER_FAILURE:
        return StatusRule(status, *_AFTER_FAILURE[name])
    if status.running:
        return StatusRule(status, StackAction.WAIT)
    return StatusRule(status, StackAction.UPDATE if status.exists else StackAction.CREATE)


@dataclass(frozen=True, slots=True)
class Situation:
    """The facts beside the status that decide."""

    status: str
    held: tuple[str, ...] = ()
    """Logical ids of the resources that deleting the stack would delete."""
    retained: tuple[str, ...] = ()
    """The resources that stay in the account by their DeletionPolicy, with type and physical id."""
    termination_protection: bool = False
    express: bool = False
    """Whether its last operation was in EXPRESS mode."""
    protected: bool = False
    """Whether the environment's configuration forbids to delete resources."""
    roll_forward: bool = False
    """Whether the deploy repairs a failure by an update with rollback disabled."""
    imports: bool = False
    """Whether the change set imports what exists in the account already, such as what is retained."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The action and whether it needs consent; for a refusal the reason and the next step."""

    action: StackAction
    consent: bool = False
    why: str = ""
    hint: Hint | None = None


def decide(situation: Situation) -> Decision:
    """The first action of a deploy for a stack in this situation."""
    rule = rule_for(situation.status)
    if situation.roll_forward and situation.status in ROLL_FORWARD:
        return Decision(StackAction.UPDATE)
    match rule.action:
        case StackAction.RECREATE:
            return _recreate(situation, rule)
        case StackAction.ROLL_BACK if situation.express:
            why = "and an express operation cannot be rolled back"
            return Decision(StackAction.REFUSE, why=why, hint=advise(DeployAdvice.DEPLOY_EXPRESS))
        case _:
            return Decision(rule.action, rule.consent, hint=rule.hint)


def _recreate(situation: Situation, rule: StatusRule) -> Decision:
    held = ", ".join(situation.held)
    if held and situation.protected:
        why = f"and its environment is protected, so {held} must not be deleted"
        return Decision(StackAction.REFUSE, why=why, hint=advise(DeployAdvice.DELETE_STACK))
    if held and situation.termination_protection:
        why = f"it holds {held}, and termination protection is enabled"
        hint = advise(DeployAdvice.DISABLE_PROTECTION)
        return Decision(StackAction.REFUSE, why=why, hint=hint)
    left = situation.retained and not situation.imports
    keeps = bool(held or left or situation.termination_protection)
    return Decision(StackAction.RECREATE, rule.consent or keeps)
