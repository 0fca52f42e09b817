"""The limits of CloudFormation that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, LimitKind, Measure, each, length
from tapctl.resource_types import ABSENT, STACK, STACK_STATUSES

DOCS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"

_NOT_DELETED = [name for name in STACK_STATUSES if name not in (ABSENT, "DELETE_COMPLETE")]
"""ListStacks returns deleted stacks for 90 days, but they do not count."""

MAX_TEMPLATE = 1_048_576
"""Bytes of a template in S3."""


def _registered(kind: str) -> Call:
    """The private types of one kind that the account registered."""
    return Call("cloudformation", "ListTypes", "TypeSummaries", {"Type": kind, "Visibility": "PRIVATE"})


def _template(name: str, title: str, fixed: int, measure: Measure, *, section: str = "", unit: str = "") -> Limit:
    """A limit of one template."""
    return Limit(
        id=f"cloudformation-template-{name}",
        key=f"cloudformation/template-{name}",
        title=title,
        kind=LimitKind.TEMPLATE,
        docs=DOCS,
        unit=unit,
        adjustable=False,
        fixed=fixed,
        measure=measure,
        section=section,
    )


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
        measure=Measure.TEXT,
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
    _template("mapping-attributes", "Attributes in one mapping", 200, Measure.LARGEST_ENTRY, section="Mappings"),
    _template(
        "description",
        "Length of a template's description",
        1024,
        Measure.ENTRIES,
        section="Description",
        unit="bytes",
    ),
    _template("parameter-value", "Length of a parameter's value", 4096, Measure.PARAMETER, unit="bytes"),
    _template("dynamic-references", "Dynamic references in one template", 60, Measure.DYNAMIC_REFERENCES),
    _template("nested-resources", "Resources of a stack with its nested stacks", 2500, Measure.TREE),
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
        id="cloudformation-instances-per-stack-set",
        key="cloudformation/L-C8225BA5",
        title="Stack instances per stack set",
        docs=DOCS,
        counts=(length("AWS::CloudFormation::StackSet", "StackInstancesGroup"),),
        default=100_000,
    ),
    Limit(
        id="cloudformation-modules",
        key="cloudformation/L-DCC58E6D",
        title="CloudFormation modules",
        docs=DOCS,
        counts=(each("AWS::CloudFormation::ModuleVersion"),),
        default=100,
        grade=DefaultGrade.LIKELY,
        usage=_registered("MODULE"),
    ),
    Limit(
        id="cloudformation-private-types",
        key="cloudformation/L-9DE8E4FB",
        title="Private resource types",
        docs=DOCS,
        counts=(each("AWS::CloudFormation::ResourceVersion"),),
        default=50,
        grade=DefaultGrade.LIKELY,
        usage=_registered("RESOURCE"),
    ),
)
