"""CloudFormation's resource types and property names that more than one module asks about."""

CUSTOM_RESOURCE = "AWS::CloudFormation::CustomResource"
CUSTOM_PREFIX = "Custom::"
"""How the type of a custom resource begins where the template gives it a name."""

STACK = "AWS::CloudFormation::Stack"
"""A nested stack, and any stack in its own events."""

FUNCTION = "AWS::Lambda::Function"
ALIAS = "AWS::Lambda::Alias"
VERSION = "AWS::Lambda::Version"
PUBLISHED = (ALIAS, VERSION)
"""The types that take provisioned concurrency."""

EVENT_SOURCE_MAPPING = "AWS::Lambda::EventSourceMapping"
SCALABLE_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"

SERVERLESS_PREFIX = "AWS::Serverless::"
SERVERLESS_FUNCTION = "AWS::Serverless::Function"
SERVERLESS_APPLICATION = "AWS::Serverless::Application"

RESERVED_CONCURRENCY = "ReservedConcurrentExecutions"
PROVISIONED_CONCURRENCY = "ProvisionedConcurrencyConfig"


def is_custom_resource(resource_type: str) -> bool:
    return resource_type.startswith(CUSTOM_PREFIX) or resource_type == CUSTOM_RESOURCE
