"""An in-memory table behind the function's port: the two writes, their conditions evaluated as DynamoDB does."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from aws.client import WireError

Item = dict[str, dict[str, Any]]


class FakeTable:
    """Rows by key, and a list of errors to raise first."""

    def __init__(self) -> None:
        self.rows: dict[str, Item] = {}
        self.errors: list[WireError] = []
        self.calls: list[str] = []
        self.tokens: set[str] = set()
        self.lost_answers = 0

    def call(self, operation: str, request: Mapping[str, Any], timeout: float) -> dict[str, object]:
        assert timeout > 0
        json.dumps(request, ensure_ascii=False).encode("utf-8")  # DynamoDB refuses half a surrogate pair
        check_numbers(request)
        self.calls.append(operation)
        if self.errors:
            raise self.errors.pop(0)
        if operation == "PutItem":
            self._put(request)
        elif request["ClientRequestToken"] not in self.tokens:
            assert operation == "TransactWriteItems"
            self._transact(request["TransactItems"])
            self.tokens.add(request["ClientRequestToken"])
        if self.lost_answers:
            self.lost_answers -= 1
            raise WireError("Unreachable", passing=True)
        return {}

    def plain(self, key: str) -> dict[str, Any]:
        return {name: next(iter(value.values())) for name, value in self.rows[key].items()}

    def _put(self, request: Mapping[str, Any]) -> None:
        old = self.rows.get(request["Item"]["transactionId"]["S"])
        if not holds(request, old):
            raise WireError("ConditionalCheckFailedException", item=old)
        self.rows[request["Item"]["transactionId"]["S"]] = request["Item"]

    def _transact(self, items: list[dict[str, Any]]) -> None:
        put, update = items[0]["Put"], items[1]["Update"]
        olds = [self.rows.get(put["Item"]["transactionId"]["S"]), self.rows.get(update["Key"]["transactionId"]["S"])]
        reasons = [reason(write, old) for write, old in zip((put, update), olds, strict=True)]
        if any(one["Code"] != "None" for one in reasons):
            raise WireError("TransactionCanceledException", reasons=reasons)
        self._put(put)
        self.rows[update["Key"]["transactionId"]["S"]] = updated(update, olds[1])


def check_numbers(value: object) -> None:
    """Refuse what a DynamoDB number cannot hold; a refusal of the real one would be answered with a 503."""
    match value:
        case {"N": str(text)}:
            number = Decimal(text)
            assert len(number.as_tuple().digits) <= 38, text
            assert not number or -130 <= number.adjusted() <= 125, text
        case dict():
            for inner in value.values():
                check_numbers(inner)
        case list():
            for inner in value:
                check_numbers(inner)


def reason(write: Mapping[str, Any], old: Item | None) -> dict[str, object]:
    if holds(write, old):
        return {"Code": "None"}
    return {"Code": "ConditionalCheckFailed", **({"Item": old} if old else {})}


def updated(update: Mapping[str, Any], old: Item | None) -> Item:
    names, values = update["ExpressionAttributeNames"], update["ExpressionAttributeValues"]
    row = dict(old or update["Key"])
    sets, _, removes = update["UpdateExpression"].removeprefix("SET ").partition(" REMOVE ")
    for assignment in sets.split(", "):
        name, value = assignment.split(" = ")
        row[names[name]] = values[value]
    for name in filter(None, removes.split(", ")):
        row.pop(names[name], None)
    return row


def holds(write: Mapping[str, Any], old: Item | None) -> bool:
    """Evaluate a condition by turning it into Python over this row's values."""
    names, values = write["ExpressionAttributeNames"], write["ExpressionAttributeValues"]
    row = {name: scalar(value) for name, value in (old or {}).items()}

    def has(name: str) -> bool:
        return names[name] in row

    def compare(name: str, operator: str, value: str) -> bool:
        if names[name] not in row:
            return False
        left, right = row[names[name]], scalar(values[value])
        return bool({"<": left < right, "=": left == right, "<=": left <= right}[operator])

    source = re.sub(r"attribute_not_exists\((#\w+)\)", r"(not has('\1'))", write["ConditionExpression"])
    source = re.sub(r"(#\w+) (<=|<|=) (:\w+)", r"compare('\1', '\2', '\3')", source)
    source = source.replace(" OR ", " or ").replace(" AND ", " and ")
    return bool(eval(source, {"has": has, "compare": compare}))


def scalar(value: dict[str, Any]) -> Any:
    ((kind, plain),) = value.items()
    return Decimal(plain) if kind == "N" else plain
