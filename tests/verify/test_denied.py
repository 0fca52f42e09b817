"""What could not be read, or is not known, is not checked: never passed, and never failed."""

from typing import Any

import pytest

from tapctl.aws import Aws
from tapctl.errors import AwsError
from tapctl.verify.check import Status
from tapctl.verify.resources import CHECKERS, check_resources, unchecked

from .subjects import deployed, found, looked_at, stubbed

TABLE = {
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "SSESpecification": {"SSEEnabled": True},
    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expiresAt"},
    "BillingMode": "PAY_PER_REQUEST",
}
LIVE_TABLE = {
    "TableStatus": "ACTIVE",
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
    "SSEDescription": {"Status": "ENABLED"},
}
LIVE_FUNCTION = {
    "State": "Active",
    "Architectures": ["x86_64"],
    "MemorySize": 128,
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
}
FIRST_READS = [
    pytest.param("AWS::ApiGatewayV2::Api", "apigatewayv2", "get_api", "apigateway:GET", id="api"),
    pytest.param("AWS::DynamoDB::Table", "dynamodb", "describe_table", "dynamodb:DescribeTable", id="table"),
    pytest.param("AWS::IAM::Role", "iam", "get_role", "iam:GetRole", id="role"),
    pytest.param("AWS::KMS::Alias", "kms", "describe_key", "kms:DescribeKey", id="alias"),
    pytest.param("AWS::KMS::Key", "kms", "describe_key", "kms:DescribeKey", id="key"),
    pytest.param(
        "AWS::Lambda::Function",
        "lambda",
        "get_function_configuration",
        "lambda:GetFunctionConfiguration",
        id="function",
    ),
    pytest.param("AWS::Logs::LogGroup", "logs", "describe_log_groups", "logs:DescribeLogGroups", id="log group"),
]


def test_every_checker_is_among_the_cases() -> None:
    assert {str(case.values[0]) for case in FIRST_READS} == set(CHECKERS)


@pytest.mark.parametrize(("kind", "service", "operation", "permission"), FIRST_READS)
def test_a_denied_read_is_not_checked_and_names_the_permission(
    kind: str, service: str, operation: str, permission: str
) -> None:
    with stubbed(service) as (aws, stubs):
        stubs[service].add_client_error(operation, "AccessDeniedException", "no", 403)

        (check,) = looked_at(aws, kind)

    assert (check.status, check.message) == (Status.NOT_CHECKED, f"{permission} was denied")
    assert check.hint == f"allow the action {permission}"


@pytest.mark.parametrize(("kind", "service", "operation", "permission"), FIRST_READS)
@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure"])
def test_a_read_that_failed_otherwise_is_not_checked_either(
    code: str, kind: str, service: str, operation: str, permission: str
) -> None:
    with stubbed(service) as (aws, stubs):
        stubs[service].add_client_error(operation, code, "later", 500)

        (check,) = looked_at(aws, kind)

    assert check.status is Status.NOT_CHECKED
    assert permission in check.message


@pytest.mark.parametrize(("kind", "service", "operation", "permission"), FIRST_READS)
def test_credentials_that_have_expired_end_the_verification(
    kind: str, service: str, operation: str, permission: str
) -> None:
    with stubbed(service) as (aws, stubs):
        stubs[service].add_client_error(operation, "ExpiredTokenException", "expired", 403)

        with pytest.raises(AwsError, match="the AWS credentials have expired"):
            looked_at(aws, kind)


def test_a_denied_reservation_is_not_taken_for_none() -> None:
    with stubbed("lambda") as (aws, stubs):
        stubs["lambda"].add_response("get_function_configuration", LIVE_FUNCTION)
        stubs["lambda"].add_client_error("get_function_concurrency", "AccessDeniedException", "no", 403)

        checks = looked_at(aws, "AWS::Lambda::Function")

    assert found(checks)[-1] == ("not checked", "lambda:GetFunctionConcurrency was denied")
    assert {each.status for each in checks[:-1]} == {Status.PROVED}


