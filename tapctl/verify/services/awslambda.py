"""Lambda functions, versions, aliases, URLs, permissions and event source mappings."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tapctl.resource_types import ALIAS, EVENT_SOURCE_MAPPING, FUNCTION, VERSION
from tapctl.template.parameters import as_text
from tapctl.template.resolver import find_unknown
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.compare import is_on, same_name, unordered
from tapctl.verify.resource import LiveResource, unknown_value
from tapctl.verify.resource_check import PropertyCheck, ResourceCheck, StateCheck, at


def _variables(live: LiveResource, answer: Any) -> Iterator[Check]:
    """The environment by the names alone: a value may be a secret."""
    wanted = at(live.properties, "Environment.Variables", {})
    if isinstance(wanted, Unknown):
        yield unknown_value(live, "environment")
        return
    if code := at(answer, "Environment.Error.ErrorCode"):
        yield Check(live.logical_id, CheckStatus.NOT_CHECKED, f"environment: Lambda could not read it: {code}")
        return
    found = at(answer, "Environment.Variables", {})
    known = {name: as_text(value) for name, value in wanted.items() if not find_unknown(value)}
    names = {*known, *(set(found) - set(wanted))}
    wrong = sorted(name for name in names if found.get(name) != known.get(name))
    if known or wrong:
        yield live.check(
            not wrong,
            f"environment is as the template says: {', '.join(sorted(known))}",
            f"environment is not as the template says: {', '.join(wrong)}",
        )
    if opaque_resources := sorted(set(wanted) - set(known)):
        message = f"environment: the values of {', '.join(opaque_resources)} are not shown by CloudFormation"
        yield Check(live.logical_id, CheckStatus.NOT_CHECKED, message)


_ACCOUNT = re.compile(r"(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?")
_CONDITIONS = {
    "aws:sourcearn": "SourceArn",
    "aws:sourceaccount": "SourceAccount",
    "aws:principalorgid": "PrincipalOrgID",
    "lambda:eventsourcetoken": "EventSourceToken",
    "lambda:functionurlauthtype": "FunctionUrlAuthType",
    "lambda:invokedviafunctionurl": "InvokedViaFunctionUrl",
}
"""Where the conditions of a function's policy come from."""


def _grant(live: LiveResource, answer: Any) -> Iterator[Check]:
    """One statement of the function's policy has to be the permission, whatever it is called there."""
    names = ("Action", "Principal", *_CONDITIONS.values())
    wanted = {name: live.properties[name] for name in names if name in live.properties}
    if find_unknown(wanted):
        yield unknown_value(live, "permission")
        return
    asked = {name: _principal(value) for name, value in wanted.items()}
    statements = json.loads(answer["Policy"]).get("Statement", [])
    to = f"{wanted.get('Principal')} may {wanted.get('Action')}"
    limits = ", ".join(f"{name} {value}" for name, value in wanted.items() if name in _CONDITIONS.values())
    proved = f"{to}{f' with {limits}' if limits else ''}"
    yield live.check(asked in map(_granted, statements), proved, f"no statement says that {proved}")


def _granted(statement: Mapping[str, Any]) -> dict[str, str]:
    """A statement of a function's policy in the words of the template."""
    principal = statement.get("Principal")
    who = next(iter(principal.values())) if isinstance(principal, dict) else principal
    granted = {"Action": statement.get("Action"), "Principal": who}
    for condition in statement.get("Condition", {}).values():
        granted |= {_CONDITIONS.get(name.lower(), name): value for name, value in condition.items()}
    return {name: _principal(value) for name, value in granted.items()}


