"""The least change that fits, case by case; the properties say the rest."""

import pytest

from tapctl.account.model import Concurrency
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.judge import judge
from tapctl.concurrency.remedy import Remedy, RemedyAction, RemedyMode, RemedyPlan, RemedyPolicy, allocate
from tapctl.concurrency.two_step import plan_two_steps
from tapctl.unknown import Unknown
from tests.support.changes import account, change

X = Unknown("x")
Answer = dict[str, str | int | None]


def planned(
    pool: Concurrency, *changes: ClaimChange, mode: RemedyMode = RemedyMode.ADJUST, priority: tuple[str, ...] = ()
) -> RemedyPlan:
    return allocate(changes, pool, judge(changes, pool).floor, RemedyPolicy(mode, priority))


def answers(found: RemedyPlan) -> Answer:
    """`keep`, `drop`, or the number that it is lowered to."""
    assert found.possible
    return {
        name: remedy.value if remedy.action is RemedyAction.LOWER else remedy.action.value
        for name, remedy in found.remedies.items()
    }


def created(name: str, reserved: int, provisioned: int = 0) -> ClaimChange:
    return change(name, None, (reserved, provisioned))


class TestOneFunction:
    @pytest.mark.parametrize(
        ("pool", "asked", "expected"),
        [
            pytest.param(account(1000), created("A", 100), "keep", id="what-fits-is-kept"),
            pytest.param(account(1000), created("A", 900), "keep", id="exactly-full-is-kept"),
            pytest.param(account(1000), created("A", 901), 900, id="one-too-many-is-lowered-by-one"),
            pytest.param(account(150), created("A", 100), 50, id="lowered-to-what-leaves-the-safe-floor"),
            pytest.param(account(101), created("A", 100), 1, id="lowered-to-one"),
            pytest.param(account(100), created("A", 100), "drop", id="dropped-never-lowered-to-zero"),
            pytest.param(account(10), created("A", 100), "drop", id="dropped-in-a-new-account"),
            pytest.param(account(5), created("A", 1), "drop", id="dropped-in-the-smallest"),
            pytest.param(account(50), created("A", 1), "drop", id="dropped-where-all-is-the-floor"),
            pytest.param(account(400, 60), created("A", 5), "drop", id="dropped-below-the-safe-floor"),
            pytest.param(account(10), created("A", 0), "keep", id="a-kill-switch-is-kept"),
            pytest.param(account(1000, 110), change("A", (30, 0), (80, 0)), 40, id="what-is-held-counts"),
            pytest.param(account(1000, 100), change("A", (30, 0), (80, 0)), 30, id="what-is-held-is-not-taken"),
            pytest.param(account(10), change("A", (0, 0), (5, 0)), "drop", id="a-stopped-one-is-not-left-at-zero"),
            pytest.param(account(1000, 100), change("A", (30, 0), (20, 0)), "keep", id="what-shrinks-is-kept"),
            pytest.param(account(1000, 120), change("A", (30, 0), (30, 0), replaced=True), 20, id="a-replaced-one"),
            pytest.param(account(1000, 110), created("A", 100, 8), 10, id="above-what-it-provisions"),
            pytest.param(account(1000, 108), created("A", 100, 8), 8, id="down-to-what-it-provisions"),
            pytest.param(account(1000), created("A", 3, 5), "drop", id="what-does-not-cover-is-dropped"),
        ],
    )  # fmt: skip
    def test_it_is_kept_else_lowered_else_dropped(
        self, pool: Concurrency, asked: ClaimChange, expected: str | int
    ) -> None:
        assert answers(planned(pool, asked)) == {"A": expected}

    @pytest.mark.parametrize(
        ("pool", "asked"),
        [
            pytest.param(account(1000, 107), created("A", 100, 8), id="not-even-what-it-provisions"),
            pytest.param(account(10), change("A", None, (None, 1)), id="without-a-reservation-to-lower"),
            pytest.param(account(1000), created("A", 0, 5), id="stopped-and-provisioned"),
            pytest.param(account(X), created("A", 5), id="an-unknown-limit"),
            pytest.param(account(1000, X), created("A", 5), id="an-unknown-account"),
            pytest.param(account(1000), change("A", None, (X, 0)), id="an-unknown-request"),
            pytest.param(account(1000), change("A", (X, 0), (5, 0)), id="an-unknown-holding"),
            pytest.param(account(1000), change("A", None, (5, X)), id="a-doubt-whether-it-covers"),
        ],
    )
    def test_some_have_no_remedy_and_are_left_alone(self, pool: Concurrency, asked: ClaimChange) -> None:
        found = planned(pool, asked)
        assert not found.possible
        assert not found.changes

    @pytest.mark.parametrize("pool", [account(5), account(400, 60), account(X), account(1000, X)])
    def test_what_grows_nowhere_needs_none(self, pool: Concurrency) -> None:
        assert answers(planned(pool, change("A", (5, 0), (5, 0)), change("B", None, (None, 0)))) == {"A": "keep"}

    def test_only_reservations_have_one(self) -> None:
        assert answers(planned(account(1000), change("A", None, (None, 5)), change("B", (5, 0), None))) == {}


