"""The limits of EventBridge Pipes that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

DOCS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"

ROWS = (
    Limit(
        id="pipes-pipes",
        key="pipes/pipes",
        title="EventBridge pipes",
        docs=DOCS,
        counts=(each("AWS::Pipes::Pipe"),),
        default=1000,
        grade=DefaultGrade.LIKELY,
        adjustable=False,
        usage=Call("pipes", "ListPipes", "Pipes"),
    ),
)
