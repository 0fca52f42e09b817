"""The routes and integrations of an HTTP API that its OpenAPI definition (`Body`) has; the emulator ignores it.

SAM defines every route of an `AWS::Serverless::HttpApi` so. Of the definition of a REST API it ignores methods for any
verb alone.
Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.patches import Record

API = "AWS::ApiGatewayV2::Api"
INTEGRATION = "AWS::ApiGatewayV2::Integration"
ROUTE = "AWS::ApiGatewayV2::Route"
DEFAULT = "$default"
ANY = "x-amazon-apigateway-any-method"
_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", ANY}
_EXTENSION = "x-amazon-apigateway-integration"
_PROPERTIES = {
    "type": "IntegrationType",
    "uri": "IntegrationUri",
    "httpMethod": "IntegrationMethod",
    "payloadFormatVersion": "PayloadFormatVersion",
    "timeoutInMillis": "TimeoutInMillis",
    "requestParameters": "RequestParameters",
}
"""The keys of the OpenAPI extension to the properties of an `AWS::ApiGatewayV2::Integration`."""


def install() -> None:
    """Import the definition where CloudFormation creates or updates an API."""
    create, update = patches.handler(API, "create"), patches.handler(API, "update")

    def created(logical_id: str, props: Record, stack_name: str) -> tuple[str, Record]:
        physical_id, attributes = create(logical_id, props, stack_name)
        _add(physical_id, props, stack_name)
        return physical_id, attributes

    def updated(
        physical_id: str, old_props: Record, new_props: Record, stack_name: str, logical_id: str | None = None
    ) -> tuple[str, Record]:
        new_id, attributes = update(physical_id, old_props, new_props, stack_name, logical_id)
        if new_id == physical_id:
            _remove(physical_id, old_props)
        _add(new_id, new_props, stack_name)
        return new_id, attributes

    patches.replace_handlers(API, create=created, update=updated)
    _import_any_verb()


def _import_any_verb() -> None:
    """Let the definition of a REST API have methods for any verb."""
    import_method = patches.IMPORT_METHOD.get()

    def imported(api_id: str, resource_id: str, verb: str, *more: object) -> None:
        import_method(api_id, resource_id, "ANY" if verb.lower() == ANY else verb, *more)

    patches.REST_VERBS.put({*patches.REST_VERBS.get(), ANY})
    patches.IMPORT_METHOD.put(imported)


def _routes(props: Record) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The key of each route of the definition, such as `GET /orders/{id}`, and its integration."""
    body = props.get("Body")
    paths = body.get("paths") if isinstance(body, Mapping) else None
    for path, methods in paths.items() if isinstance(paths, Mapping) else ():
        for method, operation in methods.items() if isinstance(methods, Mapping) else ():
            if method not in _METHODS or not isinstance(operation, Mapping):
                continue
            verb = "ANY" if method.startswith("x-") else method.upper()
            integration = operation.get(_EXTENSION)
            yield (
                DEFAULT if path.strip("/") == DEFAULT else f"{verb} {path}",
                integration if isinstance(integration, Mapping) else {},
            )


def _add(api_id: str, props: Record, stack_name: str) -> None:
    for key, integration in _routes(props):
        properties = {name: integration[part] for part, name in _PROPERTIES.items() if part in integration}
        kind = str(integration.get("type", "aws_proxy")).upper()
        properties |= {"ApiId": api_id, "IntegrationType": kind}
        target, _ = patches.handler(INTEGRATION, "create")("", properties, stack_name)
        route = {"ApiId": api_id, "RouteKey": key, "Target": f"integrations/{target}"}
        patches.handler(ROUTE, "create")("", route, stack_name)


def _remove(api_id: str, props: Record) -> None:
    keys = {key for key, _ in _routes(props)}
    for route_id, route in list(patches.HTTP_ROUTES.get().get(api_id, {}).items()):
        if route["routeKey"] in keys:
            patches.handler(INTEGRATION, "delete")(route["target"].partition("/")[2], {"ApiId": api_id})
            patches.handler(ROUTE, "delete")(f"{api_id}/{route_id}", {})
