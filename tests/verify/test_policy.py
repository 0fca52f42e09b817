from typing import Any

import pytest

from tapctl.verify.policy import policy_difference, same_policy

READ: dict[str, Any] = {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def document_of(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({**READ, "Action": ["s3:GetObject"], "Resource": ["*"]}, id="a list of one"),
        pytest.param({**READ, "Sid": "Other"}, id="another Sid"),
    ],
)
def test_equal_statements_in_another_notation(other: dict[str, Any]) -> None:
    assert same_policy(document_of(READ), document_of(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("*", {"AWS": "*"}, id="any principal"),
        pytest.param({"AWS": "123456789012"}, {"AWS": "arn:aws:iam::123456789012:root"}, id="an account"),
        pytest.param({"AWS": ["a", "b"]}, {"AWS": ["b", "a"]}, id="another order"),
    ],
)
def test_equal_principals_in_another_notation(one: Any, other: Any) -> None:
    assert same_policy(document_of({**READ, "Principal": one}), document_of({**READ, "Principal": other}))


@pytest.mark.parametrize("value", [True, "true"])
def test_a_boolean_in_a_condition_may_be_text(value: Any) -> None:
    condition = {"Bool": {"aws:SecureTransport": value}}

    assert same_policy(
        document_of({**READ, "Condition": condition}),
        document_of({**READ, "Condition": {"Bool": {"aws:SecureTransport": ["true"]}}}),
    )


@pytest.mark.parametrize(
    "other",
    [
        pytest.param([], id="nothing"),
        pytest.param([{**READ, "Action": "s3:*"}], id="more actions"),
        pytest.param([{**READ, "Resource": "arn:x"}], id="another resource"),
        pytest.param([{**READ, "Effect": "Deny"}], id="another effect"),
        pytest.param([READ, {**READ, "Action": "s3:PutObject"}], id="an additional statement"),
        pytest.param([{**READ, "Condition": {"Bool": {"a": "true"}}}], id="a condition"),
    ],
)
def test_different_statements(other: list[dict[str, Any]]) -> None:
    assert not same_policy(document_of(READ), document_of(*other))


def test_a_single_statement_and_json_text_are_parsed() -> None:
    assert same_policy(
        {"Statement": READ}, '{"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'
    )


def test_the_difference_names_missing_and_unexpected_statements() -> None:
    deny = {"Effect": "Deny", "Action": ["s3:PutObject"], "Resource": "*"}

    assert policy_difference(document_of(READ, deny), document_of(deny, {**READ, "Sid": "Any", "Action": "s3:*"})) == (
        "missing `Read`; unexpected `Any`"
    )
    assert policy_difference(document_of(deny), document_of()) == "missing `Deny s3:PutObject`"
