"""Inconsistent limits are refused before a sandbox starts."""

import pytest

from tapctl.cli.sandbox import overcommitted
from tapctl.sandbox.limits import AccountLimits
from tests.cli.conftest import Tapctl
from tests.support.golden import Golden


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--limit", "50", "--held", "60"), id="held"),
        pytest.param(("--limit", "50", "--floor", "60"), id="floor"),
        pytest.param(("--held", "60"), id="the-current-limit"),
    ],
)
def test_a_part_above_the_concurrency_limit_is_refused(
    arguments: tuple[str, ...], tapctl: Tapctl, golden: Golden
) -> None:
    answer = tapctl("sandbox", "start", *arguments)

    assert answer.is_error(2)
    golden(answer.err)
    assert "not running" in tapctl("sandbox", "status").out


def test_a_limit_below_what_is_reserved_is_warned_of_with_one_that_has_room(golden: Golden) -> None:
    limits = AccountLimits(150, held=20)

    golden(overcommitted(limits, 100))
    assert overcommitted(AccountLimits(220, held=20), 100) == ()
    assert overcommitted(AccountLimits(10), 0) == ()
