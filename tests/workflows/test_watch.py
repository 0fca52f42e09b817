import pytest

from tapctl.aws.stacks import StackEvent
from tapctl.errors import BusyError, DeployFailed, DeployStuck, UsageError
from tapctl.workflows.watch import Watched, watch
from tests.support.stubbed_stacks import STACK_ID, History, stubbed


class Onlooker:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.told: list[tuple[str, str]] = []

    def step(self, text: str) -> None:
        self.said.append(text)

    def event(self, event: StackEvent) -> None:
        self.told.append((event.name, event.status))

    def cancel(self, stack_name: str) -> bool:
        raise AssertionError("nobody pressed Ctrl-C")


def watched(history: History, onlooker: Onlooker | None = None, timeout: float = 60) -> Watched:
    return watch(history.aws(), STACK_ID, onlooker or Onlooker(), timeout, history.sleep)


def test_the_operation_under_way_is_shown_from_its_beginning_to_its_end() -> None:
    history, onlooker = History(now=10), Onlooker()
    history.end(1.0, "CREATE_COMPLETE", token="an earlier one")
    history.end(2.0, "UPDATE_IN_PROGRESS", token="theirs")
    history.end(14.0, "UPDATE_COMPLETE", token="theirs")

    assert watched(history, onlooker) == Watched(STACK_ID, STACK_ID, "UPDATE_COMPLETE", followed=True)
    assert onlooker.told == [("shop", "UPDATE_IN_PROGRESS"), ("shop", "UPDATE_COMPLETE")]
    assert onlooker.said == [f"stack {STACK_ID} is UPDATE_IN_PROGRESS: it is being updated"]


@pytest.mark.parametrize(
    "status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "DELETE_FAILED", "REVIEW_IN_PROGRESS"]
)
def test_where_nothing_is_under_way_that_is_the_answer(status: str) -> None:
    history = History(status=status)

    assert watched(history) == Watched(STACK_ID, STACK_ID, status, followed=False)
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


def test_a_deletion_that_was_asked_for_ends_well() -> None:
    history = History(status="DELETE_IN_PROGRESS")
    history.end(-5.0, "CREATE_COMPLETE", token="old")
    history.end(0.0, "DELETE_IN_PROGRESS")
    history.end(5.0, "DELETE_COMPLETE")

    assert watched(history).status == "DELETE_COMPLETE"


def test_a_wait_that_is_too_long_ends_as_busy() -> None:
    history = History()
    history.end(0.0, "UPDATE_IN_PROGRESS")

    with pytest.raises(BusyError):
        watch(history.aws(), STACK_ID, Onlooker(), 0.0, history.sleep)


def test_a_stack_that_is_not_there_cannot_be_watched() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_client_error(
            "describe_stacks", "ValidationError", "Stack with id shop does not exist"
        )
        with pytest.raises(UsageError, match="there is no stack shop"):
            watch(aws, "shop", Onlooker(), 60)
