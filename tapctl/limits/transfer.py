"""The limits of Transfer Family that a deploy can reach."""

from tapctl.limits.row import Call, Limit, ValueKind, each

DOCS = "https://docs.aws.amazon.com/general/latest/gr/transfer-service.html"

ROWS = (
    Limit(
        id="transfer-servers",
        key="transfer/L-6E386A05",
        title="Transfer servers",
        docs=DOCS,
        counts=(each("AWS::Transfer::Server"),),
        default=50,
        usage=Call("transfer", "ListServers", "Servers"),
    ),
    Limit(
        id="transfer-workflows",
        key="transfer/L-8A2575E3",
        title="Transfer workflows",
        docs=DOCS,
        counts=(each("AWS::Transfer::Workflow"),),
        default=10,
        usage=Call("transfer", "ListWorkflows", "Workflows"),
    ),
    Limit(
        id="transfer-users-per-server",
        key="transfer/L-101C3D29",
        title="Users per Transfer server",
        docs=DOCS,
        counts=(each("AWS::Transfer::User", per="ServerId"),),
        default=10000,
        usage=Call("transfer", "ListServers", "Servers[].[ServerId, UserCount]", reading=ValueKind.PAIRS),
    ),
)
