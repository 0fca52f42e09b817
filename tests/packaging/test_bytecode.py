"""Bytecode in the zip of a Python function."""

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


def artifact_of(folder: Path, config: FunctionConfig | None = ON, runtime: str = f"python{HERE}") -> Artifact:
    function = f'{{"Type": "AWS::Lambda::Function", "Properties": {{"Code": "code", "Runtime": "{runtime}"}}}}'
    (artifact,) = packaged(written(folder, f'{{"Resources": {{"Fn": {function}}}}}'), config).artifacts
    return artifact


def extracted(artifact: Artifact, into: Path) -> list[str]:
    with zipfile.ZipFile(BytesIO(data(artifact))) as archive:
        archive.extractall(into)
        return archive.namelist()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "code" / "inner").mkdir(parents=True)
    (tmp_path / "code" / "index.py").write_text("import inner.part\nvalue = inner.part.value\n")
    (tmp_path / "code" / "inner" / "part.py").write_text("value = 'compiled'\n")
    return tmp_path


def test_python_finds_the_bytecode_and_does_not_check_its_source(folder: Path, tmp_path: Path) -> None:
    names = extracted(artifact_of(folder), tmp_path / "task")

    tag = sys.implementation.cache_tag
    assert {f"__pycache__/index.{tag}.pyc", f"inner/__pycache__/part.{tag}.pyc"} <= set(names)
    for source in (tmp_path / "task").rglob("*.py"):
        source.write_text("raise RuntimeError('compiled')\n")
    command = [sys.executable, "-c", "import index; print(index.value)"]
    assert subprocess.run(command, cwd=tmp_path / "task", capture_output=True, check=True).stdout == b"compiled\n"


@pytest.mark.parametrize(
    ("config", "runtime"),
    [
        pytest.param(ON, "python3.9", id="another-version"),
        pytest.param(ON, "nodejs22.x", id="another-language"),
        pytest.param(None, f"python{HERE}", id="not-enabled"),
    ],
)
def test_there_is_no_bytecode_for(folder: Path, tmp_path: Path, config: FunctionConfig | None, runtime: str) -> None:
    assert extracted(artifact_of(folder, config, runtime), tmp_path / "task") == ["index.py", "inner/part.py"]


def test_the_key_depends_on_the_sources_and_on_whether_there_is_bytecode(folder: Path) -> None:
    assert artifact_of(folder).key == artifact_of(folder).key
    assert artifact_of(folder).key != artifact_of(folder, None).key


@pytest.mark.parametrize("source", ["print 'Python 2'\n", "\0", "(" * 5000])
def test_a_source_that_cannot_be_compiled_has_no_bytecode(folder: Path, tmp_path: Path, source: str) -> None:
    (folder / "code" / "old.py").write_text(source)

    names = extracted(artifact_of(folder), tmp_path / "task")

    assert "old.py" in names
    assert not [name for name in names if "old." in name and name.endswith(".pyc")]


def test_a_warning_of_the_compiler_is_not_shown(folder: Path) -> None:
    (folder / "code" / "odd.py").write_text("1 is 1\n")

    assert data(artifact_of(folder))
