import os
import random
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from tapctl.deploy.package import MAX_UNZIPPED, artifacts, deterministic_zip, with_artifacts
from tapctl.errors import UsageError
from tapctl.template.model import Template, check
from tapctl.template.parse import parse

posix = pytest.mark.skipif(os.name != "posix", reason="file modes and links are POSIX's")


def template(folder: Path, code: str = '"code"', kind: str = "AWS::Lambda::Function", name: str = "Code") -> Template:
    text = f'{{"Resources": {{"Fn": {{"Type": "{kind}", "Properties": {{"{name}": {code}}}}}}}}}'
    source = parse(text, str(folder / "template.json"))
    return check(Template(source, source.value))


def packed(folder: Path) -> bytes:
    (artifact,) = artifacts(template(folder))
    return artifact.data


def entries(data: bytes) -> dict[str, tuple[str, int]]:
    """The content and the permission bits of every file in the zip."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {
            each.filename: (archive.read(each).decode(), each.external_attr >> 16 & 0o777)
            for each in archive.infolist()
        }


def test_a_folder_becomes_a_zip_of_its_files_under_a_key_of_their_content(function_folder: Path) -> None:
    (artifact,) = artifacts(template(function_folder.parent))

    assert artifact.logical_id == "Fn"
    assert artifact.key.endswith(".zip")
    assert entries(artifact.data) == {
        "index.py": ("def handle(event, context): return 1\n", 0o644),
        "inner/data.txt": ("data", 0o644),
    }


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
    data = deterministic_zip([("index.py", function_folder / "index.py")])
    (tmp_path / "made.zip").write_bytes(data)

    (artifact,) = artifacts(template(tmp_path, '"made.zip"'))

    assert artifact.data == data


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

    with pytest.raises(UsageError, match="code has no files") as raised:
        packed(tmp_path)

    assert raised.value.hint == "put the function's code there"


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Fn: there is no .*code") as raised:
        packed(tmp_path)

    assert raised.value.hint == "its code path is relative to the template"


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

    assert "index.py" in entries(artifact.data)


def test_the_template_then_names_the_object_and_the_source_stays_as_it_was(function_folder: Path) -> None:
    source = template(function_folder.parent)
    made = artifacts(source)

    body = with_artifacts(source.body, "bucket", made)

    assert body["Resources"]["Fn"]["Properties"]["Code"] == {"S3Bucket": "bucket", "S3Key": made[0].key}
    assert source.body["Resources"]["Fn"]["Properties"]["Code"] == "code"
