"""The limits of CodePipeline that a deploy can reach."""

from tapctl.limits.row import Call, Limit, each, length

DOCS = "https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html"
PIPELINE = "AWS::CodePipeline::Pipeline"

ROWS = (
    Limit(
        id="codepipeline-pipelines",
        key="codepipeline/L-78D200AD",
        title="Pipelines",
        docs=DOCS,
        counts=(each(PIPELINE),),
        default=1000,
        usage=Call("codepipeline", "ListPipelines", "pipelines"),
    ),
    Limit(
        id="codepipeline-webhooks",
        key="codepipeline/L-FE939BB2",
        title="Webhooks of pipelines",
        docs=DOCS,
        counts=(each("AWS::CodePipeline::Webhook"),),
        default=300,
        usage=Call("codepipeline", "ListWebhooks", "webhooks"),
    ),
    Limit(
        id="codepipeline-custom-actions",
        key="codepipeline/L-519D5A90",
        title="Custom actions of pipelines",
        docs=DOCS,
        counts=(each("AWS::CodePipeline::CustomActionType"),),
        default=50,
        usage=Call("codepipeline", "ListActionTypes", "actionTypes", {"actionOwnerFilter": "Custom"}),
    ),
    Limit(
        id="codepipeline-stages-per-pipeline",
        key="codepipeline/stages-per-pipeline",
        title="Stages per pipeline",
        docs=DOCS,
        counts=(length(PIPELINE, "Stages"),),
        default=50,
        adjustable=False,
    ),
    Limit(
        id="codepipeline-actions-per-stage",
        key="codepipeline/actions-per-stage",
        title="Actions per stage of a pipeline",
        docs=DOCS,
        counts=(length(PIPELINE, "Stages.Actions"),),
        default=100,
        adjustable=False,
    ),
)
