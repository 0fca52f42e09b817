"""A deployed stack: its running template with resolved values, and its resources, outputs and exports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.aws.errors import aws_call
from tapctl.aws.session import Aws
from tapctl.errors import AwsError, UsageError
from tapctl.resource_types import FUNCTION, VERSION
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
    client = aws.client("cloudformation")
    try:
        with aws_call(f"reading stack {name}"):
            stack = client.describe_stacks(StackName=name)["Stacks"][0]
            body = client.get_template(StackName=stack["StackId"], TemplateStage="Processed")["TemplateBody"]
            pages = client.get_paginator("list_stack_resources").paginate(StackName=stack["StackId"])
            resources = [summary for page in pages for summary in page["StackResourceSummaries"]]
    except AwsError as error:
        if "does not exist" in error.aws_message:
            raise UsageError(f"stack {name} does not exist in {aws.region}", "`tapctl deploy` creates it") from None
        raise
    name = stack["StackName"]
    template = from_stack(body, name)
    outputs, pseudo = stack.get("Outputs", []), _pseudo_parameters(stack)
    physical_ids = {summary["LogicalResourceId"]: summary.get("PhysicalResourceId", "") for summary in resources}
    bound = bind(template, Parameters({}, _parameters(stack)))
    return DeployedStack(
        stack["StackId"],
        name,
        stack["StackStatus"],
        Resolver(template, bound, pseudo, live=return_values(template, physical_ids, pseudo)),
        physical_ids,
        {output["OutputKey"]: output.get("OutputValue", "") for output in outputs},
        {output["OutputKey"]: output["ExportName"] for output in outputs if output.get("ExportName")},
    )


def _parameters(stack: dict[str, Any]) -> dict[str, str | Unknown]:
    from tapctl.account.live_stacks import parameter_value

    return {entry["ParameterKey"]: parameter_value(entry) for entry in stack.get("Parameters", [])}


def _pseudo_parameters(stack: dict[str, Any]) -> dict[str, str]:
    _, partition, _, region, account, _ = stack["StackId"].split(":", 5)
    return {
        "AWS::AccountId": account,
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::StackId": stack["StackId"],
        "AWS::StackName": stack["StackName"],
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
