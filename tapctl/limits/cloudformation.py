"""The limits of CloudFormation that a deploy can reach."""

from tapctl.limits.row import Call, Limit, LimitKind, bytes_of_text, number_of_resources
from tapctl.resource_types import ABSENT, STACK, STACK_STATUSES

DOCS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"

_NOT_DELETED = [name for name in STACK_STATUSES if name not in (ABSENT, "DELETE_COMPLETE")]
"""ListStacks returns deleted stacks for 90 days, but they do not count."""

MAX_TEMPLATE = 1_048_576
"""Bytes of a template in S3."""

ROWS = (
    Limit(
        id="cloudformation-stacks",
        title="CloudFormation stacks",
        service="cloudformation",
        code="L-0485CB21",
        kind=LimitKind.COUNT,
        docs=DOCS,
        spends={STACK: 1},
        usage=Call("cloudformation", "ListStacks", "StackSummaries", {"StackStatusFilter": _NOT_DELETED}),
        quota=Call("cloudformation", "DescribeAccountLimits", "AccountLimits[?Name=='StackLimit'].Value | [0]"),
    ),
    Limit(
        id="cloudformation-exports",
        title="Export names",
        service="cloudformation",
        code="exports",
        kind=LimitKind.EXPORTS,
        docs="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html",
        usage=Call("cloudformation", "ListExports", "Exports"),
    ),
    Limit(
        id="cloudformation-template-size",
        title="Template size",
        service="cloudformation",
        code="template-size",
        kind=LimitKind.TEMPLATE,
        docs=DOCS,
        unit="bytes",
        fixed=MAX_TEMPLATE,
        measure=bytes_of_text,
    ),
    Limit(
        id="cloudformation-template-resources",
        title="Resources in one template",
        service="cloudformation",
        code="template-resources",
        kind=LimitKind.TEMPLATE,
        docs=DOCS,
        fixed=500,
        measure=number_of_resources,
    ),
)