class TestSharing:
    def test_it_is_in_proportion_to_what_is_asked(self) -> None:
        found = planned(account(160), created("A", 100), created("B", 50), created("C", 30))
        assert answers(found) == {"A": 33, "B": 17, "C": 10}

    def test_nothing_is_left_over_by_rounding(self) -> None:
        found = planned(account(110), created("A", 7), created("B", 7), created("C", 7))
        assert answers(found) == {"A": 4, "B": 3, "C": 3}

    def test_who_holds_something_keeps_it_beside_a_share(self) -> None:
        found = planned(account(1000, 120), change("A", (50, 0), (80, 0)), created("B", 30))
        assert answers(found) == {"A": 60, "B": 10}

    def test_who_asks_for_little_may_get_nothing(self) -> None:
        found = planned(account(110), created("A", 500), created("B", 1))
        assert answers(found) == {"A": 10, "B": "drop"}

    def test_what_is_provisioned_comes_first(self) -> None:
        found = planned(account(1000, 120), created("A", 50, 15), created("B", 50))
        assert answers(found) == {"A": 17, "B": 3}

    def test_what_grows_without_a_reservation_comes_first_too(self) -> None:
        found = planned(account(1000, 120), change("W", None, (None, 15)), created("A", 50))
        assert answers(found) == {"A": 5}

    def test_a_lowering_gives_nothing_to_the_others_in_one_step(self) -> None:
        found = planned(account(1000, 100), change("A", (50, 0), (10, 0)), created("B", 5))
        assert answers(found) == {"A": "keep", "B": "drop"}


class TestPriority:
    def test_the_first_take_what_they_ask_while_it_lasts(self) -> None:
        wants = created("A", 50), created("B", 50), created("C", 50)
        assert answers(planned(account(170), *wants, priority=("C",))) == {"A": 10, "B": 10, "C": "keep"}
        assert answers(planned(account(170), *wants, priority=("C", "A"))) == {"A": 20, "B": "drop", "C": "keep"}
        assert answers(planned(account(130), *wants, priority=("B",))) == {"A": "drop", "B": 30, "C": "drop"}

    def test_a_name_that_asks_for_nothing_takes_nothing(self) -> None:
        wants = created("A", 50), change("B", (5, 0), (5, 0))
        assert answers(planned(account(1000, 130), *wants, priority=("Nobody", "B"))) == {"A": 30, "B": "keep"}


class TestMinimum:
    def test_it_is_set_aside_before_the_rest_is_shared(self) -> None:
        found = allocate(
            changes := (change("A", None, (100, 0)), change("B", None, (100, 0))),
            pool := account(1000, 150),
            judge(changes, pool).floor,
            RemedyPolicy(minimum={"A": 30}),
        )
        assert [remedy.value for remedy in found.remedies.values()] == [38, 12]

    def test_what_would_be_lowered_below_it_is_dropped(self) -> None:
        found = allocate(
            changes := (change("A", None, (100, 0)), change("B", None, (100, 0))),
            pool := account(1000, 120),
            judge(changes, pool).floor,
            RemedyPolicy(minimum={"A": 30}),
        )
        assert found.possible
        assert [remedy.value for remedy in found.remedies.values()] == [None, 20]

    def test_it_is_never_more_than_what_is_asked(self) -> None:
        found = allocate(
            changes := (change("A", None, (10, 0)), change("B", None, (100, 0))),
            pool := account(1000, 120),
            judge(changes, pool).floor,
            RemedyPolicy(minimum={"A": 30}),
        )
        assert [remedy.value for remedy in found.remedies.values()] == [10, 10]

    def test_who_is_first_has_one_too(self) -> None:
        found = allocate(
            changes := (change("A", None, (100, 0)), change("B", None, (100, 0))),
            pool := account(1000, 120),
            judge(changes, pool).floor,
            RemedyPolicy(priority=("A",), minimum={"A": 30}),
        )
        assert [remedy.value for remedy in found.remedies.values()] == [None, 20]


