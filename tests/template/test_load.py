"""From a path to a template, or to an error of one line with a hint."""

import io
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tapctl.errors import ExitCode, TemplateError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.state.files import MAX_BYTES
from tapctl.template.load import STDIN, load
from tapctl.template.nested import stack_tree
from tapctl.template.parameters import Parameters
from tests.support.golden import Golden

BODY = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n"


def error(path: Path | str) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        load(str(path))
    assert caught.value.exit_code is ExitCode.USAGE
    assert "\n" not in caught.value.message
    assert caught.value.file.startswith(STDIN if path == "-" else str(path))
    return caught.value


@pytest.mark.parametrize("name", ["t.yaml", "t.json", "no extension", "ümlaut.template"])
def test_any_file_name_is_accepted(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(BODY)
    template = load(str(tmp_path / name))
    (topic,) = template.resources()
    assert (topic.logical_id, topic.type, topic.line) == ("Topic", "AWS::SNS::Topic", 2)
    assert template.file == str(tmp_path / name)


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(b'\xef\xbb\xbf{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}')
    assert [resource.logical_id for resource in load(str(path)).resources()] == ["Topic"]


def test_a_missing_file_is_an_error(tmp_path: Path, golden: Golden) -> None:
    caught = error(tmp_path / "none.yaml")
    assert caught.hint == advise(JudgementAdvice.NAME_TEMPLATE)
    golden(caught)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("a\0b", id="with-a-null-byte"),
        pytest.param("x" * 300, id="too-long-for-a-name"),
        pytest.param("t.yaml/inner", id="below-a-file"),
    ],
)
def test_an_impossible_name_is_an_error(tmp_path: Path, name: str, golden: Golden) -> None:
    (tmp_path / "t.yaml").write_text(BODY)
    golden(error(tmp_path / name), path=name)


def test_a_folder_is_not_a_template(tmp_path: Path, golden: Golden) -> None:
    golden(error(tmp_path))


@pytest.mark.parametrize(
    "manifest", ["[]", "{", '{"artifacts": {"A": {}}}', "[" * 100_000], ids=["a-list", "cut", "bare", "deep"]
)
def test_an_invalid_manifest_is_an_error(tmp_path: Path, manifest: str, golden: Golden) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    caught = error(tmp_path)
    assert (caught.file, caught.hint) == (f"{tmp_path}/manifest.json", advise(JudgementAdvice.SYNTHESIZE_CDK_APP))
    golden(caught)


@pytest.mark.parametrize("names", ["BA", ""], ids=["two", "none"])
def test_a_cdk_folder_must_have_one_stack(tmp_path: Path, names: str, golden: Golden) -> None:
    stack = '{"type": "aws:cloudformation:stack", "properties": {"templateFile": "%s.template.json"}}'
    artifacts = ", ".join(f'"{name}": {stack % name}' for name in names)
    (tmp_path / "manifest.json").write_text(f'{{"artifacts": {{{artifacts}}}}}')
    golden(error(tmp_path))


def test_a_template_of_the_cdk_has_its_construct(tmp_path: Path) -> None:
    stack = '{"type": "aws:cloudformation:stack", "displayName": "Live/A", "properties": {"templateFile": "a.json"}}'
    (tmp_path / "manifest.json").write_text(f'{{"artifacts": {{"LiveA": {stack}}}}}')
    (tmp_path / "a.json").write_text('{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}')
    (tmp_path / "b.json").write_text('{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}')
    for path in (tmp_path, tmp_path / "a.json"):
        assert load(str(path)).source.title == f"{tmp_path}/a.json (Live/A)"
    assert load(str(tmp_path / "b.json")).source.title == f"{tmp_path}/b.json"


def test_a_pipe_is_read_as_standard_input_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(pipe.write_text, BODY)
        assert load(str(pipe)).file == STDIN


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
def test_a_process_substitution_is_read() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader), os.fdopen(writer, "w") as substitution:
        substitution.write(BODY)
        substitution.close()
        assert load(f"/dev/fd/{reader}").file == STDIN


def test_a_device_is_an_error(golden: Golden) -> None:
    caught = error("/dev/zero")
    assert caught.hint == advise(JudgementAdvice.PIPE_TEMPLATE)
    golden(caught)


def test_a_nested_template_that_is_a_device_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("Resources: {A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: z}}}")
    (tmp_path / "z").symlink_to("/dev/zero")
    with pytest.raises(TemplateError) as caught:
        stack_tree(load(str(tmp_path / "t.yaml")), Parameters(), {})
    assert (caught.value.file, caught.value.hint) == (str(tmp_path / "z"), advise(JudgementAdvice.PIPE_TEMPLATE))


