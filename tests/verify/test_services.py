"""Each service's answers, in the shapes of the real ones, against what templates say."""

import json
from typing import Any

import pytest

from tests.support.deployed_stacks import found, looked_at

ACCOUNT = "123456789012"
FUNCTION_ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:fn"
SOURCE = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:api/*/POST/x"


def failures(*arguments: Any, **options: Any) -> list[str]:
    return [message for status, message in found(looked_at(*arguments, **options)) if status == "failed"]


STATEMENT = {
    "Sid": "whatever",
    "Effect": "Allow",
    "Principal": {"Service": "apigateway.amazonaws.com"},
    "Action": "lambda:InvokeFunction",
    "Resource": FUNCTION_ARN,
    "Condition": {"ArnLike": {"AWS:SourceArn": SOURCE}},
}
PERMISSION = {
    "FunctionName": {"Fn::GetAtt": ["Fn", "Arn"]},
    "Action": "lambda:InvokeFunction",
    "Principal": "apigateway.amazonaws.com",
    "SourceArn": SOURCE,
}


def granted(properties: dict[str, Any], *statements: dict[str, Any]) -> list[tuple[str, str]]:
    policy = {"Policy": json.dumps({"Statement": list(statements)})}
    siblings = {"Fn": ("AWS::Lambda::Function", "fn")}
    return found(looked_at("AWS::Lambda::Permission", properties, {"lambda:get_policy": policy}, siblings=siblings))


def test_a_permission_is_found_among_the_others() -> None:
    other = {**STATEMENT, "Principal": {"Service": "sns.amazonaws.com"}}

    assert granted(PERMISSION, other, STATEMENT) == [
        ("proved", f"apigateway.amazonaws.com may lambda:InvokeFunction with SourceArn {SOURCE}")
    ]


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param({**STATEMENT, "Condition": {}}, id="for everybody's APIs"),
        pytest.param({**STATEMENT, "Condition": {"ArnLike": {"AWS:SourceArn": "arn:other"}}}, id="for another API"),
        pytest.param({**STATEMENT, "Action": "lambda:GetFunction"}, id="for another action"),
        pytest.param({**STATEMENT, "Principal": "*"}, id="for everybody"),
    ],
)
def test_a_permission_that_is_wider_or_another_is_none(statement: dict[str, Any]) -> None:
    ((status, message),) = granted(PERMISSION, statement)

    assert status == "failed"
    assert message.startswith("no statement says that apigateway.amazonaws.com may")


@pytest.mark.parametrize(
    ("properties", "statement"),
    [
        pytest.param(
            {"Principal": ACCOUNT}, {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}, id="an account by its root"
        ),
        pytest.param({"Principal": "*"}, {"Principal": "*"}, id="everybody"),
        pytest.param(
            {"Principal": "s3.amazonaws.com", "SourceAccount": ACCOUNT},
            {
                "Principal": {"Service": "s3.amazonaws.com"},
                "Condition": {"StringEquals": {"AWS:SourceAccount": ACCOUNT}},
            },
            id="of one account",
        ),
        pytest.param(
            {"Principal": "*", "FunctionUrlAuthType": "NONE", "InvokedViaFunctionUrl": True},
            {
                "Principal": "*",
                "Condition": {
                    "StringEquals": {"lambda:FunctionUrlAuthType": "NONE"},
                    "Bool": {"lambda:InvokedViaFunctionUrl": "true"},
                },
            },
            id="through a URL",
        ),
    ],
)
def test_every_kind_of_permission_is_understood(properties: dict[str, Any], statement: dict[str, Any]) -> None:
    base = {"FunctionName": "fn", "Action": "lambda:InvokeFunction"}
    entry = {"Sid": "s", "Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": FUNCTION_ARN, **statement}

    assert granted({**base, **properties}, entry)[0][0] == "proved"


ENVIRONMENT = {"Variables": {"TABLE": {"Ref": "Table"}, "SIZE": 5, "ON": True, "SECRET": {"Fn::ImportValue": "s"}}}
LIVE_ENVIRONMENT = {"TABLE": "table-1", "SIZE": "5", "ON": "true", "SECRET": "hush"}
FUNCTION = {
    "State": "Active",
    "Architectures": ["x86_64"],
    "MemorySize": 128,
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
}


def environment(variables: dict[str, str]) -> list[tuple[str, str]]:
    answers: dict[str, Any] = {
        "lambda:get_function_configuration": {**FUNCTION, "Environment": {"Variables": variables}},
        "lambda:get_function_concurrency": {},
    }
    siblings = {"Table": ("AWS::DynamoDB::Table", "table-1")}
    checks = looked_at("AWS::Lambda::Function", {"Environment": ENVIRONMENT}, answers, siblings=siblings)
    return [each for each in found(checks) if each[1].startswith("environment")]


UNSEEN = ("not checked", "environment: the values of SECRET are not shown by CloudFormation")


def test_the_environment_is_compared_by_name_and_no_value_is_shown() -> None:
    assert environment(LIVE_ENVIRONMENT) == [
        ("proved", "environment is as the template says: ON, SIZE, TABLE"),
        UNSEEN,
    ]


@pytest.mark.parametrize(
    ("variables", "wrong"),
    [
        pytest.param({**LIVE_ENVIRONMENT, "TABLE": "other"}, "TABLE", id="another value"),
        pytest.param({"TABLE": "table-1", "SECRET": "hush"}, "ON, SIZE", id="missing"),
        pytest.param({**LIVE_ENVIRONMENT, "EXTRA": "x"}, "EXTRA", id="one more"),
    ],
)
def test_a_variable_that_differs_is_named(variables: dict[str, str], wrong: str) -> None:
    assert environment(variables) == [("failed", f"environment is not as the template says: {wrong}"), UNSEEN]


def test_an_idle_function_is_not_a_broken_one() -> None:
    answers: dict[str, Any] = {
        "lambda:get_function_configuration": {**FUNCTION, "State": "Inactive"},
        "lambda:get_function_concurrency": {},
    }
    assert failures("AWS::Lambda::Function", {}, answers) == []


MAPPING = {
    "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
    "FunctionName": {"Ref": "Fn"},
    "BatchSize": "10",
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "ScalingConfig": {"MaximumConcurrency": 5},
}
LIVE_MAPPING = {
    "State": "Enabled",
    "EventSourceArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders",
    "FunctionArn": FUNCTION_ARN,
    "BatchSize": 10,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "ScalingConfig": {"MaximumConcurrency": 5},
}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param({}, None, id="as it should be"),
        pytest.param({"State": "Disabled"}, "state is Disabled, the template says Enabled", id="switched off"),
        pytest.param(
            {"ScalingConfig": {"MaximumConcurrency": 2}},
            "maximum concurrency is 2, the template says 5",
            id="throttled",
        ),
        pytest.param(
            {"FunctionResponseTypes": []},
            "answers is none, the template says ReportBatchItemFailures",
            id="one failure fails the batch",
        ),
        pytest.param(
            {"FunctionArn": f"{FUNCTION_ARN}-other"},
            f"function is {FUNCTION_ARN}-other, the template says fn",
            id="another function",
        ),
    ],
)
def test_an_event_source_mapping(change: dict[str, Any], problem: str | None) -> None:
    siblings = {
        "Fn": ("AWS::Lambda::Function", "fn"),
        "Queue": ("AWS::SQS::Queue", f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/orders"),
    }
    answers = {"lambda:get_event_source_mapping": {**LIVE_MAPPING, **change}}

    said = failures("AWS::Lambda::EventSourceMapping", MAPPING, answers, siblings=siblings)

    assert said == ([problem] if problem else [])


def test_an_alias_has_its_version_and_its_provisioned_concurrency() -> None:
    properties = {
        "FunctionName": {"Ref": "Fn"},
        "Name": "live",
        "FunctionVersion": {"Fn::GetAtt": ["Release", "Version"]},
        "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 5},
    }
    siblings = {
        "Fn": ("AWS::Lambda::Function", "fn"),
        "Release": ("AWS::Lambda::Version", f"{FUNCTION_ARN}:7"),
    }
    answers = {
        "lambda:get_alias": {"FunctionVersion": "6"},
        "lambda:get_provisioned_concurrency_config": {"RequestedProvisionedConcurrentExecutions": 4},
    }

    assert failures("AWS::Lambda::Alias", properties, answers, siblings=siblings) == [
        "version is 6, the template says 7",
        "provisioned concurrency is 4, the template says 5",
    ]


def test_a_stage_that_lost_its_throttling_has_failed() -> None:
    properties = {
        "ApiId": "api",
        "StageName": "$default",
        "AutoDeploy": True,
        "DefaultRouteSettings": {"ThrottlingRateLimit": "100", "ThrottlingBurstLimit": 50},
        "AccessLogSettings": {"DestinationArn": {"Fn::GetAtt": ["Group", "Arn"]}, "Format": "x"},
    }
    log = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/api"
    live = {
        "StageName": "$default",
        "AutoDeploy": True,
        "DefaultRouteSettings": {"ThrottlingRateLimit": 100.0, "ThrottlingBurstLimit": 500},
        "AccessLogSettings": {"DestinationArn": log, "Format": "y"},
    }

    assert failures(
        "AWS::ApiGatewayV2::Stage",
        properties,
        {"apigatewayv2:get_stage": live},
        siblings={"Group": ("AWS::Logs::LogGroup", "/aws/api")},
    ) == ["burst limit is 500, the template says 50", "access log format is not as the template says"]


ALARM = {
    "Namespace": "AWS/Lambda",
    "MetricName": "Errors",
    "Dimensions": [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}],
    "Threshold": "0",
    "AlarmActions": ["arn:topic"],
}
LIVE_ALARM = {
    "AlarmName": "it",
    "Namespace": "AWS/Lambda",
    "MetricName": "Errors",
    "Dimensions": [{"Value": "2", "Name": "B"}, {"Value": "1", "Name": "A"}],
    "Threshold": 0.0,
    "ActionsEnabled": True,
    "AlarmActions": ["arn:topic"],
}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param({}, None, id="as it should be"),
        pytest.param({"ActionsEnabled": False}, "actions enabled is False, the template says True", id="silenced"),
        pytest.param({"AlarmActions": []}, "alarm actions is none, the template says arn:topic", id="tells nobody"),
        pytest.param({"Threshold": 1.5}, "threshold is 1.5, the template says 0", id="another threshold"),
        pytest.param(
            {"Dimensions": [{"Name": "A", "Value": "1"}]},
            "dimensions is A 1, the template says A 1, B 2",
            id="another metric",
        ),
    ],
)
def test_an_alarm(change: dict[str, Any], problem: str | None) -> None:
    answers = {"cloudwatch:describe_alarms": {"MetricAlarms": [{**LIVE_ALARM, **change}]}}

    assert failures("AWS::CloudWatch::Alarm", ALARM, answers) == ([problem] if problem else [])


DOCUMENT = {"Statement": [{"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
WIDER = {"Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}]}


def test_a_roles_inline_policies_are_read_one_by_one() -> None:
    properties = {
        "AssumeRolePolicyDocument": DOCUMENT,
        "Policies": [
            {"PolicyName": "one", "PolicyDocument": DOCUMENT},
            {"PolicyName": "two", "PolicyDocument": DOCUMENT},
            {"PolicyName": "three", "PolicyDocument": DOCUMENT},
        ],
        "ManagedPolicyArns": ["arn:a", "arn:b"],
    }
    role = {"Path": "/", "RoleName": "it", "RoleId": "A" * 16, "Arn": "arn:aws:iam::1:role/it", "CreateDate": 0}
    policy = {"RoleName": "it", "PolicyName": "p"}
    answers: dict[str, Any] = {
        "iam:get_role": {"Role": {**role, "AssumeRolePolicyDocument": json.dumps(DOCUMENT)}},
        "iam:get_role_policy:one": {**policy, "PolicyDocument": json.dumps(DOCUMENT)},
        "iam:get_role_policy:two": {**policy, "PolicyDocument": json.dumps(WIDER)},
        "iam:get_role_policy:three": "NoSuchEntity",
        "iam:list_attached_role_policies": {"AttachedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/a"}]},
    }
    properties["ManagedPolicyArns"] = ["arn:aws:iam::aws:policy/a", "arn:aws:iam::aws:policy/b"]

    assert failures("AWS::IAM::Role", properties, answers) == [
        "policy two is not as the template says: it lacks `Read`; it has beside `Allow s3:*`",
        "there is no policy three any more",
        "arn:aws:iam::aws:policy/b is not attached",
    ]


def test_a_policy_is_looked_for_at_everyone_who_should_have_it() -> None:
    properties = {"PolicyName": "p", "PolicyDocument": DOCUMENT, "Roles": ["r"], "Users": ["u"], "Groups": ["g"]}
    document = json.dumps(DOCUMENT)
    answers: dict[str, Any] = {
        "iam:get_role_policy": {"RoleName": "r", "PolicyName": "p", "PolicyDocument": document},
        "iam:get_user_policy": "NoSuchEntity",
        "iam:get_group_policy": {"GroupName": "g", "PolicyName": "p", "PolicyDocument": document},
    }

    assert found(looked_at("AWS::IAM::Policy", properties, answers)) == [
        ("proved", "policy p of r is as the template says"),
        ("failed", "there is no policy p of u any more"),
        ("proved", "policy p of g is as the template says"),
    ]


def test_a_key_whose_policy_lets_more_in_has_failed() -> None:
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    more = {"Sid": "Guest", "Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    answers: dict[str, Any] = {
        "kms:describe_key": {"KeyMetadata": {"KeyId": "it", "KeyState": "Enabled"}},
        "kms:get_key_policy": {"Policy": json.dumps({"Statement": [root, more]})},
    }

    assert failures("AWS::KMS::Key", {"KeyPolicy": {"Statement": [root]}}, answers) == [
        "key policy is not as the template says: it has beside `Guest`"
    ]


QUEUE = {
    "VisibilityTimeout": 180,
    "SqsManagedSseEnabled": True,
    "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 5},
}
LIVE_QUEUE = {
    "VisibilityTimeout": "180",
    "MessageRetentionPeriod": "345600",
    "DelaySeconds": "0",
    "ReceiveMessageWaitTimeSeconds": "0",
    "SqsManagedSseEnabled": "true",
    "RedrivePolicy": json.dumps(
        {"maxReceiveCount": "5", "deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"}
    ),
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({}, 0, id="as it should be"),
        pytest.param({"VisibilityTimeout": "30"}, 1, id="visible too soon"),
        pytest.param({"SqsManagedSseEnabled": "false"}, 1, id="not encrypted"),
        pytest.param({"RedrivePolicy": "{}"}, 1, id="no dead letters"),
        pytest.param({"MessageRetentionPeriod": "60"}, 1, id="kept for less than the default"),
    ],
)
def test_a_queue(change: dict[str, str], said: int) -> None:
    url = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/dead"
    answers = {"sqs:get_queue_attributes": {"Attributes": {**LIVE_QUEUE, **change}}}

    assert len(failures("AWS::SQS::Queue", QUEUE, answers, siblings={"Dead": ("AWS::SQS::Queue", url)})) == said


def test_a_policy_of_queues_is_read_at_each() -> None:
    answers: dict[str, Any] = {
        "sqs:get_queue_attributes:one": {"Attributes": {"Policy": json.dumps(DOCUMENT)}},
        "sqs:get_queue_attributes:two": {"Attributes": {}},
    }

    checks = looked_at("AWS::SQS::QueuePolicy", {"Queues": ["q1", "q2"], "PolicyDocument": DOCUMENT}, answers)

    assert found(checks) == [
        ("proved", "policy of q1 is as the template says"),
        ("failed", "policy of q2 is not as the template says: it lacks `Read`"),
    ]


def test_a_subscription_that_nobody_confirmed_has_failed() -> None:
    attributes = {"PendingConfirmation": "true", "Protocol": "email", "Endpoint": "a@example.com"}
    answers = {"sns:get_subscription_attributes": {"Attributes": attributes}}

    assert failures("AWS::SNS::Subscription", {"Protocol": "email"}, answers) == [
        "waiting for its confirmation is true, not false"
    ]


@pytest.mark.parametrize(
    ("properties", "status", "problem"),
    [
        pytest.param({"Enabled": True, "AttributeName": "at"}, "ENABLED", None, id="on"),
        pytest.param({"Enabled": "true", "AttributeName": "at"}, "ENABLING", None, id="on its way"),
        pytest.param(
            {"Enabled": True, "AttributeName": "at"},
            "DISABLED",
            "expiry is DISABLED, the template says ENABLED",
            id="off",
        ),
        pytest.param(
            {"Enabled": False, "AttributeName": "at"},
            "ENABLED",
            "expiry is ENABLED, the template says DISABLED",
            id="on against the template",
        ),
    ],
)
def test_a_tables_expiry(properties: dict[str, Any], status: str, problem: str | None) -> None:
    answers: dict[str, Any] = {
        "dynamodb:describe_table": {"Table": {"TableStatus": "ACTIVE"}},
        "dynamodb:describe_time_to_live": {
            "TimeToLiveDescription": {"TimeToLiveStatus": status, "AttributeName": "at"}
        },
    }

    said = failures("AWS::DynamoDB::Table", {"TimeToLiveSpecification": properties}, answers)

    assert said == ([problem] if problem else [])


@pytest.mark.parametrize("on", [True, "true"])
def test_a_switch_may_stand_as_text(on: Any) -> None:
    off = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"}}
    answers: dict[str, Any] = {
        "dynamodb:describe_table": {"Table": {"TableStatus": "ACTIVE"}},
        "dynamodb:describe_continuous_backups": {
            "ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED", **off}
        },
    }
    properties = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": on}}

    assert failures("AWS::DynamoDB::Table", properties, answers) == [
        "point-in-time recovery is DISABLED, the template says ENABLED"
    ]


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
    siblings = {"Key": ("AWS::KMS::Key", "k-1"), "Other": ("AWS::KMS::Key", "k-2")}
    answers: dict[str, Any] = {"kms:describe_key": {"KeyMetadata": {"KeyId": "k-1"}}}

    checks = looked_at(
        "AWS::KMS::Alias", {"TargetKeyId": target}, {} if status == "not checked" else answers, siblings=siblings
    )

    assert [each.status.value for each in checks] == [status]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        pytest.param(None, ("failed", "encryption key is not set, the template says {key}1"), id="none"),
        pytest.param("{key}1", ("proved", "encryption key is {key}1"), id="it"),
        pytest.param("{key}2", ("failed", "encryption key is {key}2, the template says {key}1"), id="another"),
    ],
)
def test_a_log_groups_key_is_compared(key: str | None, said: tuple[str, str]) -> None:
    arn = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k-"
    group = {"logGroupName": "it", "retentionInDays": 30, **({"kmsKeyId": key.format(key=arn)} if key else {})}
    properties = {"RetentionInDays": "30", "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}

    checks = looked_at(
        "AWS::Logs::LogGroup",
        properties,
        {"logs:describe_log_groups": {"logGroups": [group]}},
        siblings={"Key": ("AWS::KMS::Key", "k-1")},
    )

    assert found(checks) == [("proved", "retention in days is 30"), (said[0], said[1].format(key=arn))]
