"""Limits that no account could have are refused before anything is started."""

import pytest

from tests.cli.conftest import Tapctl


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        pytest.param(("--limit", "50", "--held", "60"), "--held 60 is more than the account's limit of 50", id="held"),
        pytest.param(("--limit", "50", "--floor", "60"), "--floor 60 is more than .* 50", id="floor"),
        pytest.param(("--held", "60"), "--held 60 is more than .* 10", id="the limit that there is"),
    ],
)
def test_no_part_may_be_more_than_the_limit(arguments: tuple[str, ...], error: str, tapctl: Tapctl) -> None:
    answer = tapctl("sandbox", "start", *arguments)

    assert answer.is_complaint(2, error, "give a larger `--limit` with it")
    assert "not running" in tapctl("sandbox", "status").out
