"""The limits of Lambda that a deploy can hit."""

from collections.abc import Mapping
from typing import Any

from tapctl.limits.row import Call, Limit, LimitKind
from tapctl.resource_types import ALIAS, FUNCTION, VERSION

UNZIPPED = 262_144_000
"""Bytes; no package is larger than the 250 MB that Lambda allows unzipped."""

INLINE = 4 * 1024 * 1024
"""Bytes; no inline source is longer: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html"""


def package_bound(properties: Mapping[str, Any]) -> int:
    """The most code storage that a function can take; container images take none."""
    code = properties.get("Code")
    if properties.get("PackageType") == "Image":
        return 0
    return INLINE if isinstance(code, dict) and "ZipFile" in code else UNZIPPED


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
        id="lambda-code-storage",
        title="Lambda function and layer storage",
        service="lambda",
        code="L-2ACBD22F",
        kind=LimitKind.COUNT,
        docs="https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
        spends={
            FUNCTION: package_bound,
            VERSION: UNZIPPED,
            "AWS::Lambda::LayerVersion": UNZIPPED,
        },
        unit="bytes",
        usage=Call("lambda", "GetAccountSettings", "AccountUsage.TotalCodeSize"),
        quota=Call("lambda", "GetAccountSettings", "AccountLimit.TotalCodeSize"),
        at_most=True,
    ),
)
