"""What could not be read, or is not known, is not checked: never passed, and never failed."""

from collections.abc import Mapping
from typing import Any

import pytest

from tapctl.errors import AwsError
from tapctl.verify.check import CheckStatus
from tapctl.verify.resources import resource_jobs, unchecked
from tapctl.verify.services import CHECKS_BY_TYPE
from tests.support.deployed_stacks import deployed, found, looked_at, stubbed

API = {"ApiId": "api"}
POLICY = {"PolicyName": "p", "PolicyDocument": {}}
STATEMENTS: dict[str, Any] = {"PolicyDocument": {"Statement": []}}
FIRST_READS: Mapping[str, tuple[dict[str, Any], str, str]] = {
    "AWS::ApiGatewayV2::Api": ({}, "apigatewayv2:get_api", "apigateway:GET"),
    "AWS::ApiGatewayV2::Integration": (
        {**API, "IntegrationType": "AWS_PROXY"},
        "apigatewayv2:get_integration",
        "apigateway:GET",
    ),
    "AWS::ApiGatewayV2::Route": ({**API, "RouteKey": "POST /"}, "apigatewayv2:get_route", "apigateway:GET"),
    "AWS::ApiGatewayV2::Stage": ({**API, "StageName": "it"}, "apigatewayv2:get_stage", "apigateway:GET"),
    "AWS::CloudWatch::Alarm": ({}, "cloudwatch:describe_alarms", "cloudwatch:DescribeAlarms"),
    "AWS::DynamoDB::Table": ({}, "dynamodb:describe_table", "dynamodb:DescribeTable"),
    "AWS::IAM::Policy": ({**POLICY, "Roles": ["r"]}, "iam:get_role_policy", "iam:GetRolePolicy"),
    "AWS::IAM::Role": ({"AssumeRolePolicyDocument": {}}, "iam:get_role", "iam:GetRole"),
    "AWS::KMS::Alias": ({"TargetKeyId": "k"}, "kms:describe_key", "kms:DescribeKey"),
    "AWS::KMS::Key": ({}, "kms:describe_key", "kms:DescribeKey"),
    "AWS::Lambda::Alias": (
        {"FunctionName": "f", "Name": "live", "FunctionVersion": "1"},
        "lambda:get_alias",
        "lambda:GetAlias",
    ),
    "AWS::Lambda::EventSourceMapping": ({}, "lambda:get_event_source_mapping", "lambda:GetEventSourceMapping"),
    "AWS::Lambda::Permission": ({"FunctionName": "f"}, "lambda:get_policy", "lambda:GetPolicy"),
    "AWS::Lambda::Url": (
        {"TargetFunctionArn": "f", "AuthType": "AWS_IAM"},
        "lambda:get_function_url_config",
        "lambda:GetFunctionUrlConfig",
    ),
    "AWS::Lambda::Version": (
        {"FunctionName": "f"},
        "lambda:get_function_configuration",
        "lambda:GetFunctionConfiguration",
    ),
    "AWS::Logs::LogGroup": ({}, "logs:describe_log_groups", "logs:DescribeLogGroups"),
    "AWS::SNS::Subscription": ({}, "sns:get_subscription_attributes", "sns:GetSubscriptionAttributes"),
    "AWS::SNS::Topic": ({}, "sns:get_topic_attributes", "sns:GetTopicAttributes"),
    "AWS::SNS::TopicPolicy": ({**STATEMENTS, "Topics": ["t"]}, "sns:get_topic_attributes", "sns:GetTopicAttributes"),
    "AWS::SQS::Queue": ({}, "sqs:get_queue_attributes", "sqs:GetQueueAttributes"),
    "AWS::SQS::QueuePolicy": ({**STATEMENTS, "Queues": ["q"]}, "sqs:get_queue_attributes", "sqs:GetQueueAttributes"),
}
"""Type to the properties that it needs, the first read, and what that takes; those with a second read are below."""

CASES = [pytest.param(kind, *case, id=kind) for kind, case in FIRST_READS.items()]


