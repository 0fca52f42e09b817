"""The reference template: its promises as data, and a linter that finds nothing."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file

from tests.support.tables import check_each

PATH = Path(__file__).parents[2] / "stack" / "TapStack.json"
TEMPLATE: dict[str, Any] = json.loads(PATH.read_text())
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
CORE = {
    "KMSKey": "AWS::KMS::Key",
    "KMSKeyAlias": "AWS::KMS::Alias",
    "TransactionTable": "AWS::DynamoDB::Table",
    "WebhookLogGroup": "AWS::Logs::LogGroup",
    "LambdaExecutionRole": "AWS::IAM::Role",
    "WebhookProcessorFunction": "AWS::Lambda::Function",
}
NAMES = (
    "AliasName",
    "TableName",
    "LogGroupName",
    "RoleName",
    "FunctionName",
    "QueueName",
    "AlarmName",
    "Name",
)


def properties(logical_id: str) -> dict[str, Any]:
    found: dict[str, Any] = RESOURCES[logical_id]["Properties"]
    return found


def statements(logical_id: str, policy: str) -> list[dict[str, Any]]:
    (found,) = [one for one in properties(logical_id)["Policies"] if one["PolicyName"] == policy]
    return list(found["PolicyDocument"]["Statement"])


def walk(value: object) -> Iterator[object]:
    yield value
    if isinstance(value, dict):
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)


def test_the_linter_finds_nothing() -> None:
    matches = lint_file(PATH)
    assert [f"{match.rule.id} {match.message}" for match in matches] == []


def test_the_file_has_two_space_indents_and_a_final_newline() -> None:
    assert PATH.read_text() == json.dumps(TEMPLATE, indent=2) + "\n"


def test_the_core_has_its_names() -> None:
    assert {name: RESOURCES[name]["Type"] for name in CORE} == CORE


class TestFunction:
    def test_it_is_what_was_asked_for(self) -> None:
        found = properties("WebhookProcessorFunction")
        assert (found["Handler"], found["Runtime"]) == ("index.handler", "python3.11")
        assert (found["Architectures"], found["MemorySize"], found["Timeout"]) == (["arm64"], 1024, 30)
        assert found["TracingConfig"] == {"Mode": "Active"}
        assert found["LoggingConfig"] == {"LogFormat": "JSON"}
        assert found["Code"] == "../function"
        assert (PATH.parent / found["Code"] / "index.py").is_file()

    def test_its_logs_are_there_and_encrypted_before_it(self) -> None:
        assert RESOURCES["WebhookProcessorFunction"]["DependsOn"] == "WebhookLogGroup"
        group = properties("WebhookLogGroup")
        assert (group["RetentionInDays"], group["KmsKeyId"]) == (30, {"Fn::GetAtt": ["KMSKey", "Arn"]})
        assert group["LogGroupName"] == {"Fn::Sub": "/aws/lambda/webhook-processor-${EnvironmentSuffix}"}

    def test_its_environment_is_encrypted_with_the_key(self) -> None:
        found = properties("WebhookProcessorFunction")
        assert found["KmsKeyArn"] == {"Fn::GetAtt": ["KMSKey", "Arn"]}
        assert found["Environment"]["Variables"]["DYNAMODB_TABLE_NAME"] == {"Ref": "TransactionTable"}

    def test_every_setting_is_one_that_it_reads(self) -> None:
        settings = properties("WebhookProcessorFunction")["Environment"]["Variables"]
        source = (PATH.parents[1] / "function" / "wiring.py").read_text()
        assert [name for name in settings if f'"{name}"' not in source] == []

    @pytest.mark.parametrize(
        ("value", "accepted"),
        [("", True), ("-1", True), ("0", True), ("100", True), ("-2", False), ("ten", False), ("1.5", False)],
    )
    def test_a_reservation_is_left_out_or_a_number(self, value: str, accepted: bool) -> None:
        pattern = TEMPLATE["Parameters"]["ReservedConcurrency"]["AllowedPattern"]
        assert bool(re.fullmatch(pattern, value)) is accepted

    def test_a_reservation_is_left_out_by_default(self) -> None:
        assert TEMPLATE["Parameters"]["ReservedConcurrency"]["Default"] == ""
        assert properties("WebhookProcessorFunction")["ReservedConcurrentExecutions"] == {
            "Fn::If": ["ReservesConcurrency", {"Ref": "ReservedConcurrency"}, {"Ref": "AWS::NoValue"}]
        }


class TestTable:
    def test_it_is_what_was_asked_for(self) -> None:
        found = properties("TransactionTable")
        assert found["BillingMode"] == "PAY_PER_REQUEST"
        assert found["KeySchema"] == [{"AttributeName": "transactionId", "KeyType": "HASH"}]
        assert found["AttributeDefinitions"] == [{"AttributeName": "transactionId", "AttributeType": "S"}]
        assert found["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert found["SSESpecification"] == {"SSEEnabled": True}

    def test_it_expires_what_the_function_marks(self) -> None:
        expiry = properties("TransactionTable")["TimeToLiveSpecification"]
        assert expiry == {"AttributeName": "expiresAt", "Enabled": True}
        assert '"expiresAt"' in (PATH.parents[1] / "function" / "store" / "writes.py").read_text()


class TestRights:
    def test_the_key_is_used_by_the_account_and_the_logs(self) -> None:
        found = {one["Sid"]: one for one in properties("KMSKey")["KeyPolicy"]["Statement"]}
        assert list(found) == ["Enable IAM User Permissions", "Allow CloudWatch Logs"]
        assert found["Enable IAM User Permissions"]["Action"] == "kms:*"
        assert {"kms:Encrypt", "kms:Decrypt"} <= set(found["Allow CloudWatch Logs"]["Action"])
        assert "encrypt" in json.dumps(properties("KMSKey")["Description"]).lower()

    def test_the_logs_may_use_the_key_for_our_two_groups_only(self) -> None:
        condition = properties("KMSKey")["KeyPolicy"]["Statement"][1]["Condition"]
        arns = [one["Fn::Sub"] for one in condition["ArnEquals"]["kms:EncryptionContext:aws:logs:arn"]]
        groups = [properties(name)["LogGroupName"]["Fn::Sub"] for name in ("WebhookLogGroup", "ApiAccessLogGroup")]
        assert [arn.partition(":log-group:")[2] for arn in arns] == groups
        assert "*" not in "".join(arns)

    def test_the_key_is_rotated_and_deleted_soon_after_the_stack(self) -> None:
        assert (properties("KMSKey")["EnableKeyRotation"], properties("KMSKey")["PendingWindowInDays"]) == (True, 7)

    @pytest.mark.parametrize(
        ("policy", "actions", "resource"),
        [
            (
                "DynamoDBWritePolicy",
                ["dynamodb:PutItem", "dynamodb:UpdateItem"],
                {"Fn::GetAtt": ["TransactionTable", "Arn"]},
            ),
            (
                "CloudWatchLogsPolicy",
                ["logs:CreateLogStream", "logs:PutLogEvents"],
                {"Fn::GetAtt": ["WebhookLogGroup", "Arn"]},
            ),
            ("XRayPolicy", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
            ("KMSDecryptPolicy", "kms:Decrypt", {"Fn::GetAtt": ["KMSKey", "Arn"]}),
        ],
    )
    def test_the_role_may_do_this_and_no_more(self, policy: str, actions: list[str] | str, resource: object) -> None:
        (found,) = statements("LambdaExecutionRole", policy)
        assert (found["Action"], found["Resource"]) == (actions, resource)

    def test_the_role_has_four_policies_and_two_optional_ones(self) -> None:
        assert len(properties("LambdaExecutionRole")["Policies"]) == 4
        assert "ManagedPolicyArns" not in properties("LambdaExecutionRole")
        attached = {name: one["Condition"] for name, one in RESOURCES.items() if one["Type"] == "AWS::IAM::Policy"}
        assert attached == {"WebhookSecretPolicy": "ReadsSecret", "QueueConsumerPolicy": "HasQueue"}

    def test_a_service_assumes_a_role_for_this_account_only(self) -> None:
        trusted = [
            statement
            for one in RESOURCES.values()
            if one["Type"] == "AWS::IAM::Role"
            for statement in one["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        ]
        account = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        assert [statement["Condition"] for statement in trusted] == [account, account]

    def test_only_our_route_may_invoke_the_function(self) -> None:
        found = properties("ApiInvokePermission")
        assert found["Principal"] == "apigateway.amazonaws.com"
        assert found["SourceArn"]["Fn::Sub"].endswith(":${WebhookApi}/*/POST/webhooks/*")

    def test_secrets_are_not_shown_and_none_is_given(self) -> None:
        assert TEMPLATE["Parameters"]["WebhookSecrets"]["NoEcho"] is True
        assert TEMPLATE["Parameters"]["WebhookSecrets"]["Default"] == "{}"

    def test_only_the_suffix_has_to_be_given(self) -> None:
        required = [name for name, one in TEMPLATE["Parameters"].items() if "Default" not in one]
        assert required == ["EnvironmentSuffix"]


class TestIngress:
    def test_one_route_takes_every_provider(self) -> None:
        assert properties("WebhookRoute")["RouteKey"] == "POST /webhooks/{provider}"
        found = properties("WebhookIntegration")
        assert (found["PayloadFormatVersion"], found["TimeoutInMillis"]) == ("2.0", 9000)

    def test_the_stage_is_throttled_by_parameters_and_logged(self) -> None:
        found = properties("WebhookStage")
        settings = found["DefaultRouteSettings"]
        assert settings["ThrottlingRateLimit"] == {"Ref": "ThrottlingRateLimit"}
        assert settings["ThrottlingBurstLimit"] == {"Ref": "ThrottlingBurstLimit"}
        line = json.loads(found["AccessLogSettings"]["Format"])
        assert not [value for value in line.values() if "identity" in value or "header" in value]

    def test_the_queue_is_off_by_default(self) -> None:
        assert TEMPLATE["Parameters"]["QueuedProvider"]["Default"] == "none"
        queued = {name for name, one in RESOURCES.items() if one.get("Condition") == "HasQueue"}
        assert {name for name in RESOURCES if "Queue" in name} <= queued

    def test_the_queue_carries_what_each_provider_signs(self) -> None:
        mapping = TEMPLATE["Mappings"]["QueuedHeaders"]
        assert sorted(mapping) == sorted(TEMPLATE["Parameters"]["QueuedProvider"]["AllowedValues"])
        for provider in set(mapping) - {"none"}:
            attributes = json.loads(mapping[provider]["MessageAttributes"])
            assert attributes["provider"]["StringValue"] == provider
            assert attributes["requestTimeEpoch"]["StringValue"] == "${context.requestTimeEpoch}"
            assert len(attributes) <= 10
            headers = set(attributes) - {"provider", "requestTimeEpoch"}
            assert {attributes[name]["StringValue"] for name in headers} == {
                f"${{request.header.{n}}}" for n in headers
            }

    def test_the_queue_of_the_generic_scheme_takes_its_usual_headers(self) -> None:
        (rule,) = TEMPLATE["Rules"].values()
        usual = {
            one["Fn::Equals"][0]["Ref"]: one["Fn::Equals"][1] for one in rule["Assertions"][0]["Assert"]["Fn::And"]
        }
        assert usual == {name: TEMPLATE["Parameters"][name]["Default"] for name in usual}
        carried = json.loads(TEMPLATE["Mappings"]["QueuedHeaders"]["generic"]["MessageAttributes"])
        assert usual["GenericSignatureHeader"] in carried

    def test_a_failed_record_alone_is_returned(self) -> None:
        found = properties("QueueConsumer")
        assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert found["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "QueueMaximumConcurrency"}}
        assert properties("WebhookQueue")["VisibilityTimeout"] == 6 * properties("WebhookProcessorFunction")["Timeout"]


class TestWhole:
    def test_every_name_carries_the_suffix(self) -> None:
        named = {
            (logical_id, key): value
            for logical_id, one in RESOURCES.items()
            for key, value in one["Properties"].items()
            if key in NAMES and not (isinstance(value, dict) and ("Ref" in value or "Fn::GetAtt" in value))
        }
        assert len(named) >= 16
        assert all(value["Fn::Sub"].endswith("-${EnvironmentSuffix}") for value in named.values())

    def test_each_resource_is_deleted_with_the_stack(self) -> None:
        def it_is_deleted(found: dict[str, Any]) -> None:
            assert (found["DeletionPolicy"], found["UpdateReplacePolicy"]) == ("Delete", "Delete")
            assert "DeletionProtectionEnabled" not in found["Properties"]

        check_each(RESOURCES, it_is_deleted)

    def test_the_longest_suffix_fits_the_longest_name(self) -> None:
        longest = TEMPLATE["Parameters"]["EnvironmentSuffix"]["MaxLength"]
        for logical_id in ("LambdaExecutionRole", "QueueSenderRole"):
            prefix = properties(logical_id)["RoleName"]["Fn::Sub"].removesuffix("${EnvironmentSuffix}")
            assert len(prefix) + longest <= 64

    @pytest.mark.parametrize(("suffix", "accepted"), [("dev", True), ("pr-17", True), ("-x", False), ("Dev", False)])
    def test_a_suffix_is_lower_case(self, suffix: str, accepted: bool) -> None:
        parameter = TEMPLATE["Parameters"]["EnvironmentSuffix"]
        assert (parameter["Type"], parameter["MinLength"]) == ("String", 1)
        assert bool(re.fullmatch(parameter["AllowedPattern"], suffix)) is accepted

    def test_every_output_is_exported_under_the_stacks_name(self) -> None:
        assert list(TEMPLATE["Outputs"]) == [
            "LambdaFunctionArn",
            "DynamoDBTableName",
            "KMSKeyId",
            "LambdaFunctionName",
            "WebhookEndpoint",
        ]
        for name, output in TEMPLATE["Outputs"].items():
            assert output["Export"]["Name"] == {"Fn::Sub": f"${{AWS::StackName}}-{name}"}

    def test_every_suppressed_check_has_its_reason_beside_it(self) -> None:
        for one in RESOURCES.values():
            notes = one.get("Metadata", {})
            ignored = notes.get("cfn-lint", {}).get("config", {}).get("ignore_checks", [])
            assert set(ignored) <= set(notes.get("Reasons", {}))
            assert all(skip["comment"] for skip in notes.get("checkov", {}).get("skip", []))

    def test_every_metric_that_an_alarm_watches_is_written_by_the_function(self) -> None:
        source = "".join(path.read_text() for path in (PATH.parents[1] / "function").rglob("*.py"))
        ours = [one["Properties"] for one in RESOURCES.values() if one["Type"] == "AWS::CloudWatch::Alarm"]
        watched = {one["MetricName"] for one in ours if one["Namespace"] == "WebhookProcessor"}
        assert watched == {"Failed", "IdMismatch", "Quarantined", "SecretsUnread", "SignatureRejected"}
        assert all(f'"{name}"' in source for name in watched | {"WebhookProcessor"})

    def test_an_alarm_notifies_no_one_without_a_topic(self) -> None:
        alarms = [one["Properties"] for one in RESOURCES.values() if one["Type"] == "AWS::CloudWatch::Alarm"]
        assert len(alarms) == 12
        for alarm in alarms:
            assert alarm["TreatMissingData"] == "notBreaching"
            assert alarm["AlarmActions"]["Fn::If"][0] == "NotifiesAlarms"
