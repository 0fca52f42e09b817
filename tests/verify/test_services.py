"""The checks of each service against stubbed responses in the shapes of the real ones."""

import json
from typing import Any

import pytest

from tapctl.verify.check import Check, CheckStatus
from tests.support.deployed_stacks import check_resource, lines, statuses
from tests.support.golden import Golden

ACCOUNT = "123456789012"
FUNCTION_ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:fn"
SOURCE = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:api/*/POST/x"


def failures(*arguments: Any, **options: Any) -> list[str]:
    """The messages of the failed checks of one resource."""
    return [check.message for check in check_resource(*arguments, **options) if check.status is CheckStatus.FAILED]


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


def permission_checks(properties: dict[str, Any], *statements: dict[str, Any]) -> list[Check]:
    """The checks of a permission where the function's policy has these statements."""
    policy = {"Policy": json.dumps({"Statement": list(statements)})}
    siblings = {"Fn": ("AWS::Lambda::Function", "fn")}
    return check_resource("AWS::Lambda::Permission", properties, {"lambda:get_policy": policy}, siblings=siblings)


def test_a_permission_is_found_among_other_statements(golden: Golden) -> None:
    other = {**STATEMENT, "Principal": {"Service": "sns.amazonaws.com"}}

    checks = permission_checks(PERMISSION, other, STATEMENT)

    assert statuses(checks) == ["proved"]
    golden(lines(checks))


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param({**STATEMENT, "Condition": {}}, id="for any API"),
        pytest.param({**STATEMENT, "Condition": {"ArnLike": {"AWS:SourceArn": "arn:other"}}}, id="for another API"),
        pytest.param({**STATEMENT, "Action": "lambda:GetFunction"}, id="for another action"),
        pytest.param({**STATEMENT, "Principal": "*"}, id="for any principal"),
    ],
)
def test_a_wider_or_another_permission_fails(statement: dict[str, Any], golden: Golden) -> None:
    checks = permission_checks(PERMISSION, statement)

    assert statuses(checks) == ["failed"]
    golden(lines(checks))


@pytest.mark.parametrize(
    ("properties", "statement"),
    [
        pytest.param(
            {"Principal": ACCOUNT}, {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}, id="an account by its root"
        ),
        pytest.param({"Principal": "*"}, {"Principal": "*"}, id="any principal"),
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
def test_kinds_of_permissions(properties: dict[str, Any], statement: dict[str, Any]) -> None:
    base = {"FunctionName": "fn", "Action": "lambda:InvokeFunction"}
    entry = {"Sid": "s", "Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": FUNCTION_ARN, **statement}

    assert statuses(permission_checks({**base, **properties}, entry)) == ["proved"]


ENVIRONMENT = {"Variables": {"TABLE": {"Ref": "Table"}, "SIZE": 5, "ON": True, "SECRET": {"Fn::ImportValue": "s"}}}
LIVE_ENVIRONMENT = {"TABLE": "table-1", "SIZE": "5", "ON": "true", "SECRET": "hush"}
FUNCTION = {
    "State": "Active",
    "Architectures": ["x86_64"],
    "MemorySize": 128,
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
}


def environment_checks(variables: dict[str, str]) -> list[Check]:
    """The checks of `Environment` where the function has these variables."""
    responses: dict[str, Any] = {
        "lambda:get_function_configuration": {**FUNCTION, "Environment": {"Variables": variables}},
        "lambda:get_function_concurrency": {},
    }
    siblings = {"Table": ("AWS::DynamoDB::Table", "table-1")}
    checks = check_resource("AWS::Lambda::Function", {"Environment": ENVIRONMENT}, responses, siblings=siblings)
    return [check for check in checks if check.message.startswith("Environment")]


@pytest.mark.parametrize(
    ("variables", "status"),
    [
        pytest.param(LIVE_ENVIRONMENT, "proved", id="equal"),
        pytest.param({**LIVE_ENVIRONMENT, "TABLE": "other"}, "failed", id="another value"),
        pytest.param({"TABLE": "table-1", "SECRET": "hush"}, "failed", id="missing"),
        pytest.param({**LIVE_ENVIRONMENT, "EXTRA": "x"}, "failed", id="additional"),
    ],
)
def test_the_environment_is_compared_and_only_names_are_printed(
    variables: dict[str, str], status: str, golden: Golden
) -> None:
    checks = environment_checks(variables)

    assert statuses(checks) == [status, "not checked"]
    assert not [value for value in variables.values() for line in lines(checks) if value in line.split()]
    golden(lines(checks))


def test_an_inactive_function_is_proved() -> None:
    responses: dict[str, Any] = {
        "lambda:get_function_configuration": {**FUNCTION, "State": "Inactive"},
        "lambda:get_function_concurrency": {},
    }
    assert failures("AWS::Lambda::Function", {}, responses) == []


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
    ("change", "failed"),
    [
        pytest.param({}, 0, id="equal"),
        pytest.param({"State": "Disabled"}, 1, id="disabled"),
        pytest.param({"ScalingConfig": {"MaximumConcurrency": 2}}, 1, id="another maximum concurrency"),
        pytest.param({"FunctionResponseTypes": []}, 1, id="no ReportBatchItemFailures"),
        pytest.param({"FunctionArn": f"{FUNCTION_ARN}-other"}, 1, id="another function"),
    ],
)
def test_an_event_source_mapping(change: dict[str, Any], failed: int, golden: Golden) -> None:
    siblings = {
        "Fn": ("AWS::Lambda::Function", "fn"),
        "Queue": ("AWS::SQS::Queue", f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/orders"),
    }
    responses = {"lambda:get_event_source_mapping": {**LIVE_MAPPING, **change}}

    messages = failures("AWS::Lambda::EventSourceMapping", MAPPING, responses, siblings=siblings)

    assert len(messages) == failed
    golden(messages)


def test_an_alias_is_compared_by_version_and_provisioned_concurrency(golden: Golden) -> None:
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
    responses = {
        "lambda:get_alias": {"FunctionVersion": "6"},
        "lambda:get_provisioned_concurrency_config": {"RequestedProvisionedConcurrentExecutions": 4},
    }

    messages = failures("AWS::Lambda::Alias", properties, responses, siblings=siblings)

    assert len(messages) == 2
    golden(messages)


def test_a_stage_is_compared_by_throttling_and_access_log(golden: Golden) -> None:
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

    messages = failures(
        "AWS::ApiGatewayV2::Stage",
        properties,
        {"apigatewayv2:get_stage": live},
        siblings={"Group": ("AWS::Logs::LogGroup", "/aws/api")},
    )

    assert len(messages) == 2
    golden(messages)


OPERATION: dict[str, Any] = {"x-amazon-apigateway-integration": {"type": "aws_proxy"}}
PATHS: dict[str, Any] = {
    "/orders": {"post": OPERATION, "parameters": []},
    "/all": {"x-amazon-apigateway-any-method": OPERATION},
    "/$default": {"x-amazon-apigateway-any-method": OPERATION},
}


@pytest.mark.parametrize(
    ("paths", "live", "more", "status"),
    [
        pytest.param(PATHS, ["POST /orders", "ANY /all", "$default", "GET /own"], {}, "proved", id="all there"),
        pytest.param(PATHS, ["$default"], {}, "failed", id="two are missing"),
        pytest.param(PATHS, ["$default"], {"NextToken": "x"}, "not checked", id="a page of many"),
        pytest.param({"Fn::ImportValue": "paths"}, [], {}, "not checked", id="paths that only AWS knows"),
    ],
)
def test_the_routes_of_a_definition_exist(
    paths: Any, live: list[str], more: dict[str, Any], status: str, golden: Golden
) -> None:
    routes = {"Items": [{"RouteKey": key} for key in live], **more}
    responses = {"apigatewayv2:get_api": {"ProtocolType": "HTTP"}, "apigatewayv2:get_routes": routes}

    checks = check_resource("AWS::ApiGatewayV2::Api", {"Body": {"paths": paths}}, responses)

    assert statuses(checks) == ["proved", status]
    golden(checks[1].message)


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
    ("change", "failed"),
    [
        pytest.param({}, 0, id="equal"),
        pytest.param({"ActionsEnabled": False}, 1, id="actions disabled"),
        pytest.param({"AlarmActions": []}, 1, id="no actions"),
        pytest.param({"Threshold": 1.5}, 1, id="another threshold"),
        pytest.param({"Dimensions": [{"Name": "A", "Value": "1"}]}, 1, id="another metric"),
    ],
)
def test_an_alarm(change: dict[str, Any], failed: int, golden: Golden) -> None:
    responses = {"cloudwatch:describe_alarms": {"MetricAlarms": [{**LIVE_ALARM, **change}]}}

    messages = failures("AWS::CloudWatch::Alarm", ALARM, responses)

    assert len(messages) == failed
    golden(messages)


DOCUMENT = {"Statement": [{"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
WIDER = {"Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}]}


def test_each_policy_of_a_role_is_compared(golden: Golden) -> None:
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
    responses: dict[str, Any] = {
        "iam:get_role": {"Role": {**role, "AssumeRolePolicyDocument": json.dumps(DOCUMENT)}},
        "iam:get_role_policy:one": {**policy, "PolicyDocument": json.dumps(DOCUMENT)},
        "iam:get_role_policy:two": {**policy, "PolicyDocument": json.dumps(WIDER)},
        "iam:get_role_policy:three": "NoSuchEntity",
        "iam:list_attached_role_policies": {"AttachedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/a"}]},
    }
    properties["ManagedPolicyArns"] = ["arn:aws:iam::aws:policy/a", "arn:aws:iam::aws:policy/b"]

    messages = failures("AWS::IAM::Role", properties, responses)

    assert len(messages) == 3
    golden(messages)


def test_an_inline_policy_is_read_from_its_roles_users_and_groups(golden: Golden) -> None:
    properties = {"PolicyName": "p", "PolicyDocument": DOCUMENT, "Roles": ["r"], "Users": ["u"], "Groups": ["g"]}
    document = json.dumps(DOCUMENT)
    responses: dict[str, Any] = {
        "iam:get_role_policy": {"RoleName": "r", "PolicyName": "p", "PolicyDocument": document},
        "iam:get_user_policy": "NoSuchEntity",
        "iam:get_group_policy": {"GroupName": "g", "PolicyName": "p", "PolicyDocument": document},
    }

    checks = check_resource("AWS::IAM::Policy", properties, responses)

    assert statuses(checks) == ["proved", "failed", "proved"]
    golden(lines(checks))


@pytest.mark.parametrize("text", ["<html>Sign in</html>", "", "[]", '{"Statement'])
def test_a_policy_that_is_not_json_is_one_point_not_checked(text: str) -> None:
    properties = {"PolicyName": "p", "PolicyDocument": DOCUMENT, "Roles": ["r"], "Groups": ["g"]}
    responses: dict[str, Any] = {
        "iam:get_role_policy": {"RoleName": "r", "PolicyName": "p", "PolicyDocument": text or "?"},
        "iam:get_group_policy": {"GroupName": "g", "PolicyName": "p", "PolicyDocument": json.dumps(DOCUMENT)},
    }
    siblings = {"Fn": ("AWS::Lambda::Function", "fn")}
    answer = {"lambda:get_policy": {"Policy": text}}

    policies = check_resource("AWS::IAM::Policy", properties, responses)
    (permission,) = check_resource("AWS::Lambda::Permission", PERMISSION, answer, siblings=siblings)

    assert statuses([*policies, permission]) == ["not checked", "proved", "not checked"]
    assert (text or "an empty body") in permission.message


def test_a_redrive_policy_that_is_not_json_is_not_checked() -> None:
    responses = {"sqs:get_queue_attributes": {"Attributes": {"RedrivePolicy": "<html>"}}}
    properties = {"RedrivePolicy": {"maxReceiveCount": 5}}

    (check,) = [
        check for check in check_resource("AWS::SQS::Queue", properties, responses) if "Redrive" in check.message
    ]

    assert (check.status.value, "<html>" in check.message) == ("not checked", True)


def test_a_key_policy_with_another_statement_fails(golden: Golden) -> None:
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    more = {"Sid": "Guest", "Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    responses: dict[str, Any] = {
        "kms:describe_key": {"KeyMetadata": {"KeyId": "it", "KeyState": "Enabled"}},
        "kms:get_key_policy": {"Policy": json.dumps({"Statement": [root, more]})},
    }

    messages = failures("AWS::KMS::Key", {"KeyPolicy": {"Statement": [root]}}, responses)

    assert len(messages) == 1
    golden(messages)


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
    ("change", "failed"),
    [
        pytest.param({}, 0, id="equal"),
        pytest.param({"VisibilityTimeout": "30"}, 1, id="another VisibilityTimeout"),
        pytest.param({"SqsManagedSseEnabled": "false"}, 1, id="not encrypted"),
        pytest.param({"RedrivePolicy": "{}"}, 1, id="no dead-letter queue"),
        pytest.param({"MessageRetentionPeriod": "60"}, 1, id="another retention than the default"),
    ],
)
def test_a_queue(change: dict[str, str], failed: int, golden: Golden) -> None:
    url = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/dead"
    responses = {"sqs:get_queue_attributes": {"Attributes": {**LIVE_QUEUE, **change}}}

    messages = failures("AWS::SQS::Queue", QUEUE, responses, siblings={"Dead": ("AWS::SQS::Queue", url)})

    assert len(messages) == failed
    golden(messages)


def test_a_queue_policy_is_read_from_each_queue(golden: Golden) -> None:
    responses: dict[str, Any] = {
        "sqs:get_queue_attributes:one": {"Attributes": {"Policy": json.dumps(DOCUMENT)}},
        "sqs:get_queue_attributes:two": {"Attributes": {}},
    }

    checks = check_resource("AWS::SQS::QueuePolicy", {"Queues": ["q1", "q2"], "PolicyDocument": DOCUMENT}, responses)

    assert statuses(checks) == ["proved", "failed"]
    golden(lines(checks))


def test_an_unconfirmed_subscription_fails(golden: Golden) -> None:
    attributes = {"PendingConfirmation": "true", "Protocol": "email", "Endpoint": "a@example.com"}
    responses = {"sns:get_subscription_attributes": {"Attributes": attributes}}

    messages = failures("AWS::SNS::Subscription", {"Protocol": "email"}, responses)

    assert len(messages) == 1
    golden(messages)


@pytest.mark.parametrize(
    ("enabled", "status", "failed"),
    [
        pytest.param(True, "ENABLED", 0, id="enabled"),
        pytest.param("true", "ENABLING", 0, id="enabling"),
        pytest.param(True, "DISABLED", 1, id="disabled"),
        pytest.param(False, "ENABLED", 1, id="enabled against the template"),
    ],
)
def test_time_to_live_of_a_table(enabled: Any, status: str, failed: int, golden: Golden) -> None:
    responses: dict[str, Any] = {
        "dynamodb:describe_table": {"Table": {"TableStatus": "ACTIVE"}},
        "dynamodb:describe_time_to_live": {
            "TimeToLiveDescription": {"TimeToLiveStatus": status, "AttributeName": "at"}
        },
    }
    properties = {"TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": "at"}}

    messages = failures("AWS::DynamoDB::Table", properties, responses)

    assert len(messages) == failed
    golden(messages)


@pytest.mark.parametrize("on", [True, "true"])
def test_point_in_time_recovery_of_a_table(on: Any, golden: Golden) -> None:
    off = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"}}
    responses: dict[str, Any] = {
        "dynamodb:describe_table": {"Table": {"TableStatus": "ACTIVE"}},
        "dynamodb:describe_continuous_backups": {
            "ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED", **off}
        },
    }
    properties = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": on}}

    messages = failures("AWS::DynamoDB::Table", properties, responses)

    assert len(messages) == 1
    golden(messages)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        pytest.param({"Ref": "Key"}, "proved", id="by name"),
        pytest.param({"Fn::GetAtt": ["Key", "Arn"]}, "proved", id="by ARN"),
        pytest.param({"Ref": "Other"}, "failed", id="of another key"),
        pytest.param({"Fn::ImportValue": "key"}, "not checked", id="of another stack"),
    ],
)
def test_a_key_alias_is_compared_with_its_target(target: Any, status: str) -> None:
    siblings = {"Key": ("AWS::KMS::Key", "k-1"), "Other": ("AWS::KMS::Key", "k-2")}
    responses: dict[str, Any] = {"kms:describe_key": {"KeyMetadata": {"KeyId": "k-1"}}}

    checks = check_resource(
        "AWS::KMS::Alias", {"TargetKeyId": target}, {} if status == "not checked" else responses, siblings=siblings
    )

    assert statuses(checks) == [status]


@pytest.mark.parametrize(
    ("key", "status"),
    [
        pytest.param("", "failed", id="none"),
        pytest.param("1", "proved", id="equal"),
        pytest.param("2", "failed", id="another"),
    ],
)
def test_the_key_of_a_log_group(key: str, status: str, golden: Golden) -> None:
    live_key = {"kmsKeyId": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k-{key}"} if key else {}
    group = {"logGroupName": "it", "retentionInDays": 30, **live_key}
    properties = {"RetentionInDays": "30", "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}

    checks = check_resource(
        "AWS::Logs::LogGroup",
        properties,
        {"logs:describe_log_groups": {"logGroups": [group]}},
        siblings={"Key": ("AWS::KMS::Key", "k-1")},
    )

    assert statuses(checks) == ["proved", status]
    golden(lines(checks))


REST_STAGE = {"RestApiId": "api", "StageName": "it", "DeploymentId": {"Ref": "Release"}, "TracingEnabled": True}
LIVE_REST_STAGE = {"stageName": "it", "deploymentId": "release1", "tracingEnabled": True}


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        pytest.param({}, 0, id="equal"),
        pytest.param({"deploymentId": "another"}, 1, id="another deployment"),
        pytest.param({"tracingEnabled": False}, 1, id="not traced"),
    ],
)
def test_a_stage_of_a_rest_api(change: dict[str, Any], failed: int, golden: Golden) -> None:
    siblings = {"Release": ("AWS::ApiGateway::Deployment", "release1")}
    responses = {"apigateway:get_stage": {**LIVE_REST_STAGE, **change}}

    messages = failures("AWS::ApiGateway::Stage", REST_STAGE, responses, siblings=siblings)

    assert len(messages) == failed
    golden(messages)


@pytest.mark.parametrize(
    ("properties", "live", "failed"),
    [
        pytest.param({"Name": "orders"}, {"name": "orders"}, 0, id="equal"),
        pytest.param({"Name": "orders"}, {"name": "other"}, 1, id="another name"),
        pytest.param({"Name": "orders", "BodyS3Location": {}}, {"name": "x"}, 0, id="a definition gives the name"),
        pytest.param(
            {"EndpointConfiguration": {"Types": ["PRIVATE"]}},
            {"endpointConfiguration": {"types": ["EDGE"]}},
            1,
            id="another endpoint",
        ),
    ],
)
def test_a_rest_api(properties: dict[str, Any], live: dict[str, Any], failed: int, golden: Golden) -> None:
    messages = failures("AWS::ApiGateway::RestApi", properties, {"apigateway:get_rest_api": live})

    assert len(messages) == failed
    golden(messages)


@pytest.mark.parametrize(
    ("paths", "live", "more", "status"),
    [
        pytest.param({"/a/": {"get": {}, "summary": "x"}}, {"/a": ["GET"], "/": []}, {}, "proved", id="equal"),
        pytest.param({"/": {"x-amazon-apigateway-any-method": {}}}, {"/": ["ANY"]}, {}, "proved", id="any"),
        pytest.param({"/a": {"get": {}, "post": {}}}, {"/a": ["GET"]}, {}, "failed", id="missing"),
        pytest.param({"/a": {"get": {}}}, {"/b": ["GET"]}, {"position": "p"}, "not checked", id="another page"),
        pytest.param({"Fn::ImportValue": "paths"}, {}, {}, "not checked", id="paths that only AWS knows"),
    ],
)
def test_the_methods_of_the_definition_of_a_rest_api(
    paths: Any, live: dict[str, list[str]], more: dict[str, str], status: str, golden: Golden
) -> None:
    items = [{"path": path, "resourceMethods": {verb: {} for verb in verbs}} for path, verbs in live.items()]
    responses = {"apigateway:get_rest_api": {}, "apigateway:get_resources": {"items": items, **more}}

    checks = check_resource("AWS::ApiGateway::RestApi", {"Body": {"paths": paths}}, responses)

    assert statuses(checks) == ["proved", status]
    golden(checks[1].message)


def test_a_method_is_compared_by_authorization_and_integration(golden: Golden) -> None:
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION_ARN}/invocations"
    integration = {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": uri}
    properties = {"RestApiId": "api", "ResourceId": "r", "HttpMethod": "POST", "Integration": integration}
    live = {
        "httpMethod": "POST",
        "authorizationType": "AWS_IAM",
        "apiKeyRequired": False,
        "methodIntegration": {"type": "AWS_PROXY", "httpMethod": "POST", "uri": uri.replace(":fn/", ":other/")},
    }

    messages = failures("AWS::ApiGateway::Method", properties, {"apigateway:get_method": live})

    assert len(messages) == 2
    golden(messages)


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        pytest.param({"deploymentId": "any"}, ["proved", "proved"], id="deployed"),
        pytest.param({}, ["proved", "failed"], id="without deployment"),
        pytest.param("NotFoundException", ["proved", "failed"], id="without stage"),
    ],
)
def test_the_stage_of_a_deployment(stage: Any, expected: list[str], golden: Golden) -> None:
    properties = {"RestApiId": "api", "StageName": "prod"}
    responses = {"apigateway:get_deployment": {"id": "it"}, "apigateway:get_stage": stage}

    checks = check_resource("AWS::ApiGateway::Deployment", properties, responses)

    assert statuses(checks) == expected
    golden(lines(checks))


def test_a_layer_is_read_by_its_name_and_version() -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:layer:it:3"
    live = {"LayerVersionArn": arn, "CompatibleRuntimes": ["python3.12", "python3.13"]}
    properties = {"CompatibleRuntimes": ["python3.13", "python3.12"]}

    checks = check_resource("AWS::Lambda::LayerVersion", properties, {"lambda:get_layer_version": live})

    assert statuses(checks) == ["proved", "proved"]


def test_the_layers_of_a_function_are_compared_in_order() -> None:
    layers = [f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:{name}:1" for name in ("a", "b")]
    live = [{"Arn": arn, "CodeSize": 1} for arn in layers]
    responses: dict[str, Any] = {
        "lambda:get_function_configuration": {**FUNCTION, "Layers": live},
        "lambda:get_function_concurrency": {},
    }

    assert failures("AWS::Lambda::Function", {"Layers": layers}, responses) == []
    assert len(failures("AWS::Lambda::Function", {"Layers": layers[::-1]}, responses)) == 1


RULE = {
    "ScheduleExpression": "rate(1 day)",
    "Targets": [{"Id": "fn", "Arn": {"Fn::GetAtt": ["Fn", "Arn"]}, "Input": "hush"}],
}
LIVE_RULE = {"Name": "it", "State": "ENABLED", "ScheduleExpression": "rate(1 day)"}
LIVE_TARGET = {"Id": "fn", "Arn": FUNCTION_ARN, "Input": "hush"}


@pytest.mark.parametrize(
    ("rule", "targets", "failed"),
    [
        pytest.param({}, [LIVE_TARGET], 0, id="equal"),
        pytest.param({}, [LIVE_TARGET, {"Id": "more", "Arn": "arn:more"}], 0, id="a further target"),
        pytest.param({"State": "DISABLED"}, [LIVE_TARGET], 1, id="disabled"),
        pytest.param({"ScheduleExpression": "rate(2 days)"}, [LIVE_TARGET], 1, id="another schedule"),
        pytest.param({}, [], 1, id="no target"),
        pytest.param({}, [{**LIVE_TARGET, "Arn": f"{FUNCTION_ARN}-other"}], 1, id="another function"),
        pytest.param({}, [{**LIVE_TARGET, "Input": "other"}], 1, id="another input"),
    ],
)
def test_a_rule_and_its_targets(
    rule: dict[str, Any], targets: list[dict[str, Any]], failed: int, golden: Golden
) -> None:
    listed = {"Targets": targets} if targets else {}
    responses: dict[str, Any] = {
        "events:describe_rule": {**LIVE_RULE, **rule},
        "events:list_targets_by_rule": listed,
    }

    messages = failures("AWS::Events::Rule", RULE, responses, siblings={"Fn": ("AWS::Lambda::Function", "fn")})

    assert len(messages) == failed
    assert "hush" not in str(messages)
    golden(messages)


def test_a_target_that_does_not_resolve_is_not_checked() -> None:
    unknown = {"Fn::ImportValue": "queue"}
    targets = [{"Id": "q", "Arn": unknown}, {"Id": unknown, "Arn": "a"}]
    responses: dict[str, Any] = {
        "events:describe_rule": LIVE_RULE,
        "events:list_targets_by_rule": {"Targets": [{"Id": "q", "Arn": "arn:q"}]},
    }

    checks = check_resource("AWS::Events::Rule", {"Targets": targets}, responses)

    assert statuses(checks) == ["proved", "proved", "not checked", "not checked"]


SCHEDULE = {
    "ScheduleExpression": "cron(0 3 * * ? *)",
    "GroupName": "nightly",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {"Arn": {"Fn::GetAtt": ["Fn", "Arn"]}, "RoleArn": "arn:role", "Input": "hush"},
}
LIVE_SCHEDULE = {
    "State": "ENABLED",
    "ScheduleExpression": "cron(0 3 * * ? *)",
    "ScheduleExpressionTimezone": "UTC",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {"Arn": FUNCTION_ARN, "RoleArn": "arn:role", "Input": "hush"},
}


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        pytest.param({}, 0, id="equal"),
        pytest.param({"State": "DISABLED"}, 1, id="disabled"),
        pytest.param({"ScheduleExpressionTimezone": "Europe/Berlin"}, 1, id="another time zone"),
        pytest.param({"Target": {"Arn": "arn:other", "RoleArn": "arn:role", "Input": "other"}}, 2, id="another target"),
    ],
)
def test_a_schedule(change: dict[str, Any], failed: int, golden: Golden) -> None:
    responses = {"scheduler:get_schedule": {**LIVE_SCHEDULE, **change}}

    messages = failures(
        "AWS::Scheduler::Schedule", SCHEDULE, responses, siblings={"Fn": ("AWS::Lambda::Function", "fn")}
    )

    assert len(messages) == failed
    assert "hush" not in str(messages)
    golden(messages)
