"""The limits of Config that a deploy can reach; a Region has one recorder and one delivery channel."""

from tapctl.limits.row import Call, Limit, each

DOCS = "https://docs.aws.amazon.com/config/latest/developerguide/configlimits.html"

ROWS = (
    Limit(
        id="config-rules",
        key="config/rules",
        title="Config rules",
        docs=DOCS,
        counts=(each("AWS::Config::ConfigRule"),),
        default=1000,
        adjustable=False,
        # Those of conformance packs count.
        usage=Call("config", "DescribeConfigRules", "ConfigRules"),
    ),
    Limit(
        id="config-conformance-packs",
        key="config/conformance-packs",
        title="Conformance packs",
        docs=DOCS,
        counts=(each("AWS::Config::ConformancePack"),),
        default=50,
        adjustable=False,
        usage=Call("config", "DescribeConformancePacks", "ConformancePackDetails"),
    ),
    Limit(
        id="config-aggregators",
        key="config/aggregators",
        title="Configuration aggregators",
        docs=DOCS,
        counts=(each("AWS::Config::ConfigurationAggregator"),),
        default=50,
        adjustable=False,
        usage=Call("config", "DescribeConfigurationAggregators", "ConfigurationAggregators"),
    ),
    Limit(
        id="config-recorders",
        key="config/recorders",
        title="Configuration recorders",
        docs=DOCS,
        counts=(each("AWS::Config::ConfigurationRecorder"),),
        default=1,
        adjustable=False,
        usage=Call("config", "DescribeConfigurationRecorders", "ConfigurationRecorders"),
    ),
    Limit(
        id="config-delivery-channels",
        key="config/delivery-channels",
        title="Delivery channels of Config",
        docs=DOCS,
        counts=(each("AWS::Config::DeliveryChannel"),),
        default=1,
        adjustable=False,
        usage=Call("config", "DescribeDeliveryChannels", "DeliveryChannels"),
    ),
)
