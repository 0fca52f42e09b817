"""The limits of Image Builder that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

DOCS = "https://docs.aws.amazon.com/general/latest/gr/imagebuilder.html"

ROWS = (
    Limit(
        id="imagebuilder-pipelines",
        key="imagebuilder/L-7A0E01E3",
        title="Image pipelines",
        docs=DOCS,
        counts=(each("AWS::ImageBuilder::ImagePipeline"),),
        default=75,
        grade=DefaultGrade.LIKELY,
        usage=Call("imagebuilder", "ListImagePipelines", "imagePipelineList"),
    ),
)
