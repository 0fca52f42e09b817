"""The limits of Redshift that a deploy can reach; AWS's page gives no default of theirs that was read."""

from tapctl.limits.row import Call, DefaultGrade, Limit, ValueKind, each, total

DOCS = "https://docs.aws.amazon.com/redshift/latest/mgmt/amazon-redshift-limits.html"

ROWS = (
    Limit(
        id="redshift-nodes",
        key="redshift/L-F9D462EE",
        title="Redshift nodes",
        docs=DOCS,
        counts=(total("AWS::Redshift::Cluster", "NumberOfNodes", missing=1),),
        grade=DefaultGrade.OPEN,
        usage=Call("redshift", "DescribeClusters", "Clusters[].NumberOfNodes", reading=ValueKind.SUM),
    ),
    Limit(
        id="redshift-subnet-groups",
        key="redshift/L-BE12F428",
        title="Redshift subnet groups",
        docs=DOCS,
        counts=(each("AWS::Redshift::ClusterSubnetGroup"),),
        grade=DefaultGrade.OPEN,
        usage=Call("redshift", "DescribeClusterSubnetGroups", "ClusterSubnetGroups"),
    ),
)
