import random
from typing import Any

import pytest

from tapctl.errors import AwsError, BusyError
from tapctl.stacks.follow import READS_WITHOUT_NEWS, Follower
from tests.support.golden import Golden
from tests.support.stubbed_stacks import STACK_ID, Failure, History, collected


def following(history: History, timeout: float = 3600, token: str | None = "ours", **more: Any) -> Follower:
    return Follower(history.aws(), STACK_ID, token, timeout, history.sleep, history.clock, history.budget, **more)


def test_events_come_once_each_oldest_first_until_the_stacks_own_last() -> None:
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


def test_events_of_the_same_time_keep_cloudformations_order() -> None:
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
def test_following_stops_at_every_terminal_status(end: str) -> None:
    history = History()
    history.end(0.5, "ROLLBACK_IN_PROGRESS")
    history.end(3.0, end)

    assert collected(following(history).follow)[-1] == ("shop", end)


def test_a_failed_validation_is_not_the_end_since_its_rollback_follows() -> None:
    history = History()
    history.end(1.0, "CREATE_FAILED", DetailedStatus="VALIDATION_FAILED", ResourceStatusReason="Validation failed")
    history.end(9.0, "ROLLBACK_COMPLETE")

    assert collected(following(history).follow) == [("shop", "CREATE_FAILED"), ("shop", "ROLLBACK_COMPLETE")]


def test_an_earlier_operation_is_left_out_and_not_read() -> None:
    history = History(page=10)
    for number in range(1000):
        history.add(-2.0, f"Old{number}", "CREATE_COMPLETE", token="theirs")
    history.end(-1.0, "CREATE_COMPLETE", token="theirs")
    history.end(0.0, "UPDATE_IN_PROGRESS")
    history.end(5.0, "UPDATE_COMPLETE")

    assert collected(following(history).follow) == [("shop", "UPDATE_IN_PROGRESS"), ("shop", "UPDATE_COMPLETE")]
    assert history.reads < 10


def test_an_operation_with_another_token_is_not_taken_for_this_one() -> None:
    history = History()
    history.end(-1.0, "UPDATE_COMPLETE", token=None)
    history.end(2.0, "UPDATE_COMPLETE")

    assert collected(following(history).follow) == [("shop", "UPDATE_COMPLETE")]


def test_more_new_events_than_fit_a_page_are_all_read() -> None:
    history = History(page=7)
    history.end(-1.0, "CREATE_COMPLETE", token="theirs")
    names = [f"Fn{number}" for number in range(50)]
    for name in names:
        history.add(0.1, name, "UPDATE_COMPLETE")
    history.end(0.2, "UPDATE_COMPLETE")

    events = collected(following(history).follow)

    assert [name for name, _ in events] == [*names, "shop"]


@pytest.mark.parametrize(
    "failures",
    [
        pytest.param([("Throttling", 400)] * 5, id="throttled"),
        pytest.param([("InternalFailure", 500), None, ("ServiceUnavailable", 503)], id="out of order"),
        pytest.param([("", 0)] * 3, id="no answer"),
        pytest.param([None, ("ValidationError", 400)], id="a stale answer that the stack is not there"),
    ],
)
def test_a_failed_read_is_repeated(failures: list[Failure | None]) -> None:
    history = History(failures=failures)
    history.end(0.1, "UPDATE_IN_PROGRESS")
    history.end(1.0, "UPDATE_COMPLETE")

    assert collected(following(history).follow) == [("shop", "UPDATE_IN_PROGRESS"), ("shop", "UPDATE_COMPLETE")]


def test_a_throttled_reader_slows_down_and_recovers() -> None:
    history = History(failures=[None, *[("Throttling", 400)] * 3])
    history.end(0.1, "UPDATE_IN_PROGRESS")
    history.end(100.0, "UPDATE_COMPLETE")

    collected(following(history).follow)

    assert history.reads < 80
    assert history.budget.backoff == 1


