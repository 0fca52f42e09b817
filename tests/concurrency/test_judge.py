"""The table of the judgement, row by row."""

from dataclasses import replace

import pytest

from tapctl.account.model import Concurrency, LearnedFloor
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.judge import judge
from tapctl.concurrency.verdict import Verdict, worst
from tapctl.unknown import Unknown
from tests.support.changes import account, change
from tests.support.golden import Golden
from tests.support.hints import noted

X = Unknown("x was denied", noted("allow x"))
FITS, EXCEEDS, UNCERTAIN, UNKNOWN = Verdict.FITS, Verdict.EXCEEDS, Verdict.UNCERTAIN, Verdict.UNKNOWN


def verdict(
    pool: Concurrency, *changes: ClaimChange, pinned: int | None = None, learned: LearnedFloor | None = None
) -> Verdict:
    return judge(changes, pool, pinned=pinned, learned=learned).verdict


def created(reserved: int) -> ClaimChange:
    return change("New", None, (reserved, 0))


GONE = change("Gone", (50, 0), None)


POOLS = {
    "of-five": account(5),
    "of-ten": account(10),
    "of-fifty": account(50),
    "of-400-with-40-left": account(400, 40),
    "full": account(1000, 100),
    "of-an-unknown-limit": account(X),
    "unread": account(1000, X),
}


class TestNothingGrows:
    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param([], id="no-function"),
            pytest.param([change("A", None, (None, 0))], id="no-reservation"),
            pytest.param([change("A", None, (0, 0))], id="an-explicit-zero"),
            pytest.param([change("A", (30, 0), (30, 0))], id="as-much-as-is-held"),
            pytest.param([change("A", (30, 0), (29, 0))], id="less-than-is-held"),
            pytest.param([change("A", (30, 0), None)], id="a-removal"),
            pytest.param([change("A", (30, 0), (0, 0)), change("B", (5, 0), (None, 5))], id="a-stop-and-an-exchange"),
        ],
    )
    def test_fits_in_any_account(self, changes: list[ClaimChange]) -> None:
        assert {name: verdict(pool, *changes) for name, pool in POOLS.items()} == dict.fromkeys(POOLS, FITS)


class TestOneStep:
    @pytest.mark.parametrize(
        ("limit", "reserved", "expected"),
        [
            pytest.param(5, 1, EXCEEDS, id="one-of-five-exceeds"),
            pytest.param(10, 1, EXCEEDS, id="one-of-ten-exceeds"),
            pytest.param(10, 100, EXCEEDS, id="more-than-there-is-exceeds"),
            pytest.param(50, 1, EXCEEDS, id="one-of-fifty-exceeds"),
            pytest.param(50, 45, EXCEEDS, id="most-of-fifty-exceeds"),
            pytest.param(40, 1, UNCERTAIN, id="one-of-forty-is-uncertain"),
            pytest.param(40, 30, UNCERTAIN, id="ten-left-of-forty-is-uncertain"),
            pytest.param(40, 31, EXCEEDS, id="nine-left-of-forty-exceeds"),
            pytest.param(400, 300, FITS, id="a-hundred-left-of-400-fits"),
            pytest.param(400, 301, UNCERTAIN, id="99-left-of-400-is-uncertain"),
            pytest.param(400, 390, UNCERTAIN, id="ten-left-of-400-is-uncertain"),
            pytest.param(400, 391, EXCEEDS, id="nine-left-of-400-exceeds"),
            pytest.param(999, 900, UNCERTAIN, id="99-left-of-999-is-uncertain"),
            pytest.param(1000, 900, FITS, id="exactly-full-fits"),
            pytest.param(1000, 901, EXCEEDS, id="one-more-exceeds"),
            pytest.param(3000, 2900, FITS, id="exactly-full-of-3000-fits"),
            pytest.param(3000, 2901, EXCEEDS, id="one-more-of-3000-exceeds"),
        ],
    )
    def test_by_what_stays_unreserved(self, limit: int, reserved: int, expected: Verdict) -> None:
        assert verdict(account(limit), created(reserved)) is expected
        assert verdict(account(limit), change("New", None, (None, reserved))) is expected
        assert verdict(account(limit), change("A", (0, 0), (reserved, 0))) is expected

    def test_what_others_reserve_counts(self) -> None:
        assert verdict(account(1000, 120), created(20)) is FITS
        assert verdict(account(1000, 120), created(21)) is EXCEEDS

    def test_what_is_held_is_credited(self) -> None:
        assert verdict(account(1000, 110), change("A", (50, 0), (60, 0))) is FITS
        assert verdict(account(1000, 110), change("A", (50, 0), (61, 0))) is EXCEEDS

    def test_a_stopped_function_beside_it_takes_nothing(self) -> None:
        assert verdict(account(1000), created(900), change("Off", None, (0, 0))) is FITS

    @pytest.mark.parametrize(
        ("pinned", "reserved", "expected"),
        [
            pytest.param(40, 360, FITS, id="down-to-the-pin-fits"),
            pytest.param(40, 361, EXCEEDS, id="below-the-pin-exceeds"),
            pytest.param(0, 400, FITS, id="all-of-it-fits-a-pin-of-zero"),
            pytest.param(200, 201, EXCEEDS, id="a-high-pin-holds-too"),
        ],
    )
    def test_a_pinned_floor_settles_it(self, pinned: int, reserved: int, expected: Verdict) -> None:
        assert verdict(account(400), created(reserved), pinned=pinned) is expected

    def test_a_learned_floor_settles_it(self) -> None:
        learned = LearnedFloor(40, 400, "2026-06-01", "stack orders")
        assert verdict(account(400), created(360), learned=learned) is FITS
        assert verdict(account(400), created(361), learned=learned) is EXCEEDS
        assert verdict(account(500), created(460), learned=learned) is UNCERTAIN


