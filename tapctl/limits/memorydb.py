"""The limits of MemoryDB that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, ValueKind, counted

DOCS = "https://docs.aws.amazon.com/memorydb/latest/devguide/quota-limits.html"

ROWS = (
    Limit(
        id="memorydb-nodes",
        key="memorydb/L-7BC2A09E",
        title="MemoryDB nodes",
        docs=DOCS,
        counts=counted("memorydb.nodes", "AWS::MemoryDB::Cluster"),
        grade=DefaultGrade.OPEN,
        usage=Call(
            "memorydb",
            "DescribeClusters",
            "Clusters[].Shards[].NumberOfNodes",
            {"ShowShardDetails": True},
            reading=ValueKind.SUM,
        ),
    ),
)
