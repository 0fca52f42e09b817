"""The bar of an account's concurrency."""

import pytest

from tapctl.report.render import BAR_WIDTH, Headroom, bar
from tests.support.golden import Golden


@pytest.mark.parametrize(
    "headroom",
    [
        pytest.param(Headroom(0, 100, -90, 10), id="more than the account has"),
        pytest.param(Headroom(0, 100, 900, 100), id="room enough"),
        pytest.param(Headroom(1, 1, 998, 100), id="a small share"),
        pytest.param(Headroom(999, 1, 0, 100), id="nothing left"),
        pytest.param(Headroom(0, 0, 0, 0), id="nothing at all"),
        pytest.param(Headroom(0, 10**9, -(10**9), 100), id="a huge number"),
    ],
)
def test_the_bar_has_a_fixed_width(headroom: Headroom) -> None:
    line, _ = bar(headroom).plain.split("\n")

    assert len(line) == BAR_WIDTH


def test_every_holder_has_a_cell() -> None:
    line, _ = bar(Headroom(1, 1, 9998, 1)).plain.split("\n")

    assert {block: line.count(block) for block in "▓█▒"} == {"▓": 1, "█": 1, "▒": 1}


def test_the_numbers_are_below_the_bar(golden: Golden) -> None:
    golden(bar(Headroom(20, 30, 950, 100)).plain)


def test_the_numbers_of_a_large_account_fit_into_80_columns() -> None:
    _, words = bar(Headroom(1000, 1000, -1000, 100)).plain.split("\n")

    assert len(words) <= 80
