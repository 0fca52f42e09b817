"""Where a template names something on this machine: the table against AWS's own tools, and each form of it."""

import json
from typing import Any

import pytest

from tapctl.template.local_paths import METADATA, SLOTS, Local, PathKind, local_paths, put
from tapctl.template.model import Template, check
from tapctl.template.parse import parse

PLACE = {"bucket": "b", "key": "k", "url": "https://s3/b/k"}

AWS_CLI = {
    "AWS::ApiGateway::RestApi": ["BodyS3Location"],
    "AWS::AppSync::FunctionConfiguration": ["RequestMappingTemplateS3Location", "ResponseMappingTemplateS3Location"],
    "AWS::AppSync::GraphQLSchema": ["DefinitionS3Location"],
    "AWS::AppSync::Resolver": ["RequestMappingTemplateS3Location", "ResponseMappingTemplateS3Location"],
    "AWS::CloudFormation::Stack": ["TemplateURL"],
    "AWS::CodeCommit::Repository": ["Code.S3"],
    "AWS::ElasticBeanstalk::ApplicationVersion": ["SourceBundle"],
    "AWS::Glue::Job": ["Command.ScriptLocation"],
    "AWS::Lambda::Function": ["Code"],
    "AWS::Lambda::LayerVersion": ["Content"],
    "AWS::Serverless::Api": ["DefinitionUri"],
    "AWS::Serverless::Application": ["Location"],
    "AWS::Serverless::Function": ["CodeUri"],
    "AWS::Serverless::LayerVersion": ["ContentUri"],
    "AWS::Serverless::StateMachine": ["DefinitionUri"],
    "AWS::StepFunctions::StateMachine": ["DefinitionS3Location"],
}
"""What `aws cloudformation package` of AWS CLI 1.46.3 handles."""


def template(body: dict[str, Any]) -> Template:
    source = parse(json.dumps({"Resources": {"R": {"Type": "A::B::C"}}, **body}), "template.json")
    return check(Template(source, source.value))


def found(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(local.owner, local.name) for local in local_paths(template(body))]


def of(kind: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Resources": {"It": {"Type": kind, "Properties": properties}}, **more}


def test_whatever_the_aws_cli_packages_is_packaged() -> None:
    for kind, names in AWS_CLI.items():
        assert set(names) <= {slot.property for slot in SLOTS[kind]}


@pytest.mark.parametrize(
    ("kind", "name"),
    [pytest.param(kind, slot.property, id=f"{kind} {slot.property}") for kind in SLOTS for slot in SLOTS[kind]],
)
def test_each_property_is_found_and_can_be_replaced(kind: str, name: str) -> None:
    properties: dict[str, Any] = {}
    put(properties, tuple(name.replace("*", "any").split(".")), "a/path")
    body = template(of(kind, properties))

    (local,) = local_paths(body)
    put(body.body, local.path, local.slot.refer(**PLACE))

    assert (local.owner, local.name) == ("It", "a/path")
    assert not list(local_paths(body))


@pytest.mark.parametrize(
    ("kind", "reference"),
    [
        pytest.param("AWS::Lambda::Function", {"S3Bucket": "b", "S3Key": "k"}, id="code"),
        pytest.param("AWS::Serverless::Function", "s3://b/k", id="SAM's code"),
        pytest.param("AWS::ApiGateway::RestApi", {"Bucket": "b", "Key": "k"}, id="an API's body"),
        pytest.param("AWS::CloudFormation::Stack", "https://s3/b/k", id="a nested template"),
    ],
)
def test_an_object_is_referred_to_as_the_property_wants_it(kind: str, reference: object) -> None:
    assert SLOTS[kind][0].refer(**PLACE) == reference


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("s3://bucket/key", id="an object's address"),
        pytest.param("https://bucket.s3.amazonaws.com/key", id="a URL"),
        pytest.param({"S3Bucket": "b", "S3Key": "k"}, id="an object"),
        pytest.param({"ZipFile": "code"}, id="code in line"),
        pytest.param({"Ref": "Where"}, id="what a parameter says"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_not_local_is_left_alone(value: object) -> None:
    assert found(of("AWS::Lambda::Function", {"Code": value})) == []


def test_what_globals_say_counts_for_each_function_that_does_not_say_otherwise() -> None:
    body = {
        "Globals": {"Function": {"CodeUri": "shared", "Runtime": "python3.12"}},
        "Resources": {
            "A": {"Type": "AWS::Serverless::Function"},
            "B": {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "own"}},
            "C": {"Type": "AWS::Serverless::Function", "Properties": {"InlineCode": "pass"}},
            "D": {"Type": "AWS::Serverless::Function", "Properties": {"PackageType": "Image"}},
            "E": {"Type": "AWS::Lambda::Function"},
        },
    }

    assert found(body) == [("A", "shared"), ("B", "own")]
    first = next(local_paths(template(body)))
    assert first.properties["Runtime"] == "python3.12"
    assert first.path == ("Resources", "A", "Properties", "CodeUri")


def test_an_api_without_a_definition_of_its_own_takes_that_of_globals() -> None:
    body = {
        "Globals": {"Api": {"DefinitionUri": "api.yaml"}},
        "Resources": {
            "A": {"Type": "AWS::Serverless::Api"},
            "B": {"Type": "AWS::Serverless::Api", "Properties": {"DefinitionBody": {}}},
        },
    }

    assert found(body) == [("A", "api.yaml")]


def test_loops_are_looked_into() -> None:
    inner = {"Type": "AWS::Lambda::Function", "Properties": {"Code": "code"}}
    body = {"Resources": {"Fn::ForEach::Each": ["Name", ["a", "b"], {"Fn${Name}": inner}]}}

    (local,) = local_paths(template(body))

    assert (local.owner, local.path[:3]) == ("Fn${Name}", ("Resources", "Fn::ForEach::Each", 2))


def snippet(location: object) -> dict[str, Any]:
    return {"Name": "AWS::Include", "Parameters": {"Location": location}}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"Transform": snippet("a.yaml")}, id="at the top"),
        pytest.param({"Transform": ["AWS::Serverless-2016-10-31", snippet("a.yaml")]}, id="at the top among others"),
        pytest.param({"Resources": {"Fn::Transform": snippet("a.yaml")}}, id="among the resources"),
        pytest.param(of("A::B::C", {"Deep": [{"Fn::Transform": snippet("a.yaml")}]}), id="within a property"),
        pytest.param({"Outputs": {"O": {"Fn::Transform": snippet("a.yaml")}}}, id="in an output"),
    ],
)
def test_a_snippet_is_found_wherever_it_is_included(body: dict[str, Any]) -> None:
    source = template(body)

    (local,) = local_paths(source)
    put(source.body, local.path, local.slot.refer(**PLACE))

    assert (local.owner, local.name, local.is_snippet) == ("AWS::Include", "a.yaml", True)
    assert '"Location": "s3://b/k"' in json.dumps(source.body)


