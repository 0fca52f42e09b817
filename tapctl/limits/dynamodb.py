"""The limits of DynamoDB that a deploy can reach."""

from tapctl.limits.row import Call, Limit, LimitKind

ROWS = (
    Limit(
        id="dynamodb-tables",
        title="DynamoDB tables",
        service="dynamodb",
        code="L-F98FE922",
        kind=LimitKind.COUNT,
        docs="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html",
        spends={"AWS::DynamoDB::Table": 1, "AWS::DynamoDB::GlobalTable": 1},
        usage=Call("dynamodb", "ListTables", "TableNames"),
    ),
)
