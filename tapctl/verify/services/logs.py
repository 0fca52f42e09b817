"""Log groups."""

from collections.abc import Mapping

from tapctl.verify.compare import same_name
from tapctl.verify.resource_check import Look, Row

LOOKS: Mapping[str, tuple[Look, ...]] = {
    "AWS::Logs::LogGroup": (
        Look(
            "logs",
            "DescribeLogGroups",
            lambda live, _: {"logGroupNamePrefix": live.id},
            (
                Row("retention in days", "RetentionInDays", "retentionInDays", default=None),
                Row("encryption key", "KmsKeyId", "kmsKeyId", same=same_name),
                Row("class", "LogGroupClass", "logGroupClass", absent="STANDARD"),
            ),
            entry=("logGroups", "logGroupName"),
        ),
    ),
}
