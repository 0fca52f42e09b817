import pytest

from tapctl.report.render import BAR_WIDTH, Headroom, bar


@pytest.mark.parametrize(
    "headroom",
    [
        pytest.param(Headroom(0, 100, -90, 10), id="more than there is"),
        pytest.param(Headroom(0, 100, 900, 100), id="room enough"),
        pytest.param(Headroom(1, 1, 998, 100), id="next to nothing held"),
        pytest.param(Headroom(999, 1, 0, 100), id="nothing left"),
        pytest.param(Headroom(0, 0, 0, 0), id="nothing at all"),
        pytest.param(Headroom(0, 10**9, -(10**9), 100), id="absurdly much"),
    ],
)
def test_the_bar_is_always_as_wide(headroom: Headroom) -> None:
    line, _ = bar(headroom).plain.split("\n")

    assert len(line) == BAR_WIDTH


def test_every_holder_has_a_cell() -> None:
    line, _ = bar(Headroom(1, 1, 9998, 1)).plain.split("\n")

    assert {each: line.count(each) for each in "▓█▒"} == {"▓": 1, "█": 1, "▒": 1}


def test_the_numbers_are_said_in_words() -> None:
    _, words = bar(Headroom(20, 30, 950, 100)).plain.split("\n")

    assert words == "▓ reserved by others 20 · █ this stack 30 · ░ unreserved 950, ▒ floor 100"


def test_the_words_of_a_large_account_fit_into_eighty_columns() -> None:
    _, words = bar(Headroom(1000, 1000, -1000, 100)).plain.split("\n")

    assert len(words) <= 80
