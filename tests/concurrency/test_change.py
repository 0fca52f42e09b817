"""What the stack holds, against what the template wants: the change of every claim, and the sums of all."""

import pytest

from tapctl.concurrency.change import ClaimChange, Outlook, outlook
from tapctl.unknown import Unknown
from tests.support.changes import Setting, change

X, Y = Unknown("x"), Unknown("y")


@pytest.mark.parametrize(
    ("old", "new", "replaced", "grows"),
    [
        pytest.param(None, (5, 0), False, True, id="created-with-a-reservation"),
        pytest.param(None, (None, 5), False, True, id="created-with-provisioned-concurrency"),
        pytest.param(None, (None, 0), False, False, id="created-with-neither"),
        pytest.param(None, (0, 0), False, False, id="created-stopped"),
        pytest.param((5, 0), (5, 0), False, False, id="the-same"),
        pytest.param((5, 0), (6, 0), False, True, id="raised"),
        pytest.param((5, 0), (4, 0), False, False, id="lowered"),
        pytest.param((5, 0), (None, 0), False, False, id="dropped"),
        pytest.param((5, 0), (None, 6), False, True, id="dropped-for-more-provisioned"),
        pytest.param((5, 0), (0, 0), False, False, id="stopped"),
        pytest.param((0, 0), (1, 0), False, True, id="started"),
        pytest.param((None, 5), (5, 3), False, False, id="reserved-as-much-as-was-provisioned"),
        pytest.param((9, 0), (5, 0), True, True, id="replaced-holds-twice"),
        pytest.param((9, 0), (0, 0), True, False, id="replaced-and-stopped"),
        pytest.param((9, 0), None, False, False, id="removed"),
        pytest.param((X, 0), (5, 0), False, True, id="from-the-unknown"),
        pytest.param((X, 0), (0, 0), False, False, id="from-the-unknown-to-nothing"),
        pytest.param((X, 0), None, False, False, id="removed-with-the-unknown"),
        pytest.param((5, 0), (X, 0), False, True, id="to-the-unknown"),
    ],
)
def test_a_change_grows_if_it_may_need_more_than_the_function_holds(
    old: Setting | None, new: Setting | None, replaced: bool, grows: bool
) -> None:
    assert change("A", old, new, replaced=replaced).grows is grows


class TestSums:
    @pytest.mark.parametrize(
        ("changes", "final", "peak", "before_cleanup"),
        [
            pytest.param([], 100, 100, 100, id="nothing-changes"),
            pytest.param([change("A", None, (30, 0))], 70, 70, 70, id="created"),
            pytest.param([change("A", (30, 0), None)], 130, 100, 100, id="removed-only-at-the-end"),
            pytest.param([change("A", (10, 0), (30, 0))], 80, 80, 80, id="raised"),
            pytest.param([change("A", (30, 0), (10, 0))], 120, 100, 120, id="lowered-maybe-last"),
            pytest.param([change("A", (30, 0), (20, 0), replaced=True)], 110, 80, 80, id="replaced-holds-both"),
            pytest.param([change("A", (30, 0), (0, 0))], 130, 100, 130, id="stopped"),
            pytest.param([change("A", (None, 20), (None, 25))], 95, 95, 95, id="more-provisioned"),
            pytest.param([change("A", (30, 5), (30, 20))], 100, 100, 100, id="provisioned-within-the-reservation"),
            pytest.param([change("A", (30, 5), (None, 20))], 110, 100, 110, id="a-reservation-dropped-for-provisioned"),
            pytest.param(
                [change("A", (50, 0), (10, 0)), change("B", (10, 0), (40, 0)), change("C", None, (5, 0))],
                105, 65, 105, id="a-raise-may-come-before-the-lowering",
            ),
        ],
    )  # fmt: skip
    def test_final_and_peak(self, changes: list[ClaimChange], final: int, peak: int, before_cleanup: int) -> None:
        assert outlook(tuple(changes), 100) == Outlook(final, peak, before_cleanup)

    @pytest.mark.parametrize(
        ("changes", "unreserved", "expected"),
        [
            pytest.param([change("A", None, (5, 0))], X, Outlook(X, X, X), id="the-account"),
            pytest.param([change("A", None, (X, 0))], 100, Outlook(X, X, X), id="what-is-wanted"),
            pytest.param([change("A", (X, 0), (5, 0))], 100, Outlook(X, X, X), id="what-is-held"),
            pytest.param([change("A", (X, 0), (5, 0), replaced=True)], 100, Outlook(X, 95, X), id="by-the-replaced"),
            pytest.param([change("A", None, (Y, 0)), change("B", None, (X, 0))], 100, Outlook(Y, Y, Y), id="the-first"),
        ],
    )
    def test_the_unknown_makes_them_unknown(
        self, changes: list[ClaimChange], unreserved: int | Unknown, expected: Outlook
    ) -> None:
        assert outlook(tuple(changes), unreserved) == expected
