"""The limits of Database Migration Service that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

DOCS = "https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Limits.html"

ROWS = (
    Limit(
        id="dms-replication-instances",
        key="dms/L-C2341CDC",
        title="DMS replication instances",
        docs=DOCS,
        counts=(each("AWS::DMS::ReplicationInstance"),),
        default=60,
        grade=DefaultGrade.LIKELY,
        usage=Call("dms", "DescribeReplicationInstances", "ReplicationInstances"),
    ),
    Limit(
        id="dms-endpoints",
        key="dms/L-E17328E9",
        title="DMS endpoints",
        docs=DOCS,
        counts=(each("AWS::DMS::Endpoint"),),
        default=1000,
        grade=DefaultGrade.LIKELY,
        usage=Call("dms", "DescribeEndpoints", "Endpoints"),
    ),
)
