"""A table of many rows as one test: a test for each row would cost several times what it checks."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import pytest

Row = TypeVar("Row")


def check_each(rows: Mapping[str, Row], *checks: Callable[[Row], None]) -> None:
    """Raises `AssertionError` with the row, the check and the error of each that fails; every check sees every row."""
    failures = []
    for name, row in rows.items():
        for check in checks:
            try:
                check(row)
            except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - whatever goes wrong is named with its row
                failures.append(f"{name}: {check.__name__}: {type(error).__name__}: {error}")
    assert rows
    assert not failures, "\n".join([f"{len(failures)} of {len(rows) * len(checks)} fail", *failures])
