"""The limits of DynamoDB that a deploy can reach."""

from tapctl.limits.row import ABSENT, ITSELF, Call, DefaultGrade, Limit, Metric, each, length, total

DOCS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"
GLOBAL_TABLE, TABLE = "AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"


def _throughput(id_: str, code: str, title: str, *, access: str, of: str, default: int) -> Limit:
    """The provisioned throughput of tables with their indexes; what is on demand takes none."""
    units, per = f"{access}CapacityUnits", ITSELF if of == "Table" else ""
    provisioned = {"BillingMode": (ABSENT, "PROVISIONED")}
    return Limit(
        id=id_,
        key=f"dynamodb/{code}",
        title=title,
        docs=DOCS,
        counts=(
            total(TABLE, f"ProvisionedThroughput.{units}", per=per, where=provisioned),
            total(TABLE, f"GlobalSecondaryIndexes.ProvisionedThroughput.{units}", per=per, where=provisioned),
        ),
        unit="capacity units",
        default=default,
        usage=None if per else Metric("DynamoDB", percentage=f"AccountProvisioned{access}CapacityUtilization"),
        quota=Call("dynamodb", "DescribeLimits", f"{of}Max{units}"),
    )


ROWS = (
    Limit(
        id="dynamodb-tables",
        key="dynamodb/L-F98FE922",
        title="DynamoDB tables",
        docs=DOCS,
        counts=(each(TABLE), each(GLOBAL_TABLE)),
        default=2500,
        usage=Call("dynamodb", "ListTables", "TableNames"),
    ),
    _throughput("dynamodb-read-capacity", "L-34F6A552", "Provisioned read throughput of the account",
                access="Read", of="Account", default=80_000),
    _throughput("dynamodb-write-capacity", "L-34F8CCC8", "Provisioned write throughput of the account",
                access="Write", of="Account", default=80_000),
    _throughput("dynamodb-read-capacity-per-table", "L-CF0CBE56", "Provisioned read throughput of a table",
                access="Read", of="Table", default=40_000),
    _throughput("dynamodb-write-capacity-per-table", "L-AB614373", "Provisioned write throughput of a table",
                access="Write", of="Table", default=40_000),
    Limit(
        id="dynamodb-global-indexes-per-table",
        key="dynamodb/L-F7858A77",
        title="Global secondary indexes per table",
        docs=DOCS,
        counts=(length(TABLE, "GlobalSecondaryIndexes"), length(GLOBAL_TABLE, "GlobalSecondaryIndexes")),
        default=20,
    ),
    Limit(
        id="dynamodb-local-indexes-per-table",
        key="dynamodb/local-indexes-per-table",
        title="Local secondary indexes per table",
        docs=DOCS,
        counts=(length(TABLE, "LocalSecondaryIndexes"), length(GLOBAL_TABLE, "LocalSecondaryIndexes")),
        default=5,
        grade=DefaultGrade.LIKELY,
        adjustable=False,
    ),
)  # fmt: skip
