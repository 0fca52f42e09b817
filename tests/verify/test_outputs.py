import re
from typing import Any

import pytest

from tapctl.verify.check import Check
from tapctl.verify.outputs import check_exports, check_outputs, check_patterns
from tests.support.deployed_stacks import PSEUDO, deployed_stack, lines, statuses, stubbed
from tests.support.golden import Golden

ARN = "arn:aws:lambda:us-east-1:123456789012:function:physical"
OTHER = "arn:aws:states:us-east-1:123456789012:stateMachine:any"
MACHINE = "AWS::StepFunctions::StateMachine"


def output_checks(
    value: Any, actual: str | None, resource_type: str = "AWS::SQS::Queue", **declared: Any
) -> list[Check]:
    """The checks of a stack with one output: `value` in the template, `actual` in the account."""
    body = {"Resources": {"It": {"Type": resource_type}}, "Outputs": {"Out": {"Value": value, **declared}}}
    outputs = {} if actual is None else {"Out": actual}
    return list(check_outputs(deployed_stack(body, {"It": "physical"}, outputs)))


@pytest.mark.parametrize(
    ("value", "resource_type", "actual"),
    [
        pytest.param({"Ref": "It"}, "AWS::DynamoDB::Table", "physical", id="Ref to a name"),
        pytest.param({"Fn::GetAtt": ["It", "Arn"]}, "AWS::Lambda::Function", ARN, id="ARN"),
        pytest.param({"Fn::GetAtt": "It.Arn"}, "AWS::Lambda::Function", ARN, id="ARN in the short form"),
        pytest.param({"Fn::GetAtt": ["It", "Arn"]}, MACHINE, OTHER, id="unresolvable ARN"),
        pytest.param({"Fn::Sub": "${It}-x"}, "AWS::SQS::Queue", "physical-x", id="Fn::Sub"),
        pytest.param({"Fn::GetAtt": ["It", "ApiEndpoint"]}, "AWS::ApiGatewayV2::Api", "https://x.example", id="URL"),
        pytest.param({"Fn::Sub": "https://${It.Id}/x"}, MACHINE, "https://a/x", id="unresolvable URL"),
        pytest.param({"Ref": "AWS::Region"}, "AWS::SQS::Queue", "us-east-1", id="pseudo parameter"),
        pytest.param(5, "AWS::SQS::Queue", "5", id="number"),
        pytest.param({"Fn::ImportValue": "x"}, "AWS::SQS::Queue", "anything", id="unresolvable value"),
    ],
)
def test_an_output_with_the_value_or_format_of_its_source(value: Any, resource_type: str, actual: str) -> None:
    assert lines(output_checks(value, actual, resource_type)) == [f"proved: {actual}"]


@pytest.mark.parametrize(
    ("value", "resource_type", "actual"),
    [
        pytest.param({"Ref": "It"}, "AWS::DynamoDB::Table", "other", id="another name"),
        pytest.param({"Ref": "It"}, "AWS::KMS::Key", "physical", id="no key id"),
        pytest.param({"Ref": "It"}, "AWS::SNS::Topic", "physical", id="no topic ARN"),
        pytest.param({"Fn::GetAtt": ["It", "Arn"]}, "AWS::Lambda::Function", OTHER, id="another ARN"),
        pytest.param({"Fn::GetAtt": ["It", "Arn"]}, MACHINE, "fn", id="no ARN"),
        pytest.param({"Fn::Sub": "${It}-x"}, "AWS::SQS::Queue", "it-x", id="another text"),
        pytest.param({"Fn::GetAtt": ["It", "ApiEndpoint"]}, "AWS::ApiGatewayV2::Api", "x", id="no URL"),
        pytest.param({"Fn::Sub": "https://${It.Id}/x"}, MACHINE, "https://", id="incomplete URL"),
        pytest.param({"Ref": "AWS::Region"}, "AWS::SQS::Queue", "eu-west-1", id="another Region"),
        pytest.param({"Ref": "It"}, "AWS::DynamoDB::Table", None, id="missing"),
        pytest.param({"Ref": "It"}, "AWS::DynamoDB::Table", "", id="empty"),
    ],
)
def test_an_output_with_another_value_or_format_fails(
    value: Any, resource_type: str, actual: str | None, golden: Golden
) -> None:
    checks = output_checks(value, actual, resource_type)

    assert statuses(checks) == ["failed"]
    golden(lines(checks))


