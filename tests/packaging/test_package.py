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
from tapctl.packaging.archive import write_zip
from tapctl.packaging.file_tree import tree
from tests.support.packaged import artifacts, data, entries, packaged, packed, template, written

posix = pytest.mark.skipif(os.name != "posix", reason="file modes and links are POSIX's")


def touched(folder: Path) -> None:
    os.utime(folder / "index.py", (1, 1))


def rewritten(folder: Path) -> None:
    """The same files, made in another order."""
    content = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for path in content:
        path.unlink()
    for path in reversed(content):
        path.write_bytes(content[path])


def group_writable(folder: Path) -> None:
    (folder / "index.py").chmod(0o664)


def cached(folder: Path) -> None:
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "index.cpython-311.pyc").write_bytes(b"\0")
    (folder / "stray.pyc").write_bytes(b"\0")
    (folder / ".DS_Store").write_bytes(b"\0")


@posix
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(touched, id="other times"),
        pytest.param(rewritten, id="another order"),
        pytest.param(group_writable, id="modes that Lambda does not know"),
        pytest.param(cached, id="what tools leave behind"),
    ],
)
def test_what_does_not_matter_gives_the_same_bytes(change: Callable[[Path], None], function_folder: Path) -> None:
    before = packed(function_folder.parent)
    change(function_folder)

    assert packed(function_folder.parent) == before


def executable(folder: Path) -> None:
    (folder / "index.py").chmod(0o755)


def edited(folder: Path) -> None:
    (folder / "index.py").write_text("def handle(event, context): return 2\n")


def renamed(folder: Path) -> None:
    (folder / "index.py").rename(folder / "main.py")


@posix
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(executable, id="the executable bit"),
        pytest.param(edited, id="the content"),
        pytest.param(renamed, id="a name"),
    ],
)
def test_what_matters_gives_another_key(change: Callable[[Path], None], function_folder: Path) -> None:
    (before,) = artifacts(template(function_folder.parent))
    change(function_folder)
    (after,) = artifacts(template(function_folder.parent))

    assert after.key != before.key


@posix
def test_the_executable_bit_is_kept(function_folder: Path) -> None:
    (function_folder / "run.sh").write_text("#!/bin/sh\n")
    (function_folder / "run.sh").chmod(0o700)

    assert entries(packed(function_folder.parent))["run.sh"] == ("#!/bin/sh\n", 0o755)


def test_names_are_sorted_whatever_the_disk_says(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    names = [f"{number:02}.py" for number in range(40)]
    for name in random.Random(1).sample(names, len(names)):
        (folder / name).write_text(name)

    assert list(entries(packed(tmp_path))) == names


def test_the_zip_knows_nothing_of_the_machine_that_made_it(function_folder: Path) -> None:
    with zipfile.ZipFile(BytesIO(packed(function_folder.parent))) as archive:
        infos = archive.infolist()

    assert {each.date_time for each in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {each.create_system for each in infos} == {3}


def test_a_single_file_is_zipped_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "code").write_text("print()")

    assert list(entries(packed(tmp_path))) == ["code"]


def test_a_zip_that_is_there_already_goes_as_it_is(tmp_path: Path, function_folder: Path) -> None:
    with (tmp_path / "made.zip").open("wb") as file:
        write_zip(tree(function_folder), file)

    (artifact,) = artifacts(template(tmp_path, '"made.zip"'))

    assert data(artifact) == (tmp_path / "made.zip").read_bytes()


@posix
def test_a_link_to_a_file_inside_becomes_that_file(function_folder: Path) -> None:
    (function_folder / "copy.txt").symlink_to("inner/data.txt")

    assert entries(packed(function_folder.parent))["copy.txt"] == ("data", 0o644)


@posix
@pytest.mark.parametrize(
    ("target", "problem"),
    [
        pytest.param("../secret.txt", "leads out of the function's folder", id="out of the folder"),
        pytest.param("/etc/hostname", "leads out of the function's folder", id="to anywhere else"),
        pytest.param("nowhere", "a link to what is not a file", id="to nothing"),
        pytest.param("inner", "a link to what is not a file", id="to a folder"),
        pytest.param("loop", "a link to what is not a file", id="to itself"),
    ],
)
def test_a_link_that_cannot_be_followed_is_refused(target: str, problem: str, function_folder: Path) -> None:
    (function_folder.parent / "secret.txt").write_text("secret")
    (function_folder / "loop").symlink_to(target)

    with pytest.raises(UsageError, match=problem) as raised:
        packed(function_folder.parent)

    assert str(function_folder / "loop") in raised.value.message
    assert raised.value.hint == "replace the link by the file"


@posix
def test_what_is_neither_file_nor_folder_is_refused_and_not_waited_for(function_folder: Path) -> None:
    os.mkfifo(function_folder / "pipe")

    with pytest.raises(UsageError, match="pipe is neither a file nor a folder"):
        packed(function_folder.parent)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file that cannot be read by anybody")
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Fn: cannot read /proc/self/mem: Input/output error"):
        artifacts(template(tmp_path, '"/proc/self/mem"'))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a name is always text")
def test_a_name_that_is_not_text_is_refused(function_folder: Path) -> None:
    Path(os.fsdecode(bytes(function_folder / "caf") + b"\xe9.py")).write_text("")

    with pytest.raises(UsageError, match="has a file whose name is not UTF-8"):
        packed(function_folder.parent)


@pytest.mark.parametrize("keep", ["an empty folder inside", "nothing"])
def test_a_folder_without_files_is_refused(keep: str, tmp_path: Path) -> None:
    (tmp_path / "code" / "inner").mkdir(parents=True)
    if keep == "nothing":
        (tmp_path / "code" / "inner").rmdir()

    with pytest.raises(UsageError, match=r"^Fn: .*code has no files") as raised:
        packed(tmp_path)

    assert raised.value.hint == "put the function's code there"


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Fn: there is no .*code") as raised:
        packed(tmp_path)

    assert raised.value.hint == "its Code is relative to the template"


@posix
def test_more_than_lambda_takes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    with (tmp_path / "code" / "huge").open("wb") as file:
        file.truncate(MAX_UNZIPPED + 1)

    with pytest.raises(UsageError, match="is 262,144,001 bytes; Lambda takes 262,144,000"):
        packed(tmp_path)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param('{"ZipFile": "x"}', id="inline"),
        pytest.param('{"S3Bucket": "b", "S3Key": "k"}', id="an object in a bucket"),
        pytest.param('"s3://bucket/key"', id="the address of an object"),
    ],
)
def test_code_that_is_not_local_is_left_alone(code: str, tmp_path: Path) -> None:
    assert artifacts(template(tmp_path, code)) == ()


