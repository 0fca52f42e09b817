"""The limits of DynamoDB that a deploy can reach."""

from tapctl.limits.row import Call, Limit, each

ROWS = (
    Limit(
        id="dynamodb-tables",
        key="dynamodb/L-F98FE922",
        title="DynamoDB tables",
        docs="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html",
        counts=(each("AWS::DynamoDB::Table"), each("AWS::DynamoDB::GlobalTable")),
        default=2500,
        usage=Call("dynamodb", "ListTables", "TableNames"),
    ),
)
