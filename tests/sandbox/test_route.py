import json
import urllib.request
from typing import Any

import pytest

from tapctl.errors import UsageError
from tapctl.sandbox import route
from tapctl.sandbox.http import served
from tests.support.golden import Golden
from tests.support.sandbox_clients import Aws, function

pytestmark = pytest.mark.xdist_group("sandbox http")

ECHO = """
import json
def handle(event, context):
    return {"statusCode": 201, "headers": {"x-answer": "yes"}, "body": json.dumps(event)}
"""

HEADERS = {"X-Signature": "abc", "Content-Type": "application/json"}


def of_api(kind: str, **properties: Any) -> Any:
    return {"Type": f"AWS::ApiGatewayV2::{kind}", "Properties": {"ApiId": {"Ref": "Api"}, **properties}}


def routed(key: str) -> Any:
    return of_api("Route", RouteKey=key, Target={"Fn::Sub": "integrations/${Integration}"})


@pytest.fixture(scope="module")
def urls(aws: Aws) -> dict[str, str]:
    """The addresses that a stack with an HTTP API and a function URL puts into its outputs."""
    arn = {"Fn::GetAtt": ["Fn", "Arn"]}
    resources = {
        "Fn": function("echo", ECHO),
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "hooks", "ProtocolType": "HTTP"}},
        "Integration": of_api(
            "Integration", IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
        ),
        "Hooks": routed("POST /webhooks/{provider}"),
        "Root": routed("GET /"),
        "Health": routed("GET /health"),
        "Stage": of_api("Stage", StageName="$default", AutoDeploy=True),
        "Url": {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": arn, "AuthType": "NONE"}},
    }
    outputs = {
        "Attribute": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}},
        "Built": {"Value": {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}"}},
        "Url": {"Value": {"Fn::GetAtt": ["Url", "FunctionUrl"]}},
    }
    assert aws.create("api", resources, outputs=outputs) == "CREATE_COMPLETE"
    return aws.outputs("api")


def call(aws: Aws, url: str, body: bytes | None = None) -> dict[str, Any]:
    there, headers = route(aws.sandbox, url)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(there, data=body, headers={**headers, **HEADERS})) as answer:
        assert (answer.status, answer.headers["x-answer"]) == (201, "yes")
        event: dict[str, Any] = json.loads(answer.read())
    return event


@pytest.mark.parametrize("output", ["Attribute", "Built"])
def test_a_webhook_reaches_the_function_behind_the_api(aws: Aws, urls: dict[str, str], output: str) -> None:
    event = call(aws, f"{urls[output]}/webhooks/stripe?a=b%20c", b'{"amount": 1}')

    assert event["version"] == "2.0"
    assert event["routeKey"] == "POST /webhooks/{provider}"
    assert event["rawPath"] == "/webhooks/stripe"
    assert event["rawQueryString"] == "a=b%20c"
    assert event["pathParameters"] == {"provider": "stripe"}
    assert event["headers"]["x-signature"] == "abc"
    assert event["body"] == '{"amount": 1}'


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("", "/", id="the bare address"),
        pytest.param("/", "/", id="the root"),
        pytest.param("/health", "/health", id="the path that the emulator answers itself otherwise"),
    ],
)
def test_the_api_gets(aws: Aws, urls: dict[str, str], path: str, expected: str) -> None:
    assert call(aws, urls["Built"] + path)["rawPath"] == expected


def test_a_webhook_reaches_the_function_behind_its_url(aws: Aws, urls: dict[str, str]) -> None:
    event = call(aws, f"{urls['Url']}hooks?x=1", b"raw")

    assert (event["rawPath"], event["rawQueryString"], event["requestContext"]["http"]["method"]) == (
        "/hooks",
        "x=1",
        "POST",
    )


def test_the_outputs_answer_as_they_are_and_status_lists_them(aws: Aws, urls: dict[str, str]) -> None:
    base = f"{aws.sandbox.endpoint}/{aws.sandbox.secret.path}/"

    assert all(url.startswith(base) for url in urls.values())
    assert urls["Attribute"] == urls["Built"]
    assert {endpoint.url for endpoint in served(aws.sandbox.port, aws.sandbox.secret, aws.sandbox.account_id)} == {
        f"{urls['Built']}/",
        urls["Url"],
    }
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(urls["Url"]) as answer:
        assert answer.status == 201


def test_a_url_outside_the_sandbox_is_refused(aws: Aws, golden: Golden) -> None:
    with pytest.raises(UsageError) as failure:
        route(aws.sandbox, "https://example.com/hooks")

    golden(failure.value)
