"""HTTP and WebSocket APIs."""

import re
from collections.abc import Mapping

from tapctl.verify.compare import same_document, same_name, within
from tapctl.verify.resource import Live
from tapctl.verify.resource_check import Look, Row, quietly


def _own(live: Live) -> str:
    """The id without the API's, which some put before it."""
    return re.split("[/|]", live.id)[-1]


LOOKS: Mapping[str, tuple[Look, ...]] = {
    "AWS::ApiGatewayV2::Api": (
        Look(
            "apigatewayv2",
            "GetApi",
            lambda live, _: {"ApiId": live.id},
            (
                Row("name", "Name", "Name"),
                Row("protocol", "ProtocolType", "ProtocolType", default="HTTP"),
                Row("closed default endpoint", "DisableExecuteApiEndpoint", "DisableExecuteApiEndpoint", absent=False),
            ),
        ),
    ),
    "AWS::ApiGatewayV2::Integration": (
        Look(
            "apigatewayv2",
            "GetIntegration",
            lambda live, _: {"ApiId": live.properties["ApiId"], "IntegrationId": _own(live)},
            (
                Row("type", "IntegrationType", "IntegrationType"),
                Row("subtype", "IntegrationSubtype", "IntegrationSubtype"),
                Row("target", "IntegrationUri", "IntegrationUri", same=within),
                Row("method", "IntegrationMethod", "IntegrationMethod"),
                Row("credentials", "CredentialsArn", "CredentialsArn"),
                Row("payload format", "PayloadFormatVersion", "PayloadFormatVersion"),
                Row("timeout in ms", "TimeoutInMillis", "TimeoutInMillis"),
                Row("parameters", "RequestParameters", "RequestParameters", same=same_document, explain=quietly),
            ),
        ),
    ),
    "AWS::ApiGatewayV2::Route": (
        Look(
            "apigatewayv2",
            "GetRoute",
            lambda live, _: {"ApiId": live.properties["ApiId"], "RouteId": _own(live)},
            (
                Row("route", "RouteKey", "RouteKey"),
                Row("authorization", "AuthorizationType", "AuthorizationType", default="NONE", absent="NONE"),
                Row("target", "Target", "Target"),
            ),
        ),
    ),
    "AWS::ApiGatewayV2::Stage": (
        Look(
            "apigatewayv2",
            "GetStage",
            lambda live, _: {"ApiId": live.properties["ApiId"], "StageName": _own(live)},
            (
                Row("automatic deployment", "AutoDeploy", "AutoDeploy", default=False, absent=False),
                Row(
                    "rate limit",
                    "DefaultRouteSettings.ThrottlingRateLimit",
                    "DefaultRouteSettings.ThrottlingRateLimit",
                ),
                Row(
                    "burst limit",
                    "DefaultRouteSettings.ThrottlingBurstLimit",
                    "DefaultRouteSettings.ThrottlingBurstLimit",
                ),
                Row(
                    "access log", "AccessLogSettings.DestinationArn", "AccessLogSettings.DestinationArn", same=same_name
                ),
                Row("access log format", "AccessLogSettings.Format", "AccessLogSettings.Format", explain=quietly),
            ),
        ),
    ),
}
