"""The limits of OpenSearch Ingestion that a deploy can reach."""

from tapctl.limits.row import Call, Limit, each

DOCS = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html"

ROWS = (
    Limit(
        id="osis-pipelines",
        key="osis/pipelines",
        title="OpenSearch Ingestion pipelines",
        docs=DOCS,
        counts=(each("AWS::OSIS::Pipeline"),),
        default=50,
        adjustable=False,
        usage=Call("osis", "ListPipelines", "Pipelines", token=("NextToken", "NextToken")),
    ),
)
