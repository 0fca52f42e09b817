"""The limits of Managed Streaming for Apache Kafka that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, ValueKind, each, total, value

DOCS = "https://docs.aws.amazon.com/msk/latest/developerguide/limits.html"
CLUSTER = "AWS::MSK::Cluster"

ROWS = (
    Limit(
        id="kafka-brokers",
        key="kafka/L-EDD31C36",
        title="MSK brokers",
        docs=DOCS,
        counts=(total(CLUSTER, "NumberOfBrokerNodes"),),
        default=90,
        usage=Call(
            "kafka", "ListClustersV2", "ClusterInfoList[].Provisioned.NumberOfBrokerNodes", reading=ValueKind.SUM
        ),
    ),
    Limit(
        id="kafka-brokers-per-cluster",
        key="kafka/L-FAB9E493",
        title="Brokers per MSK cluster",
        docs=DOCS,
        counts=(value(CLUSTER, "NumberOfBrokerNodes"),),
        default=30,
    ),
    Limit(
        id="kafka-configurations",
        key="kafka/L-B2FDE22A",
        title="MSK configurations",
        docs=DOCS,
        counts=(each("AWS::MSK::Configuration"),),
        grade=DefaultGrade.OPEN,
        usage=Call("kafka", "ListConfigurations", "Configurations"),
    ),
)
