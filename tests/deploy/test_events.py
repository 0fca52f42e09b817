import random
from typing import Any

import pytest

from tapctl.deploy.events import Follower
from tapctl.errors import BusyError

from .stubs import STACK_ID, Failure, History, collected


def following(history: History, timeout: float = 3600) -> Follower:
    return Follower(history.aws(), STACK_ID, "ours", timeout, history.sleep, history.clock)


def test_events_are_told_once_each_oldest_first_until_the_stacks_own_last() -> None:
    history = History()
    history.end(0.1, "UPDATE_IN_PROGRESS")
    history.add(0.2, "Queue", "UPDATE_IN_PROGRESS")
    history.add(4.0, "Queue", "UPDATE_COMPLETE")
    history.end(5.0, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    history.end(6.0, "UPDATE_COMPLETE")
    history.add(6.0, "Late", "UPDATE_COMPLETE")

    assert collected(following(history).follow) == [
        ("shop", "UPDATE_IN_PROGRESS"),
        ("Queue", "UPDATE_IN_PROGRESS"),
        ("Queue", "UPDATE_COMPLETE"),
        ("shop", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("shop", "UPDATE_COMPLETE"),
    ]


def test_events_that_share_a_moment_keep_the_order_that_cloudformation_gives() -> None:
    history = History()
    for name in "ABC":
        history.add(1.0, name, "CREATE_COMPLETE")
    history.end(2.0, "CREATE_COMPLETE")

    assert [name for name, _ in collected(following(history).follow)] == ["A", "B", "C", "shop"]


def test_the_end_of_a_nested_stack_is_not_the_end() -> None:
    history = History()
    nested = {"ResourceType": "AWS::CloudFormation::Stack", "PhysicalResourceId": f"{STACK_ID}-nested"}
    history.add(1.0, "Nested", "CREATE_COMPLETE", **nested)
    history.end(9.0, "CREATE_COMPLETE")

    assert collected(following(history).follow)[-1] == ("shop", "CREATE_COMPLETE")


@pytest.mark.parametrize(
    "end",
    [
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "ROLLBACK_COMPLETE",
        "ROLLBACK_FAILED",
        "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_ROLLBACK_FAILED",
        "DELETE_COMPLETE",
        "DELETE_FAILED",
    ],
)
def test_it_stops_at_every_terminal_status(end: str) -> None:
    history = History()
    history.end(0.5, "ROLLBACK_IN_PROGRESS")
    history.end(3.0, end)

    assert collected(following(history).follow)[-1] == ("shop", end)


def test_an_earlier_operation_is_left_out_and_its_history_is_not_walked() -> None:
    history = History(page=10)
    for number in range(1000):
        history.add(-2.0, f"Old{number}", "CREATE_COMPLETE", token="theirs")
    history.end(-1.0, "CREATE_COMPLETE", token="theirs")
    history.end(0.0, "UPDATE_IN_PROGRESS")
    history.end(5.0, "UPDATE_COMPLETE")

    assert collected(following(history).follow) == [("shop", "UPDATE_IN_PROGRESS"), ("shop", "UPDATE_COMPLETE")]
    assert history.reads < 10


def test_an_operation_without_a_token_of_ours_is_not_mistaken_for_ours() -> None:
    history = History()
    history.end(-1.0, "UPDATE_COMPLETE", token=None)
    history.end(2.0, "UPDATE_COMPLETE")

    assert collected(following(history).follow) == [("shop", "UPDATE_COMPLETE")]


def test_more_new_events_than_a_page_holds_are_all_told() -> None:
    history = History(page=7)
    history.end(-1.0, "CREATE_COMPLETE", token="theirs")
    names = [f"Fn{number}" for number in range(50)]
    for name in names:
        history.add(0.1, name, "UPDATE_COMPLETE")
    history.end(0.2, "UPDATE_COMPLETE")

    told = collected(following(history).follow)

    assert [name for name, _ in told] == [*names, "shop"]


@pytest.mark.parametrize(
    "failures",
    [
        pytest.param([("Throttling", 400)] * 5, id="throttled"),
        pytest.param([("InternalFailure", 500), None, ("ServiceUnavailable", 503)], id="out of order"),
        pytest.param([("", 0)] * 3, id="no answer"),
        pytest.param([None, ("ValidationError", 400)], id="a stale answer that the stack is not there"),
    ],
)
def test_a_read_that_fails_says_nothing_about_the_stack(failures: list[Failure | None]) -> None:
    history = History(failures=failures)
    history.end(0.1, "UPDATE_IN_PROGRESS")
    history.end(1.0, "UPDATE_COMPLETE")

    assert collected(following(history).follow) == [("shop", "UPDATE_IN_PROGRESS"), ("shop", "UPDATE_COMPLETE")]


def test_events_are_not_lost_when_a_later_page_cannot_be_read() -> None:
    history = History(page=3, failures=[None, ("Throttling", 400)])
    history.end(-1.0, "CREATE_COMPLETE", token="theirs")
    for number in range(8):
        history.add(0.01 * (number + 1), f"Fn{number}", "UPDATE_COMPLETE")
    history.end(3.0, "UPDATE_COMPLETE")

    assert [name for name, _ in collected(following(history).follow)] == [*(f"Fn{n}" for n in range(8)), "shop"]


def test_when_the_time_is_up_the_operation_is_said_to_go_on() -> None:
    history = History()
    history.end(0.1, "UPDATE_IN_PROGRESS")

    with pytest.raises(BusyError, match="still runs after 30 s; CloudFormation goes on by itself") as raised:
        collected(following(history, timeout=30).follow)

    assert 30 < history.now < 33
    assert raised.value.exit_code == 5
    assert "--timeout" in (raised.value.hint or "")


def test_reads_that_only_fail_end_as_a_timeout_and_not_as_a_failure() -> None:
    history = History(failures=[("Throttling", 400)] * 100)

    with pytest.raises(BusyError):
        collected(following(history, timeout=20).follow)


def test_the_budget_is_kept_at_most_two_seconds_late_and_one_read_a_second() -> None:
    durations: list[float] = [5, 20, 59, 61, 62, 90, 250, 299, 301, 305, 600]
    rng = random.Random(1)
    worst_loss, worst_rate = 0.0, 0.0
    for duration in (*durations, *(rng.uniform(3, 400) for _ in range(15))):
        history = History()
        history.end(duration, "UPDATE_COMPLETE")
        told: list[Any] = list(following(history).follow())
        assert len(told) == 1
        # The outputs are read once more; the first read comes at once, the others at the rate.
        worst_loss = max(worst_loss, history.now + history.latency - duration)
        worst_rate = max(worst_rate, (history.reads - 1) / history.now)

    assert worst_loss <= 2.0
    assert worst_rate <= 1.1
