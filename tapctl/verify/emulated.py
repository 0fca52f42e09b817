"""What an emulator of AWS takes and does not keep, so that it says nothing about the template."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from tapctl.aws.session import Aws
from tapctl.resource_types import FUNCTION

LOOPBACK = ("127.0.0.1", "::1", "localhost")

DROPPED: Mapping[str, frozenset[str]] = {
    "AWS::ApiGatewayV2::Integration": frozenset({"CredentialsArn", "IntegrationSubtype"}),
    "AWS::ApiGatewayV2::Stage": frozenset({"DefaultRouteSettings"}),
    FUNCTION: frozenset({"DeadLetterConfig"}),
}
"""Type to properties, of the emulator that the sandbox runs."""


def is_emulated(aws: Aws) -> bool:
    """Whether this is the sandbox, or reached like it through AWS_ENDPOINT_URL."""
    return urlsplit(aws.client("cloudformation").meta.endpoint_url).hostname in LOOPBACK
