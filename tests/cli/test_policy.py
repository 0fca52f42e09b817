"""`tapctl policy`: which command and template its arguments name, without an account, a Region or tapctl.toml."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Tapctl
from tests.support.golden import Golden


@pytest.fixture(autouse=True)
def template(desk: Path) -> None:
    (desk / "t.yaml").write_text("Resources: {T: {Type: AWS::DynamoDB::Table}}\n")


def actions(text: str) -> set[str]:
    return {action for statement in json.loads(text)["Statement"] for action in statement["Action"]}


@pytest.mark.parametrize("arguments", [("t.yaml",), ("preflight", "t.yaml"), ("--template", "t.yaml")], ids=str)
def test_preflight_is_the_default(arguments: tuple[str, ...], tapctl: Tapctl) -> None:
    answer = tapctl("policy", *arguments)

    assert (answer.code, answer.err) == (0, "")
    assert "dynamodb:ListTables" in actions(answer.out)
    assert "cloudformation:CreateChangeSet" not in actions(answer.out)


def test_a_deploy_does_what_the_others_do(tapctl: Tapctl) -> None:
    deploy, verify, preflight = (
        actions(tapctl("policy", each, "t.yaml").out) for each in ("deploy", "verify", "preflight")
    )

    assert verify | preflight < deploy


def test_what_the_policy_leaves_out_is_named(tapctl: Tapctl, golden: Golden) -> None:
    golden(tapctl("policy", "deploy", "t.yaml").err)
    assert tapctl("policy", "deploy", "t.yaml", "--role-arn", "arn:aws:iam::123456789012:role/cfn").err == ""


@pytest.mark.parametrize("arguments", [("destroy", "t.yaml"), ("nope.yaml",), ()], ids=str)
def test_other_arguments_are_refused(arguments: tuple[str, ...], tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("policy", *arguments)

    assert answer.is_error(2)
    golden(answer.err)


def test_what_cloudformation_does_to_the_resources_comes_from_their_schemas(desk: Path, tapctl: Tapctl) -> None:
    (desk / "c.yaml").write_text(
        "Resources:\n  T: {Type: AWS::SNS::Topic}\n  C: {Type: Custom::Own}\n  N: {Type: AWS::Not::There}\n"
    )
    answer = tapctl("policy", "deploy", "c.yaml", "--resources")
    (statement,) = [each for each in json.loads(answer.out)["Statement"] if each["Sid"] == "Resources"]

    assert {"sns:CreateTopic", "sns:DeleteTopic"} <= set(statement["Action"])
    assert "AWS::Not::There" in answer.err
    assert "Custom::Own" not in answer.err
