"""What a record leaves out, and a record that contradicts the judgement."""

from pathlib import Path
from typing import Any

import pytest

from tapctl.evidence.record import account_hash, engine_of, readings, records, redacted
from tests.support.golden import Golden

RECORDS = Path(__file__).parents[2] / "evidence"
TEXT = "below its minimum value of [{}]."
PREFIX = "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "


def contradictions(document: Any) -> list[str]:
    return [f"{reading.claim}: {reading.answer}" for reading in readings(document) if reading.agrees is False]


def document(minimum: int, limit: int) -> Any:
    answer = {
        "action": "lambda:PutFunctionConcurrency",
        "answer": None,
        "code": "InvalidParameterValueException",
        "message": PREFIX + TEXT.format(minimum),
        "seconds": 0,
    }
    entry = {
        "id": "lambda-minimum",
        "outcome": "read",
        "account": {"limit": limit, "unreserved": limit, "minimum": limit},
        "observations": {"above-limit": answer},
    }
    return {"schema": "tapctl.evidence/1", "engine": "aws", "experiments": [entry, {"id": "gone", "outcome": "read"}]}


def test_no_record_contradicts_the_judgement() -> None:
    found = {str(file): found for file, record in records(RECORDS) if (found := contradictions(record))}

    assert found == {}, "AWS does otherwise: change the judgement, then the claim and its grade"


@pytest.mark.parametrize(
    ("minimum", "limit", "named"),
    [
        (100, 1000, []),
        (40, 1000, ["minimum-1000"]),
        (10, 50, ["minimum-50"]),
        (5, 10, ["minimum-10"]),
        (40, 400, []),
        (5, 400, ["minimum-between"]),
    ],
)
def test_a_record_that_contradicts_the_judgement_is_named_by_its_claim(
    minimum: int, limit: int, named: list[str], golden: Golden
) -> None:
    found = contradictions(document(minimum, limit))

    assert [text.partition(": ")[0] for text in found] == named
    golden(found)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("(Service: Lambda, Status Code: 400, Request ID: 1-2, Extended Request ID: null)", None),
        ("x (RequestToken: 1-2-3, HandlerErrorCode: NotFound)", "x (RequestToken: <id>, HandlerErrorCode: NotFound)"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:f", "arn:aws:lambda:eu-west-1:<account>:function:f"),
        ("User: arn:aws:sts::123456789012:assumed-role/r/me is not", "User: <caller> is not"),
    ],
)  # fmt: skip
def test_ids_of_requests_of_the_account_and_of_the_caller_are_left_out(text: str, kept: str | None) -> None:
    result = redacted({"x": [text], "ResponseMetadata": {"RequestId": "r"}}, "123456789012")

    expected = kept or "(Service: Lambda, Status Code: 400, Request ID: <id>, Extended Request ID: <id>)"
    assert result == {"x": [expected]}


@pytest.mark.parametrize(
    ("endpoint", "is_sandbox", "engine"),
    [
        ("https://lambda.eu-west-1.amazonaws.com", False, "aws"),
        ("https://lambda.cn-north-1.amazonaws.com.cn", False, "aws"),
        ("https://vpce-1.lambda.eu-west-1.vpce.amazonaws.com", False, "aws"),
        ("http://127.0.0.1:4566", False, "not AWS"),
        ("https://amazonaws.com.example.org", False, "not AWS"),
        ("http://127.0.0.1:4566", True, "sandbox"),
    ],
)
def test_the_engine_is_recognised_by_its_address(endpoint: str, is_sandbox: bool, engine: str) -> None:
    assert engine_of(endpoint, is_sandbox=is_sandbox) == engine


def test_the_account_is_named_by_a_hash() -> None:
    assert account_hash("123456789012") == account_hash("123456789012") != account_hash("123456789013")
    assert "123456789012" not in account_hash("123456789012")
