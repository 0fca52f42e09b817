"""Inconsistent limits are refused before a sandbox starts."""

import pytest

from tapctl.cli.sandbox import overcommitted
from tapctl.sandbox.limits import AccountLimits
from tests.cli.conftest import Tapctl
from tests.support.golden import Golden
from tests.support.terminal import Terminal


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


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(("111111111111",), id="no limit"),
        pytest.param(("111111111111=0",), id="a limit of 0"),
        pytest.param(("1111=50",), id="a short account id"),
        pytest.param(("111111111111/ireland=50",), id="no Region"),
        pytest.param(("111111111111=50", "111111111111=60"), id="twice"),
    ],
)
def test_a_limit_of_another_account_that_is_none_is_refused(
    given: tuple[str, ...], tapctl: Tapctl, golden: Golden
) -> None:
    answer = tapctl("sandbox", "start", *(word for text in given for word in ("--account-limit", text)))

    assert answer.is_error(2)
    golden(answer.err)
    assert "not running" in tapctl("sandbox", "status").out


@pytest.mark.sandbox
def test_limits_of_other_accounts_are_kept_and_shown(sandbox_terminal: Terminal) -> None:
    account = sandbox_terminal.environment["TAPCTL_SANDBOX_ACCOUNT"]
    given = ("300000000001=50", "300000000002/eu-west-1=50", "300000000003=400")
    sandbox_terminal.tapctl("sandbox", "start", *(word for text in given for word in ("--account-limit", text)))

    shown = sandbox_terminal.tapctl("sandbox", "status").out

    # The server has accounts of other tests, too.
    line_of = {cell: line for line in shown.splitlines() for cell in line.replace(",", "").split()}
    small, large = "others:  50 concurrent executions, unreserved minimum 50: ", "others:  400 concurrent executions, "
    assert line_of["300000000001"] == line_of["300000000002/eu-west-1"]
    assert line_of["300000000001"].startswith(small)
    assert line_of["300000000003"].startswith(large)
    assert "account: 10 concurrent executions" in shown
    assert account not in shown


def test_a_limit_below_what_is_reserved_is_warned_of_with_one_that_has_room(golden: Golden) -> None:
    limits = AccountLimits(150, held=20)

    golden(overcommitted(limits, 100))
    assert overcommitted(AccountLimits(220, held=20), 100) == ()
    assert overcommitted(AccountLimits(10), 0) == ()
