"""A deployed stack: its running template with resolved values, its resources, outputs, exports and nested stacks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tapctl.aws.cloudformation import describe_stack, get_template, list_stack_resources
from tapctl.aws.errors import EXPIRED, INVALID_KEYS
from tapctl.aws.session import Aws
from tapctl.aws.stacks import StackDescription
from tapctl.errors import AwsError, TemplateError, UnreadableAnswer, UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.resource_types import ABSENT, FUNCTION, STACK, VERSION
from tapctl.state.redaction import hide_deployed
from tapctl.template.load import from_stack
from tapctl.template.model import Resource, Template
from tapctl.template.parameters import Parameters, bind
from tapctl.template.resolver import Resolver
from tapctl.unknown import Unknown


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack as CloudFormation describes it."""

    id: str
    name: str
    status: str
    resolver: Resolver
    physical_ids: Mapping[str, str]
    """Logical id to physical id."""
    outputs: Mapping[str, str]
    """Output key to value."""
    exports: Mapping[str, str]
    """Output key to export name."""
    prefix: str = ""
    """`Stack/` of a nested stack, which stands before the logical ids of its resources."""
    parameters: Mapping[str, str | Unknown] = field(default_factory=dict)
    """As CloudFormation shows them, Unknown where it hides the value."""
    nested: Mapping[str, DeployedStack | Unknown | None] = field(default_factory=dict)
    """Logical id to nested stack: Unknown where it cannot be read, None where it does not exist."""

    def members(self) -> Iterator[DeployedStack]:
        """The stack and the nested ones that could be read."""
        yield self
        for stack in self.nested.values():
            if isinstance(stack, DeployedStack):
                yield from stack.members()

    @property
    def template(self) -> Template:
        return self.resolver.template

    def properties(self, logical_id: str) -> dict[str, Any]:
        """The resource's resolved properties; references to other resources are their live values."""
        raw = self.template.body["Resources"][logical_id].get("Properties") or {}
        resolved: dict[str, Any] = self.resolver.value(raw, ("Resources", logical_id, "Properties"))
        return resolved


def read(aws: Aws, name: str) -> DeployedStack:
    """Read a stack, with its nested ones, by its name or id. Raises `UsageError` when it does not exist."""
    stack = describe_stack(aws, name)
    hide_deployed(stack.parameters)
    if stack.status == ABSENT:
        raise UsageError(f"stack {name} does not exist in {aws.region}", advise(DeployAdvice.CREATE_WITH_DEPLOY))
    return _read(aws, stack)


def _read(aws: Aws, stack: StackDescription, prefix: str = "") -> DeployedStack:
    template = from_stack(get_template(aws, stack.id), stack.name)
    physical_ids = {resource.logical_id: resource.physical_id for resource in list_stack_resources(aws, stack.id)}
    parameters, pseudo = stack.known_parameters(), _pseudo_parameters(stack)
    nested = _read_nested(aws, template, physical_ids, prefix)
    live = return_values(template, physical_ids, pseudo)
    for name, child in nested.items():
        outputs = child.outputs if isinstance(child, DeployedStack) else {}
        live |= {f"{name}.Outputs.{key}": value for key, value in outputs.items()}
    return DeployedStack(
        stack.id,
        stack.name,
        stack.status,
        Resolver(template, bind(template, Parameters({}, parameters)), pseudo, live=live),
        physical_ids,
        stack.outputs,
        stack.exports,
        prefix,
        parameters,
        nested,
    )


def _read_nested(
    aws: Aws, template: Template, physical_ids: Mapping[str, str], prefix: str
) -> dict[str, DeployedStack | Unknown | None]:
    names = [resource.logical_id for resource in template.resources() if resource.type == STACK]
    names = [name for name in names if physical_ids.get(name)]
    if not names:
        return {}

    def read_one(name: str) -> DeployedStack | Unknown | None:
        try:
            stack = describe_stack(aws, physical_ids[name])
            return _read(aws, stack, f"{prefix}{name}/") if stack.exists else None
        except (TemplateError, UnreadableAnswer) as error:
            return Unknown(error.message, error.hint)
        except AwsError as error:
            if not error.code or error.code in EXPIRED.codes | INVALID_KEYS.codes:
                raise
            return Unknown(error.message, error.hint)

    with ThreadPoolExecutor(8, "nested") as pool:
        return dict(zip(names, pool.map(read_one, names), strict=True))