class TestModes:
    WANTS = created("A", 50), created("B", 20), created("C", 30)

    def test_drop_keeps_as_many_as_it_can_whole(self) -> None:
        assert answers(planned(account(150), *self.WANTS, mode=RemedyMode.DROP)) == {
            "A": "drop",
            "B": "keep",
            "C": "keep",
        }

    @pytest.mark.parametrize(
        ("room", "sizes", "dropped"),
        [
            pytest.param(21, {"A": 20, "B": 6}, ["B"], id="the-smaller-of-two-is-enough"),
            pytest.param(19, {"A": 20, "B": 6}, ["A"], id="it-is-not"),
            pytest.param(80, {"A": 60, "B": 40, "C": 5}, ["B"], id="the-one-in-the-middle"),
            pytest.param(10, {"A": 10, "B": 10}, ["B"], id="of-two-alike-the-later-one"),
            pytest.param(30, {"A": 40, "B": 20, "C": 10, "D": 9}, ["A", "D"], id="two-of-four"),
        ],
    )
    def test_drop_drops_as_little_as_does(self, room: int, sizes: dict[str, int], dropped: list[str]) -> None:
        wants = [created(name, size) for name, size in sizes.items()]
        found = answers(planned(account(1000, 100 + room), *wants, mode=RemedyMode.DROP))
        assert [name for name, answer in found.items() if answer == "drop"] == dropped

    def test_drop_serves_the_first_before_the_smallest(self) -> None:
        found = planned(account(155), *self.WANTS, mode=RemedyMode.DROP, priority=("A",))
        assert answers(found) == {"A": "keep", "B": "drop", "C": "drop"}

    def test_fail_changes_nothing(self) -> None:
        found = planned(account(150), *self.WANTS, mode=RemedyMode.FAIL)
        assert (found.possible, found.changes) == (False, {})
        assert answers(planned(account(200), *self.WANTS, mode=RemedyMode.FAIL)) == {
            "A": "keep",
            "B": "keep",
            "C": "keep",
        }


class TestTwoSteps:
    """Lower first, then raise."""

    def step(self, pool: Concurrency, *changes: ClaimChange) -> RemedyPlan | None:
        two_step = plan_two_steps(changes, pool, judge(changes, pool).floor)
        return two_step.first if two_step else None

    def test_the_first_raises_nothing(self) -> None:
        found = self.step(
            account(1000, 100), change("A", (10, 0), (60, 0)), change("B", (60, 0), (10, 0)), created("C", 0)
        )
        assert found == RemedyPlan(
            {
                "A": Remedy(RemedyAction.LOWER, 10, 60),
                "B": Remedy(RemedyAction.KEEP, 10, 10),
                "C": Remedy(RemedyAction.KEEP, 0, 0),
            },
            possible=True,
        )

    def test_a_replaced_function_waits_for_the_second(self) -> None:
        found = self.step(account(1000, 100), change("A", (50, 0), (40, 0), replaced=True))
        assert found == RemedyPlan({"A": Remedy(RemedyAction.DROP, None, 40)}, possible=True)

    def test_a_reservation_that_would_not_cover_waits_too(self) -> None:
        found = self.step(account(1000, 135), change("A", (5, 0), (60, 40)), change("B", (60, 0), None))
        assert found == RemedyPlan({"A": Remedy(RemedyAction.DROP, None, 60)}, possible=True)

    @pytest.mark.parametrize(
        ("pool", "changes"),
        [
            pytest.param(account(1000), [created("A", 5)], id="one-step-is-enough"),
            pytest.param(account(1000, 100), [created("A", 5)], id="the-end-does-not-fit"),
            pytest.param(account(1000, X), [created("A", 5)], id="unknown"),
            pytest.param(account(1000, 60), [change("A", (90, 0), (5, 0))], id="nothing-grows"),
            pytest.param(account(1000, 100), [created("A", 3, 5), change("B", (9, 0), None)], id="it-exceeds-anyway"),
        ],
    )
    def test_it_is_not_proposed_where(self, pool: Concurrency, changes: list[ClaimChange]) -> None:
        assert self.step(pool, *changes) is None
