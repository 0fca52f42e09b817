"""The row of a DynamoDB table that proves that an event was stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from tapctl.aws.errors import read_or_unknown
from tapctl.aws.session import Aws
from tapctl.unknown import Unknown
from tapctl.verify.retry import RetryWindow

Row = Mapping[str, Mapping[str, Any]]
"""Attribute name to typed value, as DynamoDB returns it: `{"amount": {"N": "12.34"}}`."""


@dataclass(frozen=True, slots=True)
class RowLocation:
    """A table and the key of a row."""

    aws: Aws
    table: str
    key: Mapping[str, str | int]

    def read(self) -> Row | Unknown | None:
        """The row, None if it does not exist, Unknown if it cannot be read."""
        key = {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in self.key.items()}
        return read_or_unknown(
            "dynamodb:GetItem",
            lambda: (
                self.aws.client("dynamodb").get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item")
            ),
        )

    def wait(self, retry: RetryWindow) -> Row | Unknown | None:
        """`read` until the row exists or the window ends."""
        row: Row | Unknown | None = None
        for _ in retry.tries():
            if (row := self.read()) is not None:
                break
        return row


def differences(row: Row, expected: Mapping[str, object]) -> list[str]:
    """The attributes that differ from the expected values; numbers are compared exactly."""
    return [
        f"{name} is {_shown(row.get(name))}, expected {value}"
        for name, value in expected.items()
        if not _equal(row.get(name, {}), value)
    ]


def _equal(actual: Mapping[str, Any], expected: object) -> bool:
    if "N" in actual:
        try:
            return Decimal(actual["N"]) == Decimal(str(expected))
        except InvalidOperation:
            return False
    return any(value == expected for value in actual.values())


def _shown(actual: Mapping[str, Any] | None) -> str:
    return str(next(iter(actual.values()))) if actual else "not set"
