"""Lambda functions, versions, aliases, layers, URLs, permissions and event source mappings."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tapctl.resource_types import (
    ALIAS,
    EVENT_SOURCE_MAPPING,
    FUNCTION,
    PROVISIONED_CONCURRENCY,
    RESERVED_CONCURRENCY,
    VERSION,
)
from tapctl.template.intrinsics import find_unknown
from tapctl.template.parameters import as_text
from tapctl.unknown import Unknown
from tapctl.verify.check import Check
from tapctl.verify.compare import as_state, json_object, same_name, unordered
from tapctl.verify.resource_check import LiveResource, PropertyCheck, ResourceCheck, StateCheck, at, by_id, exists


def _environment(resource: LiveResource, response: Any) -> Iterator[Check]:
    """Compares the environment and prints only names: a value may be a secret."""
    label = "Environment.Variables"
    expected = at(resource.properties, label, {})
    if isinstance(expected, Unknown):
        yield resource.unresolved(label)
        return
    if code := at(response, "Environment.Error.ErrorCode"):
        yield resource.not_checked(f"{label}: Lambda cannot read it ({code})")
        return
    actual = at(response, label, {})
    resolved = {name: as_text(value) for name, value in expected.items() if not find_unknown(value)}
    names = {*resolved, *(set(actual) - set(expected))}
    different = sorted(name for name in names if actual.get(name) != resolved.get(name))
    if resolved or different:
        yield resource.compared(
            not different,
            f"{label} matches the template: {', '.join(sorted(resolved))}",
            f"{label} differs from the template: {', '.join(different)}",
        )
    if unresolved := sorted(set(expected) - set(resolved)):
        yield resource.unresolved(f"{label} ({', '.join(unresolved)})")


_ACCOUNT = re.compile(r"(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?")
_CONDITIONS = {
    "aws:sourcearn": "SourceArn",
    "aws:sourceaccount": "SourceAccount",
    "aws:principalorgid": "PrincipalOrgID",
    "lambda:eventsourcetoken": "EventSourceToken",
    "lambda:functionurlauthtype": "FunctionUrlAuthType",
    "lambda:invokedviafunctionurl": "InvokedViaFunctionUrl",
}
"""Condition key of a statement to the property of AWS::Lambda::Permission that sets it."""


def _permission(resource: LiveResource, response: Any) -> Iterator[Check]:
    """Check that a statement of the function's policy grants the permission, whatever its Sid is."""
    names = ("Action", "Principal", *_CONDITIONS.values())
    expected = {name: resource.properties[name] for name in names if name in resource.properties}
    if find_unknown(expected):
        yield resource.unresolved("permission")
        return
    statements = json_object(response.get("Policy", "")).get("Statement") or []
    conditions = ", ".join(f"{name} {value}" for name, value in expected.items() if name in _CONDITIONS.values())
    permission = (
        f"{expected.get('Action')} for {expected.get('Principal')}{f' with {conditions}' if conditions else ''}"
    )
    yield resource.compared(
        {name: _canonical(value) for name, value in expected.items()}
        in [_as_permission(statement) for statement in statements if isinstance(statement, dict)],
        f"the function's policy allows {permission}",
        f"the function's policy does not allow {permission}",
    )


def _as_permission(statement: Mapping[str, Any]) -> dict[str, str]:
    """A statement of a function's policy as the properties of AWS::Lambda::Permission."""
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        principal = next(iter(principal.values()))
    properties = {"Action": statement.get("Action"), "Principal": principal}
    for condition in statement.get("Condition", {}).values():
        properties |= {_CONDITIONS.get(key.lower(), key): value for key, value in condition.items()}
    return {name: _canonical(value) for name, value in properties.items()}


