"""CloudWatch alarms."""

from collections.abc import Mapping

from tapctl.verify.compare import unordered
from tapctl.verify.resource_check import PropertyCheck, ResourceCheck

CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::CloudWatch::Alarm": (
        ResourceCheck(
            "cloudwatch",
            "DescribeAlarms",
            lambda live, _: {"AlarmNames": [live.id], "AlarmTypes": ["MetricAlarm"]},
            (
                PropertyCheck("namespace", "Namespace", "Namespace"),
                PropertyCheck("metric", "MetricName", "MetricName"),
                PropertyCheck("dimensions", "Dimensions", "Dimensions", same=unordered),
                PropertyCheck("statistic", "Statistic", "Statistic"),
                PropertyCheck("statistic", "ExtendedStatistic", "ExtendedStatistic"),
                PropertyCheck("threshold", "Threshold", "Threshold"),
                PropertyCheck("comparison", "ComparisonOperator", "ComparisonOperator"),
                PropertyCheck("period", "Period", "Period"),
                PropertyCheck("evaluation periods", "EvaluationPeriods", "EvaluationPeriods"),
                PropertyCheck("datapoints to alarm", "DatapointsToAlarm", "DatapointsToAlarm"),
                PropertyCheck(
                    "missing data", "TreatMissingData", "TreatMissingData", default="missing", absent="missing"
                ),
                PropertyCheck("actions enabled", "ActionsEnabled", "ActionsEnabled", default=True, absent=True),
                PropertyCheck("alarm actions", "AlarmActions", "AlarmActions", default=[], absent=[], same=unordered),
                PropertyCheck("ok actions", "OKActions", "OKActions", absent=[], same=unordered),
            ),
            entry=("MetricAlarms", "AlarmName"),
        ),
    ),
}
