"""HTTP and WebSocket APIs."""

from collections.abc import Mapping

from tapctl.verify.compare import same_document, same_name, within
from tapctl.verify.look import Look, Row, quietly

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
            lambda live, _: {"ApiId": live.properties["ApiId"], "IntegrationId": live.id},
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
            # The sandbox puts the API's id before the route's.
            lambda live, _: {"ApiId": live.properties["ApiId"], "RouteId": live.id.rpartition("/")[2]},
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
            lambda live, _: {"ApiId": live.properties["ApiId"], "StageName": live.id},
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
