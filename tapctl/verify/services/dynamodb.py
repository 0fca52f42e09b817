"""DynamoDB tables."""

from collections.abc import Mapping

from tapctl.verify.compare import enabled, is_on, same_name, soon, unordered
from tapctl.verify.resource_check import PropertyCheck, ResourceCheck, StateCheck

CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::DynamoDB::Table": (
        ResourceCheck(
            "dynamodb",
            "DescribeTable",
            lambda live, _: {"TableName": live.id},
            (
                StateCheck("status", ("ACTIVE", "UPDATING"), "Table.TableStatus"),
                # What is not shown was never on demand.
                PropertyCheck(
                    "billing mode",
                    "BillingMode",
                    "Table.BillingModeSummary.BillingMode",
                    default="PROVISIONED",
                    absent="PROVISIONED",
                ),
                PropertyCheck("keys", "KeySchema", "Table.KeySchema", same=unordered),
                PropertyCheck("key attributes", "AttributeDefinitions", "Table.AttributeDefinitions", same=unordered),
                PropertyCheck(
                    "encryption",
                    "SSESpecification.SSEEnabled",
                    "Table.SSEDescription.Status",
                    absent="DISABLED",
                    says=enabled,
                    same=soon,
                ),
                PropertyCheck(
                    "encryption key",
                    "SSESpecification.KMSMasterKeyId",
                    "Table.SSEDescription.KMSMasterKeyArn",
                    same=same_name,
                ),
                PropertyCheck(
                    "stream", "StreamSpecification.StreamViewType", "Table.StreamSpecification.StreamViewType"
                ),
                PropertyCheck(
                    "deletion protection",
                    "DeletionProtectionEnabled",
                    "Table.DeletionProtectionEnabled",
                    default=False,
                    absent=False,
                    says=is_on,
                ),
            ),
        ),
        ResourceCheck(
            "dynamodb",
            "DescribeContinuousBackups",
            lambda live, _: {"TableName": live.id},
            (
                PropertyCheck(
                    "point-in-time recovery",
                    "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled",
                    "ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus",
                    absent="DISABLED",
                    says=enabled,
                    same=soon,
                ),
            ),
        ),
        ResourceCheck(
            "dynamodb",
            "DescribeTimeToLive",
            lambda live, _: {"TableName": live.id},
            (
                PropertyCheck(
                    "expiry",
                    "TimeToLiveSpecification.Enabled",
                    "TimeToLiveDescription.TimeToLiveStatus",
                    absent="DISABLED",
                    says=enabled,
                    same=soon,
                ),
                PropertyCheck(
                    "expiry attribute",
                    "TimeToLiveSpecification.AttributeName",
                    "TimeToLiveDescription.AttributeName",
                ),
            ),
        ),
    ),
}
