"""The limits of CloudWatch alarms, rules and canaries that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each, length

DOCS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html"

ROWS = (
    Limit(
        id="monitoring-metrics-per-alarm",
        key="monitoring/metrics-per-alarm",
        title="Metrics per alarm on a metric math expression",
        docs=DOCS,
        counts=(length("AWS::CloudWatch::Alarm", "Metrics.MetricStat"),),
        default=10,
        adjustable=False,
    ),
    Limit(
        id="monitoring-insight-rules",
        key="monitoring/L-DBD11BCC",
        title="Contributor Insights rules",
        docs=DOCS,
        counts=(each("AWS::CloudWatch::InsightRule"),),
        default=100,
        usage=Call(
            "cloudwatch",
            "DescribeInsightRules",
            "InsightRules",
            token=("NextToken", "NextToken"),
            action="cloudwatch:DescribeInsightRules",
        ),
    ),
    Limit(
        id="monitoring-canaries",
        key="monitoring/L-C1FE0F5C",
        title="CloudWatch Synthetics canaries",
        docs="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Synthetics_Canaries.html",
        counts=(each("AWS::Synthetics::Canary"),),
        default=200,  # 300 or 500 in most Regions
        grade=DefaultGrade.LIKELY,
        usage=Call("synthetics", "DescribeCanaries", "Canaries", token=("NextToken", "NextToken")),
    ),
)
