"""One row of a DynamoDB table, as a proof that an event was stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from tapctl.aws.session import Aws, readable
from tapctl.unknown import Unknown
from tapctl.verify.retry import RetryWindow

Row = Mapping[str, Mapping[str, Any]]
"""Attribute to typed value, as DynamoDB writes it: `{"amount": {"N": "12.34"}}`."""


@dataclass(frozen=True, slots=True)
class RowLocation:
    """Where a row is to be found."""

    aws: Aws
    table: str
    key: Mapping[str, str | int]

    def read(self) -> Row | Unknown | None:
        key = {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in self.key.items()}
        return readable(
            "dynamodb:GetItem",
            lambda: (
                self.aws.client("dynamodb").get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item")
            ),
        )

    def wait(self, patience: RetryWindow) -> Row | Unknown | None:
        """The row as soon as it is there."""
        found: Row | Unknown | None = None
        for _ in patience.tries():
            if (found := self.read()) is not None:
                break
        return found


def differences(row: Row, wanted: Mapping[str, object]) -> list[str]:
    """What the row does not hold as wanted; numbers are compared as such, to the last digit."""
    return [
        f"{name} is {_shown(row.get(name))}, not {value}"
        for name, value in wanted.items()
        if not _holds(row.get(name, {}), value)
    ]


def _holds(found: Mapping[str, Any], wanted: object) -> bool:
    if "N" in found:
        try:
            return Decimal(found["N"]) == Decimal(str(wanted))
        except InvalidOperation:
            return False
    return any(value == wanted for value in found.values())


def _shown(found: Mapping[str, Any] | None) -> str:
    return "not there" if not found else str(next(iter(found.values())))
