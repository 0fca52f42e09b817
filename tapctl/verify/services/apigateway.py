"""REST, HTTP and WebSocket APIs."""

from collections.abc import Iterator, Mapping
from typing import Any

from tapctl.template.parameters import as_text
from tapctl.unknown import Unknown
from tapctl.verify.check import Check
from tapctl.verify.compare import boolean, same_document, same_name, unordered, within
from tapctl.verify.resource_check import (
    LiveResource,
    Parameters,
    PropertyCheck,
    ResourceCheck,
    at,
    by_id,
    exists,
    own_id,
    without_details,
)

_ANY_METHOD, _DEFAULT = "x-amazon-apigateway-any-method", "$default"
_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", _ANY_METHOD}


def _in_rest_api(parameter: str) -> Parameters:
    """The REST API, and the physical id without the API's, which may stand before or after it."""

    def parameters(resource: LiveResource) -> dict[str, Any]:
        api = resource.properties["RestApiId"]
        own = [part for part in resource.physical_id.split("|") if part != api]
        return {"restApiId": api, parameter: own[-1]}

    return parameters


def _name(resource: LiveResource, response: Any) -> Iterator[Check]:
    """The name of a REST API; the OpenAPI definition may give another one."""
    name = resource.properties.get("Name")
    if name is None or {"Body", "BodyS3Location", "CloneFrom"} & {*resource.properties}:
        yield from exists(resource, response)
    elif isinstance(name, Unknown):
        yield resource.unresolved("Name")
    else:
        actual = f"Name is {response.get('name')}"
        yield resource.compared(response.get("name") == as_text(name), actual, f"{actual}, expected {name}")


def _deployment(resource: LiveResource, response: Any) -> Iterator[Check]:
    """A deployment with a StageName creates the stage; a later deployment may take it over."""
    actual = response.get("deploymentId")
    stage = f"stage {resource.properties['StageName']}"
    yield resource.compared(bool(actual), f"{stage} serves deployment {actual}", f"{stage} has no deployment")


def _operations(body: Any) -> set[tuple[str, str]] | Unknown:
    """The verb and the path of each operation of an OpenAPI definition, `ANY` for any verb.

    Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html,
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-any-method.html
    """
    paths = at(body, "paths", {})
    if isinstance(paths, Unknown):
        return paths
    found: set[tuple[str, str]] = set()
    for path, operations in paths.items() if isinstance(paths, Mapping) else ():
        if isinstance(operations, Unknown):
            return operations
        for method in {*operations} & _METHODS if isinstance(operations, Mapping) else ():
            found.add(("ANY" if method == _ANY_METHOD else method.upper(), str(path)))
    return found


def _routes(resource: LiveResource, response: Any) -> Iterator[Check]:
    """Check the routes of the definition, which are no resources of the template; one page of the live ones is read."""
    operations = _operations(resource.properties["Body"])
    if isinstance(operations, Unknown):
        yield resource.unresolved("Body")
        return
    expected = {_DEFAULT if path.strip("/") == _DEFAULT else f"{verb} {path}" for verb, path in operations}
    live = {route.get("RouteKey") for route in response.get("Items") or []}
    yield from _exist(resource, "routes", expected, live, is_part="NextToken" in response)


def _methods(resource: LiveResource, response: Any) -> Iterator[Check]:
    """Check the methods of the definition, which are no resources of the template; one page of resources is read."""
    operations = _operations(resource.properties["Body"])
    if isinstance(operations, Unknown):
        yield resource.unresolved("Body")
        return
    expected = {f"{verb} {path.rstrip('/') or '/'}" for verb, path in operations}
    found = response.get("items") or []
    live = {f"{verb} {resource.get('path')}" for resource in found for verb in resource.get("resourceMethods") or ()}
    yield from _exist(resource, "methods", expected, live, is_part="position" in response)


def _exist(resource: LiveResource, noun: str, expected: set[str], live: set[Any], *, is_part: bool) -> Iterator[Check]:
    missing = sorted(expected - live)
    if missing and is_part:
        yield resource.not_checked(f"the {noun} of Body: the API has more than one page of {noun}")
    elif expected:
        proved = f"the {noun} of Body exist: {', '.join(sorted(expected))}"
        yield resource.compared(not missing, proved, f"{noun} of Body do not exist: {', '.join(missing)}")


CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::ApiGateway::RestApi": (
        ResourceCheck(
            "apigateway",
            "GetRestApi",
            by_id("restApiId"),
            (
                PropertyCheck("EndpointConfiguration.Types", "endpointConfiguration.types", equal=unordered),
                PropertyCheck("DisableExecuteApiEndpoint", "disableExecuteApiEndpoint", absent=False),
                PropertyCheck("ApiKeySourceType", "apiKeySource", absent="HEADER"),
                PropertyCheck("BinaryMediaTypes", "binaryMediaTypes", absent=[], equal=unordered),
                PropertyCheck("MinimumCompressionSize", "minimumCompressionSize"),
            ),
            further=_name,
        ),
        ResourceCheck(
            "apigateway",
            "GetResources",
            lambda resource: {"restApiId": resource.physical_id, "embed": ["methods"], "limit": 500},
            part=lambda _resource: "the list of methods",
            further=_methods,
            only_with="Body",
        ),
    ),
    "AWS::ApiGateway::Resource": (
        ResourceCheck(
            "apigateway",
            "GetResource",
            _in_rest_api("resourceId"),
            (PropertyCheck("ParentId", "parentId"), PropertyCheck("PathPart", "pathPart")),
        ),
    ),
    "AWS::ApiGateway::Method": (
        ResourceCheck(
            "apigateway",
            "GetMethod",
            lambda resource: {
                "restApiId": resource.properties["RestApiId"],
                "resourceId": resource.properties["ResourceId"],
                "httpMethod": resource.properties["HttpMethod"],
            },
            (
                PropertyCheck("AuthorizationType", "authorizationType", default="NONE", absent="NONE"),
                PropertyCheck("AuthorizerId", "authorizerId"),
                PropertyCheck("ApiKeyRequired", "apiKeyRequired", default=False, absent=False, to_api=boolean),
                PropertyCheck("Integration.Type", "methodIntegration.type"),
                PropertyCheck("Integration.IntegrationHttpMethod", "methodIntegration.httpMethod"),
                PropertyCheck("Integration.Uri", "methodIntegration.uri", equal=within),
                PropertyCheck("Integration.Credentials", "methodIntegration.credentials"),
            ),
        ),
    ),
    "AWS::ApiGateway::Deployment": (
        ResourceCheck(
            "apigateway",
            "GetDeployment",
            _in_rest_api("deploymentId"),
            (PropertyCheck("Description", "description"),),
            further=exists,
        ),
        ResourceCheck(
            "apigateway",
            "GetStage",
            lambda resource: {
                "restApiId": resource.properties["RestApiId"],
                "stageName": resource.properties["StageName"],
            },
            part=lambda resource: f"stage {resource.properties['StageName']}",
            further=_deployment,
            only_with="StageName",
        ),
    ),
    "AWS::ApiGateway::Stage": (
        ResourceCheck(
            "apigateway",
            "GetStage",
            _in_rest_api("stageName"),
            (
                PropertyCheck("DeploymentId", "deploymentId"),
                PropertyCheck("TracingEnabled", "tracingEnabled", default=False, absent=False, to_api=boolean),
                PropertyCheck("CacheClusterEnabled", "cacheClusterEnabled", absent=False, to_api=boolean),
                PropertyCheck("Variables", "variables", equal=same_document, difference=without_details),
                PropertyCheck("AccessLogSetting.DestinationArn", "accessLogSettings.destinationArn", equal=same_name),
            ),
        ),
    ),
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
        ResourceCheck(
            "apigatewayv2",
            "GetRoutes",
            by_id("ApiId"),
            part=lambda _resource: "the list of routes",
            further=_routes,
            only_with="Body",
        ),
    ),
    "AWS::ApiGatewayV2::Integration": (
        ResourceCheck(
            "apigatewayv2",
            "GetIntegration",
            lambda resource: {"ApiId": resource.properties["ApiId"], "IntegrationId": own_id(resource)},
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
            lambda resource: {"ApiId": resource.properties["ApiId"], "RouteId": own_id(resource)},
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
            lambda resource: {"ApiId": resource.properties["ApiId"], "StageName": own_id(resource)},
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
