"""What a build of SAM still has to fill in, and the template that it writes."""

import os
from pathlib import Path

import pytest

from tapctl.template.load import load, newer_build
from tapctl.template.sam_build import unbuilt
from tests.support.templates import stack_tree_of

HEAD = (
    "Transform: AWS::Serverless-2016-10-31\nParameters: {Where: {Type: String, Default: ./src}, Open: {Type: String}}\n"
)
BUILD = ".aws-sam/build/template.yaml"


def missing(properties: str, more: str = "", head: str = HEAD) -> list[tuple[str, str, int]]:
    resource = f"Type: 'AWS::Serverless::Function', Properties: {{Handler: a.b, Runtime: python3.13, {properties}}}"
    tree = stack_tree_of(f"{head}Resources:\n  Fn: {{{resource}{more}}}\n")
    return [(found.owner, found.what, found.line) for found in unbuilt(tree.resolver)]


@pytest.mark.parametrize(
    "properties",
    [
        "CodeUri: !Ref Where",
        "CodeUri: !Sub '${Where}/a'",
        "CodeUri: !If [Own, ./a, s3://b/k]",
        "CodeUri: ''",
        "Timeout: 3",
    ],
)
def test_code_that_is_no_path_and_no_object_is_missing(properties: str) -> None:
    head = f"{HEAD}Conditions: {{Own: !Equals [!Ref Where, ./src]}}\n"
    assert missing(properties, head=head) == [("Fn", "code", 5)]


@pytest.mark.parametrize(
    "properties",
    [
        pytest.param("CodeUri: ./src", id="a-path-is-packaged"),
        pytest.param("CodeUri: {Bucket: !Ref Where, Key: k}", id="an-object"),
        pytest.param("CodeUri: !Sub 's3://${AWS::Partition}/k'", id="unknown"),
        pytest.param("CodeUri: !Sub 's3://bucket/${Where}'", id="the-address-of-an-object"),
        pytest.param("CodeUri: !Ref Open", id="a-parameter-without-a-value"),
        pytest.param("InlineCode: pass", id="inline"),
    ],
)
def test_code_that_needs_no_build_is_not_unbuilt(properties: str) -> None:
    assert not missing(properties)


@pytest.mark.parametrize(
    ("image", "found"),
    [("ImageUri: ''", True), ("Timeout: 3", True), ("ImageUri: 'fn:v1'", False), ("ImageUri: !Ref Where", False)],
)
def test_an_image_without_an_address_is_missing(image: str, found: bool) -> None:
    text = (
        f"{HEAD}Resources:\n  Fn: {{Type: 'AWS::Serverless::Function', Properties: {{PackageType: Image, {image}}}}}\n"
    )
    assert [(code.what, code.line) for code in unbuilt(stack_tree_of(text).resolver)] == [("image", 4)] * found


def test_globals_give_it_and_a_false_condition_needs_none() -> None:
    assert not missing("Timeout: 3", head=f"{HEAD}Globals: {{Function: {{CodeUri: src}}}}\n")
    assert not missing("Timeout: 3", ", Condition: Never", f"{HEAD}Conditions: {{Never: !Equals [a, b]}}\n")


def test_the_content_of_a_layer_may_be_missing_too() -> None:
    layer = "Resources:\n  L: {Type: 'AWS::Serverless::LayerVersion', Properties: {ContentUri: !Ref Where}}\n"
    assert [(code.owner, code.what) for code in unbuilt(stack_tree_of(f"{HEAD}{layer}").resolver)] == [("L", "content")]


class TestNewerBuild:
    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        text = "Resources:\n  Fn: {Type: AWS::Serverless::Function}\n"
        (tmp_path / BUILD).parent.mkdir(parents=True)
        for name in ("template.yaml", BUILD):
            (tmp_path / name).write_text(text)
            os.utime(tmp_path / name, (1_000, 1_000 if name == "template.yaml" else 2_000))
        return tmp_path / "template.yaml"

    def test_it_is_taken(self, source: Path) -> None:
        built = newer_build(load(str(source)))
        assert built is not None
        assert built.file == str(source.parent / BUILD)

    def test_an_older_one_is_not(self, source: Path) -> None:
        os.utime(source, (2_000, 2_000))
        assert newer_build(load(str(source))) is None

    @pytest.mark.parametrize("text", ["Resources: {Other: {Type: AWS::Serverless::Function}}", "[", ""])
    def test_a_build_of_another_template_is_not_taken(self, source: Path, text: str) -> None:
        (source.parent / BUILD).write_text(text)
        assert newer_build(load(str(source))) is None

    def test_there_may_be_none(self, source: Path) -> None:
        (source.parent / BUILD).unlink()
        assert newer_build(load(str(source))) is None
