from typing import Any

import pytest

from tapctl.verify.outputs import check_outputs
from tests.support.deployed_stacks import deployed, found

ARN = "arn:aws:lambda:us-east-1:123456789012:function:physical"
OTHER = "arn:aws:states:us-east-1:123456789012:stateMachine:any"
MACHINE = "AWS::StepFunctions::StateMachine"


def said(value: Any, actual: str | None, kind: str = "AWS::SQS::Queue", **declared: Any) -> tuple[str, str]:
    """What is said of one output with this source and this value."""
    body = {"Resources": {"It": {"Type": kind}}, "Outputs": {"Out": {"Value": value, **declared}}}
    outputs = {} if actual is None else {"Out": actual}
    (check,) = found(list(check_outputs(deployed(body, {"It": "physical"}, outputs))))
    return check


@pytest.mark.parametrize(
    ("value", "kind", "actual", "problem"),
    [
        pytest.param({"Ref": "It"}, "AWS::DynamoDB::Table", "physical", None, id="a name"),
        pytest.param({"Ref": "It"}, "AWS::DynamoDB::Table", "other", "is not It, which is physical", id="another name"),
        pytest.param({"Ref": "It"}, "AWS::KMS::Key", "physical", "is not a key id", id="a key id that is none"),
        pytest.param({"Ref": "It"}, "AWS::SNS::Topic", "physical", "is not an ARN of SNS", id="a topic that is none"),
        pytest.param({"Fn::GetAtt": ["It", "Arn"]}, "AWS::Lambda::Function", ARN, None, id="an ARN"),
        pytest.param({"Fn::GetAtt": "It.Arn"}, "AWS::Lambda::Function", ARN, None, id="an ARN in the short form"),
        pytest.param({"Fn::GetAtt": ["It", "Arn"]}, "AWS::Lambda::Function", OTHER, f"is not {ARN}", id="another ARN"),
        pytest.param({"Fn::GetAtt": ["It", "Arn"]}, MACHINE, OTHER, None, id="an ARN that only AWS knows"),
        pytest.param({"Fn::GetAtt": ["It", "Arn"]}, MACHINE, "fn", "is not an ARN", id="no ARN"),
        pytest.param({"Fn::Sub": "${It}-x"}, "AWS::SQS::Queue", "physical-x", None, id="a text put together"),
        pytest.param({"Fn::Sub": "${It}-x"}, "AWS::SQS::Queue", "it-x", "is not physical-x", id="another text"),
        pytest.param(
            {"Fn::GetAtt": ["It", "ApiEndpoint"]}, "AWS::ApiGatewayV2::Api", "https://x.example", None, id="a URL"
        ),
        pytest.param({"Fn::GetAtt": ["It", "ApiEndpoint"]}, "AWS::ApiGatewayV2::Api", "x", "is not a URL", id="no URL"),
        pytest.param({"Fn::Sub": "https://${It.Id}/x"}, MACHINE, "https://a/x", None, id="a URL put together"),
        pytest.param({"Fn::Sub": "https://${It.Id}/x"}, MACHINE, "https://", "is not a URL", id="half a URL"),
        pytest.param({"Ref": "AWS::Region"}, "AWS::SQS::Queue", "us-east-1", None, id="a known value"),
        pytest.param(
            {"Ref": "AWS::Region"}, "AWS::SQS::Queue", "eu-west-1", "is not us-east-1", id="not the known value"
        ),
        pytest.param(5, "AWS::SQS::Queue", "5", None, id="a number"),
        pytest.param({"Fn::ImportValue": "x"}, "AWS::SQS::Queue", "anything", None, id="what only AWS knows"),
    ],
)
def test_an_output_has_the_form_that_its_source_gives(value: Any, kind: str, actual: str, problem: str | None) -> None:
    assert said(value, actual, kind) == (("failed", f"{actual} {problem}") if problem else ("proved", actual))


@pytest.mark.parametrize(
    ("actual", "problem"),
    [pytest.param(None, "it is missing", id="missing"), pytest.param("", "it is empty", id="empty")],
)
def test_an_output_must_be_there(actual: str | None, problem: str) -> None:
    assert said({"Ref": "It"}, actual) == ("failed", problem)


def test_an_output_that_is_to_be_exported_must_be() -> None:
    assert said({"Ref": "It"}, "physical", "AWS::DynamoDB::Table", Export={"Name": "x"}) == (
        "failed",
        "it is not exported",
    )


def test_an_export_is_named() -> None:
    body = {"Outputs": {"Out": {"Value": "v", "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-Out"}}}}}
    stack = deployed(body, outputs={"Out": "v"}, exports={"Out": "shop-Out"})

    assert found(list(check_outputs(stack))) == [("proved", "v, exported as shop-Out")]


@pytest.mark.parametrize(
    ("condition", "actual", "expected"),
    [
        pytest.param(["a", "b"], None, [], id="absent as it should be"),
        pytest.param(
            ["a", "b"],
            "v",
            [("failed", "it is there although its condition does not hold")],
            id="there although it should not be",
        ),
        pytest.param(["a", "a"], "v", [("proved", "v")], id="there as it should be"),
        pytest.param(["a", "a"], None, [("failed", "it is missing")], id="missing although it should be there"),
    ],
)
def test_a_condition_decides_whether_it_should_be_there(
    condition: list[str], actual: str | None, expected: list[tuple[str, str]]
) -> None:
    body = {"Conditions": {"C": {"Fn::Equals": condition}}, "Outputs": {"Out": {"Value": "v", "Condition": "C"}}}

    assert found(list(check_outputs(deployed(body, outputs={"Out": actual} if actual else {})))) == expected


def test_a_condition_that_only_aws_knows_is_not_checked() -> None:
    body = {
        "Conditions": {"C": {"Fn::Equals": ["a", {"Fn::ImportValue": "x"}]}},
        "Outputs": {"Out": {"Value": "v", "Condition": "C"}},
    }

    ((status, message),) = found(list(check_outputs(deployed(body, outputs={"Out": "v"}))))

    assert status == "not checked"
    assert message.startswith("whether it should be there is not known: ")
