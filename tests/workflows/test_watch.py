"""An operation that another command began, followed to its end."""

import pytest

from tapctl.errors import BusyError, DeployFailed, DeployStuck, UsageError
from tapctl.workflows.watch import WatchResult, watch
from tests.support.fake_ui import FakeUI
from tests.support.golden import Golden
from tests.support.stubbed_stacks import STACK_ID, History, stubbed


def watched(history: History, ui: FakeUI | None = None, timeout: float = 60) -> WatchResult:
    return watch(history.aws(), STACK_ID, ui or FakeUI(), timeout, history.sleep)


def test_the_running_operation_is_shown_from_its_beginning_to_its_end() -> None:
    history, ui = History(now=10), FakeUI()
    history.end(1.0, "CREATE_COMPLETE", token="an earlier one")
    history.end(2.0, "UPDATE_IN_PROGRESS", token="theirs")
    history.end(14.0, "UPDATE_COMPLETE", token="theirs")

    assert watched(history, ui) == WatchResult(STACK_ID, STACK_ID, "UPDATE_COMPLETE", followed=True)
    assert [(event.name, event.status) for event in ui.events] == [
        ("shop", "UPDATE_IN_PROGRESS"),
        ("shop", "UPDATE_COMPLETE"),
    ]
    assert len(ui.steps) == 1
    assert "UPDATE_IN_PROGRESS" in ui.steps[0]


@pytest.mark.parametrize(
    "status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "DELETE_FAILED", "REVIEW_IN_PROGRESS"]
)
def test_without_a_running_operation_the_status_is_the_result(status: str) -> None:
    history = History(status=status)

    assert watched(history) == WatchResult(STACK_ID, STACK_ID, status, followed=False)
    assert history.reads == 0


@pytest.mark.parametrize(
    ("begins", "ends", "error", "code"),
    [
        ("CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE", DeployFailed, 6),
        ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE", DeployFailed, 6),
        ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", DeployStuck, 7),
        ("CREATE_IN_PROGRESS", "DELETE_COMPLETE", DeployFailed, 6),
    ],
)
def test_an_operation_that_fails_ends_with_its_first_cause_and_its_exit_code(
    begins: str, ends: str, error: type[DeployFailed | DeployStuck], code: int
) -> None:
    history = History(status=begins)
    history.end(0.0, begins)
    history.add(1.0, "Queue", "CREATE_FAILED", ResourceStatusReason="because")
    history.end(5.0, ends)

    with pytest.raises(error, match="Queue: because") as raised:
        watched(history)
    assert raised.value.exit_code == code


def test_a_requested_deletion_is_a_success() -> None:
    history = History(status="DELETE_IN_PROGRESS")
    history.end(-5.0, "CREATE_COMPLETE", token="old")
    history.end(0.0, "DELETE_IN_PROGRESS")
    history.end(5.0, "DELETE_COMPLETE")

    assert watched(history).status == "DELETE_COMPLETE"


def test_a_timeout_is_busy() -> None:
    history = History()
    history.end(0.0, "UPDATE_IN_PROGRESS")

    with pytest.raises(BusyError):
        watch(history.aws(), STACK_ID, FakeUI(), 0.0, history.sleep)


def test_a_stack_that_does_not_exist_cannot_be_watched(golden: Golden) -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_client_error(
            "describe_stacks", "ValidationError", "Stack with id shop does not exist"
        )
        with pytest.raises(UsageError) as raised:
            watch(aws, "shop", FakeUI(), 60)
    golden(raised.value)