def test_a_layer_is_packed_as_a_function_is(function_folder: Path) -> None:
    (artifact,) = artifacts(template(function_folder.parent, kind="AWS::Lambda::LayerVersion", name="Content"))

    assert "index.py" in entries(data(artifact))


def test_the_template_then_names_the_object_and_the_source_stays_as_it_was(function_folder: Path) -> None:
    source = template(function_folder.parent)

    made = packaged(source)

    code = json.loads(made.text)["Resources"]["Fn"]["Properties"]["Code"]
    assert code == {"S3Bucket": "bucket", "S3Key": made.artifacts[0].key}
    assert source.body["Resources"]["Fn"]["Properties"]["Code"] == "code"


def test_the_key_hangs_on_what_the_files_hold_and_not_on_how_they_are_compressed(function_folder: Path) -> None:
    (artifact,) = artifacts(template(function_folder.parent))

    assert artifact.key == "d65bc33249b0ea89fd91e784babe58a9578d2ba189698fcc19ba7717df31f1fb.zip"


def test_a_file_that_is_a_zip_by_its_content_goes_as_it_is_whatever_its_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "app.jar", "w") as archive:
        archive.writestr("Main.class", "code")

    (artifact,) = artifacts(template(tmp_path, '"app.jar"'))

    assert artifact.key.endswith(".jar")
    assert entries(data(artifact)) == {"Main.class": ("code", 0o600)}


def test_what_is_called_a_zip_and_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_text("no zip")

    with pytest.raises(UsageError, match=r"Fn: .*code\.zip is no zip, whatever its name says"):
        artifacts(template(tmp_path, '"code.zip"'))


def test_a_definition_goes_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "flow.asl.json").write_text("{}")

    (artifact,) = artifacts(
        template(tmp_path, '"flow.asl.json"', "AWS::StepFunctions::StateMachine", "DefinitionS3Location")
    )

    assert artifact.label == "DefinitionS3Location of Fn"
    assert (artifact.key[-5:], data(artifact)) == (".json", b"{}")


def test_a_folder_where_a_file_belongs_is_refused(function_folder: Path) -> None:
    with pytest.raises(UsageError, match=r"Fn: .*code is a folder") as raised:
        artifacts(template(function_folder.parent, kind="AWS::ApiGateway::RestApi", name="BodyS3Location"))

    assert raised.value.hint == "its BodyS3Location takes a file"


