from typing import Any

import pytest

from tapctl.verify.deployed_stack import return_values
from tests.support.deployed_stacks import PSEUDO, template_of


def values_of(resource_type: str, physical_id: str, properties: dict[str, Any] | None = None) -> dict[str, str]:
    template = template_of({"Resources": {"It": {"Type": resource_type, "Properties": properties or {}}}})
    return return_values(template, {"It": physical_id}, PSEUDO)


@pytest.mark.parametrize(
    ("resource_type", "physical_id", "attribute", "value"),
    [
        ("AWS::Lambda::Function", "fn", "Arn", "arn:aws:lambda:us-east-1:123456789012:function:fn"),
        ("AWS::Lambda::Version", "arn:x:function:fn:7", "Version", "7"),
        ("AWS::Logs::LogGroup", "/a/b", "Arn", "arn:aws:logs:us-east-1:123456789012:log-group:/a/b:*"),
        ("AWS::SQS::Queue", "https://sqs.us-east-1.amazonaws.com/1/q", "QueueName", "q"),
        ("AWS::SQS::Queue", "https://sqs.us-east-1.amazonaws.com/1/q", "Arn", "arn:aws:sqs:us-east-1:123456789012:q"),
        ("AWS::SNS::Topic", "arn:aws:sns:x:1:t", "TopicName", "t"),
        ("AWS::ApiGateway::RestApi", "api1", "RestApiId", "api1"),
        ("AWS::Events::Rule", "nightly", "Arn", "arn:aws:events:us-east-1:123456789012:rule/nightly"),
        ("AWS::Events::Rule", "bus|orders", "Arn", "arn:aws:events:us-east-1:123456789012:rule/bus/orders"),
        ("AWS::IAM::Role", "r", "Arn", "arn:aws:iam::123456789012:role/r"),
    ],
)
def test_attributes_are_derived_from_the_physical_id(
    resource_type: str, physical_id: str, attribute: str, value: str
) -> None:
    values = values_of(resource_type, physical_id)

    assert (values["It"], values[f"It.{attribute}"]) == (physical_id, value)


def test_the_arn_of_a_role_contains_its_path() -> None:
    assert values_of("AWS::IAM::Role", "r", {"Path": "/team/"})["It.Arn"] == "arn:aws:iam::123456789012:role/team/r"


def test_a_path_from_a_parameter_leaves_the_arn_out() -> None:
    assert "It.Arn" not in values_of("AWS::IAM::Role", "r", {"Path": {"Ref": "P"}})


def test_an_arn_needs_the_account_id() -> None:
    template = template_of({"Resources": {"It": {"Type": "AWS::Lambda::Function"}}})

    assert return_values(template, {"It": "fn"}, {"AWS::Region": "us-east-1"}) == {"It": "fn"}
