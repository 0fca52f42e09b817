"""The artifacts of a template's local paths: what a zip contains, its key, and what is refused."""

import json
import os
import random
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from tapctl.errors import UsageError
from tapctl.limits.awslambda import MAX_UNZIPPED
from tapctl.packaging.content import tree, write_zip
from tapctl.packaging.links import everything
from tests.support.golden import Golden
from tests.support.packaged import artifacts, data, entries, packaged, packed, template, written

posix = pytest.mark.skipif(os.name != "posix", reason="file modes and links are POSIX's")


def test_a_folder_becomes_a_zip_under_a_key_of_its_content(function_folder: Path) -> None:
    (artifact,) = artifacts(template(function_folder.parent))

    assert artifact.label == "code of Fn"
    assert artifact.key.endswith(".zip")
    assert entries(data(artifact)) == {
        "index.py": ("def handle(event, context): return 1\n", 0o644),
        "inner/data.txt": ("data", 0o644),
    }


def with_other_times(folder: Path) -> None:
    os.utime(folder / "index.py", (1, 1))


def created_in_another_order(folder: Path) -> None:
    content = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for path in content:
        path.unlink()
    for path in reversed(content):
        path.write_bytes(content[path])


def with_group_write(folder: Path) -> None:
    (folder / "index.py").chmod(0o664)


def with_tool_files(folder: Path) -> None:
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "index.cpython-311.pyc").write_bytes(b"\0")
    (folder / "stray.pyc").write_bytes(b"\0")
    (folder / ".DS_Store").write_bytes(b"\0")


@posix
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(with_other_times, id="times"),
        pytest.param(created_in_another_order, id="order"),
        pytest.param(with_group_write, id="group permissions"),
        pytest.param(with_tool_files, id="files of tools"),
    ],
)
def test_the_zip_does_not_depend_on(change: Callable[[Path], None], function_folder: Path) -> None:
    before = packed(function_folder.parent)
    change(function_folder)

    assert packed(function_folder.parent) == before


def made_executable(folder: Path) -> None:
    (folder / "index.py").chmod(0o755)


def edited(folder: Path) -> None:
    (folder / "index.py").write_text("def handle(event, context): return 2\n")


def renamed(folder: Path) -> None:
    (folder / "index.py").rename(folder / "main.py")


@posix
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(made_executable, id="the executable bit"),
        pytest.param(edited, id="the content"),
        pytest.param(renamed, id="a name"),
    ],
)
def test_the_key_depends_on(change: Callable[[Path], None], function_folder: Path) -> None:
    (before,) = artifacts(template(function_folder.parent))
    change(function_folder)
    (after,) = artifacts(template(function_folder.parent))

    assert after.key != before.key


@posix
def test_the_executable_bit_is_kept(function_folder: Path) -> None:
    (function_folder / "run.sh").write_text("#!/bin/sh\n")
    (function_folder / "run.sh").chmod(0o700)

    assert entries(packed(function_folder.parent))["run.sh"] == ("#!/bin/sh\n", 0o755)


