"""DynamoDB tables."""

from collections.abc import Mapping

from tapctl.verify.compare import as_status, boolean, same_name, same_or_changing, unordered
from tapctl.verify.resource_check import PropertyCheck, ResourceCheck, StateCheck, by_id


def _feature(property_: str, field: str) -> PropertyCheck:
    """A boolean property that the API reports as a status."""
    return PropertyCheck(property_, field, absent="DISABLED", to_api=as_status, equal=same_or_changing)


CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::DynamoDB::Table": (
        ResourceCheck(
            "dynamodb",
            "DescribeTable",
            by_id("TableName"),
            (
                # DescribeTable omits the summary for tables that were never on demand.
                PropertyCheck(
                    "BillingMode", "BillingModeSummary.BillingMode", default="PROVISIONED", absent="PROVISIONED"
                ),
                PropertyCheck("KeySchema", equal=unordered),
                PropertyCheck("AttributeDefinitions", equal=unordered),
                _feature("SSESpecification.SSEEnabled", "SSEDescription.Status"),
                PropertyCheck("SSESpecification.KMSMasterKeyId", "SSEDescription.KMSMasterKeyArn", equal=same_name),
                PropertyCheck("StreamSpecification.StreamViewType"),
                PropertyCheck("DeletionProtectionEnabled", default=False, absent=False, to_api=boolean),
            ),
            (StateCheck("TableStatus", ("ACTIVE", "UPDATING")),),
            result_path="Table",
        ),
        ResourceCheck(
            "dynamodb",
            "DescribeContinuousBackups",
            by_id("TableName"),
            (_feature("PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", "PointInTimeRecoveryStatus"),),
            result_path="ContinuousBackupsDescription.PointInTimeRecoveryDescription",
        ),
        ResourceCheck(
            "dynamodb",
            "DescribeTimeToLive",
            by_id("TableName"),
            (
                _feature("TimeToLiveSpecification.Enabled", "TimeToLiveStatus"),
                PropertyCheck("TimeToLiveSpecification.AttributeName", "AttributeName"),
            ),
            result_path="TimeToLiveDescription",
        ),
    ),
}