class TestDuringTheUpdate:
    """The end fits, and whether the update does depends on its order."""

    RAISE, LOWER = change("A", (10, 0), (60, 0)), change("B", (60, 0), (10, 0))

    def test_a_raise_before_a_lowering_is_uncertain(self) -> None:
        assert verdict(account(1000, 149), self.RAISE, self.LOWER) is UNCERTAIN

    def test_enough_for_both_fits(self) -> None:
        assert verdict(account(1000, 150), self.RAISE, self.LOWER) is FITS

    def test_a_removal_frees_too_late(self) -> None:
        assert verdict(account(1000, 100), created(10), change("Gone", (50, 0), None)) is EXCEEDS

    def test_a_removal_frees_too_late_for_a_raise(self) -> None:
        assert verdict(account(1000, 100), change("A", (1, 0), (2, 0)), change("Gone", (50, 0), None)) is EXCEEDS

    def test_a_lowering_may_free_in_time(self) -> None:
        assert verdict(account(1000, 100), created(10), change("B", (10, 0), (0, 0))) is UNCERTAIN
        assert verdict(account(1000, 100), created(11), change("B", (10, 0), (0, 0)), GONE) is EXCEEDS

    def test_a_replacement_holds_both(self) -> None:
        assert verdict(account(1000, 120), change("A", (30, 0), (30, 0), replaced=True)) is EXCEEDS
        assert verdict(account(1000, 130), change("A", (30, 0), (30, 0), replaced=True)) is FITS

    def test_a_replacement_that_depends_on_an_unknown_value_is_uncertain(self) -> None:
        maybe = replace(change("A", (30, 0), (30, 0), replaced=True), maybe_replaced=frozenset({"A"}))
        assert verdict(account(1000, 120), maybe) is UNCERTAIN

    @pytest.mark.parametrize(
        ("unreserved", "expected"),
        [
            pytest.param(139, UNCERTAIN, id="below-what-is-documented"),
            pytest.param(50, UNCERTAIN, id="down-to-the-lowest-minimum-ever-seen"),
            pytest.param(49, EXCEEDS, id="below-any"),
        ],
    )
    def test_it_is_uncertain_where_the_minimum_is_not_known(self, unreserved: int, expected: Verdict) -> None:
        gone = change("Gone", (200, 0), None)
        assert verdict(account(400, unreserved), created(40), gone) is expected

    def test_a_removal_alone_is_refused_nothing(self) -> None:
        assert verdict(account(1000, 50), GONE, change("A", None, (0, 0))) is FITS

    def test_an_end_that_exceeds_exceeds(self) -> None:
        assert verdict(account(1000, 100), created(51), change("Gone", (50, 0), None)) is EXCEEDS

    def test_the_reason_names_the_end_and_the_peak(self, golden: Golden) -> None:
        golden(judge((self.RAISE, self.LOWER), account(1000, 149)).reason)

    def test_the_reason_names_the_moment_before_the_cleanup(self, golden: Golden) -> None:
        golden(judge((created(10), GONE), account(1000, 100)).reason)


