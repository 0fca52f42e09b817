"""Where the sandbox's emulator differs from AWS, so that a difference proves nothing about a template."""

from collections.abc import Mapping

from tapctl.aws.session import Aws
from tapctl.resource_types import FUNCTION
from tapctl.sandbox import secret
from tapctl.sandbox.paths import sandbox_paths

DROPPED_PROPERTIES: Mapping[str, frozenset[str]] = {
    "AWS::ApiGateway::RestApi": frozenset({"EndpointConfiguration"}),
    "AWS::ApiGatewayV2::Integration": frozenset({"CredentialsArn", "IntegrationSubtype"}),
    "AWS::ApiGatewayV2::Stage": frozenset({"DefaultRouteSettings"}),
    FUNCTION: frozenset({"DeadLetterConfig"}),
}
"""Resource type to the properties that the emulator accepts and does not store."""


def is_emulator(aws: Aws) -> bool:
    """Whether this is tapctl's own sandbox: its environment, or credentials that `tapctl sandbox env` exported.

    An endpoint on the loopback interface may be anything, such as a tunnel to AWS; the sandbox's secret is its own.
    """
    if aws.target.is_sandbox:
        return True
    credentials, own = aws.session.get_credentials(), secret.load(sandbox_paths().folder)
    return credentials is not None and own is not None and credentials.secret_key == own.key
