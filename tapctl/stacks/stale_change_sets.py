"""Change sets that were never executed: tapctl's are deleted when they are old, another user's review is respected.

A stack with about 1000 failed or empty change sets cannot be deployed any more:
https://github.com/aws/aws-cli/issues/4534.
"""

from datetime import UTC, datetime, timedelta

from tapctl.aws import cloudformation
from tapctl.aws.cloudformation import ChangeSetSummary
from tapctl.aws.session import Aws
from tapctl.errors import BusyError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice

PREFIX = "tapctl-"

REVIEW_TIME = timedelta(minutes=10)
"""How long a change set may wait for its execution before it counts as abandoned."""

_EXECUTABLE = ("CREATE_PENDING", "CREATE_IN_PROGRESS", "CREATE_COMPLETE")


def clear(aws: Aws, stack_name: str, *, creates: bool, now: datetime | None = None) -> None:
    """Delete change sets that killed runs of tapctl left behind, and no others.

    Raises `BusyError` where another user may be reviewing a change set of a stack that does not exist yet.
    """
    now = now or datetime.now(UTC)
    change_sets = cloudformation.list_change_sets(aws, stack_name)
    for change_set in change_sets:
        if _is_ours(change_set) and _abandoned(change_set, now):
            cloudformation.delete_change_set(aws, change_set.id, change_set.stack_id)
    reviewed = [
        change_set.name
        for change_set in change_sets
        if not _is_ours(change_set) and change_set.status in _EXECUTABLE and not _is_abandoned(change_set, now)
    ]
    if creates and reviewed:
        raise BusyError(
            f"change set {reviewed[0]} of the new stack {stack_name} is being reviewed",
            advise(DeployAdvice.EXECUTE_OR_DELETE_CHANGE_SET, REVIEW_TIME.seconds // 60),
        )


def _is_ours(change_set: ChangeSetSummary) -> bool:
    return change_set.name.startswith(PREFIX)


def _abandoned(change_set: ChangeSetSummary, now: datetime) -> bool:
    """Whether it failed, is obsolete, or has waited for its execution for too long."""
    useless = change_set.execution_status == "OBSOLETE" or change_set.status == "FAILED"
    waiting = change_set.status in _EXECUTABLE and change_set.execution_status != "EXECUTE_COMPLETE"
    return useless or (waiting and _is_abandoned(change_set, now))


def _is_abandoned(change_set: ChangeSetSummary, now: datetime) -> bool:
    return change_set.created is not None and now - change_set.created > REVIEW_TIME
