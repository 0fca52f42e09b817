"""The limits of CloudFormation itself that a deploy can hit."""

from tapctl.limits.row import Call, Limit, LimitKind
from tapctl.resource_types import STACK

DOCS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"

_LIVING = [
    *("CREATE_IN_PROGRESS", "CREATE_FAILED", "CREATE_COMPLETE", "REVIEW_IN_PROGRESS"),
    *("ROLLBACK_IN_PROGRESS", "ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS", "DELETE_FAILED"),
    *("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE", "UPDATE_FAILED"),
    *("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
    *("UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_IN_PROGRESS", "IMPORT_COMPLETE"),
    *("IMPORT_ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_FAILED", "IMPORT_ROLLBACK_COMPLETE"),
]
"""Every status but DELETE_COMPLETE, whose stacks are listed for ninety days and count no more."""

ROWS = (
    Limit(
        id="cloudformation-stacks",
        title="CloudFormation stacks",
        service="cloudformation",
        code="L-0485CB21",
        kind=LimitKind.COUNT,
        docs=DOCS,
        spends={STACK: 1},
        usage=Call("cloudformation", "ListStacks", "StackSummaries", {"StackStatusFilter": _LIVING}),
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
        fixed=1_048_576,
    ),
    Limit(
        id="cloudformation-template-resources",
        title="Resources in one template",
        service="cloudformation",
        code="template-resources",
        kind=LimitKind.TEMPLATE,
        docs=DOCS,
        fixed=500,
    ),
)