def test_names_are_sorted(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    names = [f"{number:02}.py" for number in range(40)]
    for name in random.Random(1).sample(names, len(names)):
        (folder / name).write_text(name)

    assert list(entries(packed(tmp_path))) == names


def test_every_entry_has_the_same_date_and_system(function_folder: Path) -> None:
    with zipfile.ZipFile(BytesIO(packed(function_folder.parent))) as archive:
        infos = archive.infolist()

    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {info.create_system for info in infos} == {3}


def test_a_single_file_is_zipped_under_its_name(tmp_path: Path) -> None:
    (tmp_path / "code").write_text("print()")

    assert list(entries(packed(tmp_path))) == ["code"]


def test_a_zip_is_uploaded_unchanged(tmp_path: Path, function_folder: Path) -> None:
    with (tmp_path / "made.zip").open("wb") as file:
        write_zip(tree(function_folder), file)

    (artifact,) = artifacts(template(tmp_path, '"made.zip"'))

    assert data(artifact) == (tmp_path / "made.zip").read_bytes()


@posix
def test_a_link_to_a_file_in_the_folder_becomes_that_file(function_folder: Path) -> None:
    (function_folder / "copy.txt").symlink_to("inner/data.txt")

    assert entries(packed(function_folder.parent))["copy.txt"] == ("data", 0o644)


@posix
@pytest.mark.parametrize(
    ("target", "packed_as"),
    [
        pytest.param("inner", {"linked/data.txt": ("data", 0o644)}, id="a folder beside it"),
        pytest.param("../shared", {"linked/more/a.py": ("a", 0o644)}, id="a folder beside the code"),
        pytest.param("../shared/more/a.py", {"linked": ("a", 0o644)}, id="a file beside the code"),
    ],
)
def test_the_target_of_a_link_in_the_project_is_packaged(
    target: str, packed_as: dict[str, tuple[str, int]], function_folder: Path
) -> None:
    (function_folder.parent / "shared" / "more").mkdir(parents=True)
    (function_folder.parent / "shared" / "more" / "a.py").write_text("a")
    (function_folder / "linked").symlink_to(target)

    package = packaged(template(function_folder.parent))

    assert packed_as.items() <= entries(data(package.artifacts[0])).items()
    assert [link.path.name for link in package.links] == ([] if target == "inner" else ["linked"])


@posix
@pytest.mark.parametrize(
    "target",
    [
        pytest.param("nowhere", id="broken"),
        pytest.param("loop", id="to itself"),
        pytest.param(".", id="to its folder"),
        pytest.param("..", id="to a folder above"),
        pytest.param("/dev/null", id="to a device"),
    ],
)
def test_a_link_that_leads_to_no_file_or_folder_is_refused(target: str, function_folder: Path, golden: Golden) -> None:
    (function_folder / "loop").symlink_to(target)

    with pytest.raises(UsageError) as raised:
        packaged(template(function_folder.parent), outside=everything())

    golden(raised.value)


@posix
def test_links_that_multiply_are_refused(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"f{number}").mkdir()
        for name in ("a", "b"):
            (tmp_path / f"f{number}" / name).symlink_to(tmp_path / f"f{number + 1}")
    (tmp_path / "f20").mkdir()

    with pytest.raises(UsageError) as refused:
        artifacts(template(tmp_path, '"f0"'))
    assert "10,000" in refused.value.message


@posix
def test_a_pipe_is_refused_without_reading_it(function_folder: Path, golden: Golden) -> None:
    os.mkfifo(function_folder / "pipe")

    with pytest.raises(UsageError) as raised:
        packed(function_folder.parent)

    golden(raised.value)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc/self/mem, which no user can read")
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, golden: Golden) -> None:
    with pytest.raises(UsageError) as raised:
        artifacts(template(tmp_path, '"/proc/self/mem"'))

    golden(raised.value)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a name is always text")
def test_a_file_name_that_is_not_utf8_is_refused(function_folder: Path, golden: Golden) -> None:
    Path(os.fsdecode(bytes(function_folder / "caf") + b"\xe9.py")).write_text("")

    with pytest.raises(UsageError) as raised:
        packed(function_folder.parent)

    golden(raised.value)


@pytest.mark.parametrize("keep", ["an empty folder inside", "nothing"])
def test_a_folder_without_files_is_refused(keep: str, tmp_path: Path, golden: Golden) -> None:
    (tmp_path / "code" / "inner").mkdir(parents=True)
    if keep == "nothing":
        (tmp_path / "code" / "inner").rmdir()

    with pytest.raises(UsageError) as raised:
        packed(tmp_path)

    golden(raised.value)


def test_a_path_that_does_not_exist_is_named(tmp_path: Path, golden: Golden) -> None:
    with pytest.raises(UsageError) as raised:
        packed(tmp_path)

    golden(raised.value)


@posix
def test_code_above_the_limit_is_refused_before_it_is_read(tmp_path: Path, golden: Golden) -> None:
    (tmp_path / "code").mkdir()
    with (tmp_path / "code" / "huge").open("wb") as file:
        file.truncate(MAX_UNZIPPED + 1)

    with pytest.raises(UsageError) as raised:
        packed(tmp_path)

    golden(raised.value)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param('{"ZipFile": "x"}', id="inline"),
        pytest.param('{"S3Bucket": "b", "S3Key": "k"}', id="an object in a bucket"),
        pytest.param('"s3://bucket/key"', id="the address of an object"),
    ],
)
def test_code_that_is_not_local_is_not_packaged(code: str, tmp_path: Path) -> None:
    assert artifacts(template(tmp_path, code)) == ()


def test_a_layer_is_packaged_like_a_function(function_folder: Path) -> None:
    (artifact,) = artifacts(template(function_folder.parent, kind="AWS::Lambda::LayerVersion", name="Content"))

    assert "index.py" in entries(data(artifact))


def test_the_packaged_template_references_the_object_and_the_source_is_unchanged(function_folder: Path) -> None:
    source = template(function_folder.parent)

    made = packaged(source)

    assert json.loads(made.text) == made.body
    code = made.body["Resources"]["Fn"]["Properties"]["Code"]
    assert code == {"S3Bucket": "bucket", "S3Key": made.artifacts[0].key}
    assert source.body["Resources"]["Fn"]["Properties"]["Code"] == "code"


