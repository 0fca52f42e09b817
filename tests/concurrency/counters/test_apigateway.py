"""Resources and routes of an OpenAPI body, and stages by their names."""

import pytest

from tapctl.concurrency.additions import Addition, largest
from tapctl.concurrency.counters.apigateway import resources, routes, stages
from tapctl.concurrency.counting import Inventory
from tests.support.counted import grouped
from tests.support.templates import stack_tree_of

OPEN = "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, a]}\nResources:\n"


def inventory(text: str) -> Inventory:
    return Inventory(stack_tree_of(OPEN + text))


def range_of(found: Addition) -> tuple[float, float]:
    return found.least, found.most


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        pytest.param("Body: {paths: {/: {get: {}}}}", (0, 0), id="the-root-is-there-anyway"),
        pytest.param("Body: {paths: {/a/b: {get: {}}, /a/c: {get: {}, put: {}}}}", (3, 3), id="each-segment-once"),
        pytest.param("Body: {paths: {/a/: {get: {}}, '/{proxy+}': {get: {}}}}", (2, 2), id="a-slash-at-the-end"),
        pytest.param("Body: {openapi: 3.0.1}", (0, 0), id="without-paths"),
        pytest.param("Body: {paths: {/a: {get: {}}, /b: !If [C, {get: {}}, !Ref 'AWS::NoValue']}}", (1, 2),
                     id="a-path-under-a-condition"),
        pytest.param("{}", (0, 0), id="without-a-body"),
    ],
)  # fmt: skip
def test_a_body_has_a_resource_for_each_segment(properties: str, expected: tuple[float, float]) -> None:
    own = properties if properties == "{}" else f"{{{properties}}}"
    found = largest(grouped(resources(inventory(f"  A: {{Type: AWS::ApiGateway::RestApi, Properties: {own}}}\n"), "")))

    assert range_of(found) == expected
    assert found.unknown is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("{paths: {/a: {get: {}, post: {}}, /b: {x-amazon-apigateway-any-method: {}}}}", (3, 3),
                     id="each-method"),
        pytest.param("{paths: {$default: {x-amazon-apigateway-any-method: {}}}}", (1, 1), id="the-default-route"),
        pytest.param("{paths: {/a: {parameters: [], summary: a, get: {}}}}", (1, 1), id="other-keys-are-no-methods"),
        pytest.param("{paths: {/a: {get: !If [C, {}, !Ref 'AWS::NoValue'], put: {}}}}", (1, 2),
                     id="a-method-under-a-condition"),
    ],
)  # fmt: skip
def test_a_body_has_a_route_for_each_method(body: str, expected: tuple[float, float]) -> None:
    text = f"  A: {{Type: AWS::ApiGatewayV2::Api, Properties: {{Body: {body}}}}}\n"
    found = largest(grouped(routes(inventory(text), "")))

    assert range_of(found) == expected
    assert found.parent
    assert found.parent.id == "A"


@pytest.mark.parametrize("properties", ["BodyS3Location: {Bucket: b, Key: k}", "Body: !Transform {Name: M}"])
def test_a_body_that_is_not_here_has_an_unknown_number(properties: str) -> None:
    rest = f"  A: {{Type: AWS::ApiGateway::RestApi, Properties: {{{properties}}}}}\n"
    http = f"  A: {{Type: AWS::ApiGatewayV2::Api, Properties: {{{properties}}}}}\n"

    assert largest(grouped(resources(inventory(rest), ""))).unknown
    assert largest(grouped(routes(inventory(http), ""))).unknown


def test_stages_count_by_name() -> None:
    stage = "  S%s: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref A, StageName: %s}}\n"
    deployment = "  D%s: {Type: AWS::ApiGateway::Deployment, Properties: {RestApiId: !Ref A%s}}\n"
    text = (
        "  A: {Type: AWS::ApiGateway::RestApi}\n"
        + stage % (1, "prod")
        + stage % (2, "!Ref P")
        + deployment % (1, "")
        + deployment % (2, ", StageName: dev")
        + deployment % (3, ", StageName: dev")
    )
    found = largest(grouped(stages(inventory(text), "")))

    assert range_of(found) == (3, 3)
    assert found.parent
    assert found.parent.id == "A"
