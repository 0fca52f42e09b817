"""Resources changed outside of CloudFormation: verify reports the change, and its reversal as proved."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from tapctl.verify.check import CheckStatus
from tests.support.deployed_stacks import statuses
from tests.support.golden import Golden
from tests.support.shared_sandbox import account_id
from tests.verify.conftest import ReferenceStack

pytestmark = pytest.mark.xdist_group("verify out of band")

FUNCTION = "webhook-processor-local"
TABLE = "webhook-transactions-local"
GROUP = "/aws/lambda/webhook-processor-local"


def test_the_deployed_stack_is_proved_in_every_point(reference: ReferenceStack, golden: Golden) -> None:
    verification = reference.verify(whole=True)

    assert verification.failed == []
    assert {check.subject for check in verification.checks if check.subject.startswith("output ")} == {
        "output LambdaFunctionArn",
        "output DynamoDBTableName",
        "output KMSKeyId",
        "output LambdaFunctionName",
        "output WebhookEndpoint",
    }
    subjects = {"KMSKey", "TransactionTable", "WebhookLogGroup", "WebhookProcessorFunction", "webhook"}
    proved = [check for check in verification.checks if check.status is CheckStatus.PROVED]
    texts = [f"{check.subject}: {check.message}" for check in proved if check.subject in subjects]
    golden(texts, key=stack_key(reference))


def configured(**values: Any) -> Callable[[ReferenceStack], Any]:
    def change(reference: ReferenceStack) -> None:
        client = reference.client("lambda")
        client.update_function_configuration(FunctionName=FUNCTION, **values)
        while client.get_function_configuration(FunctionName=FUNCTION)["State"] == "Pending":
            time.sleep(0.1)

    return change


def reserved(value: int) -> Callable[[ReferenceStack], Any]:
    return lambda reference: reference.client("lambda").put_function_concurrency(
        FunctionName=FUNCTION, ReservedConcurrentExecutions=value
    )


def unreserved(reference: ReferenceStack) -> None:
    reference.client("lambda").delete_function_concurrency(FunctionName=FUNCTION)


def recovery(enabled: bool) -> Callable[[ReferenceStack], Any]:
    return lambda reference: reference.client("dynamodb").update_continuous_backups(
        TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
    )


def retention(days: int) -> Callable[[ReferenceStack], Any]:
    return lambda reference: reference.client("logs").put_retention_policy(logGroupName=GROUP, retentionInDays=days)


def key(action: str) -> Callable[[ReferenceStack], Any]:
    return lambda reference: getattr(reference.client("kms"), action)(KeyId=stack_key(reference))


def physical(reference: ReferenceStack, logical_id: str) -> str:
    resource = reference.client("cloudformation").describe_stack_resource(
        StackName="tapstack-local", LogicalResourceId=logical_id
    )
    return str(resource["StackResourceDetail"]["PhysicalResourceId"])


def stack_key(reference: ReferenceStack) -> str:
    return physical(reference, "KMSKey")


def role_policy(actions: list[str]) -> Callable[[ReferenceStack], Any]:
    def change(reference: ReferenceStack) -> None:
        table = reference.client("dynamodb").describe_table(TableName=TABLE)["Table"]["TableArn"]
        statement = {"Effect": "Allow", "Action": actions, "Resource": table}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        reference.client("iam").put_role_policy(
            RoleName="webhook-lambda-role-local", PolicyName="DynamoDBWritePolicy", PolicyDocument=document
        )

    return change


def key_policy(reference: ReferenceStack, *, more: bool) -> None:
    kms, key_id = reference.client("kms"), stack_key(reference)
    policy = json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"])
    guest = {"Sid": "Guest", "Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    policy["Statement"] = [entry for entry in policy["Statement"] if entry.get("Sid") != "Guest"] + [guest] * more
    kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=json.dumps(policy))


def integration(timeout: int) -> Callable[[ReferenceStack], Any]:
    return lambda reference: reference.client("apigatewayv2").update_integration(
        ApiId=physical(reference, "WebhookApi"),
        IntegrationId=physical(reference, "WebhookIntegration"),
        TimeoutInMillis=timeout,
    )


def alarm(threshold: float) -> Callable[[ReferenceStack], Any]:
    def change(reference: ReferenceStack) -> None:
        client = reference.client("cloudwatch")
        (live,) = client.describe_alarms(AlarmNames=["webhook-function-errors-local"])["MetricAlarms"]
        names = ("AlarmName", "Namespace", "MetricName", "Dimensions", "Statistic", "ComparisonOperator", "Period")
        others = ("EvaluationPeriods", "TreatMissingData", "AlarmDescription")
        client.put_metric_alarm(**{name: live[name] for name in (*names, *others)}, Threshold=threshold)

    return change


def permission(*, there: bool) -> Callable[[ReferenceStack], Any]:
    def change(reference: ReferenceStack) -> None:
        client = reference.client("lambda")
        if there:
            client.add_permission(
                FunctionName=FUNCTION,
                StatementId="again",
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
                SourceArn=webhooks(reference),
            )
            return
        policy = json.loads(client.get_policy(FunctionName=FUNCTION)["Policy"])
        for statement in policy["Statement"]:
            client.remove_permission(FunctionName=FUNCTION, StatementId=statement["Sid"])

    return change


def environment(*, whole: bool) -> Callable[[ReferenceStack], Any]:
    def change(reference: ReferenceStack) -> None:
        live = reference.client("lambda").get_function_configuration(FunctionName=FUNCTION)["Environment"]["Variables"]
        variables = {name: value for name, value in live.items() if name != "WEBHOOK_SECRET_ARN"}
        configured(Environment={"Variables": variables | ({"WEBHOOK_SECRET_ARN": ""} if whole else {})})(reference)

    return change


def webhooks(reference: ReferenceStack) -> str:
    return f"arn:aws:execute-api:us-east-1:{account_id()}:{physical(reference, 'WebhookApi')}/*/POST/webhooks/*"


@pytest.mark.parametrize(
    ("change", "revert", "subject"),
    [
        pytest.param(
            unreserved,
            reserved(100),
            "WebhookProcessorFunction",
            id="no reservation",
        ),
        pytest.param(
            reserved(0),
            reserved(100),
            "WebhookProcessorFunction",
            id="reservation 0",
        ),
        pytest.param(
            configured(Timeout=29),
            configured(Timeout=30),
            "WebhookProcessorFunction",
            id="another timeout",
        ),
        pytest.param(
            configured(MemorySize=128),
            configured(MemorySize=1024),
            "WebhookProcessorFunction",
            id="less memory",
        ),
        pytest.param(
            configured(TracingConfig={"Mode": "PassThrough"}),
            configured(TracingConfig={"Mode": "Active"}),
            "WebhookProcessorFunction",
            id="no tracing",
        ),
        pytest.param(
            configured(Runtime="python3.12"),
            configured(Runtime="python3.11"),
            "WebhookProcessorFunction",
            id="another runtime",
        ),
        pytest.param(
            recovery(enabled=False),
            recovery(enabled=True),
            "TransactionTable",
            id="no point-in-time recovery",
        ),
        pytest.param(
            retention(7),
            retention(30),
            "WebhookLogGroup",
            id="another log retention",
        ),
        pytest.param(
            key("disable_key"),
            key("enable_key"),
            "KMSKey",
            id="disabled key",
        ),
        pytest.param(
            key("disable_key_rotation"),
            key("enable_key_rotation"),
            "KMSKey",
            id="no key rotation",
        ),
        pytest.param(
            lambda reference: key_policy(reference, more=True),
            lambda reference: key_policy(reference, more=False),
            "KMSKey",
            id="another key policy statement",
        ),
        pytest.param(
            role_policy(["dynamodb:*"]),
            role_policy(["dynamodb:PutItem", "dynamodb:UpdateItem"]),
            "LambdaExecutionRole",
            id="more actions in a role policy",
        ),
        pytest.param(
            integration(30000),
            integration(9000),
            "WebhookIntegration",
            id="another integration timeout",
        ),
        pytest.param(
            alarm(100),
            alarm(0),
            "FunctionErrorsAlarm",
            id="another alarm threshold",
        ),
        pytest.param(
            environment(whole=False),
            environment(whole=True),
            "WebhookProcessorFunction",
            id="missing variable",
        ),
    ],
)
def test_a_change_fails_and_its_reversal_is_proved(
    change: Callable[[ReferenceStack], Any],
    revert: Callable[[ReferenceStack], Any],
    subject: str,
    reference: ReferenceStack,
    golden: Golden,
) -> None:
    change(reference)
    try:
        ((failed, message),) = reference.failures()
    finally:
        revert(reference)
    assert failed == subject
    assert {check.status for check in reference.checks_of(subject)} <= {CheckStatus.PROVED, CheckStatus.NOT_CHECKED}
    golden(message)


def test_a_missing_permission_fails(reference: ReferenceStack, golden: Golden) -> None:
    permission(there=False)(reference)
    try:
        ((failed, message),) = reference.failures()
    finally:
        permission(there=True)(reference)
    assert failed == "ApiInvokePermission"
    assert statuses(reference.checks_of("ApiInvokePermission")) == ["proved"]
    golden(message, arn=webhooks(reference))


def test_a_changed_key_of_a_function_fails(reference: ReferenceStack, golden: Golden) -> None:
    other = reference.client("kms").create_key()["KeyMetadata"]["Arn"]
    own = reference.client("kms").describe_key(KeyId=stack_key(reference))["KeyMetadata"]["Arn"]
    configured(KMSKeyArn=other)(reference)
    try:
        ((failed, message),) = reference.failures()
    finally:
        configured(KMSKeyArn=own)(reference)
    assert failed == "WebhookProcessorFunction"
    golden(message, other=other, own=own)


def test_a_changed_target_of_a_key_alias_fails(reference: ReferenceStack, golden: Golden) -> None:
    kms = reference.client("kms")
    (alias,) = [entry["AliasName"] for entry in kms.list_aliases()["Aliases"] if "local" in entry["AliasName"]]
    own, other = stack_key(reference), kms.create_key()["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName=alias, TargetKeyId=other)
    try:
        ((failed, message),) = reference.failures()
    finally:
        kms.update_alias(AliasName=alias, TargetKeyId=own)
    assert failed == "KMSKeyAlias"
    golden(message, other=other, own=own)


def test_the_command_exits_with_8(reference: ReferenceStack) -> None:
    unreserved(reference)
    try:
        result = reference.command("verify", "--env", "local")
    finally:
        reserved(100)(reference)

    assert (result.returncode, result.stderr) == (8, "")
    assert re.search(r"FAILED +WebhookProcessorFunction +ReservedConcurrentExecutions ", result.stdout)
    assert "not verified: 1 of " in result.stdout.splitlines()[-1]


def test_a_deploy_without_changes_does_not_verify(reference: ReferenceStack) -> None:
    configured(Timeout=29)(reference)
    try:
        deployed = reference.deploy()
        verified = reference.command("verify", "--env", "local", "--format", "github")
    finally:
        configured(Timeout=30)(reference)

    assert (deployed.returncode, verified.returncode) == (0, 8), deployed.stderr
    assert "`tapctl verify --stack-name " in deployed.stderr
    annotation = r"::error file=\S+TapStack\.json,line=\d+,title=verify-resource::WebhookProcessorFunction: Timeout "
    assert re.search(annotation, verified.stdout), verified.stdout


def test_a_missing_stack_is_a_usage_error(reference: ReferenceStack, golden: Golden) -> None:
    result = reference.command("verify", "--env", "local", "--stack-name", "nowhere")

    assert (result.returncode, result.stdout) == (2, "")
    golden(result.stderr)
