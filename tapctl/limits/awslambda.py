"""The limits of Lambda that a deploy can reach."""

from tapctl.limits.row import (
    ABSENT,
    PRESENT,
    Call,
    Count,
    Limit,
    LimitKind,
    ValueKind,
    counted,
    each,
    length,
    size,
    value,
)
from tapctl.resource_types import ALIAS, CAPACITY_PROVIDER, FUNCTION, VERSION

DOCS = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"

MAX_UNZIPPED = 262_144_000
"""Bytes of a function's code with its layers: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

The 50 MB for a zip, on the same page, are those of an upload to Lambda; an object in S3 may be larger.
"""

MAX_INLINE = 4 * 1024 * 1024
"""Bytes of inline code: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html"""

MAX_MEMORY_OF_NEW_ACCOUNTS = 3008
"""MB of a function's memory, from refusals in public reports; AWS names no number for reduced quotas:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_ZIP = ("Zip", ABSENT)
"""Container images take no code storage."""

CONCURRENCY = Limit(
    id="lambda-reserved-concurrency",
    key="lambda/L-B99A9384",
    title="Lambda concurrent executions left unreserved",
    kind=LimitKind.CONCURRENCY,
    docs="https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html",
    counts=(each(FUNCTION), each(ALIAS), each(VERSION)),
    default=1000,
    usage=Call("lambda", "GetAccountSettings", "AccountLimit.UnreservedConcurrentExecutions"),
    quota=Call("lambda", "GetAccountSettings", "AccountLimit.ConcurrentExecutions"),
)


def _of_function(name: str, title: str, count: Count, default: int, *, unit: str = "") -> Limit:
    """A limit of each function, which AWS raises for no account."""
    return Limit(
        id=f"lambda-{name}",
        key=f"lambda/{name}",
        title=title,
        docs=DOCS,
        counts=(count,),
        default=default,
        unit=unit,
        adjustable=False,
    )


ROWS = (
    CONCURRENCY,
    Limit(
        id="lambda-function-policy",
        key="lambda/function-policy",
        title="Length of a function's policy",
        docs=DOCS,
        # Each statement has some 200 to 340 characters, by the names and ARNs in it.
        counts=(each("AWS::Lambda::Permission", per="FunctionName", units=340),),
        unit="bytes",
        default=20_480,
        adjustable=False,
        at_most=True,
    ),
    Limit(
        id="lambda-concurrency-settings",
        key="lambda/concurrency-settings",
        title="Lambda concurrency settings that exclude each other",
        kind=LimitKind.SETTINGS,
        docs="https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html",
        adjustable=False,
    ),
    Limit(
        id="lambda-code-storage",
        key="lambda/L-2ACBD22F",
        title="Lambda function and layer storage",
        docs=DOCS,
        counts=(
            each(FUNCTION, units=MAX_INLINE, where={"PackageType": _ZIP, "Code.ZipFile": (PRESENT,)}),
            each(FUNCTION, units=MAX_UNZIPPED, where={"PackageType": _ZIP, "Code.ZipFile": (ABSENT,)}),
            each(VERSION, units=MAX_UNZIPPED),
            each("AWS::Lambda::LayerVersion", units=MAX_UNZIPPED),
        ),
        unit="bytes",
        default=300 * 1024**3,
        usage=Call("lambda", "GetAccountSettings", "AccountUsage.TotalCodeSize"),
        quota=Call("lambda", "GetAccountSettings", "AccountLimit.TotalCodeSize"),
        at_most=True,
    ),
    Limit(
        id="lambda-interfaces-per-vpc",
        key="lambda/L-9FEE3D26",
        title="Network interfaces of Lambda per VPC",
        docs=DOCS,
        counts=counted("awslambda.interfaces", FUNCTION, where={"VpcConfig.SubnetIds": (PRESENT,)}),
        default=3000,
        usage=Call(
            "ec2",
            "DescribeNetworkInterfaces",
            "NetworkInterfaces[].VpcId",
            {"Filters": [{"Name": "interface-type", "Values": ["lambda"]}]},
            reading=ValueKind.TALLY,
        ),
    ),
    Limit(
        id="lambda-capacity-providers",
        key="lambda/L-F864D568",
        title="Capacity providers of Lambda",
        docs=DOCS,
        counts=(each("AWS::Lambda::CapacityProvider"),),
        default=1000,
        usage=Call("lambda", "ListCapacityProviders", "CapacityProviders"),
    ),
    _of_function("layers-per-function", "Layers per function", length(FUNCTION, "Layers"), 5),
    _of_function("environment-size", "Length of a function's environment variables",
                 # Names and ARNs of what the stack has are shorter than the longest ARN.
                 size(FUNCTION, "Environment.Variables", reference=64), 4096, unit="bytes"),
    _of_function("memory", "Memory of a function", value(FUNCTION, "MemorySize"), 10_240, unit="MB"),
    _of_function("timeout", "Timeout of a function",
                 # A function on managed instances may run longer.
                 value(FUNCTION, "Timeout", where={CAPACITY_PROVIDER: (ABSENT,)}), 900, unit="seconds"),
)  # fmt: skip