def test_events_are_not_lost_when_a_later_page_cannot_be_read() -> None:
    history = History(page=3, failures=[None, ("Throttling", 400)])
    history.end(-1.0, "CREATE_COMPLETE", token="theirs")
    for number in range(8):
        history.add(0.01 * (number + 1), f"Fn{number}", "UPDATE_COMPLETE")
    history.end(3.0, "UPDATE_COMPLETE")

    assert [name for name, _ in collected(following(history).follow)] == [*(f"Fn{n}" for n in range(8)), "shop"]


def test_after_the_timeout_the_error_says_that_cloudformation_continues(golden: Golden) -> None:
    history = History()
    history.end(0.1, "UPDATE_IN_PROGRESS")

    with pytest.raises(BusyError) as raised:
        collected(following(history, timeout=30).follow)

    assert 30 < history.now < 33
    assert raised.value.exit_code == 5
    golden(raised.value)


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
        events: list[Any] = list(following(history).follow())
        assert len(events) == 1
        # The outputs are one more read; the first read is immediate, the others at the rate.
        worst_loss = max(worst_loss, history.now + history.latency - duration)
        worst_rate = max(worst_rate, (history.reads - 1) / history.now)

    assert worst_loss <= 2.0
    assert worst_rate <= 1.1


def test_a_cancellation_by_another_user_is_followed_to_its_end() -> None:
    history = History()
    history.end(0.1, "UPDATE_IN_PROGRESS")
    history.end(3.0, "UPDATE_ROLLBACK_IN_PROGRESS", token="the canceller's")
    history.add(4.0, "Queue", "UPDATE_FAILED", token="the canceller's")
    history.end(6.0, "UPDATE_ROLLBACK_COMPLETE", token="the canceller's")

    assert collected(following(history).follow)[-1] == ("shop", "UPDATE_ROLLBACK_COMPLETE")
    assert history.now < 8


