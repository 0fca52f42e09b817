"""The capabilities that a stack needs, and nothing beyond them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tapctl.stacks.capabilities import capabilities, is_generated
from tapctl.template.load import load
from tapctl.template.nested import stack_tree
from tapctl.template.parameters import Parameters
from tests.support.templates import template

QUEUE = {"Type": "AWS::SQS::Queue"}
ROLE = {"Type": "AWS::IAM::Role"}
NAMED_ROLE = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Fn::Sub": "${AWS::StackName}-role"}}}
FUNCTION = {
    "Type": "AWS::Serverless::Function",
    "Properties": {"Runtime": "python3.12", "Handler": "index.h", "InlineCode": "x"},
}
SAM = "AWS::Serverless-2016-10-31"
IAM, NAMED, EXPAND = "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"


def iam(type_: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::IAM::{type_}", "Properties": properties}


def needed(folder: Path, *resources: dict[str, Any], **sections: Any) -> list[str]:
    file = folder / "t.json"
    file.write_text(json.dumps({"Resources": {f"R{n}": resource for n, resource in enumerate(resources)}, **sections}))
    return capabilities(stack_tree(load(str(file)), Parameters(), {}))


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        pytest.param(QUEUE, [], id="a queue"),
        pytest.param(ROLE, [IAM], id="a role"),
        pytest.param(NAMED_ROLE, [NAMED], id="a role with a name"),
        pytest.param(iam("Role", RoleName={"Ref": "AWS::NoValue"}), [IAM], id="a name of no value"),
        pytest.param(iam("User", UserName="u"), [NAMED], id="a user with a name"),
        pytest.param(iam("ManagedPolicy", ManagedPolicyName="p"), [NAMED], id="a managed policy with a name"),
        pytest.param(iam("InstanceProfile", InstanceProfileName="p"), [NAMED], id="an instance profile with a name"),
        pytest.param(iam("Policy", PolicyName="p"), [IAM], id="an inline policy, which has to have a name"),
        pytest.param(iam("AccessKey", UserName="u"), [IAM], id="the name of another resource"),
        pytest.param({**NAMED_ROLE, "Condition": "Off"}, [NAMED], id="a name that no condition makes"),
        pytest.param({"Type": "My::Own::Thing::MODULE"}, [NAMED, EXPAND], id="a module may hold anything"),
    ],
)
def test_a_name_needs_the_greater_capability(resource: dict[str, Any], expected: list[str], tmp_path: Path) -> None:
    assert needed(tmp_path, resource, Conditions={"Off": {"Fn::Equals": ["a", "b"]}}) == expected


@pytest.mark.parametrize(
    ("resource", "transform", "expected"),
    [
        pytest.param(FUNCTION, SAM, [IAM, EXPAND], id="a role that SAM generates has no name"),
        pytest.param(NAMED_ROLE, SAM, [NAMED, EXPAND], id="one beside SAM has"),
        pytest.param(QUEUE, ["AWS::LanguageExtensions"], [EXPAND], id="any other transform"),
        pytest.param(QUEUE, "MyMacro", [EXPAND], id="a macro"),
    ],
)
def test_a_transform_needs_another(
    resource: dict[str, Any], transform: Any, expected: list[str], tmp_path: Path
) -> None:
    assert needed(tmp_path, resource, Transform=transform) == expected


def test_a_name_in_a_loop_counts(tmp_path: Path) -> None:
    loop = ["Name", ["A", "B"], {"Role${Name}": iam("Role", RoleName={"Ref": "Name"})}]
    sections = {"Transform": "AWS::LanguageExtensions", "Resources": {"Fn::ForEach::Roles": loop}}
    assert needed(tmp_path, **sections) == [NAMED, EXPAND]


def test_a_macro_in_a_resource_needs_a_capability(tmp_path: Path) -> None:
    included = {**QUEUE, "Properties": {"Fn::Transform": {"Name": "AWS::Include"}}}
    assert needed(tmp_path, included) == [EXPAND]


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        pytest.param(QUEUE, [], id="nothing to acknowledge"),
        pytest.param(ROLE, [IAM], id="a role"),
        pytest.param(NAMED_ROLE, [NAMED], id="a name"),
        pytest.param({**QUEUE, "Properties": {"Fn::Transform": {"Name": "M"}}}, [EXPAND], id="a macro"),
    ],
)
def test_a_nested_stack_needs_what_its_template_does(
    resource: dict[str, Any], expected: list[str], tmp_path: Path
) -> None:
    (tmp_path / "child.json").write_text(json.dumps({"Resources": {"R": resource}}))
    assert (
        needed(tmp_path, {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "child.json"}})
        == expected
    )


def test_a_nested_stack_that_is_not_here_may_need_anything(tmp_path: Path) -> None:
    url = "https://s3.us-east-1.amazonaws.com/bucket/child.json"
    remote = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
    assert needed(tmp_path, remote) == [NAMED, EXPAND]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Resources: {A: {Type: AWS::SQS::Queue}}", False, id="a queue"),
        pytest.param("Resources: {A: {Type: AWS::CloudFormation::Stack}}", True, id="a nested stack"),
        pytest.param("Resources: {A: {Type: My::Own::Thing::MODULE}}", True, id="a module"),
        pytest.param("Resources: {A: {Type: AWS::SQS::Queue, Fn::Transform: {Name: M}}}", True, id="a macro"),
        pytest.param("Transform: M\nResources: {A: {Type: AWS::SQS::Queue}}", False, id="the section of transforms"),
    ],
)
def test_capabilities_that_a_template_does_not_show(text: str, expected: bool) -> None:
    assert is_generated(template(text)) == expected
