"""Change sets that earlier runs, and other users, left behind."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tapctl.errors import BusyError
from tapctl.stacks import stale_change_sets
from tests.support.golden import Golden
from tests.support.stubbed_stacks import STACK_ID, stubbed

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def summary(name: str, status: str, minutes: int, execution: str = "AVAILABLE") -> dict[str, Any]:
    return {
        "ChangeSetName": name,
        "ChangeSetId": f"arn:aws:cloudformation:us-east-1:123456789012:changeSet/{name}/1",
        "StackId": STACK_ID,
        "StackName": "shop",
        "Status": status,
        "ExecutionStatus": execution,
        "CreationTime": NOW - timedelta(minutes=minutes),
    }


@pytest.mark.parametrize(
    ("found", "deleted"),
    [
        pytest.param(summary("tapctl-1", "FAILED", 0, "UNAVAILABLE"), True, id="one of ours that failed"),
        pytest.param(summary("tapctl-1", "CREATE_COMPLETE", 0, "OBSOLETE"), True, id="one of ours that is obsolete"),
        pytest.param(summary("tapctl-1", "CREATE_COMPLETE", 11), True, id="one of ours that is old"),
        pytest.param(summary("tapctl-1", "CREATE_PENDING", 11), True, id="one of ours that never became ready"),
        pytest.param(summary("tapctl-1", "CREATE_COMPLETE", 9), False, id="one that may still be confirmed"),
        pytest.param(summary("tapctl-1", "DELETE_IN_PROGRESS", 99), False, id="one that is being deleted"),
        pytest.param(summary("tapctl-1", "CREATE_COMPLETE", 99, "EXECUTE_COMPLETE"), False, id="one that was executed"),
        pytest.param(summary("theirs", "FAILED", 99, "UNAVAILABLE"), False, id="another user's that failed"),
        pytest.param(summary("theirs", "CREATE_COMPLETE", 99), False, id="another user's, however old"),
    ],
)
@pytest.mark.parametrize("creates", [False, True], ids=["update", "create"])
def test_only_abandoned_change_sets_of_tapctl_are_deleted(found: dict[str, Any], deleted: bool, creates: bool) -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        stub.add_response("list_change_sets", {"Summaries": [found]}, {"StackName": "shop"})
        if deleted:
            stub.add_response("delete_change_set", {}, {"ChangeSetName": found["ChangeSetId"], "StackName": STACK_ID})

        stale_change_sets.clear(aws, "shop", creates=creates, now=NOW)


@pytest.mark.parametrize("status", ["CREATE_PENDING", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"])
def test_a_fresh_change_set_of_another_user_is_a_review_of_a_new_stack(status: str, golden: Golden) -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_response("list_change_sets", {"Summaries": [summary("theirs", status, 9)]})

        with pytest.raises(BusyError) as raised:
            stale_change_sets.clear(aws, "shop", creates=True, now=NOW)

    golden(raised.value)


def test_an_update_does_not_wait_for_the_reviews_of_others() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        found = summary("theirs", "CREATE_COMPLETE", 1)
        stubs["cloudformation"].add_response("list_change_sets", {"Summaries": [found]})

        stale_change_sets.clear(aws, "shop", creates=False, now=NOW)
