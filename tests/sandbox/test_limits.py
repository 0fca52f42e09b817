from pathlib import Path
from typing import Any

import pytest

from tapctl.errors import UsageError
from tapctl.sandbox import AccountLimits, limits
from tests.support.golden import Golden


@pytest.mark.parametrize(
    ("given", "floor"),
    [
        pytest.param(AccountLimits(), 10, id="a new account keeps its 10"),
        pytest.param(AccountLimits(50), 50, id="an account of 50 keeps its 50"),
        pytest.param(AccountLimits(1000), 100, id="an account of 1000 keeps 100"),
        pytest.param(AccountLimits(400, floor=40), 40, id="a pinned floor wins"),
        pytest.param(AccountLimits(400, floor=0), 0, id="even a pinned 0"),
    ],
)
def test_the_unreserved_minimum(given: AccountLimits, floor: int) -> None:
    assert given.minimum_unreserved == floor


def test_limits_are_read_as_they_were_saved(tmp_path: Path) -> None:
    given = AccountLimits(400, floor=40, held=7, provisioned_counts=False)

    limits.save(tmp_path, given)

    assert limits.load(tmp_path) == given


def test_each_account_has_its_own_limits_and_else_those_of_the_default_account(tmp_path: Path) -> None:
    limits.save(tmp_path, AccountLimits(1000))
    limits.save(tmp_path, AccountLimits(50), "111111111111")
    limits.save(tmp_path, AccountLimits(400))
    limits.save(tmp_path, AccountLimits(60, held=5), "111111111111")

    assert limits.load(tmp_path) == AccountLimits(400)
    assert limits.load(tmp_path, "111111111111") == AccountLimits(60, held=5)
    assert limits.load(tmp_path, "222222222222") == AccountLimits(400)


def test_limits_of_one_region_win_over_those_of_the_account(tmp_path: Path) -> None:
    limits.save(tmp_path, AccountLimits(400))
    limits.save(tmp_path, AccountLimits(50), "111111111111")
    limits.save(tmp_path, AccountLimits(60), "111111111111/us-east-1")
    limits.save(tmp_path, AccountLimits(70), "222222222222/us-east-1")

    found = {
        f"{account}/{region}": limits.read(tmp_path).of(account, region).concurrent_executions
        for account in ("111111111111", "222222222222")
        for region in ("us-east-1", "eu-west-1")
    }

    assert list(found.values()) == [60, 50, 70, 400]
    assert limits.load(tmp_path, "111111111111") == AccountLimits(50)
    assert limits.load(tmp_path, "222222222222/us-east-1") == AccountLimits(70)


def test_without_a_file_the_account_is_a_new_one(tmp_path: Path) -> None:
    assert limits.load(tmp_path) == AccountLimits(10)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{", id="truncated"),
        pytest.param("[]", id="a list"),
        pytest.param('{"limit": 10}', id="an unknown name"),
        pytest.param('{"concurrent_executions": "10"}', id="a number as text"),
        pytest.param('{"held": -1}', id="a negative number"),
        pytest.param('{"provisioned_counts": 1}', id="a number instead of a boolean"),
        pytest.param('{"accounts": []}', id="accounts in a list"),
        pytest.param('{"accounts": {"111111111111": {"floor": -1}}}', id="an account with a negative floor"),
    ],
)
def test_an_unusable_file_is_a_usage_error_that_names_it(tmp_path: Path, text: str, golden: Golden) -> None:
    (tmp_path / limits.FILE).write_text(text)

    with pytest.raises(UsageError) as failure:
        limits.load(tmp_path)

    golden(failure.value)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"concurrent_executions": 0}, id="a limit of 0"),
        pytest.param({"concurrent_executions": True}, id="a boolean as limit"),
        pytest.param({"floor": -1}, id="a negative floor"),
        pytest.param({"held": 1.5}, id="half an execution"),
    ],
)
def test_impossible_limits_are_refused(fields: dict[str, Any], golden: Golden) -> None:
    with pytest.raises(UsageError) as failure:
        AccountLimits(**fields)

    golden(failure.value)
