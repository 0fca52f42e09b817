"""The limits of DocumentDB that a deploy can reach; its instances and clusters count toward those of RDS as well."""

from tapctl.limits.row import Call, Limit, each

DOCS = "https://docs.aws.amazon.com/documentdb/latest/developerguide/limits.html"

ROWS = (
    Limit(
        id="docdb-clusters",
        key="docdb/L-13F31459",
        title="DocumentDB clusters",
        docs=DOCS,
        counts=(each("AWS::DocDB::DBCluster"),),
        default=40,
        # RDS, DocumentDB and Neptune list one another's databases.
        usage=Call("rds", "DescribeDBClusters", "DBClusters[?Engine=='docdb']"),
    ),
    Limit(
        id="docdb-instances",
        key="docdb/L-739A3A85",
        title="DocumentDB instances",
        docs=DOCS,
        counts=(each("AWS::DocDB::DBInstance"),),
        default=40,
        usage=Call("rds", "DescribeDBInstances", "DBInstances[?Engine=='docdb']"),
    ),
    Limit(
        id="docdb-subnet-groups",
        key="docdb/L-02DEA053",
        title="DocumentDB subnet groups",
        docs=DOCS,
        counts=(each("AWS::DocDB::DBSubnetGroup"),),
        default=50,
        # They are those of RDS, in one list without an engine.
        usage=Call("rds", "DescribeDBSubnetGroups", "DBSubnetGroups"),
    ),
)
