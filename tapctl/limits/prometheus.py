"""The limits of Managed Service for Prometheus that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

DOCS = "https://docs.aws.amazon.com/prometheus/latest/userguide/AMP_quotas.html"

ROWS = (
    Limit(
        id="aps-workspaces",
        key="aps/L-8873DB23",
        title="Prometheus workspaces",
        docs=DOCS,
        counts=(each("AWS::APS::Workspace"),),
        grade=DefaultGrade.OPEN,
        usage=Call("amp", "ListWorkspaces", "workspaces", action="aps:ListWorkspaces"),
    ),
)
