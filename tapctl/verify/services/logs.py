"""Log groups."""

from collections.abc import Mapping

from tapctl.verify.compare import same_name
from tapctl.verify.resource_check import PropertyCheck, ResourceCheck, by_id

CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::Logs::LogGroup": (
        ResourceCheck(
            "logs",
            "DescribeLogGroups",
            by_id("logGroupNamePrefix"),
            (
                PropertyCheck("RetentionInDays", "retentionInDays", default=None),
                PropertyCheck("KmsKeyId", "kmsKeyId", equal=same_name),
                PropertyCheck("LogGroupClass", "logGroupClass", absent="STANDARD"),
            ),
            result_path="logGroups",
            id_field="logGroupName",
        ),
    ),
}
