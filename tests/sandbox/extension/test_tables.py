from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.sandbox_clients import Aws, table

pytestmark = pytest.mark.xdist_group("sandbox stack tables")

RECOVERY = {"PointInTimeRecoveryEnabled": True}
TTL = {"AttributeName": "expires", "Enabled": True}


@pytest.fixture(autouse=True)
def clean(aws: Aws) -> Iterator[None]:
    yield
    aws.delete(*[stack["StackName"] for stack in aws.cloudformation.list_stacks()["StackSummaries"]])
    assert aws.dynamodb.list_tables()["TableNames"] == []


def recovery(aws: Aws) -> str:
    found = aws.dynamodb.describe_continuous_backups(TableName="t")["ContinuousBackupsDescription"]
    return str(found["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"])


def encryption(aws: Aws) -> dict[str, str] | None:
    found: dict[str, str] | None = aws.dynamodb.describe_table(TableName="t")["Table"].get("SSEDescription")
    return found


def expiry(aws: Aws) -> dict[str, str]:
    found: dict[str, str] = aws.dynamodb.describe_time_to_live(TableName="t")["TimeToLiveDescription"]
    return found


def test_point_in_time_recovery_is_kept_changed_and_removed(aws: Aws) -> None:
    aws.create("s", {"T": table("t", PointInTimeRecoverySpecification=RECOVERY)})
    assert recovery(aws) == "ENABLED"

    aws.update("s", {"T": table("t", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": "false"})})
    assert recovery(aws) == "DISABLED"

    aws.update("s", {"T": table("t", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": "true"})})
    assert recovery(aws) == "ENABLED"

    aws.update("s", {"T": table("t")})
    assert recovery(aws) == "DISABLED"


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param({"Fn::GetAtt": ["Key", "Arn"]}, id="given by its ARN"),
        pytest.param({"Ref": "Key"}, id="given by its id"),
        pytest.param({"Ref": "Alias"}, id="given by its alias"),
    ],
)
def test_a_customer_key_is_described_by_its_arn(aws: Aws, reference: Any) -> None:
    spec = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": reference}
    resources = {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {}}},
        "Alias": {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/k", "TargetKeyId": {"Ref": "Key"}}},
        "T": table("t", SSESpecification=spec),
    }

    assert aws.create("s", resources, outputs={"Arn": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}}}) == "CREATE_COMPLETE"

    assert encryption(aws) == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": aws.outputs("s")["Arn"]}


def test_encryption_is_added_and_removed(aws: Aws) -> None:
    aws.create("s", {"T": table("t")})
    assert encryption(aws) is None

    aws.update("s", {"T": table("t", SSESpecification={"SSEEnabled": True})})
    assert (encryption(aws) or {})["Status"] == "ENABLED"

    aws.update("s", {"T": table("t")})
    assert encryption(aws) is None


def test_expiry_is_added_and_removed(aws: Aws) -> None:
    aws.create("s", {"T": table("t", TimeToLiveSpecification=TTL)})
    assert expiry(aws) == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}

    aws.update("s", {"T": table("t")})
    assert expiry(aws)["TimeToLiveStatus"] == "DISABLED"


def test_a_table_does_not_inherit_from_a_deleted_one_of_its_name(aws: Aws) -> None:
    aws.create("s", {"T": table("t", PointInTimeRecoverySpecification=RECOVERY, TimeToLiveSpecification=TTL)})
    aws.delete("s")

    aws.create("s", {"T": table("t")})

    assert (recovery(aws), expiry(aws)["TimeToLiveStatus"]) == ("DISABLED", "DISABLED")


def test_a_table_name_that_is_taken_fails_and_the_owner_keeps_its_items(aws: Aws) -> None:
    aws.create("owner", {"T": table("t", PointInTimeRecoverySpecification=RECOVERY)})
    aws.dynamodb.put_item(TableName="t", Item={"id": {"S": "1"}})

    assert aws.create("s", {"Other": table("other"), "T": {**table("t"), "DependsOn": "Other"}}) == "ROLLBACK_COMPLETE"

    assert aws.failure("s") == (
        "Resource handler returned message: \"Resource of type 'AWS::DynamoDB::Table' with identifier 't'"
        ' already exists." (RequestToken: ID, HandlerErrorCode: AlreadyExists)'
    )
    assert aws.dynamodb.list_tables()["TableNames"] == ["t"]
    assert aws.dynamodb.scan(TableName="t")["Count"] == 1
    assert recovery(aws) == "ENABLED"


def test_a_rename_to_a_taken_name_rolls_back(aws: Aws) -> None:
    aws.create("owner", {"T": table("t")})
    aws.create("s", {"T": table("mine")})
    aws.dynamodb.put_item(TableName="mine", Item={"id": {"S": "1"}})

    assert aws.update("s", {"T": table("t")}) == "UPDATE_ROLLBACK_COMPLETE"

    assert aws.dynamodb.list_tables()["TableNames"] == ["mine", "t"]
    assert aws.dynamodb.scan(TableName="mine")["Count"] == 1


def test_a_rollback_returns_what_the_table_had(aws: Aws) -> None:
    before = table("t", PointInTimeRecoverySpecification=RECOVERY, SSESpecification={"SSEEnabled": True})
    aws.create("owner", {"Taken": table("taken")})
    aws.create("s", {"T": before})

    status = aws.update("s", {"T": table("t"), "Taken": {**table("taken"), "DependsOn": "T"}})

    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert recovery(aws) == "ENABLED"
    assert (encryption(aws) or {})["Status"] == "ENABLED"