def test_the_key_does_not_depend_on_the_compression(function_folder: Path) -> None:
    (artifact,) = artifacts(template(function_folder.parent))

    assert artifact.key == "d65bc33249b0ea89fd91e784babe58a9578d2ba189698fcc19ba7717df31f1fb.zip"


def test_a_zip_with_another_suffix_is_uploaded_unchanged(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "app.jar", "w") as archive:
        archive.writestr("Main.class", "code")

    (artifact,) = artifacts(template(tmp_path, '"app.jar"'))

    assert artifact.key.endswith(".jar")
    assert entries(data(artifact)) == {"Main.class": ("code", 0o600)}


def test_an_invalid_zip_is_refused(tmp_path: Path, golden: Golden) -> None:
    (tmp_path / "code.zip").write_text("no zip")

    with pytest.raises(UsageError) as raised:
        artifacts(template(tmp_path, '"code.zip"'))

    golden(raised.value)


def test_a_definition_is_uploaded_unchanged(tmp_path: Path) -> None:
    (tmp_path / "flow.asl.json").write_text("{}")

    (artifact,) = artifacts(
        template(tmp_path, '"flow.asl.json"', "AWS::StepFunctions::StateMachine", "DefinitionS3Location")
    )

    assert artifact.label == "DefinitionS3Location of Fn"
    assert (artifact.key[-5:], data(artifact)) == (".json", b"{}")


def test_a_folder_for_a_property_that_needs_a_file_is_refused(function_folder: Path, golden: Golden) -> None:
    with pytest.raises(UsageError) as raised:
        artifacts(template(function_folder.parent, kind="AWS::ApiGateway::RestApi", name="BodyS3Location"))

    golden(raised.value)


def test_a_source_bundle_is_zipped_if_it_is_a_folder(function_folder: Path) -> None:
    kind, name = "AWS::ElasticBeanstalk::ApplicationVersion", "SourceBundle"
    (function_folder.parent / "app.war").write_bytes(b"war")

    (folder,) = artifacts(template(function_folder.parent, '"code"', kind, name))
    (file,) = artifacts(template(function_folder.parent, '"app.war"', kind, name))

    assert "index.py" in entries(data(folder))
    assert data(file) == b"war"


