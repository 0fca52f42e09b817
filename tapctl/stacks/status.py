"""Every stack status: what it means, what a deploy does about it, and whether that needs somebody's consent.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

ABSENT = "(absent)"


class StackAction(Enum):
    """What a deploy does first."""

    CREATE = "create it"
    UPDATE = "update it"
    WAIT = "follow the operation under way to its end"
    RECREATE = "delete what is left of it, and create it anew"
    ROLL_BACK = "bring it back to where it last was well"
    CONTINUE = "go on with its rollback"
    REFUSE = "leave it to a decision of yours"


class End(Enum):
    """How an operation ended."""

    SUCCESS = "success"
    ROLLED_BACK = "rolled back"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class State:
    """One status: its meaning, what to do when a deploy starts, and whether an operation ended in it."""

    meaning: str
    action: StackAction
    end: End | None = None
    consent: bool = False
    """Whether the action is never taken without being asked for."""
    hint: str = ""

    @property
    def whole(self) -> bool:
        """Whether it is at rest with all that it ought to have, be it that of before an update that was undone."""
        return self.action is StackAction.UPDATE and self.end is not None

    @property
    def works(self) -> bool:
        """Whether there is a stack in it to be looked at at all, rather than nothing yet, or the rest of a failure."""
        return self.action not in (StackAction.CREATE, StackAction.RECREATE)


_CLEAN, _UNDONE, _STUCK = End.SUCCESS, End.ROLLED_BACK, End.STUCK

STATES: Mapping[str, State] = {
    ABSENT: State("there is no such stack", StackAction.CREATE),
    "DELETE_COMPLETE": State("it was deleted", StackAction.CREATE, _UNDONE),
    "REVIEW_IN_PROGRESS": State("a change set was never executed", StackAction.CREATE),
    "CREATE_COMPLETE": State("it is up", StackAction.UPDATE, _CLEAN),
    "UPDATE_COMPLETE": State("it is up", StackAction.UPDATE, _CLEAN),
    "IMPORT_COMPLETE": State("it is up", StackAction.UPDATE, _CLEAN),
    "UPDATE_ROLLBACK_COMPLETE": State("its last update failed and was undone", StackAction.UPDATE, _UNDONE),
    "IMPORT_ROLLBACK_COMPLETE": State("its last import was undone", StackAction.UPDATE, _UNDONE),
    "ROLLBACK_COMPLETE": State("its creation failed and was undone", StackAction.RECREATE, _UNDONE),
    "CREATE_IN_PROGRESS": State("it is being created", StackAction.WAIT),
    "UPDATE_IN_PROGRESS": State("it is being updated", StackAction.WAIT),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": State("old resources are being deleted", StackAction.WAIT),
    "ROLLBACK_IN_PROGRESS": State("its creation is being undone", StackAction.WAIT),
    "UPDATE_ROLLBACK_IN_PROGRESS": State("its update is being undone", StackAction.WAIT),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": State("new resources are being deleted", StackAction.WAIT),
    "DELETE_IN_PROGRESS": State("it is being deleted", StackAction.WAIT),
    "IMPORT_IN_PROGRESS": State("resources are being imported", StackAction.WAIT),
    "IMPORT_ROLLBACK_IN_PROGRESS": State("an import is being undone", StackAction.WAIT),
    # Deleting an empty failure costs nothing; `decide` asks where the stack holds something.
    "CREATE_FAILED": State("its creation failed with rollback switched off", StackAction.RECREATE, _STUCK),
    "ROLLBACK_FAILED": State("its creation failed and could not be undone", StackAction.RECREATE, _STUCK, consent=True),
    "DELETE_FAILED": State("its deletion failed", StackAction.RECREATE, _STUCK, consent=True),
    "UPDATE_FAILED": State("its update failed with rollback switched off", StackAction.ROLL_BACK, _STUCK, consent=True),
    "UPDATE_ROLLBACK_FAILED": State(
        "its update failed and could not be undone", StackAction.CONTINUE, _STUCK, consent=True
    ),
    "IMPORT_ROLLBACK_FAILED": State(
        "an import could not be undone", StackAction.REFUSE, _STUCK, hint="AWS Support can bring it back"
    ),
}

FORWARD = ("CREATE_FAILED", "UPDATE_FAILED")
"""What may be mended by an update instead, with rollback switched off again."""


def state(status: str) -> State:
    """The row of a status; one that AWS adds later is left alone."""
    unknown = f"its status {status} is not one that tapctl knows"
    return STATES.get(status) or State(
        unknown, StackAction.REFUSE, hint="look at it in the console, or use a newer tapctl"
    )


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides beside the status."""

    status: str
    held: tuple[str, ...] = ()
    """Logical ids of what deleting the stack would delete."""
    kept: tuple[str, ...] = ()
    """Of what it would leave behind: a rollback skipped it."""
    guarded: bool = False
    """Whether termination protection is on."""
    express: bool = False
    """Whether its last operation was in EXPRESS mode."""
    protected: bool = False
    """Whether its environment must not lose anything."""
    forward: bool = False
    """Whether the deploy was asked to mend a failure by going on."""


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, whether it needs consent, and for a refusal why, and the next command."""

    action: StackAction
    consent: bool = False
    why: str = ""
    hint: str = ""


def decide(found: Situation) -> Step:
    """What a deploy does first about a stack that it finds like this."""
    row = state(found.status)
    if found.forward and found.status in FORWARD:
        return Step(StackAction.UPDATE)
    match row.action:
        case StackAction.RECREATE:
            return _recreate(found, row)
        case StackAction.ROLL_BACK if found.express:
            why = "and an express operation is not rolled back"
            return Step(StackAction.REFUSE, why=why, hint="mend the template, and deploy it with `--express`")
        case _:
            return Step(row.action, row.consent, hint=row.hint)


def _recreate(found: Situation, row: State) -> Step:
    if found.held and found.protected:
        why = f"and its environment is protected, so {', '.join(found.held)} must not be deleted"
        return Step(StackAction.REFUSE, why=why, hint="decide by hand, with `aws cloudformation delete-stack`")
    if found.held and found.guarded:
        why = f"it holds {', '.join(found.held)}, and termination protection is on"
        hint = "`aws cloudformation update-termination-protection --no-enable-termination-protection` switches it off"
        return Step(StackAction.REFUSE, why=why, hint=hint)
    return Step(StackAction.RECREATE, row.consent or bool(found.held or found.kept or found.guarded))
