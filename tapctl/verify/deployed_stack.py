"""A deployed stack: its running template with resolved values, and its resources, outputs and exports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.aws.cloudformation import describe_stack, get_template, list_stack_resources
from tapctl.aws.session import Aws
from tapctl.aws.stacks import StackDescription
from tapctl.errors import UsageError
from tapctl.resource_types import ABSENT, FUNCTION, VERSION
from tapctl.template.load import from_stack
from tapctl.template.model import Resource, Template
from tapctl.template.parameters import Parameters, bind
from tapctl.template.resolver import Resolver


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

    @property
    def template(self) -> Template:
        return self.resolver.template

    def properties(self, logical_id: str) -> dict[str, Any]:
        """The resource's resolved properties; references to other resources are their live values."""
        raw = self.template.body["Resources"][logical_id].get("Properties") or {}
        resolved: dict[str, Any] = self.resolver.value(raw, ("Resources", logical_id, "Properties"))
        return resolved


def read(aws: Aws, name: str) -> DeployedStack:
    """Read a stack by its name or id. Raises `UsageError` when it does not exist."""
    stack = describe_stack(aws, name)
    if stack.status == ABSENT:
        raise UsageError(f"stack {name} does not exist in {aws.region}", "`tapctl deploy` creates it")
    template = from_stack(get_template(aws, stack.id), stack.name)
    physical_ids = {resource.logical_id: resource.physical_id for resource in list_stack_resources(aws, stack.id)}
    pseudo = _pseudo_parameters(stack)
    bound = bind(template, Parameters({}, stack.known_parameters()))
    return DeployedStack(
        stack.id,
        stack.name,
        stack.status,
        Resolver(template, bound, pseudo, live=return_values(template, physical_ids, pseudo)),
        physical_ids,
        stack.outputs,
        stack.exports,
    )


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
    "AWS::ApiGatewayV2::Api": {"ApiId": "{id}"},
    "AWS::CloudWatch::Alarm": {"Arn": "arn:{partition}:cloudwatch:{region}:{account}:alarm:{id}"},
    "AWS::DynamoDB::Table": {"Arn": "arn:{partition}:dynamodb:{region}:{account}:table/{id}"},
    "AWS::IAM::Role": {"Arn": "arn:{partition}:iam::{account}:role{path}{id}"},
    "AWS::KMS::Key": {"Arn": "arn:{partition}:kms:{region}:{account}:key/{id}", "KeyId": "{id}"},
    FUNCTION: {"Arn": "arn:{partition}:lambda:{region}:{account}:function:{id}"},
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
"""Resource type to attribute to its pattern; `name` is the last part of a physical id that is an ARN or a URL."""


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
    if isinstance(path := resource.properties.get("Path", "/"), str):
        parts["path"] = path
    for attribute, pattern in _ATTRIBUTES.get(resource.type, {}).items():
        if set(re.findall(r"{(\w+)}", pattern)) <= set(parts):
            yield f"{resource.logical_id}.{attribute}", pattern.format_map(parts)
