"""CloudWatch alarms."""

from collections.abc import Mapping

from tapctl.verify.compare import unordered
from tapctl.verify.resource_check import PropertyCheck, ResourceCheck

_PER_REQUEST = 100
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html"""

CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::CloudWatch::Alarm": (
        ResourceCheck(
            "cloudwatch",
            "DescribeAlarms",
            lambda resource: {
                "AlarmNames": resource.batch(_PER_REQUEST),
                "AlarmTypes": ["MetricAlarm"],
                "MaxRecords": _PER_REQUEST,
            },
            (
                PropertyCheck("Namespace"),
                PropertyCheck("MetricName"),
                PropertyCheck("Dimensions", equal=unordered),
                PropertyCheck("Statistic"),
                PropertyCheck("ExtendedStatistic"),
                PropertyCheck("Threshold"),
                PropertyCheck("ComparisonOperator"),
                PropertyCheck("Period"),
                PropertyCheck("EvaluationPeriods"),
                PropertyCheck("DatapointsToAlarm"),
                PropertyCheck("TreatMissingData", default="missing", absent="missing"),
                PropertyCheck("ActionsEnabled", default=True, absent=True),
                PropertyCheck("AlarmActions", default=[], absent=[], equal=unordered),
                PropertyCheck("OKActions", absent=[], equal=unordered),
            ),
            result_path="MetricAlarms",
            id_field="AlarmName",
        ),
    ),
}
