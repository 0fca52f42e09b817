"""The unreserved minimum as far as it is known."""

import pytest

from tapctl.account.model import LearnedFloor
from tapctl.concurrency.judge import Floor, floor

LEARNED = LearnedFloor(40, 400, "2026-06-01", "stack orders")


@pytest.mark.parametrize(
    ("limit", "hard", "safe", "known"),
    [
        pytest.param(5, 10, 5, True, id="less-than-ten"),
        pytest.param(10, 10, 10, True, id="ten-all-of-it"),
        pytest.param(11, 10, 11, False, id="just-above-ten-is-open"),
        pytest.param(40, 10, 40, False, id="forty-is-open"),
        pytest.param(49, 10, 49, False, id="just-below-fifty-is-open"),
        pytest.param(50, 10, 50, True, id="fifty-all-of-it"),
        pytest.param(51, 10, 51, False, id="just-above-fifty-is-open"),
        pytest.param(100, 10, 100, False, id="a-hundred-is-open"),
        pytest.param(400, 10, 100, False, id="four-hundred-is-open"),
        pytest.param(999, 10, 100, False, id="just-below-a-thousand-is-open"),
        pytest.param(1000, 10, 100, True, id="a-thousand-leaves-a-hundred"),
        pytest.param(50_000, 10, 100, True, id="and-so-does-more"),
    ],
)
def test_the_floor_follows_from_an_observed_limit(limit: int, hard: int, safe: int, known: bool) -> None:
    found = floor(limit)
    assert (found.hard, found.safe, found.known) == (hard, safe, known)
    assert found.source


@pytest.mark.parametrize("limit", [10, 50, 400, 1000])
@pytest.mark.parametrize("pinned", [0, 25, 100])
def test_a_pinned_one_is_known_in_any_account(limit: int, pinned: int) -> None:
    found = floor(limit, pinned=pinned, learned=LEARNED)
    assert found == Floor(pinned, pinned, known=True, source=found.source)
    assert "min_unreserved" in found.source


def test_a_learned_one_is_known_for_the_limit_under_which_it_was_seen() -> None:
    assert floor(400, learned=LEARNED) == Floor(40, 40, known=True, source=LEARNED.source)
    assert floor(500, learned=LEARNED) == floor(500)
