"""What the last run left unfinished, because it was killed or did not wait, said and brought to an end."""

from contextlib import suppress

from tapctl.aws.session import error_code, explained
from tapctl.errors import TapctlError
from tapctl.stacks import change_set
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.operation import Operator
from tapctl.stacks.stack import describe_stack
from tapctl.stacks.status import ABSENT, End, state
from tapctl.state.journal import JournalEntry, Phase


def resume(operator: Operator, *, waits: bool = True) -> bool:
    """Pick up where the journal ends; tells whether there was anything.

    An abandoned change set is removed, an execution is followed to its end. A recovery that was cut short needs
    nothing of its own: the stack's state says what is left to do.
    """
    left, say = operator.journal.entry, operator.observer.step
    if left.phase is Phase.OVER:
        return False
    # From here on the stack's state tells the rest, should this run be killed, too.
    operator.journal.close()
    say(f"the last run, of {left.when}, ended {left.phase.value}")
    match left.phase:
        case Phase.ASKING | Phase.CONFIRMING:
            _abandon(operator, left)
        case Phase.EXECUTING if not _executed(operator, left):
            _abandon(operator, left)
        case Phase.EXECUTING if waits:
            _follow(operator, left)
        case _:
            pass
    return True


def _abandon(operator: Operator, left: JournalEntry) -> None:
    found = ChangeSet(left.change_set, left.stack_id or operator.name, ())
    # One that is gone already is as well; one that cannot be removed now, a later deploy clears away.
    with suppress(TapctlError):
        change_set.discard(operator.aws, found, with_stack=left.creates)
        operator.observer.step("its change set, which nobody executed, was removed")


def _executed(operator: Operator, left: JournalEntry) -> bool:
    """Whether AWS ever got to know of the execution; a change set that is gone was executed, or replaced since."""
    from botocore.exceptions import ClientError

    with explained("reading the change set of the last run"):
        try:
            found = operator.aws.client("cloudformation").describe_change_set(
                ChangeSetName=left.change_set, StackName=left.stack_id
            )
        except ClientError as error:
            if error_code(error) in ("ChangeSetNotFound", "ChangeSetNotFoundException", "ValidationError"):
                return True
            raise
    return str(found.get("ExecutionStatus")) != "AVAILABLE"


def _follow(operator: Operator, left: JournalEntry) -> None:
    """The execution to its end; of one that is over only the stack still tells, and of a stack that is gone nothing."""
    status = describe_stack(operator.aws, left.stack_id).status
    if status.endswith("_IN_PROGRESS"):
        status = operator.follow(left.stack_id, left.token)[-1].status
    operator.observer.step("its stack is gone" if status == ABSENT else f"that ended in {status}")
    if state(status).end in (End.ROLLED_BACK, End.STUCK):
        operator.journal.close(failed=left.digest)
