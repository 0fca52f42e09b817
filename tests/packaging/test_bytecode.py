import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from tapctl.packaging.package import Artifact
from tapctl.settings.config_file import FunctionConfig
from tests.support.packaged import data, packaged, written

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
ON = FunctionConfig(bytecode=True)


def artifact(folder: Path, config: FunctionConfig | None = ON, runtime: str = f"python{HERE}") -> Artifact:
    function = f'{{"Type": "AWS::Lambda::Function", "Properties": {{"Code": "code", "Runtime": "{runtime}"}}}}'
    (made,) = packaged(written(folder, f'{{"Resources": {{"Fn": {function}}}}}'), config).artifacts
    return made


def unpacked(made: Artifact, into: Path) -> list[str]:
    with zipfile.ZipFile(BytesIO(data(made))) as archive:
        archive.extractall(into)
        return archive.namelist()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "code" / "inner").mkdir(parents=True)
    (tmp_path / "code" / "index.py").write_text("import inner.part\nvalue = inner.part.value\n")
    (tmp_path / "code" / "inner" / "part.py").write_text("value = 'compiled'\n")
    return tmp_path


def test_bytecode_lies_where_python_looks_for_it_and_is_not_checked(folder: Path, tmp_path: Path) -> None:
    names = unpacked(artifact(folder), tmp_path / "task")

    tag = sys.implementation.cache_tag
    assert {f"__pycache__/index.{tag}.pyc", f"inner/__pycache__/part.{tag}.pyc"} <= set(names)
    for source in (tmp_path / "task").rglob("*.py"):
        source.write_text("raise RuntimeError('compiled anew')\n")
    command = [sys.executable, "-c", "import index; print(index.value)"]
    assert subprocess.run(command, cwd=tmp_path / "task", capture_output=True, check=True).stdout == b"compiled\n"


@pytest.mark.parametrize(
    ("config", "runtime"),
    [
        pytest.param(ON, "python3.9", id="another-version"),
        pytest.param(ON, "nodejs22.x", id="another-language"),
        pytest.param(None, f"python{HERE}", id="not-asked-for"),
    ],
)
def test_there_is_none_otherwise(folder: Path, tmp_path: Path, config: FunctionConfig | None, runtime: str) -> None:
    assert unpacked(artifact(folder, config, runtime), tmp_path / "task") == ["index.py", "inner/part.py"]


def test_the_key_is_that_of_the_sources_and_tells_bytecode_apart(folder: Path) -> None:
    assert artifact(folder).key == artifact(folder).key
    assert artifact(folder).key != artifact(folder, None).key


@pytest.mark.parametrize("source", ["print 'of long ago'\n", "\0", "(" * 5000])
def test_what_cannot_be_compiled_goes_as_it_is(folder: Path, tmp_path: Path, source: str) -> None:
    (folder / "code" / "old.py").write_text(source)

    names = unpacked(artifact(folder), tmp_path / "task")

    assert "old.py" in names
    assert not [name for name in names if "old." in name and name.endswith(".pyc")]


def test_a_warning_about_a_source_is_not_shown(folder: Path) -> None:
    (folder / "code" / "odd.py").write_text("1 is 1\n")

    assert data(artifact(folder))
