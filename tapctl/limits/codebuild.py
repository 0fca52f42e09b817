"""The limits of CodeBuild that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

DOCS = "https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html"

ROWS = (
    Limit(
        id="codebuild-projects",
        key="codebuild/L-ACCF6C0D",
        title="CodeBuild projects",
        docs=DOCS,
        counts=(each("AWS::CodeBuild::Project"),),
        default=5000,
        grade=DefaultGrade.LIKELY,
        usage=Call("codebuild", "ListProjects", "projects"),
    ),
)