def test_a_cancellation_before_the_first_read_is_followed_too() -> None:
    history = History()
    history.end(-1.0, "CREATE_COMPLETE", token="theirs")
    history.end(0.01, "UPDATE_IN_PROGRESS")
    history.end(0.02, "UPDATE_ROLLBACK_IN_PROGRESS", token="the canceller's")
    history.end(2.0, "UPDATE_ROLLBACK_COMPLETE", token="the canceller's")

    assert collected(following(history).follow) == [
        ("shop", "UPDATE_IN_PROGRESS"),
        ("shop", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ("shop", "UPDATE_ROLLBACK_COMPLETE"),
    ]


def test_the_next_deploy_of_another_user_does_not_hide_our_end() -> None:
    history = History()
    history.end(0.1, "UPDATE_IN_PROGRESS")
    history.end(1.5, "UPDATE_COMPLETE")
    history.end(1.6, "UPDATE_IN_PROGRESS", token="the next")

    assert collected(following(history).follow)[-1] == ("shop", "UPDATE_COMPLETE")


def test_without_a_token_the_running_operation_is_read_from_its_beginning() -> None:
    history = History(now=10)
    history.end(1.0, "CREATE_COMPLETE", token="old")
    history.end(5.0, "UPDATE_IN_PROGRESS", token="theirs")
    history.add(6.0, "Queue", "UPDATE_IN_PROGRESS", token="theirs")
    history.end(15.0, "UPDATE_COMPLETE", token="theirs")

    assert collected(following(history, token=None).follow) == [
        ("shop", "UPDATE_IN_PROGRESS"),
        ("Queue", "UPDATE_IN_PROGRESS"),
        ("shop", "UPDATE_COMPLETE"),
    ]


def test_without_a_token_a_creation_begins_after_the_review_of_its_change_set() -> None:
    history = History(now=10)
    history.end(1.0, "REVIEW_IN_PROGRESS")
    history.end(5.0, "CREATE_IN_PROGRESS")
    history.end(12.0, "CREATE_COMPLETE")

    assert collected(following(history, token=None).follow) == [
        ("shop", "CREATE_IN_PROGRESS"),
        ("shop", "CREATE_COMPLETE"),
    ]


def test_an_operation_whose_events_lost_our_token_is_recognised_by_the_stacks_own_status() -> None:
    history = History()
    history.end(-1.0, "CREATE_COMPLETE", token="theirs")
    history.end(0.1, "UPDATE_IN_PROGRESS", token=None)
    history.end(40.0, "UPDATE_COMPLETE", token=None)

    assert collected(following(history).follow) == [("shop", "UPDATE_IN_PROGRESS"), ("shop", "UPDATE_COMPLETE")]
    assert history.now < 42


def test_an_operation_that_also_ended_is_recognised_by_its_new_events() -> None:
    history = History(status="UPDATE_COMPLETE")
    history.end(-1.0, "CREATE_COMPLETE", token="theirs")
    history.end(2.0, "UPDATE_IN_PROGRESS", token=None)
    history.end(4.0, "UPDATE_COMPLETE", token=None)

    assert collected(following(history).follow)[-1] == ("shop", "UPDATE_COMPLETE")
    assert history.now < 25


def test_an_operation_without_any_event_ends_long_before_the_timeout(golden: Golden) -> None:
    history = History(status="CREATE_COMPLETE")
    history.end(-1.0, "CREATE_COMPLETE", token="theirs")

    with pytest.raises(BusyError) as raised:
        collected(following(history).follow)

    golden(raised.value)
    assert history.now < 70


def over_before_the_first_read(**more: Any) -> History:
    """A stack that was updated in one instant, by an emulator whose events have no token."""
    history = History(now=10, status="UPDATE_COMPLETE", **more)
    history.end(1.0, "CREATE_COMPLETE", token=None)
    history.end(5.0, "UPDATE_IN_PROGRESS", token=None)
    history.end(6.0, "UPDATE_COMPLETE", token=None)
    return history


@pytest.mark.parametrize("execution", ["EXECUTE_COMPLETE", "EXECUTE_FAILED"])
def test_without_tokens_an_executed_change_set_shows_the_end(execution: str) -> None:
    history = over_before_the_first_read(execution=execution)

    events = collected(following(history, change_set="deploy").follow)

    assert events == [("shop", "UPDATE_IN_PROGRESS"), ("shop", "UPDATE_COMPLETE")]
    assert history.now < 13


def test_a_change_set_that_was_deleted_with_its_execution_shows_the_end_later() -> None:
    history = over_before_the_first_read(execution="")

    events = collected(following(history, change_set="deploy").follow)

    assert events == [("shop", "UPDATE_IN_PROGRESS"), ("shop", "UPDATE_COMPLETE")]
    assert history.now < 30


@pytest.mark.parametrize("execution", ["EXECUTE_COMPLETE", ""])
def test_an_executed_change_set_without_any_event_is_believed(execution: str) -> None:
    history = History(status="UPDATE_COMPLETE", execution=execution)

    assert collected(following(history, change_set="deploy").follow) == [("shop", "UPDATE_COMPLETE")]
    assert history.now < 70


def test_a_change_set_that_is_not_executed_yet_does_not_end_on_old_events() -> None:
    history = over_before_the_first_read(execution="EXECUTE_IN_PROGRESS")
    history.end(20.0, "UPDATE_IN_PROGRESS")
    history.end(22.0, "UPDATE_ROLLBACK_COMPLETE")

    assert collected(following(history, change_set="deploy").follow) == [
        ("shop", "UPDATE_IN_PROGRESS"),
        ("shop", "UPDATE_ROLLBACK_COMPLETE"),
    ]


def test_the_last_operation_of_a_stack_whose_events_have_expired_is_its_status() -> None:
    history = History(status="ROLLBACK_COMPLETE")

    assert collected(following(history, token=None).follow) == [("shop", "ROLLBACK_COMPLETE")]
    assert history.now < 5


def test_a_stack_that_is_gone_ends_its_deletion() -> None:
    history = History(failures=[("ValidationError", 400)] * 100, status="")

    assert collected(following(history, deletes=True).follow) == [("shop", "DELETE_COMPLETE")]
    assert history.now < 10


def test_a_deletion_without_tokens_is_read_from_the_events() -> None:
    history = History(now=10, status="DELETE_COMPLETE")
    history.end(1.0, "CREATE_COMPLETE", token=None)
    history.add(5.0, "Queue", "DELETE_COMPLETE", token=None)
    history.end(6.0, "DELETE_COMPLETE", token=None)

    assert collected(following(history, deletes=True).follow) == [
        ("Queue", "DELETE_COMPLETE"),
        ("shop", "DELETE_COMPLETE"),
    ]


def test_an_end_that_only_the_status_shows_is_an_event() -> None:
    history = History(status="UPDATE_COMPLETE")
    history.end(0.1, "UPDATE_IN_PROGRESS")

    assert collected(following(history).follow) == [("shop", "UPDATE_IN_PROGRESS"), ("shop", "UPDATE_COMPLETE")]
    assert history.status_reads == 3


def test_a_running_stack_may_have_no_event_for_long() -> None:
    history = History(status="UPDATE_IN_PROGRESS")
    history.end(0.1, "UPDATE_IN_PROGRESS")
    history.end(10 * READS_WITHOUT_NEWS, "UPDATE_COMPLETE")

    assert collected(following(history).follow)[-1] == ("shop", "UPDATE_COMPLETE")
    assert 0 < history.status_reads < 12


@pytest.mark.parametrize("code", ["ExpiredToken", "AccessDenied", "InvalidClientTokenId"])
def test_credentials_that_expire_half_way_end_with_the_last_status(code: str, golden: Golden) -> None:
    history = History(failures=[None, (code, 403)])
    history.end(0.1, "UPDATE_IN_PROGRESS")
    history.end(9.0, "UPDATE_COMPLETE")

    with pytest.raises(AwsError) as raised:
        collected(following(history).follow)

    assert raised.value.code == code
    golden(raised.value)


NESTED = STACK_ID.replace("/shop/", "/shop-Network-1A2B/")
DEEP = STACK_ID.replace("/shop/", "/shop-Network-1A2B-Zone-3C/")
STACK_TYPE = {"ResourceType": "AWS::CloudFormation::Stack"}


def nested_twice() -> History:
    """A stack in a stack in a stack."""
    history = History(latency=0.05)
    history.end(0.0, "CREATE_IN_PROGRESS")
    history.add(0.1, "Network", "CREATE_IN_PROGRESS", PhysicalResourceId="", **STACK_TYPE)
    history.end(0.2, "CREATE_IN_PROGRESS", token=None, StackId=NESTED, PhysicalResourceId=NESTED)
    history.add(0.3, "Network", "CREATE_IN_PROGRESS", PhysicalResourceId=NESTED, **STACK_TYPE)
    history.add(0.4, "Zone", "CREATE_IN_PROGRESS", token=None, StackId=NESTED, PhysicalResourceId=DEEP, **STACK_TYPE)
    history.end(0.5, "CREATE_IN_PROGRESS", token=None, StackId=DEEP, PhysicalResourceId=DEEP)
    history.add(2.0, "Subnet", "CREATE_COMPLETE", token=None, StackId=DEEP)
    history.end(2.1, "CREATE_COMPLETE", token=None, StackId=DEEP, PhysicalResourceId=DEEP)
    history.end(4.0, "CREATE_COMPLETE", token=None, StackId=NESTED, PhysicalResourceId=NESTED)
    history.add(4.1, "Network", "CREATE_COMPLETE", PhysicalResourceId=NESTED, **STACK_TYPE)
    return history


def test_nested_stacks_are_followed_down_to_the_last() -> None:
    history = nested_twice()
    history.end(8.0, "CREATE_COMPLETE")

    events = [(event.name, event.status) for event in following(history).follow()]

    assert ("Network/Zone/Subnet", "CREATE_COMPLETE") in events
    assert ("Network/shop", "CREATE_COMPLETE") in events
    assert events[-1] == ("shop", "CREATE_COMPLETE")
    assert len(events) == len(set(events)) + 1  # the nested stack's two beginnings, without an id and with it


def test_a_nested_stack_that_has_ended_is_no_longer_read() -> None:
    history = nested_twice()
    history.end(60.0, "CREATE_COMPLETE")

    collected(following(history).follow)

    assert history.read.count(NESTED) < 10
    assert history.read.count(STACK_ID) > 50


def test_a_nested_stack_is_read_from_this_operation_on() -> None:
    history = History(latency=0.05)
    history.end(-90.0, "CREATE_COMPLETE", token=None, StackId=NESTED, PhysicalResourceId=NESTED, Timestamp="2025")
    history.end(0.1, "UPDATE_IN_PROGRESS")
    history.add(0.2, "Network", "UPDATE_IN_PROGRESS", PhysicalResourceId=NESTED, **STACK_TYPE)
    history.end(0.3, "UPDATE_IN_PROGRESS", token=None, StackId=NESTED, PhysicalResourceId=NESTED)
    history.end(5.0, "UPDATE_COMPLETE")

    events = [event.name for event in following(history).follow()]

    assert events == ["shop", "Network", "Network/shop", "shop"]


def test_the_last_events_of_a_nested_stack_are_read_when_the_root_has_ended() -> None:
    history = nested_twice()
    history.add(4.5, "Rule", "CREATE_FAILED", token=None, StackId=NESTED, ResourceStatusReason="because")
    history.events = [event for event in history.events if event[1]["ResourceStatus"] != "CREATE_COMPLETE"]
    history.end(4.6, "ROLLBACK_COMPLETE")

    assert [event.name for event in following(history).follow()][-2:] == ["Network/Rule", "shop"]


def test_a_nested_stack_that_may_not_be_read_is_left_out() -> None:
    history = nested_twice()
    history.now, history.failures = 1.0, [None, ("AccessDenied", 403)]  # of the root, of the nested stack
    history.end(6.0, "CREATE_COMPLETE")

    assert {event.within for event in following(history).follow()} == {""}


def test_many_nested_stacks_share_the_budget_and_do_not_delay_the_root() -> None:
    history = History(latency=0.01)
    history.end(0.0, "CREATE_IN_PROGRESS")
    for number in range(30):
        arn = STACK_ID.replace("/shop/", f"/nested-{number}/")
        history.add(0.1, f"N{number}", "CREATE_IN_PROGRESS", PhysicalResourceId=arn, **STACK_TYPE)
        history.end(0.2, "CREATE_IN_PROGRESS", StackId=arn, PhysicalResourceId=arn)
    history.end(30.0, "CREATE_COMPLETE")

    collected(following(history).follow)

    during = history.reads - 30  # after the root's end, each is read once more
    assert during <= 3 * 30 + 5
    assert history.read.count(STACK_ID) > 25
    assert history.now < 32


def test_an_interrupted_follower_continues() -> None:
    history = History()
    history.end(0.1, "UPDATE_IN_PROGRESS")
    history.add(0.1, "Queue", "UPDATE_IN_PROGRESS")
    history.end(5.0, "UPDATE_COMPLETE")
    follower = following(history)

    first = next(follower.follow())

    assert (first.logical_id, first.status) == ("shop", "UPDATE_IN_PROGRESS")
    assert collected(follower.follow) == [("Queue", "UPDATE_IN_PROGRESS"), ("shop", "UPDATE_COMPLETE")]


def test_the_detailed_status_of_express_mode_is_kept() -> None:
    history = History()
    history.add(0.1, "Queue", "CREATE_IN_PROGRESS", DetailedStatus="CONFIGURATION_COMPLETE")
    history.end(1.0, "CREATE_COMPLETE")

    assert next(following(history).follow()).detail == "CONFIGURATION_COMPLETE"


def test_a_stack_that_does_not_exist_is_not_waited_for(golden: Golden) -> None:
    history = History(failures=[("ValidationError", 400)] * 100, status="")

    with pytest.raises(AwsError) as raised:
        collected(following(history).follow)

    assert history.now < 5
    golden(raised.value)
