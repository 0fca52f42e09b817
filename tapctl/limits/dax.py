"""The limits of DynamoDB Accelerator that a deploy can reach."""

from tapctl.limits.row import Call, Limit, ValueKind, each, total, value

DOCS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"
CLUSTER = "AWS::DAX::Cluster"

ROWS = (
    Limit(
        id="dax-nodes",
        key="dax/L-AB139030",
        title="DAX nodes",
        docs=DOCS,
        counts=(total(CLUSTER, "ReplicationFactor"),),
        default=50,
        usage=Call("dax", "DescribeClusters", "Clusters[].TotalNodes", reading=ValueKind.SUM),
    ),
    Limit(
        id="dax-nodes-per-cluster",
        key="dax/nodes-per-cluster",
        title="Nodes per DAX cluster",
        docs=DOCS,
        counts=(value(CLUSTER, "ReplicationFactor"),),
        default=11,
        adjustable=False,
    ),
    Limit(
        id="dax-subnet-groups",
        key="dax/subnet-groups",
        title="DAX subnet groups",
        docs=DOCS,
        counts=(each("AWS::DAX::SubnetGroup"),),
        default=50,
        adjustable=False,
        usage=Call("dax", "DescribeSubnetGroups", "SubnetGroups"),
    ),
    Limit(
        id="dax-parameter-groups",
        key="dax/parameter-groups",
        title="DAX parameter groups",
        docs=DOCS,
        counts=(each("AWS::DAX::ParameterGroup"),),
        default=20,
        adjustable=False,
        usage=Call("dax", "DescribeParameterGroups", "ParameterGroups"),
    ),
)