def test_each_further_read_of_a_table_stands_alone() -> None:
    with stubbed("dynamodb") as (aws, stubs):
        stub = stubs["dynamodb"]
        stub.add_response("describe_table", {"Table": LIVE_TABLE})
        stub.add_client_error("describe_continuous_backups", "AccessDeniedException", "no", 400)
        stub.add_client_error("describe_time_to_live", "AccessDeniedException", "no", 400)

        assert found(looked_at(aws, "AWS::DynamoDB::Table", TABLE)) == [
            ("proved", "status is ACTIVE"),
            ("proved", "billing mode is PAY_PER_REQUEST"),
            ("proved", "encryption is ENABLED"),
            ("not checked", "dynamodb:DescribeContinuousBackups was denied"),
            ("not checked", "dynamodb:DescribeTimeToLive was denied"),
        ]


def test_a_denied_rotation_is_not_checked() -> None:
    with stubbed("kms") as (aws, stubs):
        stubs["kms"].add_response("describe_key", {"KeyMetadata": {"KeyId": "it", "KeyState": "Enabled"}})
        stubs["kms"].add_client_error("get_key_rotation_status", "AccessDeniedException", "no", 400)

        assert found(looked_at(aws, "AWS::KMS::Key", {"EnableKeyRotation": True})) == [
            ("proved", "state is Enabled"),
            ("not checked", "kms:GetKeyRotationStatus was denied"),
        ]


@pytest.mark.parametrize("off", [False, "false", None])
def test_what_the_template_switches_off_is_not_asked_for(off: Any) -> None:
    properties = {
        "SSESpecification": {"SSEEnabled": off},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": off},
        "TimeToLiveSpecification": {"Enabled": off, "AttributeName": "expiresAt"},
    }
    with stubbed("dynamodb") as (aws, stubs):
        stubs["dynamodb"].add_response("describe_table", {"Table": {"TableStatus": "ACTIVE"}})

        assert found(looked_at(aws, "AWS::DynamoDB::Table", properties)) == [
            ("proved", "status is ACTIVE"),
            ("proved", "billing mode is PROVISIONED"),
        ]


@pytest.mark.parametrize("on", [True, "true"])
def test_a_switch_may_stand_as_text(on: Any) -> None:
    properties = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": on}}
    off = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"}}
    with stubbed("dynamodb") as (aws, stubs):
        stubs["dynamodb"].add_response("describe_table", {"Table": {"TableStatus": "ACTIVE"}})
        answer = {"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED", **off}}
        stubs["dynamodb"].add_response("describe_continuous_backups", answer)

        checks = looked_at(aws, "AWS::DynamoDB::Table", properties)

    assert found(checks)[-1] == ("failed", "point-in-time recovery is DISABLED, the template says ENABLED")


STORED: dict[str, Any] = {"Fn::Sub": "{{resolve:ssm:/shop/value}}"}


