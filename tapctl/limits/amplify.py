"""The limits of Amplify Hosting that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

DOCS = "https://docs.aws.amazon.com/amplify/latest/userguide/quotas-chapter.html"

ROWS = (
    Limit(
        id="amplify-apps",
        key="amplify/L-1BED97F3",
        title="Amplify apps",
        docs=DOCS,
        counts=(each("AWS::Amplify::App"),),
        default=25,
        usage=Call("amplify", "ListApps", "apps"),
    ),
    Limit(
        id="amplify-branches-per-app",
        key="amplify/branches-per-app",
        title="Branches per Amplify app",
        docs=DOCS,
        counts=(each("AWS::Amplify::Branch", per="AppId"),),
        default=50,
        adjustable=False,
        usage=Call("amplify", "ListBranches", "branches", parent="appId"),
    ),
    Limit(
        id="amplify-domains-per-app",
        key="amplify/L-AD277529",
        title="Domains per Amplify app",
        docs=DOCS,
        counts=(each("AWS::Amplify::Domain", per="AppId"),),
        default=5,
        grade=DefaultGrade.LIKELY,
        usage=Call("amplify", "ListDomainAssociations", "domainAssociations", parent="appId"),
    ),
)
