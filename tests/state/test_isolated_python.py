"""A module of tapctl in another Python takes nothing from where the caller is."""

import subprocess
from pathlib import Path

import pytest

from tapctl.state.isolated_python import isolated


@pytest.mark.parametrize("name", ["json.py", "runpy.py", "cfnlint.py", "tapctl.py", "sitecustomize.py"])
def test_a_file_of_the_folder_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / name).write_text("open('ran', 'w')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    command = isolated("tapctl.sandbox.server", "--help")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)

    assert (done.returncode, done.stdout.partition(" ")[0]) == (0, "usage:"), done.stderr
    assert not (tmp_path / "ran").exists()


def test_the_module_gets_its_arguments(tmp_path: Path) -> None:
    command = isolated("json.tool", "--indent", "1")
    done = subprocess.run(command, cwd=tmp_path, input="[1]", capture_output=True, text=True, check=True, timeout=300)

    assert done.stdout == "[\n 1\n]\n"
