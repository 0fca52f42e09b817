"""The limits of Amazon MQ that a deploy can reach."""

from tapctl.limits.row import Call, Limit, each, length

DOCS = "https://docs.aws.amazon.com/amazon-mq/latest/developer-guide/amazon-mq-limits.html"
BROKER = "AWS::AmazonMQ::Broker"

ROWS = (
    Limit(
        id="mq-brokers",
        key="mq/L-4D525FD5",
        title="Amazon MQ brokers",
        docs=DOCS,
        counts=(each(BROKER),),
        default=200,
        usage=Call("mq", "ListBrokers", "BrokerSummaries"),
    ),
    Limit(
        id="mq-security-groups-per-broker",
        key="mq/security-groups-per-broker",
        title="Security groups per Amazon MQ broker",
        docs=DOCS,
        counts=(length(BROKER, "SecurityGroups"),),
        default=5,
        adjustable=False,
    ),
)