def test_an_output_with_an_export_must_be_exported(golden: Golden) -> None:
    checks = output_checks({"Ref": "It"}, "physical", "AWS::DynamoDB::Table", Export={"Name": "x"})

    assert statuses(checks) == ["failed"]
    golden(lines(checks))


EXPORTED = {"Outputs": {"Out": {"Value": "v", "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-Out"}}}}}


def test_an_exported_output_shows_its_export_name(golden: Golden) -> None:
    checks = list(check_outputs(deployed_stack(EXPORTED, outputs={"Out": "v"}, exports={"Out": "shop-Out"})))

    assert statuses(checks) == ["proved"]
    golden(lines(checks))


@pytest.mark.parametrize(
    ("condition", "actual", "expected"),
    [
        pytest.param(["a", "b"], None, [], id="absent and false"),
        pytest.param(["a", "b"], "v", ["failed"], id="present and false"),
        pytest.param(["a", "a"], "v", ["proved"], id="present and true"),
        pytest.param(["a", "a"], None, ["failed"], id="absent and true"),
        pytest.param(["a", {"Fn::ImportValue": "x"}], "v", ["not checked"], id="unresolvable"),
    ],
)
def test_an_output_exists_if_its_condition_is_true(
    condition: list[Any], actual: str | None, expected: list[str], golden: Golden
) -> None:
    body = {"Conditions": {"C": {"Fn::Equals": condition}}, "Outputs": {"Out": {"Value": "v", "Condition": "C"}}}

    checks = list(check_outputs(deployed_stack(body, outputs={"Out": actual} if actual else {})))

    assert statuses(checks) == expected
    golden(lines(checks))


MINE = PSEUDO["AWS::StackId"]


def export_checks(*pages: Any, name: str = "shop-Out") -> list[Check]:
    """The checks of a stack with one export, where ListExports returns these pages or fails with this code."""
    stack = deployed_stack(EXPORTED, outputs={"Out": "v"}, exports={"Out": name})
    with stubbed("cloudformation") as (aws, stubs):
        for page in pages:
            if isinstance(page, str):
                stubs["cloudformation"].add_client_error("list_exports", page, "no", 403)
            else:
                stubs["cloudformation"].add_response("list_exports", page)
        return list(check_exports(aws, [stack]))


def export(**changes: str) -> dict[str, Any]:
    return {"Exports": [{"ExportingStackId": MINE, "Name": "shop-Out", "Value": "v", **changes}]}


@pytest.mark.parametrize(
    ("pages", "name", "status"),
    [
        pytest.param([{"Exports": [], "NextToken": "more"}, export()], "shop-Out", "proved", id="on the second page"),
        pytest.param([{"Exports": []}], "shop-Out", "failed", id="missing"),
        pytest.param([export(ExportingStackId="arn:other")], "shop-Out", "failed", id="from another stack"),
        pytest.param([export(Value="old")], "shop-Out", "failed", id="with another value"),
        pytest.param([export(Name="old-Out")], "old-Out", "failed", id="with another name than the template's"),
        pytest.param(["AccessDenied"], "shop-Out", "not checked", id="denied"),
    ],
)
def test_an_export_as_other_stacks_see_it(pages: list[Any], name: str, status: str, golden: Golden) -> None:
    checks = export_checks(*pages, name=name)

    assert statuses(checks) == [status]
    golden(lines(checks))


def test_a_stack_without_exports_lists_none() -> None:
    with stubbed("cloudformation") as (aws, _):
        assert list(check_exports(aws, [deployed_stack({})])) == []


@pytest.mark.parametrize(
    ("pattern", "status"),
    [
        pytest.param("[a-z]+-1", "proved", id="the whole value"),
        pytest.param("table", "failed", id="a part of it"),
    ],
)
def test_a_pattern_must_match_the_whole_value(pattern: str, status: str, golden: Golden) -> None:
    checks = list(check_patterns({"Name": re.compile(pattern)}, deployed_stack({}, outputs={"Name": "table-1"})))

    assert statuses(checks) == [status]
    golden(lines(checks))


def test_a_pattern_for_a_missing_output_fails_permanently(golden: Golden) -> None:
    (check,) = check_patterns({"Name": re.compile("x")}, deployed_stack({}))

    assert (check.status.value, check.permanent) == ("failed", True)
    golden(check.message)
