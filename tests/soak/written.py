"""Stacks as CloudFormation templates: as AWS gets them, and as tapctl reads them, with parts in included files."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from types import MappingProxyType
from typing import Any

from tests.soak.stacks import Function, Published, Stack
from tests.support.sandbox_clients import ROLE

NOTHING = {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}
"""Keeps a template without functions valid."""

PROVIDER = "arn:aws:lambda:us-east-1:000000000000:capacity-provider:any"
MANAGED = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": PROVIDER}}


@dataclass(frozen=True)
class Written:
    """A template with every include in place, and the parameters that it is deployed with.

    `judged` is the same with `AWS::Include`, the content of whose local files is `files`; `unseen` are the logical ids
    of the functions of which a part is remote.
    """

    body: str
    parameters: Mapping[str, str]
    judged: str
    files: Mapping[str, str]
    unseen: frozenset[str]


@dataclass
class _Includer:
    """Moves functions, or their properties, out of a template into files."""

    rng: Random
    files: dict[str, str] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)

    def moved(self, logical_id: str, resource: dict[str, Any]) -> dict[str, Any]:
        """The resource with an include, at times, of the whole or of its properties."""
        if resource["Type"] != "AWS::Lambda::Function" or self.rng.random() > 0.1:
            return resource
        location = f"{logical_id}.json"
        match self.rng.choice(["resource", "properties", "beside", "remote"]):
            case "resource":
                self.files[location] = json.dumps(resource)
                return _include(location)
            case "properties":
                self.files[location] = json.dumps(resource["Properties"])
                return {**resource, "Properties": _include(location)}
            case "beside":
                properties = dict(resource["Properties"])
                concurrency = properties.pop("ReservedConcurrentExecutions", None)
                reserved = {} if concurrency is None else {"ReservedConcurrentExecutions": concurrency}
                self.files[location] = json.dumps({"Timeout": 3, **reserved})
                return {**resource, "Properties": {**properties, **_include(location)}}
            case _:
                self.unseen.add(logical_id)
                return _include(f"s3://elsewhere/{location}")


def _include(location: str) -> dict[str, Any]:
    return {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": location}}}


def written(stack: Stack, marker: str, rng: Random, beside: Mapping[str, Any] = MappingProxyType({})) -> Written:
    """The stack as a template, with other resources beside it.

    Each number is written as a number, as text, by a parameter or by a condition.
    """
    parameters: dict[str, str] = {}

    def number(value: int) -> Any:
        name = f"P{len(parameters)}"
        match rng.choice(["number", "number", "text", "parameter", "condition"]):
            case "number":
                return value
            case "text":
                return str(value)
            case "parameter":
                parameters[name] = str(value)
                return {"Ref": name}
            case _:
                return {"Fn::If": ["Yes", value, {"Ref": "AWS::NoValue"}]}

    resources = {**NOTHING, **beside}
    for function in stack:
        resources |= _resources(function, marker, number)
    template = {
        "Conditions": {"Yes": {"Fn::Equals": ["yes", "yes"]}, "No": {"Fn::Equals": ["yes", "no"]}},
        "Resources": resources,
        "Outputs": {"Marker": {"Value": marker}},
        **({"Parameters": {name: {"Type": "Number"} for name in parameters}} if parameters else {}),
    }
    includer = _Includer(rng)
    parts = {logical_id: includer.moved(logical_id, resource) for logical_id, resource in resources.items()}
    judged = json.dumps({**template, "Resources": parts})
    return Written(json.dumps(template), parameters, judged, includer.files, frozenset(includer.unseen))


def _resources(function: Function, marker: str, number: Callable[[int], Any]) -> dict[str, Any]:
    itself = {"Ref": function.logical_id}
    made = {function.logical_id: _resource("Function", function, _properties(function, marker, number))}
    if function.version:
        version = function.version
        described = {"FunctionName": itself, "Description": version.word}
        made[version.logical_id] = _resource("Version", version, described | _provisioning(version, number))
        for alias in function.aliases:
            published = "$LATEST" if alias.latest else {"Fn::GetAtt": [version.logical_id, "Version"]}
            named = {"FunctionName": itself, "Name": alias.word, "FunctionVersion": published}
            made[alias.logical_id] = _resource("Alias", alias, named | _provisioning(alias, number))
    return made


def _resource(kind: str, made: Function | Published, properties: Mapping[str, Any]) -> dict[str, Any]:
    # With a plain Retain even what a failed update created would stay, and go on claiming.
    policies = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"} if made.retained else {}
    return {"Type": f"AWS::Lambda::{kind}", **policies, "Properties": dict(properties)}


def _properties(function: Function, marker: str, number: Callable[[int], Any]) -> dict[str, Any]:
    code = {"ImageUri": "000000000000.dkr.ecr.us-east-1.amazonaws.com/x:1"} if function.image else {"ZipFile": "x = 1"}
    runtime = {"PackageType": "Image"} if function.image else {"Runtime": "python3.12", "Handler": "index.x"}
    # The description changes with every update, or no version of the function could be published.
    description = "quiet" if function.quiet and not function.published else marker
    properties = {"Code": code, "Role": ROLE, "Description": description, **runtime}
    if function.name:
        properties["FunctionName"] = function.name
    if function.durable:
        properties["DurableConfig"] = {"ExecutionTimeout": 60, "RetentionPeriodInDays": 1}
    if function.managed is not None:
        condition = "Yes" if function.managed else "No"
        properties["CapacityProviderConfig"] = {"Fn::If": [condition, MANAGED, {"Ref": "AWS::NoValue"}]}
    if function.reserved is not None:
        properties["ReservedConcurrentExecutions"] = number(function.reserved)
    return properties


def _provisioning(published: Published, number: Callable[[int], Any]) -> dict[str, Any]:
    if published.provisioned is None:
        return {}
    return {"ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": number(published.provisioned)}}
