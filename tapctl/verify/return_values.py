"""What Ref and Fn::GetAtt return for the resources of a deployed stack, so that their properties can be compared.

Source: the "Return values" of each type in
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

import re
from collections.abc import Iterator, Mapping

from tapctl.resource_types import FUNCTION, VERSION
from tapctl.template.model import Resource, Template

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
