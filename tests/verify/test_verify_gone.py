"""A resource that somebody deleted is a failure, whatever its service calls that."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tapctl.aws.session import Aws
from tapctl.settings.settings import Settings
from tapctl.verify.check import CheckStatus
from tapctl.verify.verify import verify

pytestmark = pytest.mark.xdist_group("verify gone")

TEMPLATE = {
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"RoleName": "gone", "AssumeRolePolicyDocument": {"Statement": []}},
        },
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "gone",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        },
        "Key": {"Type": "AWS::KMS::Key", "Properties": {}},
        "Alias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": "alias/gone", "TargetKeyId": {"Fn::GetAtt": ["Key", "Arn"]}},
        },
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "gone", "RetentionInDays": 30}},
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "gone",
                "Runtime": "python3.11",
                "Handler": "index.handle",
                "Role": "arn:aws:iam::000000000000:role/any",
                "Code": {"ZipFile": "def handle(event, context): return 1"},
            },
        },
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "gone", "ProtocolType": "HTTP"}},
    }
}


@dataclass
class Stack:
    """One stack whose resources are deleted one after the other."""

    aws: Aws

    def physical(self, logical_id: str) -> str:
        answer = self.aws.client("cloudformation").describe_stack_resource(
            StackName="gone", LogicalResourceId=logical_id
        )
        return str(answer["StackResourceDetail"]["PhysicalResourceId"])

    def said(self, logical_id: str) -> list[tuple[CheckStatus, str]]:
        result = verify(self.aws, Settings("-", stack_name="gone"), lambda url: (url, {}))
        return [(each.status, each.message) for each in result.checks if each.subject == logical_id]


@pytest.fixture(scope="module")
def stack(aws: Aws) -> Stack:
    client = aws.client("cloudformation")
    client.create_stack(StackName="gone", TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_NAMED_IAM"])
    client.get_waiter("stack_create_complete").wait(StackName="gone", WaiterConfig={"Delay": 0.1})
    return Stack(aws)


def delete(service: str, operation: str, parameter: str) -> Callable[[Aws, str], Any]:
    return lambda aws, physical: getattr(aws.client(service), operation)(**{parameter: physical})


@pytest.mark.parametrize(
    ("logical_id", "deletion"),
    [
        pytest.param("Alias", delete("kms", "delete_alias", "AliasName"), id="alias"),
        pytest.param("Api", delete("apigatewayv2", "delete_api", "ApiId"), id="api"),
        pytest.param("Function", delete("lambda", "delete_function", "FunctionName"), id="function"),
        pytest.param("Group", delete("logs", "delete_log_group", "logGroupName"), id="log group"),
        pytest.param("Role", delete("iam", "delete_role", "RoleName"), id="role"),
        pytest.param("Table", delete("dynamodb", "delete_table", "TableName"), id="table"),
    ],
)
def test_a_resource_that_is_there_is_proved_and_one_that_was_deleted_has_failed(
    logical_id: str, deletion: Callable[[Aws, str], Any], stack: Stack
) -> None:
    before = stack.said(logical_id)
    assert before
    assert {status for status, _ in before} == {CheckStatus.PROVED}
    physical = stack.physical(logical_id)

    deletion(stack.aws, physical)

    ((status, message),) = stack.said(logical_id)
    assert status is CheckStatus.FAILED
    assert physical in message


def test_a_key_that_is_to_be_deleted_has_failed(stack: Stack) -> None:
    assert stack.said("Key") == [(CheckStatus.PROVED, "state is Enabled")]

    stack.aws.client("kms").schedule_key_deletion(KeyId=stack.physical("Key"))

    assert stack.said("Key") == [(CheckStatus.FAILED, "state is PendingDeletion, the template says Enabled")]
