"""The properties that take local paths, compared with AWS's own tools, and each form of a local path."""

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
"""The properties that `aws cloudformation package` of AWS CLI 1.46.3 packages."""


def template(body: dict[str, Any]) -> Template:
    source = parse(json.dumps({"Resources": {"R": {"Type": "A::B::C"}}, **body}), "template.json")
    return check(Template(source, source.value))


def owners_and_names(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(local.owner, local.name) for local in local_paths(template(body))]


def resource(kind: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Resources": {"It": {"Type": kind, "Properties": properties}}, **more}


def test_every_property_that_the_aws_cli_packages_is_listed() -> None:
    for kind, names in AWS_CLI.items():
        assert set(names) <= {slot.property for slot in SLOTS[kind]}


@pytest.mark.parametrize(
    ("kind", "name"),
    [pytest.param(kind, slot.property, id=f"{kind} {slot.property}") for kind in SLOTS for slot in SLOTS[kind]],
)
def test_a_local_path_of_each_property_is_found_and_replaced(kind: str, name: str) -> None:
    properties: dict[str, Any] = {}
    put(properties, tuple(name.replace("*", "any").split(".")), "a/path")
    body = template(resource(kind, properties))

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
def test_a_property_refers_to_an_object_in_its_own_form(kind: str, reference: object) -> None:
    assert SLOTS[kind][0].refer(**PLACE) == reference


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("s3://bucket/key", id="an object's address"),
        pytest.param("https://bucket.s3.amazonaws.com/key", id="a URL"),
        pytest.param({"S3Bucket": "b", "S3Key": "k"}, id="an object"),
        pytest.param({"ZipFile": "code"}, id="inline code"),
        pytest.param({"Ref": "Where"}, id="a parameter"),
        pytest.param("", id="an empty string"),
    ],
)
def test_objects_inline_code_and_parameters_are_not_local_paths(value: object) -> None:
    assert owners_and_names(resource("AWS::Lambda::Function", {"Code": value})) == []


def test_a_function_without_code_takes_that_of_globals() -> None:
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

    assert owners_and_names(body) == [("A", "shared"), ("B", "own")]
    first = next(local_paths(template(body)))
    assert first.properties["Runtime"] == "python3.12"
    assert first.path == ("Resources", "A", "Properties", "CodeUri")


def test_an_api_without_a_definition_takes_that_of_globals() -> None:
    body = {
        "Globals": {"Api": {"DefinitionUri": "api.yaml"}},
        "Resources": {
            "A": {"Type": "AWS::Serverless::Api"},
            "B": {"Type": "AWS::Serverless::Api", "Properties": {"DefinitionBody": {}}},
        },
    }

    assert owners_and_names(body) == [("A", "api.yaml")]


def test_loops_are_included() -> None:
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
        pytest.param(resource("A::B::C", {"Deep": [{"Fn::Transform": snippet("a.yaml")}]}), id="within a property"),
        pytest.param({"Outputs": {"O": {"Fn::Transform": snippet("a.yaml")}}}, id="in an output"),
    ],
)
def test_an_included_snippet_is_found_anywhere(body: dict[str, Any]) -> None:
    source = template(body)

    (local,) = local_paths(source)
    put(source.body, local.path, local.slot.refer(**PLACE))

    assert (local.owner, local.name, local.is_snippet) == ("AWS::Include", "a.yaml", True)
    assert '"Location": "s3://b/k"' in json.dumps(source.body)


def test_a_snippet_in_a_bucket_and_other_macros_are_skipped() -> None:
    other = {"Name": "Mine", "Parameters": {"Location": "a.yaml"}}

    assert owners_and_names({"Transform": [snippet("s3://b/k"), other, snippet({"Ref": "P"})]}) == []


def test_the_files_of_a_published_application_are_found_in_the_metadata() -> None:
    entry = {"LicenseUrl": "LICENSE", "ReadmeUrl": "README.md", "Name": "mine"}

    assert owners_and_names({"Metadata": {"AWS::ServerlessRepo::Application": entry}}) == [
        ("AWS::ServerlessRepo::Application", "LICENSE"),
        ("AWS::ServerlessRepo::Application", "README.md"),
    ]
    assert all(slot.kind is PathKind.FILE for slots in METADATA.values() for slot in slots)


def test_anything_but_a_map_has_no_local_paths() -> None:
    malformed: list[dict[str, Any]] = [
        {"Globals": [], "Metadata": "x", "Transform": 3},
        {"Resources": {"Fn::ForEach::Each": "x", "A": {"Type": "AWS::Glue::Job", "Properties": {"Command": "x"}}}},
    ]
    nothing: list[Local] = []

    assert [list(local_paths(template(body))) for body in malformed] == [nothing, nothing]


def test_a_macro_that_adds_resources_is_a_resource() -> None:
    added = template({"Resources": {"Fn::Transform": snippet("a.yaml")}})

    assert [(entry.logical_id, entry.type) for entry in added.resources()] == [("Fn::Transform", "Fn::Transform")]


REFERENCE = {"S3Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}, "S3Key": "1a2b.zip"}


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        pytest.param({"aws:asset:path": "asset.1a2b", "aws:asset:property": "Code"}, "asset.1a2b", id="its code"),
        pytest.param({"aws:asset:path": "asset.1a2b", "aws:asset:property": "Code.ImageUri"}, None, id="an image"),
        pytest.param({"aws:cdk:path": "App/Fn/Resource"}, None, id="an empty string"),
        pytest.param({"aws:asset:path": 1, "aws:asset:property": "Code"}, None, id="not a name"),
    ],
)
def test_an_asset_of_the_cdk_is_found_by_the_metadata(metadata: dict[str, Any], name: str | None) -> None:
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": REFERENCE}, "Metadata": metadata}

    assert [local.name for local in local_paths(template({"Resources": {"Fn": function}}))] == [name] * bool(name)
