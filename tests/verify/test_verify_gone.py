"""Resources deleted outside of CloudFormation, whatever error code their service returns."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tapctl import sandbox
from tapctl.aws.session import Aws, Target
from tapctl.settings.settings import Settings
from tapctl.verify.check import Check
from tapctl.verify.verify import verify
from tests.support.deployed_stacks import lines, statuses
from tests.support.golden import Golden

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
    """A stack whose resources the tests delete one after the other."""

    aws: Aws

    def physical(self, logical_id: str) -> str:
        response = self.aws.client("cloudformation").describe_stack_resource(
            StackName="gone", LogicalResourceId=logical_id
        )
        return str(response["StackResourceDetail"]["PhysicalResourceId"])

    def checks_of(self, logical_id: str) -> list[Check]:
        result = verify(self.aws, Settings("-", stack_name="gone"), lambda url: (url, {}))
        return [check for check in result.checks if check.subject == logical_id]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPCTL_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        running = sandbox.start()
        try:
            aws = Aws(Target(running.region, endpoint=running.endpoint, keys=("test", "test")))
            client = aws.client("cloudformation")
            client.create_stack(
                StackName="gone", TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_NAMED_IAM"]
            )
            client.get_waiter("stack_create_complete").wait(StackName="gone", WaiterConfig={"Delay": 1})
            yield Stack(aws)
        finally:
            sandbox.stop()


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
def test_an_existing_resource_is_proved_and_a_deleted_one_fails(
    logical_id: str, deletion: Callable[[Aws, str], Any], stack: Stack
) -> None:
    assert set(statuses(stack.checks_of(logical_id))) == {"proved"}
    physical = stack.physical(logical_id)

    deletion(stack.aws, physical)

    (check,) = stack.checks_of(logical_id)
    assert check.status.value == "failed"
    assert physical in check.message


def test_a_key_with_a_scheduled_deletion_fails(stack: Stack, golden: Golden) -> None:
    assert statuses(stack.checks_of("Key")) == ["proved"]

    stack.aws.client("kms").schedule_key_deletion(KeyId=stack.physical("Key"))

    golden(lines(stack.checks_of("Key")))
