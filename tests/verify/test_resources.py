"""Denied reads and unknown values are not checked; resources that do not exist fail."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tapctl.errors import AwsError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.verify.check import CheckStatus
from tapctl.verify.resources import resource_jobs, services, unchecked
from tapctl.verify.services import CHECKS_BY_TYPE
from tests.support.deployed_stacks import check_resource, deployed_stack, lines, statuses, stubbed
from tests.support.golden import Golden
from tests.support.tables import check_each

API = {"ApiId": "api"}
REST_API = {"RestApiId": "api"}
POLICY = {"PolicyName": "p", "PolicyDocument": {}}
STATEMENTS: dict[str, Any] = {"PolicyDocument": {"Statement": []}}
FIRST_CALLS: Mapping[str, tuple[dict[str, Any], str, str]] = {
    "AWS::ApiGateway::Deployment": (REST_API, "apigateway:get_deployment", "apigateway:GET"),
    "AWS::ApiGateway::Method": (
        {**REST_API, "ResourceId": "r", "HttpMethod": "GET"},
        "apigateway:get_method",
        "apigateway:GET",
    ),
    "AWS::ApiGateway::Resource": (
        {**REST_API, "ParentId": "root", "PathPart": "orders"},
        "apigateway:get_resource",
        "apigateway:GET",
    ),
    "AWS::ApiGateway::RestApi": ({}, "apigateway:get_rest_api", "apigateway:GET"),
    "AWS::ApiGateway::Stage": (REST_API, "apigateway:get_stage", "apigateway:GET"),
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
    "AWS::Events::EventBus": ({}, "events:describe_event_bus", "events:DescribeEventBus"),
    "AWS::Events::Rule": ({}, "events:describe_rule", "events:DescribeRule"),
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
    "AWS::Lambda::LayerVersion": ({}, "lambda:get_layer_version", "lambda:GetLayerVersion"),
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
    "AWS::Scheduler::Schedule": ({}, "scheduler:get_schedule", "scheduler:GetSchedule"),
    "AWS::Scheduler::ScheduleGroup": ({}, "scheduler:get_schedule_group", "scheduler:GetScheduleGroup"),
    "AWS::SNS::Subscription": ({}, "sns:get_subscription_attributes", "sns:GetSubscriptionAttributes"),
    "AWS::SNS::Topic": ({}, "sns:get_topic_attributes", "sns:GetTopicAttributes"),
    "AWS::SNS::TopicPolicy": ({**STATEMENTS, "Topics": ["t"]}, "sns:get_topic_attributes", "sns:GetTopicAttributes"),
    "AWS::SQS::Queue": ({}, "sqs:get_queue_attributes", "sqs:GetQueueAttributes"),
    "AWS::SQS::QueuePolicy": ({**STATEMENTS, "Queues": ["q"]}, "sqs:get_queue_attributes", "sqs:GetQueueAttributes"),
}
"""Resource type to properties, first call and its IAM action; functions, which need a second call, are below."""

CASES = {resource_type: (resource_type, *case) for resource_type, case in FIRST_CALLS.items()}
Case = tuple[str, dict[str, Any], str, str]


def test_every_type_has_a_case() -> None:
    assert set(FIRST_CALLS) | {"AWS::Lambda::Function"} == set(CHECKS_BY_TYPE)


def a_denied_call_is_not_checked_and_names_the_action(case: Case) -> None:
    resource_type, properties, call, action = case
    (check,) = check_resource(resource_type, properties, {call: "AccessDeniedException"})

    assert check.status is CheckStatus.NOT_CHECKED
    assert action in check.message
    assert check.hint == advise(JudgementAdvice.ALLOW_ACTION, action)


def a_throttled_or_failed_call_is_not_checked(case: Case) -> None:
    resource_type, properties, call, action = case
    for code in ("ThrottlingException", "InternalFailure"):
        (check,) = check_resource(resource_type, properties, {call: code})

        assert check.status is CheckStatus.NOT_CHECKED, code
        assert action in check.message, code


def expired_credentials_raise(case: Case) -> None:
    resource_type, properties, call, _ = case
    with pytest.raises(AwsError) as raised:
        check_resource(resource_type, properties, {call: "ExpiredTokenException"})

    assert raised.value.code == "ExpiredTokenException"


NOT_FOUND = {
    "cloudwatch": {"MetricAlarms": []},
    "iam": "NoSuchEntity",
    "logs": {"logGroups": [{"logGroupName": "it/inner"}]},
    "sns": "NotFound",
    "sqs": "QueueDoesNotExist",
    "apigateway": "NotFoundException",
    "apigatewayv2": "NotFoundException",
    "kms": "NotFoundException",
}


def what_does_not_exist_fails(case: Case) -> None:
    resource_type, properties, call, _ = case
    response: Any = NOT_FOUND.get(call.partition(":")[0], "ResourceNotFoundException")

    assert statuses(check_resource(resource_type, properties, {call: response})) == ["failed"]


def test_each_type() -> None:
    check_each(
        CASES,
        a_denied_call_is_not_checked_and_names_the_action,
        a_throttled_or_failed_call_is_not_checked,
        expired_credentials_raise,
        what_does_not_exist_fails,
    )


FUNCTION = {"State": "Active", "Architectures": ["x86_64"], "MemorySize": 128, "Timeout": 3}
TRACED = {**FUNCTION, "TracingConfig": {"Mode": "PassThrough"}}


def test_a_function_that_does_not_exist_fails_once(golden: Golden) -> None:
    call = {"lambda:get_function_configuration": "ResourceNotFoundException"}

    checks = check_resource("AWS::Lambda::Function", {}, call)

    assert statuses(checks) == ["failed"]
    golden(lines(checks))


def test_a_denied_reservation_is_not_taken_for_none() -> None:
    responses: dict[str, Any] = {
        "lambda:get_function_configuration": TRACED,
        "lambda:get_function_concurrency": "AccessDeniedException",
    }

    *others, reservation = check_resource("AWS::Lambda::Function", {}, responses)

    assert reservation.status is CheckStatus.NOT_CHECKED
    assert "lambda:GetFunctionConcurrency" in reservation.message
    assert set(statuses(others)) == {"proved"}


def test_each_denied_call_of_a_table_is_reported(golden: Golden) -> None:
    properties = {
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expiresAt"},
    }
    responses: dict[str, Any] = {
        "dynamodb:describe_table": {"Table": {"TableStatus": "ACTIVE"}},
        "dynamodb:describe_continuous_backups": "AccessDeniedException",
        "dynamodb:describe_time_to_live": "AccessDeniedException",
    }

    checks = check_resource("AWS::DynamoDB::Table", properties, responses)

    assert statuses(checks) == ["proved"] * 3 + ["not checked"] * 2
    golden(lines(checks))


DYNAMIC: dict[str, Any] = {"Fn::Sub": "{{resolve:ssm:/shop/value}}"}


@pytest.mark.parametrize(
    ("properties", "label"),
    [
        pytest.param({"TracingConfig": {"Mode": DYNAMIC}}, "TracingConfig.Mode", id="nested"),
        pytest.param({"TracingConfig": DYNAMIC}, "TracingConfig.Mode", id="the parent"),
        pytest.param({"Timeout": DYNAMIC}, "Timeout", id="plain"),
        pytest.param({"Architectures": [DYNAMIC]}, "Architectures", id="in a list"),
        pytest.param({"KmsKeyArn": DYNAMIC}, "KmsKeyArn", id="key"),
        pytest.param({"ReservedConcurrentExecutions": DYNAMIC}, "ReservedConcurrentExecutions", id="reservation"),
        pytest.param({"Environment": DYNAMIC}, "Environment.Variables", id="environment"),
    ],
)
def test_a_property_that_does_not_resolve_is_not_checked(
    properties: dict[str, Any], label: str, golden: Golden
) -> None:
    responses: dict[str, Any] = {"lambda:get_function_configuration": TRACED}
    if "ReservedConcurrentExecutions" not in properties:
        responses["lambda:get_function_concurrency"] = {"ReservedConcurrentExecutions": 5}
        properties = {**properties, "ReservedConcurrentExecutions": 5}

    checks = check_resource("AWS::Lambda::Function", properties, responses)

    (unresolved,) = (check for check in checks if check.status is not CheckStatus.PROVED)
    assert unresolved.status is CheckStatus.NOT_CHECKED
    assert unresolved.message.startswith(f"{label}:")
    golden(unresolved.message)


def test_a_resource_of_an_api_that_does_not_resolve_is_not_called(golden: Golden) -> None:
    properties = {"ApiId": {"Fn::ImportValue": "api"}, "RouteKey": "POST /"}

    checks = check_resource("AWS::ApiGatewayV2::Route", properties, {})

    assert statuses(checks) == ["not checked"]
    golden(lines(checks))


def test_a_property_that_the_sandbox_drops_is_not_checked_there(golden: Golden) -> None:
    properties = {**API, "StageName": "it", "DefaultRouteSettings": {"ThrottlingRateLimit": 5}}
    responses = {"apigatewayv2:get_stage": {"StageName": "it", "DefaultRouteSettings": {"ThrottlingRateLimit": 5}}}

    in_sandbox = check_resource("AWS::ApiGatewayV2::Stage", properties, responses, sandbox=True)
    in_aws = check_resource("AWS::ApiGatewayV2::Stage", properties, responses)

    assert (statuses(in_sandbox), statuses(in_aws)) == (["proved", "not checked"], ["proved", "proved"])
    golden(lines(in_sandbox), "in the sandbox")
    golden(lines(in_aws), "in AWS")


def test_a_resource_whose_condition_is_false_has_no_job() -> None:
    body = {
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"It": {"Type": "AWS::KMS::Key", "Condition": "Never"}},
    }
    with stubbed() as (aws, _):
        assert resource_jobs(aws, [deployed_stack(body)]) == {}


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        pytest.param(["a", "a"], "failed", id="true"),
        pytest.param(["a", {"Fn::ImportValue": "x"}], "not checked", id="unresolvable"),
    ],
)
def test_a_resource_missing_from_the_stack_fails_if_its_condition_is_true(
    condition: list[Any], status: str, golden: Golden
) -> None:
    body = {
        "Conditions": {"C": {"Fn::Equals": condition}},
        "Resources": {"It": {"Type": "AWS::KMS::Key", "Condition": "C"}},
    }
    with stubbed() as (aws, _):
        checks = list(resource_jobs(aws, [deployed_stack(body)])["It"]())

    assert statuses(checks) == [status]
    golden(lines(checks))


def test_resources_of_a_type_without_checks_are_counted(golden: Golden) -> None:
    bucket = {"Type": "AWS::S3::Bucket"}
    stack = deployed_stack({"Resources": {"A": bucket, "B": bucket, "Missing": bucket}}, {"A": "a", "B": "b"})

    (check,) = unchecked([stack])

    assert (check.subject, check.status) == ("AWS::S3::Bucket", CheckStatus.NOT_CHECKED)
    golden(check.message)


def test_the_services_of_the_checks_are_known_ahead() -> None:
    assert services(["AWS::KMS::Key", "AWS::Lambda::Function", "AWS::KMS::Key", "Custom::X"]) == ("kms", "lambda")


def alarm(name: str) -> dict[str, Any]:
    return {"AlarmName": name, "ActionsEnabled": True, "TreatMissingData": "missing"}


def test_alarms_are_described_a_hundred_at_a_time() -> None:
    names = [f"alarm-{number}" for number in range(150)]
    resources = {f"A{number}": {"Type": "AWS::CloudWatch::Alarm"} for number in range(150)}
    stack = deployed_stack({"Resources": resources}, dict(zip(resources, names, strict=True)))
    with stubbed("cloudwatch") as (aws, stubs):
        for batch in (names[:100], names[100:]):
            expected = {"AlarmNames": batch, "AlarmTypes": ["MetricAlarm"], "MaxRecords": 100}
            stubs["cloudwatch"].add_response("describe_alarms", {"MetricAlarms": list(map(alarm, batch))}, expected)
        checks = [check for job in resource_jobs(aws, [stack]).values() for check in job()]

    assert {check.subject for check in checks} == set(resources)
    assert set(statuses(checks)) == {"proved"}


def test_an_answer_that_several_resources_need_is_read_once() -> None:
    """Two permissions of a function are in one policy, a topic and its policy in the same attributes."""
    allowed = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "f"}
    principals = ("sns.amazonaws.com", "s3.amazonaws.com")
    policy = {"Statement": [{**allowed, "Principal": {"Service": principal}} for principal in principals]}
    resources: dict[str, Any] = {
        name: {
            "Type": "AWS::Lambda::Permission",
            "Properties": {"FunctionName": "f", "Action": "lambda:InvokeFunction", "Principal": principal},
        }
        for name, principal in zip("AB", principals, strict=True)
    }
    resources["Topic"] = {"Type": "AWS::SNS::Topic"}
    resources["Policy"] = {"Type": "AWS::SNS::TopicPolicy", "Properties": {**STATEMENTS, "Topics": [{"Ref": "Topic"}]}}
    stack = deployed_stack({"Resources": resources}, {**dict.fromkeys(resources, "id"), "Topic": "arn:aws:sns:x:1:t"})
    with stubbed("lambda", "sns") as (aws, stubs):
        stubs["lambda"].add_response("get_policy", {"Policy": json.dumps(policy)})
        stubs["sns"].add_response("get_topic_attributes", {"Attributes": {"Policy": json.dumps({"Statement": []})}})
        checks = [check for job in resource_jobs(aws, [stack]).values() for check in job()]

    assert set(statuses(checks)) == {"proved"}


def test_a_function_without_policy_fails_each_of_its_permissions() -> None:
    permission = {"Type": "AWS::Lambda::Permission", "Properties": {"FunctionName": "f", "Action": "a"}}
    stack = deployed_stack({"Resources": {"A": permission, "B": permission}}, {"A": "a", "B": "b"})
    with stubbed("lambda") as (aws, stubs):
        stubs["lambda"].add_client_error("get_policy", "ResourceNotFoundException", "no", 404)
        checks = [check for job in resource_jobs(aws, [stack]).values() for check in job()]

    assert [(check.subject, check.status.value) for check in checks] == [("A", "failed"), ("B", "failed")]
