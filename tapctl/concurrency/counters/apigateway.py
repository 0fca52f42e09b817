"""The contents of APIs: resources and routes of an OpenAPI body, and stages by their names."""

import json
from collections.abc import Iterator

from tapctl.concurrency.counting import Inventory, Item, Parent, Part
from tapctl.template.values import NO_VALUE, Value
from tapctl.unknown import Unknown

METHODS = {"delete", "get", "head", "options", "patch", "post", "put", "trace", "x-amazon-apigateway-any-method"}
"""The keys of a path that are a route each."""


def resources(inventory: Inventory, _: str) -> Iterator[Part]:
    """The resources of the body of each REST API: one for each distinct path prefix; the root does not count.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api.html
    """
    for item in inventory.of("AWS::ApiGateway::RestApi"):
        certain, possible = set[str](), set[str]()
        paths = _paths(item)
        for path, entry in paths.items() if isinstance(paths, dict) else ():
            segments = path.strip("/").split("/")
            prefixes = {"/".join(segments[: end + 1]) for end in range(len(segments))} - {""}
            (possible if isinstance(entry, Unknown) else certain).update(prefixes)
        yield from _part(item, len(certain), len(certain | possible), paths)


def routes(inventory: Inventory, _: str) -> Iterator[Part]:
    """The routes of the body of each HTTP API: one for each method of a path.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html
    """
    for item in inventory.of("AWS::ApiGatewayV2::Api"):
        paths = _paths(item)
        entries = list(paths.values()) if isinstance(paths, dict) else []
        unknown = next((entry for entry in entries if isinstance(entry, Unknown)), None)
        methods = [
            value
            for entry in entries
            for name, value in (entry.items() if isinstance(entry, dict) else ())
            if name.lower() in METHODS
        ]
        certain = sum(not isinstance(method, Unknown) for method in methods)
        yield from _part(item, certain, len(methods), unknown or paths)


def _paths(item: Item) -> Value:
    """The paths of the body of an API; unknown where the body is elsewhere or only the deploy knows it."""
    if item.value("BodyS3Location") is not NO_VALUE:
        return Unknown("its body is in S3")
    body = item.value("Body")
    if body is NO_VALUE or isinstance(body, Unknown):
        return body
    paths = body.get("paths", NO_VALUE) if isinstance(body, dict) else NO_VALUE
    return {} if paths is None else paths


def _part(item: Item, least: int, most: int, paths: Value) -> Iterator[Part]:
    unknown = paths if isinstance(paths, Unknown) else None
    if most or unknown:
        yield item.part(least, most, Parent(item.name, in_template=True), unknown)


def stages(inventory: Inventory, _: str) -> Iterator[Part]:
    """The stages of each REST API, by name: a deployment with a stage name makes that stage."""
    seen = set[tuple[Parent, str]]()
    for item in inventory.of("AWS::ApiGateway::Stage", "AWS::ApiGateway::Deployment"):
        name = item.value("StageName")
        if name is NO_VALUE and item.type.endswith("Deployment"):
            continue
        text = name if isinstance(name, str) else json.dumps(item.resource.properties.get("StageName"), default=str)
        for parent in item.parents("RestApiId"):
            if (parent, text) not in seen:
                seen.add((parent, text))
                yield item.part(1, parent=parent)
