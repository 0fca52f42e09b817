"""Lambda functions, versions, aliases, URLs, permissions and event source mappings."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tapctl.template.parameters import as_text
from tapctl.template.resolver import find_unknown
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, Status
from tapctl.verify.compare import is_on, same_name, unordered
from tapctl.verify.resource import Live, unknown_value
from tapctl.verify.resource_check import Look, Must, Row, at


def _variables(live: Live, answer: Any) -> Iterator[Check]:
    """The environment by the names alone: a value may be a secret."""
    wanted = at(live.properties, "Environment.Variables", {})
    if isinstance(wanted, Unknown):
        yield unknown_value(live, "environment")
        return
    if code := at(answer, "Environment.Error.ErrorCode"):
        yield Check(live.logical_id, Status.NOT_CHECKED, f"environment: Lambda could not read it: {code}")
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
    if unseen := sorted(set(wanted) - set(known)):
        message = f"environment: the values of {', '.join(unseen)} are not shown by CloudFormation"
        yield Check(live.logical_id, Status.NOT_CHECKED, message)


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


def _grant(live: Live, answer: Any) -> Iterator[Check]:
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


def _provisioned(function: str, name: str) -> Look:
    """The provisioned concurrency of what `name` says: an alias by name, a version by its number."""

    def arguments(live: Live, _: Any) -> dict[str, Any]:
        return {
            "FunctionName": live.properties[function],
            "Qualifier": live.properties.get(name) or live.id.rpartition(":")[2],
        }

    return Look(
        "lambda",
        "GetProvisionedConcurrencyConfig",
        arguments,
        (
            Row(
                "provisioned concurrency",
                "ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions",
                "RequestedProvisionedConcurrentExecutions",
            ),
        ),
        thing="provisioned concurrency",
    )


LOOKS: Mapping[str, tuple[Look, ...]] = {
    "AWS::Lambda::Function": (
        Look(
            "lambda",
            "GetFunctionConfiguration",
            lambda live, _: {"FunctionName": live.id},
            (
                # A function that nobody called for weeks is Inactive until somebody does.
                Must("state", ("Active", "Inactive"), "State"),
                Row("runtime", "Runtime", "Runtime"),
                Row("handler", "Handler", "Handler"),
                Row("architecture", "Architectures", "Architectures", default=["x86_64"]),
                Row("memory", "MemorySize", "MemorySize", default=128),
                Row("timeout", "Timeout", "Timeout", default=3),
                Row("tracing", "TracingConfig.Mode", "TracingConfig.Mode", default="PassThrough"),
                Row("role", "Role", "Role"),
                Row("environment key", "KmsKeyArn", "KMSKeyArn", same=same_name),
                Row("log format", "LoggingConfig.LogFormat", "LoggingConfig.LogFormat"),
                Row("log group", "LoggingConfig.LogGroup", "LoggingConfig.LogGroup"),
                Row("dead letters", "DeadLetterConfig.TargetArn", "DeadLetterConfig.TargetArn"),
                Row("storage", "EphemeralStorage.Size", "EphemeralStorage.Size", absent=512),
                Row("subnets", "VpcConfig.SubnetIds", "VpcConfig.SubnetIds", same=unordered),
                Row("security groups", "VpcConfig.SecurityGroupIds", "VpcConfig.SecurityGroupIds", same=unordered),
            ),
            more=_variables,
        ),
        Look(
            "lambda",
            "GetFunctionConcurrency",
            lambda live, _: {"FunctionName": live.id},
            (
                Row(
                    "reserved concurrency",
                    "ReservedConcurrentExecutions",
                    "ReservedConcurrentExecutions",
                    default=None,
                    notable=True,
                ),
            ),
        ),
    ),
    "AWS::Lambda::Version": (
        Look(
            "lambda",
            "GetFunctionConfiguration",
            lambda live, _: {"FunctionName": live.id},
            (Must("state", ("Active", "Inactive"), "State"),),
        ),
        _provisioned("FunctionName", "Version"),
    ),
    "AWS::Lambda::Alias": (
        Look(
            "lambda",
            "GetAlias",
            lambda live, _: {"FunctionName": live.properties["FunctionName"], "Name": live.properties["Name"]},
            (Row("version", "FunctionVersion", "FunctionVersion"),),
        ),
        _provisioned("FunctionName", "Name"),
    ),
    "AWS::Lambda::Url": (
        Look(
            "lambda",
            "GetFunctionUrlConfig",
            lambda live, _: (
                {"FunctionName": live.properties["TargetFunctionArn"]}
                | ({"Qualifier": live.properties["Qualifier"]} if "Qualifier" in live.properties else {})
            ),
            (
                Row("authorization", "AuthType", "AuthType"),
                Row("answers", "InvokeMode", "InvokeMode", default="BUFFERED", absent="BUFFERED"),
            ),
        ),
    ),
    "AWS::Lambda::Permission": (
        Look(
            "lambda",
            "GetPolicy",
            lambda live, _: {"FunctionName": live.properties["FunctionName"]},
            more=_grant,
            needs="FunctionName",
            thing="policy of {FunctionName}",
        ),
    ),
    "AWS::Lambda::EventSourceMapping": (
        Look(
            "lambda",
            "GetEventSourceMapping",
            lambda live, _: {"UUID": live.id},
            (
                Row(
                    "state",
                    "Enabled",
                    "State",
                    default=True,
                    says=lambda value: "Enabled" if is_on(value) else "Disabled",
                ),
                Row("source", "EventSourceArn", "EventSourceArn"),
                Row("function", "FunctionName", "FunctionArn", same=same_name),
                Row("batch size", "BatchSize", "BatchSize"),
                Row(
                    "batching window in seconds",
                    "MaximumBatchingWindowInSeconds",
                    "MaximumBatchingWindowInSeconds",
                    absent=0,
                ),
                Row("answers", "FunctionResponseTypes", "FunctionResponseTypes", absent=[], same=unordered),
                Row("maximum concurrency", "ScalingConfig.MaximumConcurrency", "ScalingConfig.MaximumConcurrency"),
            ),
        ),
    ),
}