@pytest.mark.parametrize(
    ("properties", "subject"),
    [
        pytest.param({"SSESpecification": {"SSEEnabled": STORED}}, "encryption", id="a value inside"),
        pytest.param(
            {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": STORED}},
            "point-in-time recovery",
            id="another value inside",
        ),
        pytest.param({"TimeToLiveSpecification": STORED}, "expiry", id="a whole property"),
    ],
)
def test_a_table_whose_template_holds_what_only_aws_knows(properties: dict[str, Any], subject: str) -> None:
    with stubbed("dynamodb") as (aws, stubs):
        stubs["dynamodb"].add_response("describe_table", {"Table": {"TableStatus": "ACTIVE"}})

        checks = looked_at(aws, "AWS::DynamoDB::Table", properties)

    assert found(checks)[-1] == ("not checked", f"{subject}: the template's value is known only to AWS")


@pytest.mark.parametrize(
    ("properties", "subject"),
    [
        pytest.param({"TracingConfig": {"Mode": STORED}}, "tracing", id="a value inside"),
        pytest.param({"TracingConfig": STORED}, "tracing", id="a whole property"),
        pytest.param({"Timeout": STORED}, "timeout", id="a plain value"),
        pytest.param({"Architectures": [STORED]}, "architecture", id="a value in a list"),
        pytest.param({"KmsKeyArn": STORED}, "environment", id="a key"),
        pytest.param({"ReservedConcurrentExecutions": STORED}, "reserved concurrency", id="the reservation"),
    ],
)
def test_a_function_whose_template_holds_what_only_aws_knows(properties: dict[str, Any], subject: str) -> None:
    with stubbed("lambda") as (aws, stubs):
        stubs["lambda"].add_response("get_function_configuration", LIVE_FUNCTION)
        stubs["lambda"].add_response("get_function_concurrency", {"ReservedConcurrentExecutions": 5})

        checks = looked_at(aws, "AWS::Lambda::Function", {"ReservedConcurrentExecutions": 5, **properties})

    unseen = [each.message for each in checks if each.status is Status.NOT_CHECKED]
    assert len(unseen) == 1
    assert unseen[0].startswith(f"{subject}: ")
    assert not [each for each in checks if each.status is Status.FAILED]


@pytest.mark.parametrize(
    ("target", "status"),
    [
        pytest.param({"Ref": "Key"}, "proved", id="by name"),
        pytest.param({"Fn::GetAtt": ["Key", "Arn"]}, "proved", id="by ARN"),
        pytest.param({"Ref": "Other"}, "failed", id="of another key"),
        pytest.param({"Fn::ImportValue": "key"}, "not checked", id="of another stack"),
    ],
)
def test_an_alias_is_compared_with_the_key_that_the_template_means(target: Any, status: str) -> None:
    resources = {
        "It": {"Type": "AWS::KMS::Alias", "Properties": {"TargetKeyId": target}},
        "Key": {"Type": "AWS::KMS::Key"},
        "Other": {"Type": "AWS::KMS::Key"},
    }
    with stubbed("kms") as (aws, stubs):
        stubs["kms"].add_response("describe_key", {"KeyMetadata": {"KeyId": "k-1"}})
        stack = deployed({"Resources": resources}, {"It": "alias/it", "Key": "k-1", "Other": "k-2"})
        (job, *_) = check_resources(aws, stack)

        ((found_status, _),) = found(job())

    assert found_status == status


def test_a_log_group_is_told_from_those_that_begin_like_it() -> None:
    groups = [{"logGroupName": "it/inner", "retentionInDays": 30}]
    with stubbed("logs") as (aws, stubs):
        stubs["logs"].add_response("describe_log_groups", {"logGroups": groups}, {"logGroupNamePrefix": "it"})

        assert found(looked_at(aws, "AWS::Logs::LogGroup")) == [("failed", "there is no log group it")]


@pytest.mark.parametrize(
    ("found_key", "said"),
    [
        pytest.param(None, ("failed", "log group is not encrypted with a key of its own"), id="none"),
        pytest.param(
            "arn:aws:kms:x:1:key/k-1", ("proved", "log group is encrypted with arn:aws:kms:x:1:key/k-1"), id="it"
        ),
        pytest.param(
            "arn:aws:kms:x:1:key/k-2",
            ("failed", "log group is encrypted with arn:aws:kms:x:1:key/k-2, the template says k-1"),
            id="another",
        ),
    ],
)
def test_a_log_groups_key_is_compared(found_key: str | None, said: tuple[str, str]) -> None:
    group = {"logGroupName": "it", "retentionInDays": 30, **({"kmsKeyId": found_key} if found_key else {})}
    resources = {
        "It": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"RetentionInDays": "30", "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}},
        },
        "Key": {"Type": "AWS::KMS::Key"},
    }
    with stubbed("logs") as (aws, stubs):
        stubs["logs"].add_response("describe_log_groups", {"logGroups": [group]})
        (job, *_) = check_resources(aws, deployed({"Resources": resources}, {"It": "it", "Key": "k-1"}))

        assert found(job()) == [("proved", "retention in days is 30"), said]


def nobody() -> Aws:
    with stubbed() as (aws, _):
        return aws


def test_a_resource_whose_condition_does_not_hold_is_not_looked_for() -> None:
    body = {
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"It": {"Type": "AWS::KMS::Key", "Condition": "Never"}},
    }

    assert check_resources(nobody(), deployed(body)) == []


def test_a_resource_that_the_stack_lacks_has_failed() -> None:
    (job,) = check_resources(nobody(), deployed({"Resources": {"It": {"Type": "AWS::KMS::Key"}}}))

    assert found(job()) == [("failed", "it is not in the stack")]


def test_what_nothing_looks_at_is_counted_and_not_passed() -> None:
    queue = {"Type": "AWS::SQS::Queue"}
    stack = deployed({"Resources": {"A": queue, "B": queue, "Gone": queue}}, {"A": "a", "B": "b"})

    (check,) = unchecked(stack)

    assert (check.subject, check.status) == ("AWS::SQS::Queue", Status.NOT_CHECKED)
    assert check.message.startswith("2 of this type")