@pytest.mark.parametrize(
    ("data", "at"),
    [
        pytest.param(BODY.encode("utf-16"), 0, id="utf-16"),
        pytest.param("# caf\xe9\n".encode("latin-1") + BODY.encode(), 5, id="latin-1"),
        pytest.param(b"PK\x03\x04\x14\x00\x00\x00\x08\x00\xd7\xff", 10, id="a-zip"),
    ],
)
def test_other_encodings_are_an_error_with_their_first_byte(
    tmp_path: Path, data: bytes, at: int, golden: Golden
) -> None:
    path = tmp_path / "t.yaml"
    path.write_bytes(data)
    caught = error(path)
    assert f"byte {at}" in caught.message
    golden(caught)


@pytest.mark.parametrize("more", [0, 1], ids=["exactly-full-is-read", "one-byte-more-is-not"])
def test_a_far_too_large_file_is_an_error(tmp_path: Path, more: int, golden: Golden) -> None:
    path = tmp_path / "t.yaml"
    path.write_bytes(BODY.encode() + b"#" * (MAX_BYTES - len(BODY) + more))
    if more:
        golden(error(path))
    else:
        assert load(str(path)).source.value == {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


class TestStandardInput:
    @pytest.fixture
    def feed(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], None]]:
        """Writes to a pipe that is standard input."""
        reader, writer = os.pipe()

        def write(data: bytes) -> None:
            os.write(writer, data)
            os.close(writer)

        with os.fdopen(reader) as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            yield write

    def test_a_dash_is_standard_input(self, feed: Callable[[bytes], None]) -> None:
        feed(BODY.encode())
        assert load("-").file == STDIN

    @pytest.mark.parametrize("data", [b"A: [", b"\xff"], ids=["not-yaml", "not-utf-8"])
    def test_an_error_names_it(self, feed: Callable[[bytes], None], data: bytes, golden: Golden) -> None:
        feed(data)
        golden(error("-"))

    def test_an_endless_one_is_an_error(self, monkeypatch: pytest.MonkeyPatch, golden: Golden) -> None:
        with Path("/dev/zero").open("rb") as endless:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(endless))
            golden(error("-"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("", None, id="empty"),
        pytest.param("just words", None, id="words"),
        pytest.param("- a\n- b\n", None, id="a-list"),
        pytest.param("{}", None, id="an-empty-map"),
        pytest.param("name: x\nversion: 1\n", None, id="another-kind-of-yaml"),
        pytest.param("Resources:\n", None, id="resources-without-any"),
        pytest.param("Resources: []\n", None, id="resources-as-a-list"),
        pytest.param("A: 1\nResources: {A: {Type: x}}\nParameters: []\n", 3, id="parameters-as-a-list"),
        pytest.param("Resources:\n  A: {Type: x}\n  B: text\n", 3, id="a-resource-as-text"),
        pytest.param("Outputs:\n  A:\nResources: {A: {Type: x}}\n", 2, id="an-empty-output"),
    ],
)
def test_a_file_that_is_not_a_template_is_an_error(tmp_path: Path, text: str, line: int | None, golden: Golden) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(text)
    caught = error(path)
    assert caught.line == line
    golden(caught)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Resources:\n  A:\n    Properties: {}\n", id="no-type"),
        pytest.param("Resources:\n  A: {Type: [x]}\n", id="a-type-as-a-list"),
        pytest.param("Resources:\n  A: {Type: x, Properties: [1]}\n", id="properties-as-a-list"),
    ],
)
def test_an_invalid_resource_is_an_error(tmp_path: Path, text: str, golden: Golden) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(text)
    with pytest.raises(TemplateError) as caught:
        list(load(str(path)).resources())
    assert (caught.value.file, caught.value.line) == (str(path), 2)
    golden(caught.value)


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Transform: AWS::Serverless-2016-10-31", ("AWS::Serverless-2016-10-31",)),
        ("Transform: [AWS::LanguageExtensions, Mine]", ("AWS::LanguageExtensions", "Mine")),
        ("Transform: {Name: AWS::Include, Parameters: {Location: s3://x}}", ("AWS::Include",)),
        ("Transform: []", ()),
        ("Transform:", ()),
    ],
)
def test_transforms_are_listed_by_name(tmp_path: Path, written: str, names: tuple[str, ...]) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(f"{written}\n{BODY}")
    assert load(str(path)).transforms == names
