"""CloudWatch alarms."""

from collections.abc import Mapping

from tapctl.verify.compare import unordered
from tapctl.verify.resource_check import Look, Row

LOOKS: Mapping[str, tuple[Look, ...]] = {
    "AWS::CloudWatch::Alarm": (
        Look(
            "cloudwatch",
            "DescribeAlarms",
            lambda live, _: {"AlarmNames": [live.id], "AlarmTypes": ["MetricAlarm"]},
            (
                Row("namespace", "Namespace", "Namespace"),
                Row("metric", "MetricName", "MetricName"),
                Row("dimensions", "Dimensions", "Dimensions", same=unordered),
                Row("statistic", "Statistic", "Statistic"),
                Row("statistic", "ExtendedStatistic", "ExtendedStatistic"),
                Row("threshold", "Threshold", "Threshold"),
                Row("comparison", "ComparisonOperator", "ComparisonOperator"),
                Row("period", "Period", "Period"),
                Row("evaluation periods", "EvaluationPeriods", "EvaluationPeriods"),
                Row("datapoints to alarm", "DatapointsToAlarm", "DatapointsToAlarm"),
                Row("missing data", "TreatMissingData", "TreatMissingData", default="missing", absent="missing"),
                Row("actions enabled", "ActionsEnabled", "ActionsEnabled", default=True, absent=True),
                Row("alarm actions", "AlarmActions", "AlarmActions", default=[], absent=[], same=unordered),
                Row("ok actions", "OKActions", "OKActions", absent=[], same=unordered),
            ),
            entry=("MetricAlarms", "AlarmName"),
        ),
    ),
}
