"""DynamoDB tables."""

from collections.abc import Mapping

from tapctl.verify.compare import enabled, is_on, same_name, soon, unordered
from tapctl.verify.resource_check import Look, Must, Row

LOOKS: Mapping[str, tuple[Look, ...]] = {
    "AWS::DynamoDB::Table": (
        Look(
            "dynamodb",
            "DescribeTable",
            lambda live, _: {"TableName": live.id},
            (
                Must("status", ("ACTIVE", "UPDATING"), "Table.TableStatus"),
                # What is not shown was never on demand.
                Row(
                    "billing mode",
                    "BillingMode",
                    "Table.BillingModeSummary.BillingMode",
                    default="PROVISIONED",
                    absent="PROVISIONED",
                ),
                Row("keys", "KeySchema", "Table.KeySchema", same=unordered),
                Row("key attributes", "AttributeDefinitions", "Table.AttributeDefinitions", same=unordered),
                Row(
                    "encryption",
                    "SSESpecification.SSEEnabled",
                    "Table.SSEDescription.Status",
                    absent="DISABLED",
                    says=enabled,
                    same=soon,
                ),
                Row(
                    "encryption key",
                    "SSESpecification.KMSMasterKeyId",
                    "Table.SSEDescription.KMSMasterKeyArn",
                    same=same_name,
                ),
                Row("stream", "StreamSpecification.StreamViewType", "Table.StreamSpecification.StreamViewType"),
                Row(
                    "deletion protection",
                    "DeletionProtectionEnabled",
                    "Table.DeletionProtectionEnabled",
                    default=False,
                    absent=False,
                    says=is_on,
                ),
            ),
        ),
        Look(
            "dynamodb",
            "DescribeContinuousBackups",
            lambda live, _: {"TableName": live.id},
            (
                Row(
                    "point-in-time recovery",
                    "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled",
                    "ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus",
                    absent="DISABLED",
                    says=enabled,
                    same=soon,
                ),
            ),
        ),
        Look(
            "dynamodb",
            "DescribeTimeToLive",
            lambda live, _: {"TableName": live.id},
            (
                Row(
                    "expiry",
                    "TimeToLiveSpecification.Enabled",
                    "TimeToLiveDescription.TimeToLiveStatus",
                    absent="DISABLED",
                    says=enabled,
                    same=soon,
                ),
                Row(
                    "expiry attribute",
                    "TimeToLiveSpecification.AttributeName",
                    "TimeToLiveDescription.AttributeName",
                ),
            ),
        ),
    ),
}
