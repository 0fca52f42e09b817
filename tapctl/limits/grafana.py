"""The limits of Managed Grafana that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

DOCS = "https://docs.aws.amazon.com/grafana/latest/userguide/AMG_quotas.html"

ROWS = (
    Limit(
        id="grafana-workspaces",
        key="grafana/L-2C2D5119",
        title="Grafana workspaces",
        docs=DOCS,
        counts=(each("AWS::Grafana::Workspace"),),
        default=5,
        grade=DefaultGrade.LIKELY,
        usage=Call("grafana", "ListWorkspaces", "workspaces"),
    ),
)
