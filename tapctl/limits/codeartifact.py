"""The limits of CodeArtifact that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each, tally

DOCS = "https://docs.aws.amazon.com/codeartifact/latest/ug/service-limits.html"

ROWS = (
    Limit(
        id="codeartifact-domains",
        key="codeartifact/L-DD7208D3",
        title="CodeArtifact domains",
        docs=DOCS,
        counts=(each("AWS::CodeArtifact::Domain"),),
        grade=DefaultGrade.OPEN,
        usage=Call("codeartifact", "ListDomains", "domains"),
    ),
    Limit(
        id="codeartifact-repositories-per-domain",
        key="codeartifact/L-86608C96",
        title="Repositories per CodeArtifact domain",
        docs=DOCS,
        counts=(each("AWS::CodeArtifact::Repository", per="DomainName"),),
        grade=DefaultGrade.OPEN,
        usage=tally("codeartifact", "ListRepositories", "repositories[].domainName"),
    ),
)
