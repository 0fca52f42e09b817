import pytest

from tapctl.stacks.polling import INTERVAL, MAX_BACKOFF, Budget, change_set_pause, jittered


def test_the_end_shows_within_two_seconds_at_no_more_than_the_allowed_reads() -> None:
    latency = 0.15
    assert INTERVAL * 1.2 + 2 * latency <= 2.0
    assert 1 / INTERVAL <= 1.1


def test_a_change_set_is_read_at_once_then_when_it_may_be_there_then_ever_less_often() -> None:
    assert [change_set_pause(waited) for waited in (0.0, 1.5, 14.0, 15.0, 500.0)] == [1.35, 0.45, 0.45, 2.0, 2.0]


def test_the_jitter_is_a_fifth_each_way() -> None:
    drawn = [jittered(10) for _ in range(500)]

    assert 8 <= min(drawn) < 8.5
    assert 11.5 < max(drawn) <= 12


def test_a_full_bucket_gives_at_once_and_then_at_its_rate() -> None:
    budget = Budget()

    assert [budget.take(100.0) for _ in range(3)] == [0, 0, 0]
    assert budget.take(100.0) == pytest.approx(1 / 3)
    assert budget.take(101.0) == 0
    assert budget.take(101.0) == 0


def test_the_stacks_of_a_process_get_three_reads_a_second_together() -> None:
    budget, now = Budget(), 0.0
    for _ in range(300):
        now += budget.take(now)

    assert now == pytest.approx(99, abs=1)


def test_take_if_free_never_waits() -> None:
    budget = Budget()

    assert [budget.take_if_free(5.0) for _ in range(4)] == [True, True, True, False]
    assert not budget.take_if_free(5.3)
    assert budget.take_if_free(5.4)


def test_throttling_doubles_the_interval_up_to_a_bound_and_answers_ease_it() -> None:
    budget = Budget()
    budget.throttled()
    budget.throttled()
    assert budget.backoff == 4
    for _ in range(10):
        budget.throttled()
    assert budget.backoff == MAX_BACKOFF
    for _ in range(10):
        budget.succeeded()
    assert budget.backoff == 1
