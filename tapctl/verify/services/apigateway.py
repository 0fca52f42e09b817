"""HTTP and WebSocket APIs."""

import re
from collections.abc import Mapping

from tapctl.verify.compare import same_document, same_name, within
from tapctl.verify.resource import LiveResource
from tapctl.verify.resource_check import PropertyCheck, ResourceCheck, quietly


def _own(live: LiveResource) -> str:
    """The id without the API's, which some put before it."""
    return re.split("[/|]", live.id)[-1]


CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::ApiGatewayV2::Api": (
        ResourceCheck(
            "apigatewayv2",
            "GetApi",
            lambda live, _: {"ApiId": live.id},
            (
                PropertyCheck("name", "Name", "Name"),
                PropertyCheck("protocol", "ProtocolType", "ProtocolType", default="HTTP"),
                PropertyCheck(
                    "closed default endpoint", "DisableExecuteApiEndpoint", "DisableExecuteApiEndpoint", absent=False
                ),
            ),
        ),
    ),
    "AWS::ApiGatewayV2::Integration": (
        ResourceCheck(
            "apigatewayv2",
            "GetIntegration",
            lambda live, _: {"ApiId": live.properties["ApiId"], "IntegrationId": _own(live)},
            (
                PropertyCheck("type", "IntegrationType", "IntegrationType"),
                PropertyCheck("subtype", "IntegrationSubtype", "IntegrationSubtype"),
                PropertyCheck("target", "IntegrationUri", "IntegrationUri", same=within),
                PropertyCheck("method", "IntegrationMethod", "IntegrationMethod"),
                PropertyCheck("credentials", "CredentialsArn", "CredentialsArn"),
                PropertyCheck("payload format", "PayloadFormatVersion", "PayloadFormatVersion"),
                PropertyCheck("timeout in ms", "TimeoutInMillis", "TimeoutInMillis"),
                PropertyCheck(
                    "parameters", "RequestParameters", "RequestParameters", same=same_document, explain=quietly
                ),
            ),
        ),
    ),
    "AWS::ApiGatewayV2::Route": (
        ResourceCheck(
            "apigatewayv2",
            "GetRoute",
            lambda live, _: {"ApiId": live.properties["ApiId"], "RouteId": _own(live)},
            (
                PropertyCheck("route", "RouteKey", "RouteKey"),
                PropertyCheck("authorization", "AuthorizationType", "AuthorizationType", default="NONE", absent="NONE"),
                PropertyCheck("target", "Target", "Target"),
            ),
        ),
    ),
    "AWS::ApiGatewayV2::Stage": (
        ResourceCheck(
            "apigatewayv2",
            "GetStage",
            lambda live, _: {"ApiId": live.properties["ApiId"], "StageName": _own(live)},
            (
                PropertyCheck("automatic deployment", "AutoDeploy", "AutoDeploy", default=False, absent=False),
                PropertyCheck(
                    "rate limit",
                    "DefaultRouteSettings.ThrottlingRateLimit",
                    "DefaultRouteSettings.ThrottlingRateLimit",
                ),
                PropertyCheck(
                    "burst limit",
                    "DefaultRouteSettings.ThrottlingBurstLimit",
                    "DefaultRouteSettings.ThrottlingBurstLimit",
                ),
                PropertyCheck(
                    "access log", "AccessLogSettings.DestinationArn", "AccessLogSettings.DestinationArn", same=same_name
                ),
                PropertyCheck(
                    "access log format", "AccessLogSettings.Format", "AccessLogSettings.Format", explain=quietly
                ),
            ),
        ),
    ),
}