@pytest.mark.parametrize(
    ("pool", "change"),
    [
        pytest.param(account(1000), change("A", (30, 0), (20, 0)), id="nothing-grows"),
        pytest.param(account(1000), created(100), id="fits"),
        pytest.param(account(400), created(100), id="fits-whatever-the-minimum-is"),
        pytest.param(account(10), created(100), id="exceeds-a-small-limit"),
        pytest.param(account(1000), created(950), id="exceeds"),
        pytest.param(account(400), created(350), id="the-minimum-is-not-published"),
    ],
)
def test_the_reason_gives_the_sum_and_the_minimum(pool: Concurrency, change: ClaimChange, golden: Golden) -> None:
    golden(judge((change,), pool).reason)


class TestProvisionedAboveReserved:
    @pytest.mark.parametrize("reserved", [4, 1, 0])
    def test_exceeds_in_any_account(self, reserved: int) -> None:
        assert verdict(account(1000), change("A", None, (reserved, 5))) is EXCEEDS

    def test_as_much_as_is_reserved_fits(self) -> None:
        assert verdict(account(1000), change("A", None, (5, 5))) is FITS


class TestUnknown:
    @pytest.mark.parametrize(
        ("pool", "changes"),
        [
            pytest.param(account(X), [created(5)], id="the-limit"),
            pytest.param(account(1000, X), [created(5)], id="what-is-unreserved"),
            pytest.param(account(1000), [change("A", None, (X, 0))], id="a-reservation"),
            pytest.param(account(1000), [change("A", None, (None, X))], id="provisioned-concurrency"),
            pytest.param(account(1000, 150), [change("A", (X, 0), (60, 0))], id="what-is-held"),
            pytest.param(account(1000), [change("A", None, (5, X))], id="whether-the-reservation-covers-it"),
            pytest.param(account(1000), [change("A", (5, 0), (5, X))], id="also-when-nothing-grows"),
            pytest.param(account(10), [created(1), change("A", (X, 0), None)], id="how-much-a-removal-frees"),
        ],
    )
    def test_it_is_unknown_with_the_reason_and_the_next_step(
        self, pool: Concurrency, changes: list[ClaimChange]
    ) -> None:
        found = judge(tuple(changes), pool)
        assert (found.verdict, found.reason, found.resolution) == (UNKNOWN, "x was denied", noted("allow x"))

    @pytest.mark.parametrize(
        ("pool", "changes", "expected"),
        [
            pytest.param(account(1000, 200), [change("A", (X, 0), (100, 0))], FITS, id="room-even-if-nothing-is-held"),
            pytest.param(account(1000, 199), [change("A", (X, 0), (100, 0))], UNKNOWN, id="not-quite-room"),
            pytest.param(
                account(1000, 200), [change("A", (X, 0), None), created(100)], FITS, id="room-before-a-removal"
            ),
            pytest.param(account(10), [change("A", None, (X, 0)), created(1)], EXCEEDS, id="too-much-without-it"),
            pytest.param(account(400), [change("A", None, (X, 0)), created(301)], UNKNOWN, id="uncertain-without-it"),
            pytest.param(account(1000), [change("A", None, (X, 0)), created(901)], EXCEEDS, id="known-to-exceed"),
            pytest.param(account(1000), [change("A", (X, 0), (0, 0)), created(900)], FITS, id="a-stop-of-the-unknown"),
            pytest.param(account(10), [change("A", (1, 0), (1, X)), created(1)], EXCEEDS, id="exceeds-beside-a-doubt"),
            pytest.param(account(5), [change("A", None, (X, 0))], UNKNOWN, id="maybe-nothing-at-all"),
        ],
    )
    def test_an_unknown_that_does_not_matter_is_ignored(
        self, pool: Concurrency, changes: list[ClaimChange], expected: Verdict
    ) -> None:
        assert verdict(pool, *changes) is expected


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], FITS), ([FITS, FITS], FITS), ([FITS, UNKNOWN], UNKNOWN), ([UNCERTAIN, UNKNOWN], UNCERTAIN),
        ([UNKNOWN, EXCEEDS, UNCERTAIN], EXCEEDS),
    ],
)  # fmt: skip
def test_the_worst_of_several_counts(verdicts: list[Verdict], expected: Verdict) -> None:
    assert worst(verdicts) is expected


@pytest.mark.parametrize(("verdict", "code"), [(FITS, 0), (EXCEEDS, 3), (UNCERTAIN, 4), (UNKNOWN, 4)])
def test_every_verdict_has_its_exit_code(verdict: Verdict, code: int) -> None:
    assert verdict.exit_code == code
