"""The limits of App Runner that a deploy can reach."""

from tapctl.limits.row import Call, Limit, each

DOCS = "https://docs.aws.amazon.com/general/latest/gr/apprunner.html"

PAGES = ("NextToken", "NextToken")
"""There are no paginators."""

ROWS = (
    Limit(
        id="apprunner-services",
        key="apprunner/L-69F96A0C",
        title="App Runner services",
        docs=DOCS,
        counts=(each("AWS::AppRunner::Service"),),
        default=30,
        usage=Call("apprunner", "ListServices", "ServiceSummaryList", token=PAGES),
    ),
    Limit(
        id="apprunner-auto-scaling-configurations",
        key="apprunner/L-1D8C5BDD",
        title="App Runner auto scaling configurations",
        docs=DOCS,
        counts=(each("AWS::AppRunner::AutoScalingConfiguration"),),
        default=10,
        usage=Call(
            "apprunner",
            "ListAutoScalingConfigurations",
            "AutoScalingConfigurationSummaryList",
            {"LatestOnly": True},
            token=PAGES,
        ),
    ),
    Limit(
        id="apprunner-vpc-connectors",
        key="apprunner/L-F7ADEB8C",
        title="App Runner VPC connectors",
        docs=DOCS,
        counts=(each("AWS::AppRunner::VpcConnector"),),
        default=10,
        usage=Call("apprunner", "ListVpcConnectors", "VpcConnectors[?Status=='ACTIVE']", token=PAGES),
    ),
    Limit(
        id="apprunner-observability-configurations",
        key="apprunner/L-A0B46A0C",
        title="App Runner observability configurations",
        docs=DOCS,
        counts=(each("AWS::AppRunner::ObservabilityConfiguration"),),
        default=10,
        usage=Call(
            "apprunner",
            "ListObservabilityConfigurations",
            "ObservabilityConfigurationSummaryList",
            {"LatestOnly": True},
            token=PAGES,
        ),
    ),
)
