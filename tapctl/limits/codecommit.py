"""The limits of CodeCommit that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

DOCS = "https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html"

ROWS = (
    Limit(
        id="codecommit-repositories",
        key="codecommit/L-81790602",
        title="CodeCommit repositories",
        docs=DOCS,
        counts=(each("AWS::CodeCommit::Repository"),),
        grade=DefaultGrade.OPEN,
        usage=Call("codecommit", "ListRepositories", "repositories"),
    ),
)
