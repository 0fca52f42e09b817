"""What Ref and GetAtt give for the resources of a live stack, so that a whole property can be compared.

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
"""Attribute to what it is made of; `name` is the last part of a physical id that is an ARN or a URL."""


def live_values(template: Template, physical: Mapping[str, str], pseudo: Mapping[str, str]) -> dict[str, str]:
    """`Name` to what Ref gives, and `Name.Attribute` to what GetAtt gives where that can be worked out."""
    parts = {"partition": "AWS::Partition", "region": "AWS::Region", "account": "AWS::AccountId"}
    known = {part: pseudo[name] for part, name in parts.items() if name in pseudo}
    values = {name: value for name, value in physical.items() if value}
    for resource in template.resources():
        if identifier := physical.get(resource.logical_id):
            values.update(_attributes(resource, identifier, known))
    return values


def _attributes(resource: Resource, identifier: str, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    parts = {**known, "id": identifier, "name": re.split("[:/]", identifier)[-1]}
    if isinstance(path := resource.properties.get("Path", "/"), str):
        parts["path"] = path
    for attribute, pattern in _ATTRIBUTES.get(resource.type, {}).items():
        if set(re.findall(r"{(\w+)}", pattern)) <= set(parts):
            yield f"{resource.logical_id}.{attribute}", pattern.format_map(parts)
