from pathlib import Path
from typing import Any

import pytest

from tapctl.errors import UsageError
from tapctl.sandbox import AccountLimits, limits


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
def test_what_must_stay_unreserved(given: AccountLimits, floor: int) -> None:
    assert given.minimum_unreserved == floor


def test_limits_are_read_as_they_were_saved(tmp_path: Path) -> None:
    given = AccountLimits(400, floor=40, held=7, provisioned_counts=False)

    limits.save(tmp_path, given)

    assert limits.load(tmp_path) == given


def test_without_a_file_the_account_is_a_new_one(tmp_path: Path) -> None:
    assert limits.load(tmp_path) == AccountLimits(10)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("{", "it is not JSON", id="half written"),
        pytest.param("[]", "it must hold an object", id="a list"),
        pytest.param('{"limit": 10}', "it must hold an object with concurrent_executions", id="an unknown name"),
        pytest.param('{"concurrent_executions": "10"}', "must be a whole number, not '10'", id="a number as text"),
        pytest.param('{"held": -1}', "must be at least 0, not -1", id="a negative number"),
        pytest.param('{"provisioned_counts": 1}', "must be true or false, not 1", id="a number for a truth value"),
    ],
)
def test_a_broken_file_is_one_clear_line(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / limits.FILE).write_text(text)

    with pytest.raises(UsageError) as failure:
        limits.load(tmp_path)

    assert why in failure.value.message
    assert str(tmp_path / limits.FILE) in failure.value.message
    assert "\n" not in failure.value.message
    assert failure.value.hint


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"concurrent_executions": 0}, id="no account has a limit of 0"),
        pytest.param({"concurrent_executions": True}, id="a truth value is no limit"),
        pytest.param({"floor": -1}, id="no floor is negative"),
        pytest.param({"held": 1.5}, id="nobody holds half an execution"),
    ],
)
def test_impossible_limits_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="must be"):
        AccountLimits(**fields)
