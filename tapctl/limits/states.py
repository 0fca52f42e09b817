"""The limits of Step Functions that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each, size

DOCS = "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"
MACHINE = "AWS::StepFunctions::StateMachine"

ROWS = (
    Limit(
        id="states-state-machines",
        key="states/L-B66B0F91",
        title="State machines",
        docs=DOCS,
        counts=(each(MACHINE),),
        default=100_000,
        usage=Call("stepfunctions", "ListStateMachines", "stateMachines", action="states:ListStateMachines"),
    ),
    Limit(
        id="states-activities",
        key="states/L-A9562A73",
        title="Activities of Step Functions",
        docs=DOCS,
        counts=(each("AWS::StepFunctions::Activity"),),
        default=100_000,
        usage=Call("stepfunctions", "ListActivities", "activities", action="states:ListActivities"),
    ),
    Limit(
        id="states-versions-per-machine",
        key="states/L-6AFCB355",
        title="Versions per state machine",
        docs=DOCS,
        counts=(each("AWS::StepFunctions::StateMachineVersion", per="StateMachineArn"),),
        default=1000,
        usage=Call(
            "stepfunctions",
            "ListStateMachineVersions",
            "stateMachineVersions",
            action="states:ListStateMachineVersions",
            token=("nextToken", "nextToken"),
            parent="stateMachineArn",
        ),
    ),
    Limit(
        id="states-definition-size",
        key="states/definition-size",
        title="Length of a state machine's definition",
        docs=DOCS,
        counts=(size(MACHINE, "DefinitionString"), size(MACHINE, "Definition")),
        unit="characters",
        default=1_048_576,
        grade=DefaultGrade.LIKELY,
        adjustable=False,
    ),
)
