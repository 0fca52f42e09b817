"""How much more can be reserved in an account."""

import pytest

from tapctl.cli.account import room
from tapctl.concurrency.judge import floor


@pytest.mark.parametrize(
    ("limit", "unreserved", "text"),
    [
        (1000, 250, "at least 150 more can be reserved"),
        (400, 120, "at least 20 more can be reserved"),
        (400, 60, "at most 50 more can be reserved"),
        (400, 8, "no more can be reserved"),
        (10, 10, "no more can be reserved"),
    ],
)
def test_what_is_left_is_named_as_far_as_the_floor_is_known(limit: int, unreserved: int, text: str) -> None:
    assert room(unreserved, floor(limit)) == text
