"""What the previous run left unfinished, because it was killed or did not wait, is reported and ended."""

from contextlib import suppress

from tapctl.aws.cloudformation import describe_change_set
from tapctl.errors import AwsError, TapctlError
from tapctl.resource_types import ABSENT, OperationEnd, in_progress, stack_status
from tapctl.stacks import change_set
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.operation import Operator
from tapctl.stacks.stack import find_stack
from tapctl.state.journal import JournalEntry, Phase


def resume(operator: Operator, *, waits: bool = True) -> bool:
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
        case Phase.EXECUTING if not _executed(operator, entry):
            _abandon(operator, entry)
        case Phase.EXECUTING if waits:
            _follow(operator, entry)
        case _:
            pass
    return True


def _abandon(operator: Operator, entry: JournalEntry) -> None:
    abandoned = ChangeSet(entry.change_set, entry.stack_id or operator.name, ())
    # It may be deleted already; one that cannot be deleted now, a later deploy deletes.
    with suppress(TapctlError):
        change_set.discard(operator.aws, abandoned, with_stack=entry.creates)
        operator.ui.step("its change set, which was not executed, was deleted")


def _executed(operator: Operator, entry: JournalEntry) -> bool:
    """Whether AWS received the execution; a change set that does not exist any more was executed, or replaced since."""
    try:
        page = describe_change_set(operator.aws, entry.change_set, entry.stack_id, values=False)
    except AwsError as error:
        if error.code in ("ChangeSetNotFound", "ChangeSetNotFoundException", "ValidationError"):
            return True
        raise
    return page.execution_status != "AVAILABLE"


def _follow(operator: Operator, entry: JournalEntry) -> None:
    """Follow a running execution to its end; of a finished one only the stack's status is known."""
    status = find_stack(operator.aws, entry.stack_id).status
    if in_progress(status):
        status = operator.follow(entry.stack_id, entry.token)[-1].status
    operator.ui.step("its stack does not exist any more" if status == ABSENT else f"its deploy ended in {status}")
    if stack_status(status).end in (OperationEnd.ROLLED_BACK, OperationEnd.STUCK):
        operator.journal.close(failed=entry.digest)
