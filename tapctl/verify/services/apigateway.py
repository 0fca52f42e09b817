"""HTTP and WebSocket APIs."""

import re
from collections.abc import Mapping

from tapctl.verify.compare import same_document, same_name, within
from tapctl.verify.resource_check import LiveResource, PropertyCheck, ResourceCheck, by_id, without_details


def _own_id(resource: LiveResource) -> str:
    """The id without the API's, which some physical ids begin with."""
    return re.split("[/|]", resource.physical_id)[-1]


CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::ApiGatewayV2::Api": (
        ResourceCheck(
            "apigatewayv2",
            "GetApi",
            by_id("ApiId"),
            (
                PropertyCheck("Name"),
                PropertyCheck("ProtocolType", default="HTTP"),
                PropertyCheck("DisableExecuteApiEndpoint", absent=False),
            ),
        ),
    ),
    "AWS::ApiGatewayV2::Integration": (
        ResourceCheck(
            "apigatewayv2",
            "GetIntegration",
            lambda resource: {"ApiId": resource.properties["ApiId"], "IntegrationId": _own_id(resource)},
            (
                PropertyCheck("IntegrationType"),
                PropertyCheck("IntegrationSubtype"),
                PropertyCheck("IntegrationUri", equal=within),
                PropertyCheck("IntegrationMethod"),
                PropertyCheck("CredentialsArn"),
                PropertyCheck("PayloadFormatVersion"),
                PropertyCheck("TimeoutInMillis"),
                PropertyCheck("RequestParameters", equal=same_document, difference=without_details),
            ),
        ),
    ),
    "AWS::ApiGatewayV2::Route": (
        ResourceCheck(
            "apigatewayv2",
            "GetRoute",
            lambda resource: {"ApiId": resource.properties["ApiId"], "RouteId": _own_id(resource)},
            (
                PropertyCheck("RouteKey"),
                PropertyCheck("AuthorizationType", default="NONE", absent="NONE"),
                PropertyCheck("Target"),
            ),
        ),
    ),
    "AWS::ApiGatewayV2::Stage": (
        ResourceCheck(
            "apigatewayv2",
            "GetStage",
            lambda resource: {"ApiId": resource.properties["ApiId"], "StageName": _own_id(resource)},
            (
                PropertyCheck("AutoDeploy", default=False, absent=False),
                PropertyCheck("DefaultRouteSettings.ThrottlingRateLimit"),
                PropertyCheck("DefaultRouteSettings.ThrottlingBurstLimit"),
                PropertyCheck("AccessLogSettings.DestinationArn", equal=same_name),
                PropertyCheck("AccessLogSettings.Format", difference=without_details),
            ),
        ),
    ),
}