def _pseudo_parameters(stack: StackDescription) -> dict[str, str]:
    _, partition, _, region, account, _ = stack.id.split(":", 5)
    return {
        "AWS::AccountId": account,
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::StackId": stack.id,
        "AWS::StackName": stack.name,
        "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
    }


_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    "AWS::ApiGateway::Deployment": {"DeploymentId": "{id}"},
    "AWS::ApiGateway::Resource": {"ResourceId": "{id}"},
    "AWS::ApiGateway::RestApi": {"RestApiId": "{id}"},
    "AWS::ApiGatewayV2::Api": {"ApiId": "{id}"},
    "AWS::CloudWatch::Alarm": {"Arn": "arn:{partition}:cloudwatch:{region}:{account}:alarm:{id}"},
    "AWS::DynamoDB::Table": {"Arn": "arn:{partition}:dynamodb:{region}:{account}:table/{id}"},
    "AWS::Events::Rule": {"Arn": "arn:{partition}:events:{region}:{account}:rule/{rule}"},
    "AWS::IAM::Role": {"Arn": "arn:{partition}:iam::{account}:role{path}{id}"},
    "AWS::KMS::Key": {"Arn": "arn:{partition}:kms:{region}:{account}:key/{id}", "KeyId": "{id}"},
    FUNCTION: {"Arn": "arn:{partition}:lambda:{region}:{account}:function:{id}"},
    "AWS::Lambda::LayerVersion": {"LayerVersionArn": "{id}"},
    VERSION: {"Version": "{name}", "FunctionArn": "{id}"},
    "AWS::Logs::LogGroup": {"Arn": "arn:{partition}:logs:{region}:{account}:log-group:{id}:*"},
    "AWS::S3::Bucket": {"Arn": "arn:{partition}:s3:::{id}"},
    "AWS::SNS::Topic": {"TopicArn": "{id}", "TopicName": "{name}"},
    "AWS::SQS::Queue": {
        "Arn": "arn:{partition}:sqs:{region}:{account}:{name}",
        "QueueName": "{name}",
        "QueueUrl": "{id}",
    },
}
"""Resource type to attribute to its pattern; `name` is the last part of a physical id that is an ARN or a URL.

The physical id of a rule is `BUS|NAME` on another event bus than the default one.
"""


def return_values(template: Template, physical_ids: Mapping[str, str], pseudo: Mapping[str, str]) -> dict[str, str]:
    """`LogicalId` to the value of Ref, and `LogicalId.Attribute` to that of Fn::GetAtt where it can be derived."""
    parts = {"partition": "AWS::Partition", "region": "AWS::Region", "account": "AWS::AccountId"}
    known = {part: pseudo[name] for part, name in parts.items() if name in pseudo}
    values = {name: value for name, value in physical_ids.items() if value}
    for resource in template.resources():
        if physical_id := physical_ids.get(resource.logical_id):
            values.update(_attributes(resource, physical_id, known))
    return values


def _attributes(resource: Resource, physical_id: str, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    parts = {**known, "id": physical_id, "name": re.split("[:/]", physical_id)[-1]}
    parts["rule"] = physical_id.replace("|", "/")
    if isinstance(path := resource.properties.get("Path", "/"), str):
        parts["path"] = path
    for attribute, pattern in _ATTRIBUTES.get(resource.type, {}).items():
        if set(re.findall(r"{(\w+)}", pattern)) <= set(parts):
            yield f"{resource.logical_id}.{attribute}", pattern.format_map(parts)
