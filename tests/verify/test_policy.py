from typing import Any

import pytest

from tapctl.verify.policy import policy_difference, same_policy

READ: dict[str, Any] = {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def of(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({**READ, "Action": ["s3:GetObject"], "Resource": ["*"]}, id="a list of one"),
        pytest.param({**READ, "Sid": "Other"}, id="another name"),
    ],
)
def test_the_same_meaning_written_otherwise(other: dict[str, Any]) -> None:
    assert same_policy(of(READ), of(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("*", {"AWS": "*"}, id="everybody"),
        pytest.param({"AWS": "123456789012"}, {"AWS": "arn:aws:iam::123456789012:root"}, id="an account"),
        pytest.param({"AWS": ["a", "b"]}, {"AWS": ["b", "a"]}, id="another order"),
    ],
)
def test_the_same_principal_written_otherwise(one: Any, other: Any) -> None:
    assert same_policy(of({**READ, "Principal": one}), of({**READ, "Principal": other}))


@pytest.mark.parametrize("value", [True, "true"])
def test_a_switch_in_a_condition_may_stand_as_text(value: Any) -> None:
    condition = {"Bool": {"aws:SecureTransport": value}}

    assert same_policy(
        of({**READ, "Condition": condition}), of({**READ, "Condition": {"Bool": {"aws:SecureTransport": ["true"]}}})
    )


@pytest.mark.parametrize(
    "other",
    [
        pytest.param([], id="nothing"),
        pytest.param([{**READ, "Action": "s3:*"}], id="more actions"),
        pytest.param([{**READ, "Resource": "arn:x"}], id="another resource"),
        pytest.param([{**READ, "Effect": "Deny"}], id="the contrary"),
        pytest.param([READ, {**READ, "Action": "s3:PutObject"}], id="one statement more"),
        pytest.param([{**READ, "Condition": {"Bool": {"a": "true"}}}], id="a condition"),
    ],
)
def test_another_meaning_is_another_policy(other: list[dict[str, Any]]) -> None:
    assert not same_policy(of(READ), of(*other))


def test_a_single_statement_and_text_are_understood() -> None:
    assert same_policy(
        {"Statement": READ}, '{"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'
    )


def test_the_difference_names_statements() -> None:
    deny = {"Effect": "Deny", "Action": ["s3:PutObject"], "Resource": "*"}

    assert policy_difference(of(READ, deny), of(deny, {**READ, "Sid": "Any", "Action": "s3:*"})) == (
        "it lacks `Read`; it has beside `Any`"
    )
    assert policy_difference(of(deny), of()) == "it lacks `Deny s3:PutObject`"