def test_every_type_is_among_the_cases() -> None:
    assert set(FIRST_READS) | {"AWS::Lambda::Function"} == set(CHECKS_BY_TYPE)


@pytest.mark.parametrize(("kind", "properties", "call", "permission"), CASES)
def test_a_denied_read_is_not_checked_and_names_the_permission(
    kind: str, properties: dict[str, Any], call: str, permission: str
) -> None:
    (check,) = looked_at(kind, properties, {call: "AccessDeniedException"})

    assert (check.status, check.message) == (CheckStatus.NOT_CHECKED, f"{permission} was denied")
    assert check.hint == f"allow the action {permission}"


@pytest.mark.parametrize(("kind", "properties", "call", "permission"), CASES)
@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure"])
def test_a_read_that_failed_otherwise_is_not_checked_either(
    code: str, kind: str, properties: dict[str, Any], call: str, permission: str
) -> None:
    (check,) = looked_at(kind, properties, {call: code})

    assert check.status is CheckStatus.NOT_CHECKED
    assert permission in check.message


@pytest.mark.parametrize(("kind", "properties", "call", "permission"), CASES)
def test_credentials_that_have_expired_end_the_verification(
    kind: str, properties: dict[str, Any], call: str, permission: str
) -> None:
    with pytest.raises(AwsError, match="the AWS credentials have expired"):
        looked_at(kind, properties, {call: "ExpiredTokenException"})


GONE = {
    "cloudwatch": {"MetricAlarms": []},
    "iam": "NoSuchEntity",
    "logs": {"logGroups": [{"logGroupName": "it/inner"}]},
    "sns": "NotFound",
    "sqs": "QueueDoesNotExist",
    "apigatewayv2": "NotFoundException",
    "kms": "NotFoundException",
}


@pytest.mark.parametrize(("kind", "properties", "call", "permission"), CASES)
def test_what_is_gone_has_failed_in_the_words_of_the_real_services(
    kind: str, properties: dict[str, Any], call: str, permission: str
) -> None:
    answer: Any = GONE.get(call.partition(":")[0], "ResourceNotFoundException")

    ((status, message),) = found(looked_at(kind, properties, {call: answer}))

    assert status == "failed"
    assert message.startswith("there is no ")


FUNCTION = {"State": "Active", "Architectures": ["x86_64"], "MemorySize": 128, "Timeout": 3}
TRACED = {**FUNCTION, "TracingConfig": {"Mode": "PassThrough"}}


def test_a_function_that_is_gone_is_said_once() -> None:
    call = {"lambda:get_function_configuration": "ResourceNotFoundException"}

    assert found(looked_at("AWS::Lambda::Function", {}, call)) == [("failed", "there is no it any more")]


def test_a_denied_reservation_is_not_taken_for_none() -> None:
    answers: dict[str, Any] = {
        "lambda:get_function_configuration": TRACED,
        "lambda:get_function_concurrency": "AccessDeniedException",
    }

    checks = looked_at("AWS::Lambda::Function", {}, answers)

    assert found(checks)[-1] == ("not checked", "lambda:GetFunctionConcurrency was denied")
    assert {each.status for each in checks[:-1]} == {CheckStatus.PROVED}


def test_each_further_read_of_a_table_stands_alone() -> None:
    properties = {
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expiresAt"},
    }
    answers: dict[str, Any] = {
        "dynamodb:describe_table": {"Table": {"TableStatus": "ACTIVE"}},
        "dynamodb:describe_continuous_backups": "AccessDeniedException",
        "dynamodb:describe_time_to_live": "AccessDeniedException",
    }

    assert found(looked_at("AWS::DynamoDB::Table", properties, answers)) == [
        ("proved", "status is ACTIVE"),
        ("proved", "billing mode is PROVISIONED"),
        ("proved", "deletion protection is False"),
        ("not checked", "dynamodb:DescribeContinuousBackups was denied"),
        ("not checked", "dynamodb:DescribeTimeToLive was denied"),
    ]


STORED: dict[str, Any] = {"Fn::Sub": "{{resolve:ssm:/shop/value}}"}


