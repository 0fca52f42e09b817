from typing import Any

import pytest

from tapctl.verify.attributes import live_values
from tests.support.deployed_stacks import PSEUDO, template_of


def values(kind: str, physical: str, properties: dict[str, Any] | None = None) -> dict[str, str]:
    template = template_of({"Resources": {"It": {"Type": kind, "Properties": properties or {}}}})
    return live_values(template, {"It": physical}, PSEUDO)


@pytest.mark.parametrize(
    ("kind", "physical", "attribute", "value"),
    [
        ("AWS::Lambda::Function", "fn", "Arn", "arn:aws:lambda:us-east-1:123456789012:function:fn"),
        ("AWS::Lambda::Version", "arn:x:function:fn:7", "Version", "7"),
        ("AWS::Logs::LogGroup", "/a/b", "Arn", "arn:aws:logs:us-east-1:123456789012:log-group:/a/b:*"),
        ("AWS::SQS::Queue", "https://sqs.us-east-1.amazonaws.com/1/q", "QueueName", "q"),
        ("AWS::SQS::Queue", "https://sqs.us-east-1.amazonaws.com/1/q", "Arn", "arn:aws:sqs:us-east-1:123456789012:q"),
        ("AWS::SNS::Topic", "arn:aws:sns:x:1:t", "TopicName", "t"),
        ("AWS::IAM::Role", "r", "Arn", "arn:aws:iam::123456789012:role/r"),
    ],
)
def test_an_attribute_follows_from_the_physical_id(kind: str, physical: str, attribute: str, value: str) -> None:
    assert values(kind, physical)[f"It.{attribute}"] == value
    assert values(kind, physical)["It"] == physical


def test_a_path_is_part_of_a_roles_arn() -> None:
    assert values("AWS::IAM::Role", "r", {"Path": "/team/"})["It.Arn"] == "arn:aws:iam::123456789012:role/team/r"


def test_a_path_that_is_not_plain_leaves_the_arn_open() -> None:
    assert "It.Arn" not in values("AWS::IAM::Role", "r", {"Path": {"Ref": "P"}})


def test_without_an_account_nothing_is_made_up() -> None:
    template = template_of({"Resources": {"It": {"Type": "AWS::Lambda::Function"}}})

    assert live_values(template, {"It": "fn"}, {"AWS::Region": "us-east-1"}) == {"It": "fn"}
