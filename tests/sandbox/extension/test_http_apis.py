import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.support.sandbox_clients import Aws, function

pytestmark = pytest.mark.sandbox

URI = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"
ANY = "x-amazon-apigateway-any-method"
SAYS_ITS_ROUTE = "def handle(event, context): return {'statusCode': 200, 'body': event['routeKey']}"


def operation() -> Any:
    integration = {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": {"Fn::Sub": URI},
        "payloadFormatVersion": "2.0",
    }
    return {"x-amazon-apigateway-integration": integration, "responses": {}}


def resources(**paths: Any) -> Any:
    body = {"openapi": "3.0.1", "info": {"title": "orders", "version": "1.0"}, "paths": paths}
    return {
        "Fn": function(None, SAYS_ITS_ROUTE),
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": body}},
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True},
        },
    }


def answer(request: str | urllib.request.Request) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request) as response:
            return str(response.read().decode())
    except urllib.error.HTTPError as error:
        return str(error.code)


def routes(aws: Aws, api: str) -> set[str]:
    return {route["RouteKey"] for route in aws.apigatewayv2.get_routes(ApiId=api)["Items"]}


def test_a_definition_makes_the_routes_of_an_http_api_and_an_update_replaces_them(aws: Aws) -> None:
    outputs = {"Url": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}}, "Api": {"Value": {"Ref": "Api"}}}
    first = resources(**{"/orders": {"post": operation()}, "/orders/{id}": {"get": operation(), "parameters": []}})
    assert aws.create("openapi", first, outputs=outputs) == "CREATE_COMPLETE"
    url, api = aws.outputs("openapi")["Url"], aws.outputs("openapi")["Api"]

    assert answer(urllib.request.Request(f"{url}/orders", data=b"{}")) == "POST /orders"
    assert answer(f"{url}/orders/7") == "GET /orders/{id}"
    assert answer(f"{url}/none") == "404"

    second = resources(**{"/all": {ANY: operation()}, "/$default": {ANY: operation()}})
    assert aws.update("openapi", second, outputs=outputs) == "UPDATE_COMPLETE"

    assert routes(aws, api) == {"ANY /all", "$default"}
    assert len(aws.apigatewayv2.get_integrations(ApiId=api)["Items"]) == 2
    assert answer(f"{url}/all") == "ANY /all"
    assert answer(f"{url}/orders/7") == "$default"


def test_a_definition_makes_the_methods_of_a_rest_api_also_for_any_verb(aws: Aws) -> None:
    mock = {"x-amazon-apigateway-integration": {"type": "mock"}, "responses": {}}
    paths = {"/orders/{id}": {"get": mock}, "/all": {ANY: mock}}
    body = {"openapi": "3.0.1", "info": {"title": "orders", "version": "1.0"}, "paths": paths}
    api = {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}}}
    assert aws.create("openrest", api, outputs={"Api": {"Value": {"Ref": "Api"}}}) == "CREATE_COMPLETE"

    found = aws.client("apigateway").get_resources(restApiId=aws.outputs("openrest")["Api"], embed=["methods"])["items"]

    assert {
        (resource["path"], *resource.get("resourceMethods", ()))
        for resource in found
        if resource.get("resourceMethods")
    } == {
        ("/orders/{id}", "GET"),
        ("/all", "ANY"),
    }