def _canonical(value: Any) -> str:
    """The value as text, with an account for the ARN of its root user."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    account = _ACCOUNT.fullmatch(text)
    return account[1] if account else text


def _provisioned_concurrency(qualifier: str) -> ResourceCheck:
    """The provisioned concurrency of an alias or a version, whose name or number the property `qualifier` holds."""
    return ResourceCheck(
        "lambda",
        "GetProvisionedConcurrencyConfig",
        lambda resource: {
            "FunctionName": resource.properties["FunctionName"],
            "Qualifier": resource.properties.get(qualifier) or resource.physical_id.rpartition(":")[2],
        },
        (
            PropertyCheck(
                f"{PROVISIONED_CONCURRENCY}.ProvisionedConcurrentExecutions",
                "RequestedProvisionedConcurrentExecutions",
            ),
        ),
        part=lambda _: "provisioned concurrency",
    )


def _layer_version(resource: LiveResource) -> dict[str, Any]:
    layer, _, number = resource.physical_id.rpartition(":")
    return {"LayerName": layer, "VersionNumber": int(number)}


def _same_layers(expected: Any, actual: Any) -> bool:
    return list(expected) == [layer["Arn"] for layer in actual]


# Lambda sets a function that is not invoked for weeks to Inactive, and back with the next invocation.
_STATE = StateCheck("State", ("Active", "Inactive"))

CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    FUNCTION: (
        ResourceCheck(
            "lambda",
            "GetFunctionConfiguration",
            by_id("FunctionName"),
            (
                PropertyCheck("Runtime"),
                PropertyCheck("Handler"),
                PropertyCheck("Architectures", default=["x86_64"]),
                PropertyCheck("MemorySize", default=128),
                PropertyCheck("Timeout", default=3),
                PropertyCheck("TracingConfig.Mode", default="PassThrough"),
                PropertyCheck("Role"),
                PropertyCheck("Layers", absent=[], equal=_same_layers),
                PropertyCheck("KmsKeyArn", "KMSKeyArn", equal=same_name),
                PropertyCheck("LoggingConfig.LogFormat"),
                PropertyCheck("LoggingConfig.LogGroup"),
                PropertyCheck("DeadLetterConfig.TargetArn"),
                PropertyCheck("EphemeralStorage.Size", absent=512),
                PropertyCheck("VpcConfig.SubnetIds", equal=unordered),
                PropertyCheck("VpcConfig.SecurityGroupIds", equal=unordered),
            ),
            (_STATE,),
            further=_environment,
        ),
        ResourceCheck(
            "lambda",
            "GetFunctionConcurrency",
            by_id("FunctionName"),
            (PropertyCheck(RESERVED_CONCURRENCY, default=None, notable=True),),
        ),
    ),
    VERSION: (
        ResourceCheck("lambda", "GetFunctionConfiguration", by_id("FunctionName"), states=(_STATE,)),
        _provisioned_concurrency("Version"),
    ),
    ALIAS: (
        ResourceCheck(
            "lambda",
            "GetAlias",
            lambda resource: {name: resource.properties[name] for name in ("FunctionName", "Name")},
            (PropertyCheck("FunctionVersion"),),
        ),
        _provisioned_concurrency("Name"),
    ),
    "AWS::Lambda::LayerVersion": (
        ResourceCheck(
            "lambda",
            "GetLayerVersion",
            _layer_version,
            (
                PropertyCheck("CompatibleRuntimes", absent=[], equal=unordered),
                PropertyCheck("CompatibleArchitectures", absent=[], equal=unordered),
            ),
            further=exists,
        ),
    ),
    "AWS::Lambda::Url": (
        ResourceCheck(
            "lambda",
            "GetFunctionUrlConfig",
            lambda resource: (
                {"FunctionName": resource.properties["TargetFunctionArn"]}
                | {name: resource.properties[name] for name in ("Qualifier",) if name in resource.properties}
            ),
            (
                PropertyCheck("AuthType"),
                PropertyCheck("InvokeMode", default="BUFFERED", absent="BUFFERED"),
            ),
        ),
    ),
    "AWS::Lambda::Permission": (
        ResourceCheck(
            "lambda",
            "GetPolicy",
            lambda resource: {"FunctionName": resource.properties["FunctionName"]},
            part=lambda resource: f"policy of {resource.properties['FunctionName']}",
            further=_permission,
            only_with="FunctionName",
        ),
    ),
    EVENT_SOURCE_MAPPING: (
        ResourceCheck(
            "lambda",
            "GetEventSourceMapping",
            by_id("UUID"),
            (
                PropertyCheck("Enabled", "State", default=True, to_api=as_state, label="State"),
                PropertyCheck("EventSourceArn"),
                PropertyCheck("FunctionName", "FunctionArn", equal=same_name),
                PropertyCheck("BatchSize"),
                PropertyCheck("MaximumBatchingWindowInSeconds", absent=0),
                PropertyCheck("FunctionResponseTypes", absent=[], equal=unordered),
                PropertyCheck("ScalingConfig.MaximumConcurrency"),
            ),
        ),
    ),
}
