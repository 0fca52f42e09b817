"""CloudFormation's resource types and property names that more than one module asks about."""

CUSTOM_RESOURCE = "AWS::CloudFormation::CustomResource"
CUSTOM_RESOURCES = ("Custom::", CUSTOM_RESOURCE)
"""How the types of custom resources begin."""

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
