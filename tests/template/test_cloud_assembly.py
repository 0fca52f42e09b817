"""The stacks of a cloud assembly, also those of its stages, and the paths outside of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tapctl.errors import TemplateError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.template.cloud_assembly import construct_of, is_outside, stacks
from tests.support.golden import Golden


def stack(template: str, **more: str) -> dict[str, Any]:
    return {"type": "aws:cloudformation:stack", "properties": {"templateFile": template}, **more}


def stage(folder: str) -> dict[str, Any]:
    return {"type": "cdk:cloud-assembly", "properties": {"directoryName": folder}}


def assembly(folder: Path, **artifacts: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"version": "38.0.0", "artifacts": artifacts}))


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app with one stack of its own, and two stages of which the second has a stage within."""
    tree = {"type": "cdk:tree", "properties": {"file": "tree.json"}}
    assembly(tmp_path, Tree=tree, A=stack("A.template.json"), Test=stage("assembly-Test"), Live=stage("assembly-Live"))
    assembly(tmp_path / "assembly-Test", TestB=stack("TestB.template.json", displayName="Test/B"))
    assembly(tmp_path / "assembly-Live", Inner=stage("assembly-Live-Inner"))
    inner = tmp_path / "assembly-Live" / "assembly-Live-Inner"
    assembly(inner, LiveC=stack("C.template.json", displayName="Live/Inner/C"))
    return tmp_path


def test_the_stacks_of_stages_are_found_at_any_depth(app: Path) -> None:
    assert [(found.template.relative_to(app).as_posix(), found.construct) for found in stacks(app)] == [
        ("A.template.json", "A"),
        ("assembly-Live/assembly-Live-Inner/C.template.json", "Live/Inner/C"),
        ("assembly-Test/TestB.template.json", "Test/B"),
    ]


def test_a_stack_that_two_artifacts_have_is_one(tmp_path: Path) -> None:
    assembly(tmp_path, A=stack("A.template.json"), B=stack("A.template.json"))
    assert len(stacks(tmp_path)) == 1


def test_the_construct_is_found_by_the_template(app: Path, tmp_path: Path) -> None:
    assert construct_of(app / "assembly-Test" / "TestB.template.json") == "Test/B"
    assert construct_of(app / "Other.template.json") == ""
    assert construct_of(tmp_path / "nowhere" / "t.json") == ""


@pytest.mark.parametrize("folder", [".", "..", "/tmp"])
def test_a_stage_is_within_the_assembly(folder: str, tmp_path: Path, golden: Golden) -> None:
    assembly(tmp_path / "app", Live=stage(folder))
    with pytest.raises(TemplateError) as caught:
        stacks(tmp_path / "app")
    assert caught.value.hint == advise(JudgementAdvice.SYNTHESIZE_CDK_APP)
    golden(caught.value)


def test_a_stage_without_a_manifest_is_an_error(tmp_path: Path, golden: Golden) -> None:
    assembly(tmp_path, Live=stage("assembly-Live"))
    with pytest.raises(TemplateError) as refused:
        stacks(tmp_path)
    golden(refused.value)


@pytest.mark.parametrize(
    ("path", "outside"), [("asset.1", False), ("../asset.1", False), ("../../asset.1", False), ("../../../src", True)]
)
def test_assets_of_a_stage_are_in_the_outermost_assembly(path: str, outside: bool, app: Path) -> None:
    folder = app / "assembly-Live" / "assembly-Live-Inner"
    assert is_outside(folder / "C.template.json", folder / path) is outside
