import pytest

from tapctl.deploy.pace import WORST_STRAIN, Budget, interval, jittered


def test_the_first_reads_are_quick_and_no_later_one_costs_the_two_seconds() -> None:
    assert interval(0) == interval(59) == 1.0
    assert all(interval(waited) * 1.2 + 3 * 0.15 <= 2.0 for waited in (0, 60, 300, 3000))


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


def test_what_is_spare_never_makes_anybody_wait() -> None:
    budget = Budget()

    assert [budget.spare(5.0) for _ in range(4)] == [True, True, True, False]
    assert not budget.spare(5.3)
    assert budget.spare(5.4)


def test_throttling_doubles_the_interval_up_to_a_bound_and_answers_ease_it() -> None:
    budget = Budget()
    budget.throttled()
    budget.throttled()
    assert budget.strain == 4
    for _ in range(10):
        budget.throttled()
    assert budget.strain == WORST_STRAIN
    for _ in range(10):
        budget.answered()
    assert budget.strain == 1
