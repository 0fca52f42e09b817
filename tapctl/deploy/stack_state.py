"""Every stack status and what a deploy does about it.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

ABSENT = "(absent)"


class Action(Enum):
    """What a deploy does first."""

    CREATE = "create it"
    UPDATE = "update it"
    RECREATE = "delete what is left of it and create it"
    BUSY = "wait for the operation under way"
    REFUSE = "leave it to a decision of yours"


class End(Enum):
    """How an operation ended."""

    SUCCESS = "success"
    ROLLED_BACK = "rolled back"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class State:
    """What one status means, what to do about it when a deploy starts, and whether an operation ended in it."""

    meaning: str
    action: Action
    end: End | None = None
    hint: str = ""


_WAIT = "run it again when that is over; `aws cloudformation wait` waits for it"

STATES: Mapping[str, State] = {
    ABSENT: State("there is no such stack", Action.CREATE),
    "DELETE_COMPLETE": State("it was deleted", Action.CREATE, End.ROLLED_BACK),
    "REVIEW_IN_PROGRESS": State("a change set was never executed", Action.CREATE),
    "CREATE_COMPLETE": State("it is up", Action.UPDATE, End.SUCCESS),
    "UPDATE_COMPLETE": State("it is up", Action.UPDATE, End.SUCCESS),
    "IMPORT_COMPLETE": State("it is up", Action.UPDATE, End.SUCCESS),
    "UPDATE_ROLLBACK_COMPLETE": State("its last update failed and was undone", Action.UPDATE, End.ROLLED_BACK),
    "IMPORT_ROLLBACK_COMPLETE": State("its last import was undone", Action.UPDATE, End.ROLLED_BACK),
    "ROLLBACK_COMPLETE": State("its creation failed and was undone", Action.RECREATE, End.ROLLED_BACK),
    "CREATE_IN_PROGRESS": State("it is being created", Action.BUSY, hint=_WAIT),
    "UPDATE_IN_PROGRESS": State("it is being updated", Action.BUSY, hint=_WAIT),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": State("old resources are being deleted", Action.BUSY, hint=_WAIT),
    "ROLLBACK_IN_PROGRESS": State("its creation is being undone", Action.BUSY, hint=_WAIT),
    "UPDATE_ROLLBACK_IN_PROGRESS": State("its update is being undone", Action.BUSY, hint=_WAIT),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": State("new resources are being deleted", Action.BUSY, hint=_WAIT),
    "DELETE_IN_PROGRESS": State("it is being deleted", Action.BUSY, hint=_WAIT),
    "IMPORT_IN_PROGRESS": State("resources are being imported", Action.BUSY, hint=_WAIT),
    "IMPORT_ROLLBACK_IN_PROGRESS": State("an import is being undone", Action.BUSY, hint=_WAIT),
    "CREATE_FAILED": State(
        "its creation failed with rollback switched off", Action.REFUSE, End.STUCK, "`aws cloudformation delete-stack`"
    ),
    "ROLLBACK_FAILED": State(
        "its creation failed and could not be undone; resources exist",
        Action.REFUSE,
        End.STUCK,
        "look at what is left with `aws cloudformation describe-stack-resources`, then delete the stack",
    ),
    "UPDATE_FAILED": State(
        "its update failed with rollback switched off",
        Action.REFUSE,
        End.STUCK,
        "`aws cloudformation rollback-stack`",
    ),
    "UPDATE_ROLLBACK_FAILED": State(
        "its update failed and could not be undone",
        Action.REFUSE,
        End.STUCK,
        "mend the cause, then `aws cloudformation continue-update-rollback`",
    ),
    "DELETE_FAILED": State(
        "its deletion failed", Action.REFUSE, End.STUCK, "`aws cloudformation delete-stack`, after mending the cause"
    ),
    "IMPORT_ROLLBACK_FAILED": State(
        "an import could not be undone", Action.REFUSE, End.STUCK, "AWS Support can bring it back"
    ),
}


def state(status: str) -> State:
    """The row of a status; one that AWS adds later is left alone."""
    return STATES.get(status) or State(f"its status {status} is not one that tapctl knows", Action.REFUSE)
