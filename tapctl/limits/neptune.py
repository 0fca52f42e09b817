"""The limits of Neptune that a deploy can reach; its instances and clusters count toward those of RDS as well."""

from tapctl.limits.row import Call, Limit, each

DOCS = "https://docs.aws.amazon.com/neptune/latest/userguide/limits.html"

ROWS = (
    Limit(
        id="neptune-clusters",
        key="neptune/L-6D17A5A2",
        title="Neptune clusters",
        docs=DOCS,
        counts=(each("AWS::Neptune::DBCluster"),),
        default=40,
        # RDS, DocumentDB and Neptune list one another's databases.
        usage=Call("rds", "DescribeDBClusters", "DBClusters[?Engine=='neptune']"),
    ),
    Limit(
        id="neptune-instances",
        key="neptune/L-368A3E00",
        title="Neptune instances",
        docs=DOCS,
        counts=(each("AWS::Neptune::DBInstance"),),
        default=40,
        usage=Call("rds", "DescribeDBInstances", "DBInstances[?Engine=='neptune']"),
    ),
    Limit(
        id="neptune-parameter-groups",
        key="neptune/L-584DADE7",
        title="Neptune instance parameter groups",
        docs=DOCS,
        counts=(each("AWS::Neptune::DBParameterGroup"),),
        default=50,
        # Those of the account have names of their own, the defaults of AWS begin alike.
        usage=Call(
            "neptune",
            "DescribeDBParameterGroups",
            "DBParameterGroups[?starts_with(DBParameterGroupFamily, 'neptune')"
            " && !starts_with(DBParameterGroupName, 'default.')]",
            action="rds:DescribeDBParameterGroups",
        ),
    ),
)
