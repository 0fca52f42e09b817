"""The limits of CloudFormation that a deploy can reach."""

from tapctl.limits.row import Call, Grade, Limit, LimitKind, each
from tapctl.resource_types import ABSENT, STACK, STACK_STATUSES

DOCS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"

_NOT_DELETED = [name for name in STACK_STATUSES if name not in (ABSENT, "DELETE_COMPLETE")]
"""ListStacks returns deleted stacks for 90 days, but they do not count."""

MAX_TEMPLATE = 1_048_576
"""Bytes of a template in S3."""


def _registered(kind: str) -> Call:
    """The private types of one kind that the account registered."""
    return Call("cloudformation", "ListTypes", "TypeSummaries", {"Type": kind, "Visibility": "PRIVATE"})


ROWS = (
    Limit(
        id="cloudformation-stacks",
        key="cloudformation/L-0485CB21",
        title="CloudFormation stacks",
        docs=DOCS,
        counts=(each(STACK),),
        own_stack=1,
        default=2000,
        usage=Call("cloudformation", "ListStacks", "StackSummaries", {"StackStatusFilter": _NOT_DELETED}),
        quota=Call("cloudformation", "DescribeAccountLimits", "AccountLimits[?Name=='StackLimit'].Value | [0]"),
    ),
    Limit(
        id="cloudformation-exports",
        key="cloudformation/exports",
        title="Export names",
        kind=LimitKind.EXPORTS,
        docs="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html",
        adjustable=False,
        usage=Call("cloudformation", "ListExports", "Exports"),
    ),
    Limit(
        id="cloudformation-template-size",
        key="cloudformation/template-size",
        title="Template size",
        kind=LimitKind.TEMPLATE,
        docs=DOCS,
        unit="bytes",
        adjustable=False,
        fixed=MAX_TEMPLATE,
    ),
    Limit(
        id="cloudformation-template-resources",
        key="cloudformation/template-resources",
        title="Resources in one template",
        kind=LimitKind.TEMPLATE,
        docs=DOCS,
        adjustable=False,
        fixed=500,
        section="Resources",
    ),
    Limit(
        id="cloudformation-template-outputs",
        key="cloudformation/L-87D14FB7",
        title="Outputs in one template",
        kind=LimitKind.TEMPLATE,
        docs=DOCS,
        adjustable=False,
        fixed=200,
        section="Outputs",
    ),
    Limit(
        id="cloudformation-template-parameters",
        key="cloudformation/template-parameters",
        title="Parameters in one template",
        kind=LimitKind.TEMPLATE,
        docs=DOCS,
        adjustable=False,
        fixed=200,
        section="Parameters",
    ),
    Limit(
        id="cloudformation-template-mappings",
        key="cloudformation/template-mappings",
        title="Mappings in one template",
        kind=LimitKind.TEMPLATE,
        docs=DOCS,
        adjustable=False,
        fixed=200,
        section="Mappings",
    ),
    Limit(
        id="cloudformation-stack-sets",
        key="cloudformation/L-EC62D81A",
        title="CloudFormation stack sets",
        docs=DOCS,
        counts=(each("AWS::CloudFormation::StackSet"),),
        default=1000,
        usage=Call("cloudformation", "ListStackSets", "Summaries", {"Status": "ACTIVE"}),
    ),
    Limit(
        id="cloudformation-modules",
        key="cloudformation/L-DCC58E6D",
        title="CloudFormation modules",
        docs=DOCS,
        counts=(each("AWS::CloudFormation::ModuleVersion"),),
        default=100,
        grade=Grade.LIKELY,
        usage=_registered("MODULE"),
    ),
    Limit(
        id="cloudformation-private-types",
        key="cloudformation/L-9DE8E4FB",
        title="Private resource types",
        docs=DOCS,
        counts=(each("AWS::CloudFormation::ResourceVersion"),),
        default=50,
        grade=Grade.LIKELY,
        usage=_registered("RESOURCE"),
    ),
)
