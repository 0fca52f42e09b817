"""CloudWatch alarms."""

from collections.abc import Mapping

from tapctl.verify.compare import unordered
from tapctl.verify.resource_check import PropertyCheck, ResourceCheck

CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::CloudWatch::Alarm": (
        ResourceCheck(
            "cloudwatch",
            "DescribeAlarms",
            lambda resource: {"AlarmNames": [resource.physical_id], "AlarmTypes": ["MetricAlarm"]},
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
