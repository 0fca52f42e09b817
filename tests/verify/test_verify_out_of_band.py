"""Somebody changes a resource behind the stack's back: verify sees it, names it, and sees that it was put right."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from tapctl.verify.check import CheckStatus
from tests.support.shared_sandbox import account_id
from tests.verify.conftest import Stage

pytestmark = pytest.mark.xdist_group("verify out of band")

FUNCTION = "webhook-processor-local"
TABLE = "webhook-transactions-local"
GROUP = "/aws/lambda/webhook-processor-local"


def test_the_stack_as_it_was_deployed_holds_in_every_point(stage: Stage) -> None:
    verification = stage.verify(whole=True)

    assert verification.failed == []
    proved = {(each.subject, each.message) for each in verification.checks if each.status is CheckStatus.PROVED}
    assert {
        ("KMSKey", "state is Enabled"),
        ("TransactionTable", "status is ACTIVE"),
        ("TransactionTable", "encryption is ENABLED"),
        ("TransactionTable", "point-in-time recovery is ENABLED"),
        ("WebhookLogGroup", "retention in days is 30"),
        ("WebhookProcessorFunction", "state is Active"),
        ("WebhookProcessorFunction", "runtime is python3.11"),
        ("WebhookProcessorFunction", "architecture is arm64"),
        ("WebhookProcessorFunction", "memory is 1024"),
        ("WebhookProcessorFunction", "timeout is 30"),
        ("WebhookProcessorFunction", "tracing is Active"),
        ("WebhookProcessorFunction", "reserved concurrency is 100"),
        ("webhook", f"the event was found in table {TABLE}"),
    } <= proved
    assert {each.subject for each in verification.checks if each.subject.startswith("output ")} == {
        "output LambdaFunctionArn",
        "output DynamoDBTableName",
        "output KMSKeyId",
        "output LambdaFunctionName",
        "output WebhookEndpoint",
    }


def flat(text: str) -> str:
    """The text without the line ends that the width of the terminal brings."""
    return " ".join(text.split())


def configured(**values: Any) -> Callable[[Stage], Any]:
    def change(stage: Stage) -> None:
        client = stage.client("lambda")
        client.update_function_configuration(FunctionName=FUNCTION, **values)
        while client.get_function_configuration(FunctionName=FUNCTION)["State"] == "Pending":
            time.sleep(0.1)

    return change


def reserved(value: int) -> Callable[[Stage], Any]:
    return lambda stage: stage.client("lambda").put_function_concurrency(
        FunctionName=FUNCTION, ReservedConcurrentExecutions=value
    )


def unreserved(stage: Stage) -> None:
    stage.client("lambda").delete_function_concurrency(FunctionName=FUNCTION)


def recovery(enabled: bool) -> Callable[[Stage], Any]:
    return lambda stage: stage.client("dynamodb").update_continuous_backups(
        TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
    )


def retention(days: int) -> Callable[[Stage], Any]:
    return lambda stage: stage.client("logs").put_retention_policy(logGroupName=GROUP, retentionInDays=days)


def key(action: str) -> Callable[[Stage], Any]:
    return lambda stage: getattr(stage.client("kms"), action)(KeyId=stack_key(stage))


def physical(stage: Stage, logical_id: str) -> str:
    resource = stage.client("cloudformation").describe_stack_resource(
        StackName="tapstack-local", LogicalResourceId=logical_id
    )
    return str(resource["StackResourceDetail"]["PhysicalResourceId"])


def stack_key(stage: Stage) -> str:
    return physical(stage, "KMSKey")


def role_policy(actions: list[str]) -> Callable[[Stage], Any]:
    def change(stage: Stage) -> None:
        table = stage.client("dynamodb").describe_table(TableName=TABLE)["Table"]["TableArn"]
        statement = {"Effect": "Allow", "Action": actions, "Resource": table}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        stage.client("iam").put_role_policy(
            RoleName="webhook-lambda-role-local", PolicyName="DynamoDBWritePolicy", PolicyDocument=document
        )

    return change


def key_policy(stage: Stage, *, more: bool) -> None:
    kms, key_id = stage.client("kms"), stack_key(stage)
    policy = json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"])
    guest = {"Sid": "Guest", "Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    policy["Statement"] = [each for each in policy["Statement"] if each.get("Sid") != "Guest"] + [guest] * more
    kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=json.dumps(policy))


def integration(timeout: int) -> Callable[[Stage], Any]:
    return lambda stage: stage.client("apigatewayv2").update_integration(
        ApiId=physical(stage, "WebhookApi"),
        IntegrationId=physical(stage, "WebhookIntegration"),
        TimeoutInMillis=timeout,
    )


def alarm(threshold: float) -> Callable[[Stage], Any]:
    def change(stage: Stage) -> None:
        client = stage.client("cloudwatch")
        (found,) = client.describe_alarms(AlarmNames=["webhook-function-errors-local"])["MetricAlarms"]
        kept = ("AlarmName", "Namespace", "MetricName", "Dimensions", "Statistic", "ComparisonOperator", "Period")
        more = ("EvaluationPeriods", "TreatMissingData", "AlarmDescription")
        client.put_metric_alarm(**{name: found[name] for name in (*kept, *more)}, Threshold=threshold)

    return change


def permission(*, there: bool) -> Callable[[Stage], Any]:
    def change(stage: Stage) -> None:
        client = stage.client("lambda")
        if there:
            client.add_permission(
                FunctionName=FUNCTION,
                StatementId="again",
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
                SourceArn=webhooks(stage),
            )
            return
        policy = json.loads(client.get_policy(FunctionName=FUNCTION)["Policy"])
        for statement in policy["Statement"]:
            client.remove_permission(FunctionName=FUNCTION, StatementId=statement["Sid"])

    return change


def environment(*, whole: bool) -> Callable[[Stage], Any]:
    def change(stage: Stage) -> None:
        found = stage.client("lambda").get_function_configuration(FunctionName=FUNCTION)["Environment"]["Variables"]
        variables = {name: value for name, value in found.items() if name != "WEBHOOK_SECRET_ARN"}
        configured(Environment={"Variables": variables | ({"WEBHOOK_SECRET_ARN": ""} if whole else {})})(stage)

    return change


def webhooks(stage: Stage) -> str:
    return f"arn:aws:execute-api:us-east-1:{account_id()}:{physical(stage, 'WebhookApi')}/*/POST/webhooks/*"


@pytest.mark.parametrize(
    ("change", "back", "subject", "message"),
    [
        pytest.param(
            unreserved,
            reserved(100),
            "WebhookProcessorFunction",
            "reserved concurrency is not set, the template says 100",
            id="the reservation is gone",
        ),
        pytest.param(
            reserved(0),
            reserved(100),
            "WebhookProcessorFunction",
            "reserved concurrency is 0, the template says 100",
            id="the function was stopped",
        ),
        pytest.param(
            configured(Timeout=29),
            configured(Timeout=30),
            "WebhookProcessorFunction",
            "timeout is 29, the template says 30",
            id="another timeout",
        ),
        pytest.param(
            configured(MemorySize=128),
            configured(MemorySize=1024),
            "WebhookProcessorFunction",
            "memory is 128, the template says 1024",
            id="less memory",
        ),
        pytest.param(
            configured(TracingConfig={"Mode": "PassThrough"}),
            configured(TracingConfig={"Mode": "Active"}),
            "WebhookProcessorFunction",
            "tracing is PassThrough, the template says Active",
            id="tracing switched off",
        ),
        pytest.param(
            configured(Runtime="python3.12"),
            configured(Runtime="python3.11"),
            "WebhookProcessorFunction",
            "runtime is python3.12, the template says python3.11",
            id="another runtime",
        ),
        pytest.param(
            recovery(enabled=False),
            recovery(enabled=True),
            "TransactionTable",
            "point-in-time recovery is DISABLED, the template says ENABLED",
            id="point-in-time recovery switched off",
        ),
        pytest.param(
            retention(7),
            retention(30),
            "WebhookLogGroup",
            "retention in days is 7, the template says 30",
            id="logs kept for a shorter time",
        ),
        pytest.param(
            key("disable_key"),
            key("enable_key"),
            "KMSKey",
            "state is Disabled, the template says Enabled",
            id="the key is disabled",
        ),
        pytest.param(
            key("disable_key_rotation"),
            key("enable_key_rotation"),
            "KMSKey",
            "yearly rotation is False, the template says True",
            id="the key is not rotated",
        ),
        pytest.param(
            lambda stage: key_policy(stage, more=True),
            lambda stage: key_policy(stage, more=False),
            "KMSKey",
            "key policy is not as the template says: it has beside `Guest`",
            id="somebody else may use the key",
        ),
        pytest.param(
            role_policy(["dynamodb:*"]),
            role_policy(["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:GetItem"]),
            "LambdaExecutionRole",
            "policy DynamoDBWritePolicy is not as the template says: it lacks "
            "`Allow dynamodb:PutItem, dynamodb:UpdateItem, dynamodb:GetItem`; it has beside `Allow dynamodb:*`",
            id="the role may do more",
        ),
        pytest.param(
            integration(30000),
            integration(9000),
            "WebhookIntegration",
            "timeout in ms is 30000, the template says 9000",
            id="the API waits longer",
        ),
        pytest.param(
            alarm(100),
            alarm(0),
            "FunctionErrorsAlarm",
            "threshold is 100, the template says 0",
            id="an alarm was made deaf",
        ),
        pytest.param(
            environment(whole=False),
            environment(whole=True),
            "WebhookProcessorFunction",
            "environment is not as the template says: WEBHOOK_SECRET_ARN",
            id="a variable is gone",
        ),
    ],
)
def test_a_change_is_seen_and_so_is_its_undoing(
    change: Callable[[Stage], Any], back: Callable[[Stage], Any], subject: str, message: str, stage: Stage
) -> None:
    change(stage)
    try:
        assert stage.failures() == [(subject, message)]
    finally:
        back(stage)
    assert {each.status for each in stage.looked_at(subject)} <= {CheckStatus.PROVED, CheckStatus.NOT_CHECKED}


def test_an_api_that_may_no_longer_invoke_the_function_is_seen(stage: Stage) -> None:
    permission(there=False)(stage)
    try:
        ((subject, message),) = stage.failures()
        assert subject == "ApiInvokePermission"
        granted = f"apigateway.amazonaws.com may lambda:InvokeFunction with SourceArn {webhooks(stage)}"
        assert message == f"no statement says that {granted}"
    finally:
        permission(there=True)(stage)
    assert [each.status for each in stage.looked_at("ApiInvokePermission")] == [CheckStatus.PROVED]


def test_a_key_that_was_exchanged_is_seen(stage: Stage) -> None:
    other = stage.client("kms").create_key()["KeyMetadata"]["Arn"]
    mine = stage.client("kms").describe_key(KeyId=stack_key(stage))["KeyMetadata"]["Arn"]
    configured(KMSKeyArn=other)(stage)
    try:
        said = f"environment key is {other}, the template says {mine}"
        assert stage.failures() == [("WebhookProcessorFunction", said)]
    finally:
        configured(KMSKeyArn=mine)(stage)


def test_an_alias_that_leads_elsewhere_is_seen(stage: Stage) -> None:
    kms = stage.client("kms")
    (alias,) = [each["AliasName"] for each in kms.list_aliases()["Aliases"] if "local" in each["AliasName"]]
    mine, other = stack_key(stage), kms.create_key()["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName=alias, TargetKeyId=other)
    try:
        assert stage.failures() == [("KMSKeyAlias", f"key is {other}, the template says {mine}")]
    finally:
        kms.update_alias(AliasName=alias, TargetKeyId=mine)


def test_the_command_says_so_and_ends_with_8(stage: Stage) -> None:
    unreserved(stage)
    try:
        answer = stage.command("verify", "--env", "local")
    finally:
        reserved(100)(stage)

    assert answer.returncode == 8, answer.stderr
    assert "FAILED" in answer.stdout
    assert "reserved concurrency is not set, the template says 100" in flat(answer.stdout)
    assert "not verified: 1 of " in answer.stdout.splitlines()[-1]
    assert answer.stderr == ""


def test_a_deploy_that_changes_nothing_leaves_the_verification_to_its_own_command(stage: Stage) -> None:
    configured(Timeout=29)(stage)
    try:
        deployed = stage.deploy()
        verified = stage.command("verify", "--env", "local", "--format", "github")
    finally:
        configured(Timeout=30)(stage)

    assert (deployed.returncode, verified.returncode) == (0, 8), deployed.stderr
    assert "nothing is verified; `tapctl verify` does that" in deployed.stderr
    said = r"::error file=\S+TapStack\.json,line=\d+,title=verify-resource::WebhookProcessorFunction: timeout is 29, "
    assert re.search(said, verified.stdout), verified.stdout


def test_a_stack_that_is_not_there_is_an_error_of_usage(stage: Stage) -> None:
    answer = stage.command("verify", "--env", "local", "--stack-name", "nowhere")

    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == "error: there is no stack nowhere in us-east-1\nhint: `tapctl deploy` makes it\n"
