"""Where the sandbox's emulator differs from AWS, so that a difference proves nothing about a template."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from tapctl.aws.session import Aws
from tapctl.resource_types import FUNCTION

LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")

DROPPED_PROPERTIES: Mapping[str, frozenset[str]] = {
    "AWS::ApiGatewayV2::Integration": frozenset({"CredentialsArn", "IntegrationSubtype"}),
    "AWS::ApiGatewayV2::Stage": frozenset({"DefaultRouteSettings"}),
    FUNCTION: frozenset({"DeadLetterConfig"}),
}
"""Resource type to the properties that the emulator accepts and does not store."""


def is_emulator(aws: Aws) -> bool:
    """Whether the endpoint is on the loopback interface: the sandbox, or an emulator that AWS_ENDPOINT_URL names."""
    return urlsplit(aws.endpoint_url("cloudformation")).hostname in LOOPBACK_HOSTS