def _principal(value: Any) -> str:
    """An account may be written as its root."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    account = _ACCOUNT.fullmatch(text)
    return account[1] if account else text


def _provisioned(function: str, name: str) -> ResourceCheck:
    """The provisioned concurrency of what `name` says: an alias by name, a version by its number."""

    def arguments(live: LiveResource, _: Any) -> dict[str, Any]:
        return {
            "FunctionName": live.properties[function],
            "Qualifier": live.properties.get(name) or live.id.rpartition(":")[2],
        }

    return ResourceCheck(
        "lambda",
        "GetProvisionedConcurrencyConfig",
        arguments,
        (
            PropertyCheck(
                "provisioned concurrency",
                "ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions",
                "RequestedProvisionedConcurrentExecutions",
            ),
        ),
        thing="provisioned concurrency",
    )


CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    FUNCTION: (
        ResourceCheck(
            "lambda",
            "GetFunctionConfiguration",
            lambda live, _: {"FunctionName": live.id},
            (
                # A function that nobody called for weeks is Inactive until somebody does.
                StateCheck("state", ("Active", "Inactive"), "State"),
                PropertyCheck("runtime", "Runtime", "Runtime"),
                PropertyCheck("handler", "Handler", "Handler"),
                PropertyCheck("architecture", "Architectures", "Architectures", default=["x86_64"]),
                PropertyCheck("memory", "MemorySize", "MemorySize", default=128),
                PropertyCheck("timeout", "Timeout", "Timeout", default=3),
                PropertyCheck("tracing", "TracingConfig.Mode", "TracingConfig.Mode", default="PassThrough"),
                PropertyCheck("role", "Role", "Role"),
                PropertyCheck("environment key", "KmsKeyArn", "KMSKeyArn", same=same_name),
                PropertyCheck("log format", "LoggingConfig.LogFormat", "LoggingConfig.LogFormat"),
                PropertyCheck("log group", "LoggingConfig.LogGroup", "LoggingConfig.LogGroup"),
                PropertyCheck("dead letters", "DeadLetterConfig.TargetArn", "DeadLetterConfig.TargetArn"),
                PropertyCheck("storage", "EphemeralStorage.Size", "EphemeralStorage.Size", absent=512),
                PropertyCheck("subnets", "VpcConfig.SubnetIds", "VpcConfig.SubnetIds", same=unordered),
                PropertyCheck(
                    "security groups", "VpcConfig.SecurityGroupIds", "VpcConfig.SecurityGroupIds", same=unordered
                ),
            ),
            more=_variables,
        ),
        ResourceCheck(
            "lambda",
            "GetFunctionConcurrency",
            lambda live, _: {"FunctionName": live.id},
            (
                PropertyCheck(
                    "reserved concurrency",
                    "ReservedConcurrentExecutions",
                    "ReservedConcurrentExecutions",
                    default=None,
                    notable=True,
                ),
            ),
        ),
    ),
    VERSION: (
        ResourceCheck(
            "lambda",
            "GetFunctionConfiguration",
            lambda live, _: {"FunctionName": live.id},
            (StateCheck("state", ("Active", "Inactive"), "State"),),
        ),
        _provisioned("FunctionName", "Version"),
    ),
    ALIAS: (
        ResourceCheck(
            "lambda",
            "GetAlias",
            lambda live, _: {"FunctionName": live.properties["FunctionName"], "Name": live.properties["Name"]},
            (PropertyCheck("version", "FunctionVersion", "FunctionVersion"),),
        ),
        _provisioned("FunctionName", "Name"),
    ),
    "AWS::Lambda::Url": (
        ResourceCheck(
            "lambda",
            "GetFunctionUrlConfig",
            lambda live, _: (
                {"FunctionName": live.properties["TargetFunctionArn"]}
                | ({"Qualifier": live.properties["Qualifier"]} if "Qualifier" in live.properties else {})
            ),
            (
                PropertyCheck("authorization", "AuthType", "AuthType"),
                PropertyCheck("answers", "InvokeMode", "InvokeMode", default="BUFFERED", absent="BUFFERED"),
            ),
        ),
    ),
    "AWS::Lambda::Permission": (
        ResourceCheck(
            "lambda",
            "GetPolicy",
            lambda live, _: {"FunctionName": live.properties["FunctionName"]},
            more=_grant,
            needs="FunctionName",
            thing="policy of {FunctionName}",
        ),
    ),
    EVENT_SOURCE_MAPPING: (
        ResourceCheck(
            "lambda",
            "GetEventSourceMapping",
            lambda live, _: {"UUID": live.id},
            (
                PropertyCheck(
                    "state",
                    "Enabled",
                    "State",
                    default=True,
                    says=lambda value: "Enabled" if is_on(value) else "Disabled",
                ),
                PropertyCheck("source", "EventSourceArn", "EventSourceArn"),
                PropertyCheck("function", "FunctionName", "FunctionArn", same=same_name),
                PropertyCheck("batch size", "BatchSize", "BatchSize"),
                PropertyCheck(
                    "batching window in seconds",
                    "MaximumBatchingWindowInSeconds",
                    "MaximumBatchingWindowInSeconds",
                    absent=0,
                ),
                PropertyCheck("answers", "FunctionResponseTypes", "FunctionResponseTypes", absent=[], same=unordered),
                PropertyCheck(
                    "maximum concurrency", "ScalingConfig.MaximumConcurrency", "ScalingConfig.MaximumConcurrency"
                ),
            ),
        ),
    ),
}
