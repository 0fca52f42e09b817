"""Change sets that were never executed: ours are removed once nobody can be waiting for them, a review is respected.

About 1000 sets that failed or were empty keep a stack from being deployed at all:
https://github.com/aws/aws-cli/issues/4534.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from tapctl.aws.session import explained
from tapctl.errors import BusyError

PREFIX = "tapctl-"

PATIENCE = timedelta(minutes=10)
"""How long an unexecuted set is taken for somebody's who still looks at it."""

_LIVE = ("CREATE_PENDING", "CREATE_IN_PROGRESS", "CREATE_COMPLETE")


def clear(client: Any, stack_name: str, *, creates: bool, now: datetime | None = None) -> None:
    """Remove what runs of tapctl that were killed left behind; the sets of others are theirs.

    Raises `BusyError` where somebody else asked for a change set of a stack that is yet to be, and may be
    looking at it.
    """
    now = now or datetime.now(UTC)
    with explained(f"looking for change sets of stack {stack_name}"):
        found = listed(client, stack_name)
        for each in found:
            if _is_ours(each) and _abandoned(each, now):
                client.delete_change_set(ChangeSetName=each["ChangeSetId"], StackName=each["StackId"])
    reviewed = [each for each in found if not _is_ours(each) and each["Status"] in _LIVE and not _old(each, now)]
    if creates and reviewed:
        name = reviewed[0]["ChangeSetName"]
        raise BusyError(
            f"somebody is reviewing change set {name} of stack {stack_name}, which is yet to be",
            f"execute or delete it, or wait until it is {PATIENCE.seconds // 60} minutes old",
        )


def listed(client: Any, stack_name: str) -> list[dict[str, Any]]:
    """The change sets that are there, by name of the stack; those that are being deleted are not."""
    pages = client.get_paginator("list_change_sets").paginate(StackName=stack_name)
    found = [each for page in pages for each in page["Summaries"]]
    return [each for each in found if not each.get("Status", "").startswith("DELETE")]


def _is_ours(each: dict[str, Any]) -> bool:
    return str(each["ChangeSetName"]).startswith(PREFIX)


def _abandoned(each: dict[str, Any], now: datetime) -> bool:
    """A set that failed or went stale serves nobody, whoever made it; another may wait for an answer for a while."""
    stale = each.get("ExecutionStatus") == "OBSOLETE" or each["Status"] == "FAILED"
    return stale or (each["Status"] in _LIVE and each.get("ExecutionStatus") != "EXECUTE_COMPLETE" and _old(each, now))


def _old(each: dict[str, Any], now: datetime) -> bool:
    made = each.get("CreationTime")
    return made is not None and now - made > PATIENCE