@posix
@pytest.mark.parametrize("kind", [("AWS::Lambda::Function", "Code"), ("AWS::Glue::Job", "Command.ScriptLocation")])
def test_a_pipe_is_refused_for_each_kind_of_property(kind: tuple[str, str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    text = {"Code": '"pipe"', "Command.ScriptLocation": '{"ScriptLocation": "pipe"}'}[kind[1]]

    with pytest.raises(UsageError, match="pipe"):
        artifacts(template(tmp_path, text, kind[0], kind[1].partition(".")[0]))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root can list every folder")
def test_a_folder_that_cannot_be_listed_is_refused(function_folder: Path) -> None:
    (function_folder / "inner").chmod(0)
    try:
        with pytest.raises(UsageError, match="inner"):
            packed(function_folder.parent)
    finally:
        (function_folder / "inner").chmod(0o755)


def huge(file: Path, size: int) -> None:
    """Create a sparse file of this size."""
    file.parent.mkdir(exist_ok=True)
    with file.open("wb") as out:
        out.truncate(size)


@posix
def test_the_limit_applies_to_code_and_layers_together(tmp_path: Path, golden: Golden) -> None:
    huge(tmp_path / "code" / "file", MAX_UNZIPPED // 2)
    huge(tmp_path / "layer" / "file", MAX_UNZIPPED // 2 + 1)
    source = written(
        tmp_path,
        """
        Resources:
          Fn: {Type: AWS::Lambda::Function, Properties: {Code: code, Layers: [!Ref Layer, "arn:aws:lambda:x"]}}
          Layer: {Type: AWS::Lambda::LayerVersion, Properties: {Content: layer}}
        """,
    )

    with pytest.raises(UsageError) as raised:
        artifacts(source)

    golden(raised.value)


def test_the_limit_applies_to_the_unzipped_size(tmp_path: Path, golden: Golden) -> None:
    made = zipfile.ZipFile(tmp_path / "code.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with made as archive, archive.open("zeros", "w") as file:
        for _ in range(256):
            file.write(bytes(1 << 20))

    with pytest.raises(UsageError) as raised:
        artifacts(template(tmp_path, '"code.zip"'))

    golden(raised.value)


def test_functions_that_share_a_folder_share_an_object(function_folder: Path) -> None:
    source = written(
        function_folder.parent,
        """
        Transform: AWS::Serverless-2016-10-31
        Globals: {Function: {CodeUri: code, Handler: index.handle, Runtime: python3.12}}
        Resources:
          A: {Type: AWS::Serverless::Function}
          B: {Type: AWS::Serverless::Function}
        """,
    )

    made = packaged(source)

    (artifact,) = made.artifacts
    resources = json.loads(made.text)["Resources"].values()
    assert {resource["Properties"]["CodeUri"] for resource in resources} == {f"s3://bucket/{artifact.key}"}


def test_a_nested_template_is_packaged_and_uploaded_early(function_folder: Path) -> None:
    folder = function_folder.parent
    (folder / "child.yaml").write_text("Resources: {Fn: {Type: AWS::Lambda::Function, Properties: {Code: code}}}")
    source = template(folder, '"child.yaml"', "AWS::CloudFormation::Stack", "TemplateURL")

    made = packaged(source)

    code, child = made.artifacts
    assert (code.label, code.early) == ("code of Fn", False)
    assert (child.label, child.early) == ("TemplateURL of Fn", True)
    assert json.loads(data(child))["Resources"]["Fn"]["Properties"]["Code"]["S3Key"] == code.key
    url = json.loads(made.text)["Resources"]["Fn"]["Properties"]["TemplateURL"]
    assert url == f"https://s3.us-east-1.amazonaws.com/bucket/{child.key}"


def test_a_nested_template_without_local_paths_is_uploaded_unchanged(tmp_path: Path) -> None:
    (tmp_path / "child.yaml").write_text("Resources: {Q: {Type: AWS::SQS::Queue}}  # a comment")
    nested = template(tmp_path, '"child.yaml"', "AWS::CloudFormation::Stack", "TemplateURL")

    (child,) = artifacts(nested)

    assert data(child) == b"Resources: {Q: {Type: AWS::SQS::Queue}}  # a comment"


def test_a_template_that_nests_itself_is_refused(tmp_path: Path, golden: Golden) -> None:
    text = "Resources: {Own: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: template.yaml}}}"
    (tmp_path / "template.yaml").write_text(text)

    with pytest.raises(UsageError) as caught:
        artifacts(written(tmp_path, text))
    golden(caught.value)


def test_a_nested_template_above_the_size_limit_is_refused(tmp_path: Path, golden: Golden) -> None:
    filler = json.dumps(["x" * 1000] * 1050)
    (tmp_path / "child.yaml").write_text(f"Metadata: {{Filler: {filler}}}\nResources: {{Q: {{Type: AWS::SQS::Queue}}}}")

    with pytest.raises(UsageError) as raised:
        artifacts(template(tmp_path, '"child.yaml"', "AWS::CloudFormation::Stack", "TemplateURL"))

    golden(raised.value)


def test_an_included_snippet_is_uploaded_early(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text("Q: {Type: AWS::SQS::Queue}")
    source = written(
        tmp_path,
        """
        Transform: {Name: AWS::Include, Parameters: {Location: part.yaml}}
        Resources: {Q: {Type: AWS::SQS::Queue}}
        """,
    )

    made = packaged(source)

    (artifact,) = made.artifacts
    assert artifact.early
    assert json.loads(made.text)["Transform"]["Parameters"]["Location"] == f"s3://bucket/{artifact.key}"


@pytest.mark.parametrize(
    ("name", "staged"), [("../asset.1a2b", True), ("../../bundle", False), ("/tmp/bundle", False)], ids=str
)
def test_a_bundle_of_the_cdk_must_be_in_the_cloud_assembly(
    name: str, staged: bool, function_folder: Path, golden: Golden
) -> None:
    stage = function_folder.parent / "assembly-Live"
    stage.mkdir()
    for folder in (function_folder.parent, stage):
        (folder / "manifest.json").write_text("{}")
    metadata = f'{{"aws:asset:path": "{name}", "aws:asset:property": "Code", "aws:asset:is-bundled": true}}'
    code = '{"S3Bucket": "cdk-assets", "S3Key": "1a2b.zip"}'
    text = '{"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": {"Code": %s}, "Metadata": %s}}}'
    source = written(stage, text % (code, metadata))
    if staged:
        assert not artifacts(source)
    else:
        with pytest.raises(UsageError) as caught:
            artifacts(source)
        golden(caught.value)


@pytest.mark.parametrize("exists", [True, False], ids=["beside the template", "published by cdk-assets"])
def test_a_cdk_asset_is_packaged_if_it_exists(exists: bool, function_folder: Path) -> None:
    metadata = '{"aws:asset:path": "%s", "aws:asset:property": "Code"}' % ("code" if exists else "asset.1a2b")
    code = '{"S3Bucket": "cdk-assets", "S3Key": "1a2b.zip"}'
    text = '{"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": {"Code": %s}, "Metadata": %s}}}'

    made = packaged(written(function_folder.parent, text % (code, metadata)))

    bucket = json.loads(made.text)["Resources"]["Fn"]["Properties"]["Code"]["S3Bucket"]
    assert bucket == ("bucket" if exists else "cdk-assets")
