"""Inconsistent limits are refused before a sandbox starts."""

import pytest

from tests.cli.conftest import Tapctl


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        pytest.param(("--limit", "50", "--held", "60"), "--held 60 exceeds the concurrency limit of 50", id="held"),
        pytest.param(("--limit", "50", "--floor", "60"), "--floor 60 exceeds .* 50", id="floor"),
        pytest.param(("--held", "60"), "--held 60 exceeds .* 10", id="the current limit"),
    ],
)
def test_a_part_above_the_concurrency_limit_is_refused(arguments: tuple[str, ...], error: str, tapctl: Tapctl) -> None:
    answer = tapctl("sandbox", "start", *arguments)

    assert answer.is_complaint(2, error, "give a larger `--limit` with it")
    assert "not running" in tapctl("sandbox", "status").out
