"""A template with its nested stacks, and the local paths in them that do not exist."""

import time
from itertools import pairwise
from pathlib import Path

import pytest

from tapctl.concurrency.read_demand import read_demand
from tapctl.errors import TemplateError
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.template.load import load
from tapctl.template.local_paths import RELATIVE
from tapctl.template.model import Template
from tapctl.template.nested import MissingPath, RemoteStack, missing_paths, stack_tree
from tapctl.template.parameters import Parameters
from tests.support.golden import Golden
from tests.support.templates import stack_tree_of

FUNCTION = "Resources:\n  Worker:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: ./nocode\n"
SAM = """\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {CodeUri: gone, Runtime: python3.13, Handler: a.b}}
Resources: {Worker: {Type: AWS::Serverless::Function}}
"""
NESTED = "Resources: {Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: sub/inner.yaml}}}\n"


def missing(file: Path) -> list[MissingPath]:
    return [*missing_paths(stack_tree(load(str(file)), Parameters(), {}))]


@pytest.mark.parametrize(
    ("texts", "file", "name", "line"),
    [
        pytest.param({"t.yaml": FUNCTION}, "t.yaml", "./nocode", 5, id="code"),
        pytest.param({"t.yaml": SAM}, "t.yaml", "gone", 2, id="in-globals"),
        pytest.param({"t.yaml": NESTED, "sub/inner.yaml": FUNCTION}, "sub/inner.yaml", "./nocode", 5, id="nested"),
    ],
)
def test_a_missing_path_has_its_place(texts: dict[str, str], file: str, name: str, line: int, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for path, text in texts.items():
        (tmp_path / path).write_text(text)
    assert missing(tmp_path / "t.yaml") == [MissingPath("Worker", name, f"{tmp_path}/{file}", line)]


def test_a_path_is_relative_to_its_template(tmp_path: Path) -> None:
    (tmp_path / "sub" / "nocode").mkdir(parents=True)
    (tmp_path / "t.yaml").write_text(NESTED)
    (tmp_path / "sub" / "inner.yaml").write_text(FUNCTION)
    assert not missing(tmp_path / "t.yaml")


def test_an_impossible_path_is_missing(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(FUNCTION.replace("./nocode", "x" * 300))
    assert len(missing(tmp_path / "t.yaml")) == 1


def test_a_template_without_a_file_is_skipped() -> None:
    assert not [*missing_paths(stack_tree_of(FUNCTION))]


@pytest.mark.parametrize(
    ("name", "hint"),
    [("gone.yaml", RELATIVE), ("t.yaml", advise(JudgementAdvice.REMOVE_CIRCULAR_NESTING))],
    ids=["missing", "circular"],
)
def test_a_nested_template_that_is_missing_or_nests_itself_is_an_error(
    name: str, hint: Hint, tmp_path: Path, golden: Golden
) -> None:
    (tmp_path / "t.yaml").write_text(NESTED.replace("sub/inner.yaml", name))
    with pytest.raises(TemplateError) as caught:
        missing(tmp_path / "t.yaml")
    assert (caught.value.file, caught.value.line, caught.value.hint) == (f"{tmp_path}/t.yaml", 1, hint)
    golden(caught.value)


@pytest.mark.parametrize(
    ("url", "resolution"),
    [
        ("https://bucket.s3.amazonaws.com/inner.yaml", advise(JudgementAdvice.PREFLIGHT_NESTED_TEMPLATE)),
        ("!Ref Url", advise(JudgementAdvice.PASS_PARAMETER, "Url")),
    ],
)
def test_a_nested_template_elsewhere_is_a_remote_stack(url: str, resolution: Hint, golden: Golden) -> None:
    text = NESTED.replace("sub/inner.yaml", url).replace("Resources:", "Parameters: {Url: {Type: String}}\nResources:")
    (remote,) = stack_tree_of(text).remotes()
    assert isinstance(remote, RemoteStack)
    assert (remote.prefix, remote.line, remote.unknown.resolution) == ("Inner/", 2, resolution)
    golden(remote.unknown.reason)


def test_a_template_that_is_nested_twice_is_read_once_and_counts_twice(tmp_path: Path) -> None:
    child = "Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: c.yaml, Parameters: {N: %d}}"
    (tmp_path / "t.yaml").write_text(f"Resources: {{A: {{{child % 1}}}, B: {{{child % 2}}}}}")
    function = "{Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: !Ref N}}"
    (tmp_path / "c.yaml").write_text(f"Parameters: {{N: {{Type: Number}}}}\nResources: {{Fn: {function}}}")
    read: list[str] = []

    def counted(file: str) -> Template:
        read.append(file)
        return load(file)

    found = read_demand(stack_tree(load(str(tmp_path / "t.yaml")), Parameters(), {}, counted))
    assert [(demanded.logical_id, demanded.reserved) for demanded in found.functions] == [("A/Fn", 1), ("B/Fn", 2)]
    assert read == [str(tmp_path / "c.yaml")]


def nesting(folder: Path, levels: int, last: str) -> Path:
    """A template that nests the next one twice, and so on."""
    names = [f"t{level}.yaml" for level in range(levels)]
    for name, below in pairwise(names):
        both = ", ".join(
            f"{key}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {below}}}}}" for key in "AB"
        )
        (folder / name).write_text(f"Resources: {{{both}}}")
    (folder / names[-1]).write_text(last)
    return folder / names[0]


def test_a_tree_of_more_than_500_stacks_is_an_error_in_time(tmp_path: Path, golden: Golden) -> None:
    topic = "Resources: {T: {Type: AWS::SNS::Topic}}"
    assert len([*stack_tree(load(str(nesting(tmp_path, 8, topic))), Parameters(), {}).members()]) == 255
    started = time.process_time()
    with pytest.raises(TemplateError) as caught:
        stack_tree(load(str(nesting(tmp_path, 30, topic))), Parameters(), {})
    assert time.process_time() - started < 10
    golden(caught.value)


def test_a_nested_asset_of_the_cdk_that_is_gone_is_a_remote_stack(golden: Golden) -> None:
    url = "!Sub 'https://s3.${AWS::Region}.amazonaws.com/assets/1a2b.json'"
    metadata = "Metadata: {'aws:asset:path': Inner.nested.template.json, 'aws:asset:property': TemplateURL}"
    text = f"Resources: {{Inner: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {url}}}, {metadata}}}}}"
    (remote,) = stack_tree_of(text).remotes()
    assert (remote.prefix, remote.unknown.resolution) == ("Inner/", advise(JudgementAdvice.SYNTHESIZE_CDK_APP))
    golden(remote.unknown.reason)


def test_a_plain_nested_stack_of_a_sam_template_is_followed(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "t.yaml").write_text(f"Transform: AWS::Serverless-2016-10-31\n{NESTED}")
    (tmp_path / "sub" / "inner.yaml").write_text(FUNCTION)
    tree = stack_tree(load(str(tmp_path / "t.yaml")), Parameters(), {})
    assert [member.prefix for member in tree.members()] == ["", "Inner/"]
