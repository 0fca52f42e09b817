"""A path of this machine that names nothing is found before anything is packaged."""

from pathlib import Path

import pytest

from tapctl.template.load import load
from tapctl.template.nested import missing_paths, stack_tree
from tapctl.template.parameters import Parameters
from tests.support.templates import stack_tree_of

FUNCTION = "Resources:\n  Worker:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: ./nocode\n"
SAM = """\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {CodeUri: gone, Runtime: python3.13, Handler: a.b}}
Resources: {Worker: {Type: AWS::Serverless::Function}}
"""
NESTED = "Resources: {Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: sub/inner.yaml}}}\n"


def found(file: Path) -> list[str]:
    said = missing_paths(stack_tree(load(str(file)), Parameters(), {}))
    return [f"{each.file}:{each.line}: {each.owner}: there is no {each.name}" for each in said]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        pytest.param({"t.yaml": FUNCTION}, "t.yaml:5: Worker: there is no ./nocode", id="code"),
        pytest.param({"t.yaml": SAM}, "t.yaml:2: Worker: there is no gone", id="in-globals"),
        pytest.param(
            {"t.yaml": NESTED, "sub/inner.yaml": FUNCTION},
            "sub/inner.yaml:5: Worker: there is no ./nocode",
            id="in-a-nested-template",
        ),
    ],
)
def test_what_is_not_there_is_found_where_it_is_named(texts: dict[str, str], message: str, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    assert found(tmp_path / "t.yaml") == [f"{tmp_path}/{message}"]


def test_what_is_there_is_seen_from_the_template_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "sub" / "nocode").mkdir(parents=True)
    (tmp_path / "t.yaml").write_text(NESTED)
    (tmp_path / "sub" / "inner.yaml").write_text(FUNCTION)
    assert not found(tmp_path / "t.yaml")


def test_a_name_that_no_file_can_have_names_none(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(FUNCTION.replace("./nocode", "x" * 300))
    assert len(found(tmp_path / "t.yaml")) == 1


def test_a_template_without_a_place_is_not_looked_at() -> None:
    assert not [*missing_paths(stack_tree_of(FUNCTION))]