def test_a_snippet_in_a_bucket_and_another_macro_are_left_alone() -> None:
    other = {"Name": "Mine", "Parameters": {"Location": "a.yaml"}}

    assert found({"Transform": [snippet("s3://b/k"), other, snippet({"Ref": "P"})]}) == []


def test_what_is_published_with_an_application_is_found_in_the_metadata() -> None:
    entry = {"LicenseUrl": "LICENSE", "ReadmeUrl": "README.md", "Name": "mine"}

    assert found({"Metadata": {"AWS::ServerlessRepo::Application": entry}}) == [
        ("AWS::ServerlessRepo::Application", "LICENSE"),
        ("AWS::ServerlessRepo::Application", "README.md"),
    ]
    assert all(slot.kind is PathKind.FILE for slots in METADATA.values() for slot in slots)


def test_what_is_no_map_holds_nothing() -> None:
    odd: list[dict[str, Any]] = [
        {"Globals": [], "Metadata": "x", "Transform": 3},
        {"Resources": {"Fn::ForEach::Each": "x", "A": {"Type": "AWS::Glue::Job", "Properties": {"Command": "x"}}}},
    ]
    nothing: list[Local] = []

    assert [list(local_paths(template(body))) for body in odd] == [nothing, nothing]


def test_a_macro_that_adds_resources_is_taken_for_one_that_cannot_be_seen_into() -> None:
    added = template({"Resources": {"Fn::Transform": snippet("a.yaml")}})

    assert [(each.logical_id, each.type) for each in added.resources()] == [("Fn::Transform", "Fn::Transform")]


REFERENCE = {"S3Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}, "S3Key": "1a2b.zip"}


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        pytest.param({"aws:asset:path": "asset.1a2b", "aws:asset:property": "Code"}, "asset.1a2b", id="its code"),
        pytest.param({"aws:asset:path": "asset.1a2b", "aws:asset:property": "Code.ImageUri"}, None, id="an image"),
        pytest.param({"aws:cdk:path": "App/Fn/Resource"}, None, id="nothing"),
        pytest.param({"aws:asset:path": 1, "aws:asset:property": "Code"}, None, id="no name"),
    ],
)
def test_what_the_cdk_wrote_beside_the_template_is_found_by_the_metadata(
    metadata: dict[str, Any], name: str | None
) -> None:
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": REFERENCE}, "Metadata": metadata}

    assert [local.name for local in local_paths(template({"Resources": {"Fn": function}}))] == [name] * bool(name)
