"""The limits of CloudWatch Logs that a deploy can reach."""

from tapctl.limits.row import ABSENT, Call, DefaultGrade, Limit, Named, each
from tapctl.resource_types import FUNCTION

DOCS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"

GROUP_OF_FUNCTION = Named("AWS::Logs::LogGroup", "LogGroupName", "/aws/lambda/", "FunctionName")
"""https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html"""

ROWS = (
    Limit(
        id="logs-log-groups",
        key="logs/L-C7B9AAAB",
        title="Log groups",
        docs=DOCS,
        counts=(
            each("AWS::Logs::LogGroup"),
            # Lambda makes the log group of a function when the function first runs.
            each(FUNCTION, maybe=True, where={"LoggingConfig.LogGroup": (ABSENT,)}, unless=GROUP_OF_FUNCTION),
        ),
        default=1_000_000,
        # DescribeLogGroups returns 50 at a time.
        usage=Call("logs", "ListLogGroups", "logGroups", {"limit": 1000}, token=("nextToken", "nextToken")),
    ),
    Limit(
        id="logs-subscription-filters-per-group",
        key="logs/L-87E7D306",
        title="Subscription filters per log group",
        docs=DOCS,
        counts=(each("AWS::Logs::SubscriptionFilter", per="LogGroupName"),),
        default=2,
        grade=DefaultGrade.OPEN,  # the page says 2, accounts accept 5
        adjustable=False,
        usage=Call("logs", "DescribeSubscriptionFilters", "subscriptionFilters", parent="logGroupName"),
    ),
    Limit(
        id="logs-metric-filters-per-group",
        key="logs/L-3D5753EA",
        title="Metric filters per log group",
        docs=DOCS,
        counts=(each("AWS::Logs::MetricFilter", per="LogGroupName"),),
        default=100,
        adjustable=False,
        usage=Call("logs", "DescribeMetricFilters", "metricFilters", parent="logGroupName"),
    ),
    Limit(
        id="logs-resource-policies",
        key="logs/resource-policies",
        title="Resource policies of CloudWatch Logs",
        docs=DOCS,
        counts=(each("AWS::Logs::ResourcePolicy"),),
        default=10,
        adjustable=False,
        usage=Call("logs", "DescribeResourcePolicies", "resourcePolicies"),
    ),
    Limit(
        id="logs-anomaly-detectors",
        key="logs/L-B53B9649",
        title="Log anomaly detectors",
        docs=DOCS,
        counts=(each("AWS::Logs::LogAnomalyDetector"),),
        default=500,
        usage=Call("logs", "ListLogAnomalyDetectors", "anomalyDetectors"),
    ),
)