def test_a_bundle_is_zipped_where_it_is_a_folder_and_left_where_it_is_a_file(function_folder: Path) -> None:
    kind, name = "AWS::ElasticBeanstalk::ApplicationVersion", "SourceBundle"
    (function_folder.parent / "app.war").write_bytes(b"war")

    (folder,) = artifacts(template(function_folder.parent, '"code"', kind, name))
    (file,) = artifacts(template(function_folder.parent, '"app.war"', kind, name))

    assert "index.py" in entries(data(folder))
    assert data(file) == b"war"


@posix
@pytest.mark.parametrize("kind", [("AWS::Lambda::Function", "Code"), ("AWS::Glue::Job", "Command.ScriptLocation")])
def test_a_device_is_refused_and_not_read(kind: tuple[str, str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    text = {"Code": '"pipe"', "Command.ScriptLocation": '{"ScriptLocation": "pipe"}'}[kind[1]]

    with pytest.raises(UsageError, match="pipe is neither a file nor a folder"):
        artifacts(template(tmp_path, text, kind[0], kind[1].partition(".")[0]))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_that_cannot_be_listed_does_not_pass_for_an_empty_one(function_folder: Path) -> None:
    (function_folder / "inner").chmod(0)
    try:
        with pytest.raises(UsageError, match=r"cannot read .*inner: Permission denied"):
            packed(function_folder.parent)
    finally:
        (function_folder / "inner").chmod(0o755)


def huge(file: Path, size: int) -> None:
    """A file of holes."""
    file.parent.mkdir(exist_ok=True)
    with file.open("wb") as out:
        out.truncate(size)


@posix
def test_a_functions_layers_count_with_its_code(tmp_path: Path) -> None:
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

    with pytest.raises(UsageError, match="Fn: its code and its layers are 262,144,001 bytes; Lambda takes 262,144,000"):
        artifacts(source)


def test_a_zip_is_measured_by_what_lambda_makes_of_it(tmp_path: Path) -> None:
    made = zipfile.ZipFile(tmp_path / "code.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with made as archive, archive.open("zeros", "w") as file:
        for _ in range(256):
            file.write(bytes(1 << 20))

    with pytest.raises(UsageError, match=r"Fn: code\.zip is 268,435,456 bytes"):
        artifacts(template(tmp_path, '"code.zip"'))


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
    assert {each["Properties"]["CodeUri"] for each in resources} == {f"s3://bucket/{artifact.key}"}


def test_a_nested_template_is_packaged_itself_and_read_before_its_parent(function_folder: Path) -> None:
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


def test_a_nested_template_with_nothing_local_goes_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "child.yaml").write_text("Resources: {Q: {Type: AWS::SQS::Queue}}  # a comment")
    nested = template(tmp_path, '"child.yaml"', "AWS::CloudFormation::Stack", "TemplateURL")

    (child,) = artifacts(nested)

    assert data(child) == b"Resources: {Q: {Type: AWS::SQS::Queue}}  # a comment"


def test_a_template_that_nests_itself_is_refused(tmp_path: Path) -> None:
    text = "Resources: {Own: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: template.yaml}}}"
    (tmp_path / "template.yaml").write_text(text)

    with pytest.raises(UsageError, match=r"Own nests .*template\.yaml, in which it is nested itself"):
        artifacts(written(tmp_path, text))


def test_a_nested_template_that_cloudformation_finds_too_long_is_refused_by_name(tmp_path: Path) -> None:
    filler = json.dumps(["x" * 1000] * 1050)
    (tmp_path / "child.yaml").write_text(f"Metadata: {{Filler: {filler}}}\nResources: {{Q: {{Type: AWS::SQS::Queue}}}}")

    with pytest.raises(UsageError, match=r"child\.yaml is 1,05\d,\d{3} bytes when packaged"):
        artifacts(template(tmp_path, '"child.yaml"', "AWS::CloudFormation::Stack", "TemplateURL"))


def test_a_snippet_is_read_for_the_change_set(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("there", [True, False], ids=["beside the template", "published by cdk-assets"])
def test_an_asset_of_the_cdk_is_packaged_where_it_is(there: bool, function_folder: Path) -> None:
    metadata = '{"aws:asset:path": "%s", "aws:asset:property": "Code"}' % ("code" if there else "asset.1a2b")
    code = '{"S3Bucket": "cdk-assets", "S3Key": "1a2b.zip"}'
    text = '{"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": {"Code": %s}, "Metadata": %s}}}'

    made = packaged(written(function_folder.parent, text % (code, metadata)))

    placed = json.loads(made.text)["Resources"]["Fn"]["Properties"]["Code"]["S3Bucket"]
    assert placed == ("bucket" if there else "cdk-assets")
