"""The limits of Athena that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

DOCS = "https://docs.aws.amazon.com/athena/latest/ug/service-limits.html"

ROWS = (
    Limit(
        id="athena-workgroups",
        key="athena/workgroups",
        title="Athena workgroups",
        docs=DOCS,
        counts=(each("AWS::Athena::WorkGroup"),),
        default=1000,
        grade=DefaultGrade.LIKELY,
        adjustable=False,
        usage=Call("athena", "ListWorkGroups", "WorkGroups", token=("NextToken", "NextToken")),
    ),
    Limit(
        id="athena-prepared-statements",
        key="athena/prepared-statements",
        title="Prepared statements per workgroup",
        docs=DOCS,
        counts=(each("AWS::Athena::PreparedStatement", per="WorkGroup"),),
        default=1000,
        adjustable=False,
        usage=Call(
            "athena",
            "ListPreparedStatements",
            "PreparedStatements",
            token=("NextToken", "NextToken"),
            parent="WorkGroup",
        ),
    ),
)
