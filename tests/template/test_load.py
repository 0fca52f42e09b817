"""From a path to a template: what is no template is refused in one line, with what to do next."""

import io
import os
import sys
from pathlib import Path

import pytest

from tapctl.errors import ExitCode, TemplateError
from tapctl.template.load import MAX_BYTES, load

BODY = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n"


def refused(path: Path | str) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        load(str(path))
    assert caught.value.exit_code is ExitCode.USAGE
    assert "\n" not in caught.value.message
    return caught.value


@pytest.mark.parametrize("name", ["t.yaml", "t.json", "no extension", "ümlaut.template"])
def test_a_template_is_read_whatever_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(BODY)
    template = load(str(tmp_path / name))
    assert [(each.logical_id, each.type, each.line) for each in template.resources()] == [
        ("Topic", "AWS::SNS::Topic", 2)
    ]
    assert template.file == str(tmp_path / name)


def test_a_byte_order_mark_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(b'\xef\xbb\xbf{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}')
    assert [each.logical_id for each in load(str(path)).resources()] == ["Topic"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path / "none.yaml")
    assert error.message == f"{tmp_path}/none.yaml: no such file"
    assert error.hint == "name the template as an argument, with `--template`, or as `template` in tapctl.toml"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("a\0b", "cannot be read: embedded null byte", id="with-a-null-byte"),
        pytest.param("x" * 300, "cannot be read: [Errno 36] File name too long", id="too-long-for-a-name"),
        pytest.param("t.yaml/inner", "cannot be read: [Errno 20] Not a directory", id="below-a-file"),
    ],
)
def test_an_impossible_name_is_no_crash(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "t.yaml").write_text(BODY)
    assert reason in refused(tmp_path / name).message


def test_a_folder_is_no_template(tmp_path: Path) -> None:
    error = refused(tmp_path)
    assert (error.message, error.hint) == (
        f"{tmp_path}: is a folder, not a template",
        "name the template file in it",
    )


@pytest.mark.parametrize(
    "manifest", ["[]", "{", '{"artifacts": {"A": {}}}', "[" * 100_000], ids=["a-list", "cut", "bare", "deep"]
)
def test_a_broken_manifest_is_named(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    assert refused(tmp_path).message == f"{tmp_path}/manifest.json: is no manifest of a CDK app"


def test_a_cdk_folder_with_two_stacks_wants_one_named(tmp_path: Path) -> None:
    stack = '{"type": "aws:cloudformation:stack", "properties": {"templateFile": "%s.template.json"}}'
    (tmp_path / "manifest.json").write_text(f'{{"artifacts": {{"B": {stack % "B"}, "A": {stack % "A"}}}}}')
    error = refused(tmp_path)
    assert error.message == f"{tmp_path}: holds 2 stacks"
    assert error.hint == f"name one: {tmp_path}/A.template.json, {tmp_path}/B.template.json"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    error = refused(tmp_path / "pipe")
    assert error.message == f"{tmp_path}/pipe: is not a regular file"
    assert error.hint == "pipe it instead: `… | tapctl preflight -`"


def test_a_device_is_not_read() -> None:
    assert refused("/dev/zero").message == "/dev/zero: is not a regular file"


@pytest.mark.parametrize(
    ("data", "at"),
    [
        pytest.param(BODY.encode("utf-16"), 0, id="utf-16"),
        pytest.param("# caf\xe9\n".encode("latin-1") + BODY.encode(), 5, id="latin-1"),
        pytest.param(b"PK\x03\x04\x14\x00\x00\x00\x08\x00\xd7\xff", 10, id="a-zip"),
    ],
)
def test_what_is_not_utf_8_says_where(tmp_path: Path, data: bytes, at: int) -> None:
    path = tmp_path / "t.yaml"
    path.write_bytes(data)
    assert refused(path).message == f"{path}: is not UTF-8 text (byte {at})"


@pytest.mark.parametrize("more", [0, 1], ids=["exactly-full-is-read", "one-byte-more-is-not"])
def test_what_is_far_too_large_is_not_read(tmp_path: Path, more: int) -> None:
    path = tmp_path / "t.yaml"
    path.write_bytes(BODY.encode() + b"#" * (MAX_BYTES - len(BODY) + more))
    if more:
        assert refused(path).message == f"{path}: is larger than 16 MiB; CloudFormation takes at most 1 MB"
    else:
        assert load(str(path)).source.value == {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


class TestStandardInput:
    @staticmethod
    def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    def test_a_dash_is_standard_input(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.feed(monkeypatch, BODY.encode())
        assert load("-").file == "<stdin>"

    def test_errors_in_it_are_named_for_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.feed(monkeypatch, b"A: [")
        assert refused("-").message.startswith("<stdin>:2:1: not YAML: ")
        self.feed(monkeypatch, b"\xff")
        assert refused("-").message == "<stdin>: is not UTF-8 text (byte 0)"

    def test_an_endless_one_is_cut(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with Path("/dev/zero").open("rb") as endless:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(endless))
            assert refused("-").message == "<stdin>: is larger than 16 MiB; CloudFormation takes at most 1 MB"


NO_MAP = "not a CloudFormation template: it is no map of sections"
NO_RESOURCES = "not a CloudFormation template: it has no Resources"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", NO_MAP, id="empty"),
        pytest.param("just words", NO_MAP, id="words"),
        pytest.param("- a\n- b\n", NO_MAP, id="a-list"),
        pytest.param("{}", NO_MAP, id="an-empty-map"),
        pytest.param("name: x\nversion: 1\n", NO_RESOURCES, id="another-kind-of-yaml"),
        pytest.param("Resources:\n", NO_RESOURCES, id="resources-without-any"),
        pytest.param("Resources: []\n", NO_RESOURCES, id="resources-as-a-list"),
        pytest.param(
            "A: 1\nResources: {A: {Type: x}}\nParameters: []\n",
            "3: the section Parameters is not a map",
            id="parameters-as-a-list",
        ),
        pytest.param("Resources:\n  A: {Type: x}\n  B: text\n", "3: Resources.B is not a map", id="a-resource-as-text"),
        pytest.param("Outputs:\n  A:\nResources: {A: {Type: x}}\n", "2: Outputs.A is not a map", id="an-empty-output"),
    ],
)
def test_what_is_no_template_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(text)
    separator = ":" if message[0].isdigit() else ": "
    assert refused(path).message == f"{path}{separator}{message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("Resources:\n  A:\n    Properties: {}\n", "2: resource A has no Type", id="no-type"),
        pytest.param("Resources:\n  A: {Type: [x]}\n", "2: resource A has no Type", id="a-type-as-a-list"),
        pytest.param(
            "Resources:\n  A: {Type: x, Properties: [1]}\n", "2: the Properties of A are not a map", id="properties"
        ),
    ],
)
def test_what_is_no_resource_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(text)
    with pytest.raises(TemplateError) as caught:
        list(load(str(path)).resources())
    assert caught.value.message == f"{path}:{message}"


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
