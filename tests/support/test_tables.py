"""What a failure of a table says."""

import pytest

from tests.support.tables import check_each

ROWS = {"one": 1, "two": 2, "three": 3}


def it_is_odd(row: int) -> None:
    assert row % 2


def it_divides_six(row: int) -> None:
    assert divmod(6, row - 1)[1] == 0


def test_each_failure_is_named_and_hides_no_other() -> None:
    with pytest.raises(AssertionError) as failed:
        check_each(ROWS, it_is_odd, it_divides_six)

    first, *others = str(failed.value).splitlines()
    assert first == "2 of 6 fail"
    assert [line.partition(": ")[0] for line in others if ": it_" in line] == ["one", "two"]
    assert "one: it_divides_six: ZeroDivisionError: integer division or modulo by zero" in others
    assert "two: it_is_odd: AssertionError: assert (2 % 2)" in others


def it_raises(row: int) -> None:
    with pytest.raises(ZeroDivisionError):
        divmod(1, row - 1)


def test_a_case_that_does_not_raise_is_named() -> None:
    with pytest.raises(AssertionError, match=r"(?s)^2 of 3 fail\ntwo: it_raises: Failed: DID NOT RAISE.*\nthree: "):
        check_each(ROWS, it_raises)


def test_rows_that_fulfil_their_checks_pass() -> None:
    check_each({"one": 1}, it_is_odd)


def test_an_empty_table_checks_nothing_and_fails() -> None:
    with pytest.raises(AssertionError):
        check_each({}, it_is_odd)
