"""The limits of Lambda that a deploy can reach."""

from functools import partial

from tapctl.limits.row import Call, Limit, LimitKind, bytes_of_code
from tapctl.resource_types import ALIAS, FUNCTION, VERSION

MAX_UNZIPPED = 262_144_000
"""Bytes of a function's code with its layers: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

The 50 MB for a zip, on the same page, are those of an upload to Lambda; an object in S3 may be larger.
"""

MAX_INLINE = 4 * 1024 * 1024
"""Bytes of inline code: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html"""

MAX_MEMORY_OF_NEW_ACCOUNTS = 3008
"""MB of a function's memory, from refusals in public reports; AWS names no number for reduced quotas:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


ROWS = (
    Limit(
        id="lambda-reserved-concurrency",
        title="Lambda concurrent executions left unreserved",
        service="lambda",
        code="L-B99A9384",
        kind=LimitKind.CONCURRENCY,
        docs="https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html",
        spends={FUNCTION: 1, ALIAS: 1, VERSION: 1},
        usage=Call("lambda", "GetAccountSettings", "AccountLimit.UnreservedConcurrentExecutions"),
        quota=Call("lambda", "GetAccountSettings", "AccountLimit.ConcurrentExecutions"),
    ),
    Limit(
        id="lambda-concurrency-settings",
        title="Lambda concurrency settings that exclude each other",
        service="lambda",
        code="concurrency-settings",
        kind=LimitKind.SETTINGS,
        docs="https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html",
    ),
    Limit(
        id="lambda-code-storage",
        title="Lambda function and layer storage",
        service="lambda",
        code="L-2ACBD22F",
        kind=LimitKind.COUNT,
        docs="https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
        spends={
            FUNCTION: partial(bytes_of_code, inline=MAX_INLINE, zipped=MAX_UNZIPPED),
            VERSION: MAX_UNZIPPED,
            "AWS::Lambda::LayerVersion": MAX_UNZIPPED,
        },
        unit="bytes",
        usage=Call("lambda", "GetAccountSettings", "AccountUsage.TotalCodeSize"),
        quota=Call("lambda", "GetAccountSettings", "AccountLimit.TotalCodeSize"),
        at_most=True,
    ),
)