@pytest.mark.parametrize(
    ("properties", "subject"),
    [
        pytest.param({"TracingConfig": {"Mode": STORED}}, "tracing", id="a value inside"),
        pytest.param({"TracingConfig": STORED}, "tracing", id="a whole property"),
        pytest.param({"Timeout": STORED}, "timeout", id="a plain value"),
        pytest.param({"Architectures": [STORED]}, "architecture", id="a value in a list"),
        pytest.param({"KmsKeyArn": STORED}, "environment key", id="a key"),
        pytest.param({"ReservedConcurrentExecutions": STORED}, "reserved concurrency", id="the reservation"),
        pytest.param({"Environment": STORED}, "environment", id="the environment"),
    ],
)
def test_what_only_aws_knows_is_not_checked(properties: dict[str, Any], subject: str) -> None:
    answers: dict[str, Any] = {"lambda:get_function_configuration": TRACED}
    if "ReservedConcurrentExecutions" not in properties:
        answers["lambda:get_function_concurrency"] = {"ReservedConcurrentExecutions": 5}
        properties = {**properties, "ReservedConcurrentExecutions": 5}

    checks = looked_at("AWS::Lambda::Function", properties, answers)

    opaque_resources = [each.message for each in checks if each.status is CheckStatus.NOT_CHECKED]
    assert opaque_resources == [f"{subject}: the template's value is known only to AWS"]
    assert not [each for each in checks if each.status is CheckStatus.FAILED]


def test_a_resource_of_an_api_that_only_aws_knows_is_not_asked_for() -> None:
    properties = {"ApiId": {"Fn::ImportValue": "api"}, "RouteKey": "POST /"}

    checks = looked_at("AWS::ApiGatewayV2::Route", properties, {})

    assert found(checks) == [("not checked", "where to ask: the template's value is known only to AWS")]


def test_what_the_sandbox_does_not_keep_is_not_checked_there() -> None:
    properties = {**API, "StageName": "it", "DefaultRouteSettings": {"ThrottlingRateLimit": 5}}
    answers = {"apigatewayv2:get_stage": {"StageName": "it", "DefaultRouteSettings": {"ThrottlingRateLimit": 5}}}

    here = found(looked_at("AWS::ApiGatewayV2::Stage", properties, answers, sandbox=True))
    there = found(looked_at("AWS::ApiGatewayV2::Stage", properties, answers))

    assert here[1] == ("not checked", "rate limit: the sandbox does not keep it")
    assert there[1] == ("proved", "rate limit is 5")


def test_a_resource_whose_condition_does_not_hold_is_not_looked_for() -> None:
    body = {
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"It": {"Type": "AWS::KMS::Key", "Condition": "Never"}},
    }
    with stubbed() as (aws, _):
        assert resource_jobs(aws, deployed(body)) == {}


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        pytest.param(["a", "a"], ("failed", "it is not in the stack"), id="that should be there"),
        pytest.param(
            ["a", {"Fn::ImportValue": "x"}],
            ("not checked", "whether it should be there is not known: the value of export x is not known"),
            id="of which only AWS knows",
        ),
    ],
)
def test_a_resource_that_the_stack_lacks(condition: list[Any], said: tuple[str, str]) -> None:
    body = {
        "Conditions": {"C": {"Fn::Equals": condition}},
        "Resources": {"It": {"Type": "AWS::KMS::Key", "Condition": "C"}},
    }
    with stubbed() as (aws, _):
        assert found(resource_jobs(aws, deployed(body))["It"]()) == [said]


def test_what_nothing_looks_at_is_counted_and_not_passed() -> None:
    bucket = {"Type": "AWS::S3::Bucket"}
    stack = deployed({"Resources": {"A": bucket, "B": bucket, "Gone": bucket}}, {"A": "a", "B": "b"})

    (check,) = unchecked(stack)

    assert (check.subject, check.status) == ("AWS::S3::Bucket", CheckStatus.NOT_CHECKED)
    assert check.message.startswith("2 of this type")
