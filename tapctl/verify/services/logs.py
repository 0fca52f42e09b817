"""Log groups."""

from collections.abc import Mapping

from tapctl.verify.compare import same_name
from tapctl.verify.resource_check import PropertyCheck, ResourceCheck

CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::Logs::LogGroup": (
        ResourceCheck(
            "logs",
            "DescribeLogGroups",
            lambda live, _: {"logGroupNamePrefix": live.id},
            (
                PropertyCheck("retention in days", "RetentionInDays", "retentionInDays", default=None),
                PropertyCheck("encryption key", "KmsKeyId", "kmsKeyId", same=same_name),
                PropertyCheck("class", "LogGroupClass", "logGroupClass", absent="STANDARD"),
            ),
            entry=("logGroups", "logGroupName"),
        ),
    ),
}
