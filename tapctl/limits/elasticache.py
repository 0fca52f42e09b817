"""The limits of ElastiCache that a deploy can reach."""

from tapctl.limits.row import Call, Limit, ValueKind, counted, each

DOCS = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/quota-limits.html"
CLUSTER, GROUP = "AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::ReplicationGroup"

ROWS = (
    Limit(
        id="elasticache-nodes",
        key="elasticache/L-DFE45DF3",
        title="ElastiCache nodes",
        docs=DOCS,
        counts=counted("elasticache.nodes", CLUSTER, GROUP),
        default=300,
        usage=Call("elasticache", "DescribeCacheClusters", "CacheClusters[].NumCacheNodes", reading=ValueKind.SUM),
    ),
    Limit(
        id="elasticache-nodes-per-group",
        key="elasticache/L-AF354865",
        title="Nodes per replication group of several shards",
        docs=DOCS,
        counts=counted("elasticache.nodes_of_shards", GROUP),
        default=90,
    ),
    Limit(
        id="elasticache-serverless-caches",
        key="elasticache/L-BBCDAECC",
        title="Serverless caches",
        docs=DOCS,
        counts=(each("AWS::ElastiCache::ServerlessCache"),),
        default=40,
        usage=Call("elasticache", "DescribeServerlessCaches", "ServerlessCaches"),
    ),
    Limit(
        id="elasticache-subnet-groups",
        key="elasticache/L-3E7F7726",
        title="Subnet groups of ElastiCache",
        docs=DOCS,
        counts=(each("AWS::ElastiCache::SubnetGroup"),),
        default=300,
        usage=Call("elasticache", "DescribeCacheSubnetGroups", "CacheSubnetGroups"),
    ),
    Limit(
        id="elasticache-parameter-groups",
        key="elasticache/L-3F15A733",
        title="Parameter groups of ElastiCache",
        docs=DOCS,
        counts=(each("AWS::ElastiCache::ParameterGroup"),),
        default=300,
        # The list has the defaults of AWS, too.
        usage=Call(
            "elasticache",
            "DescribeCacheParameterGroups",
            "CacheParameterGroups[?!starts_with(CacheParameterGroupName, 'default.')]",
        ),
    ),
    Limit(
        id="elasticache-users",
        key="elasticache/L-80E085C7",
        title="ElastiCache users",
        docs=DOCS,
        counts=(each("AWS::ElastiCache::User"),),
        default=2000,
        usage=Call("elasticache", "DescribeUsers", "Users"),
    ),
    Limit(
        id="elasticache-user-groups",
        key="elasticache/L-AD484FC5",
        title="ElastiCache user groups",
        docs=DOCS,
        counts=(each("AWS::ElastiCache::UserGroup"),),
        default=200,
        usage=Call("elasticache", "DescribeUserGroups", "UserGroups"),
    ),
)
