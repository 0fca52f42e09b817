"""A module of tapctl in another Python takes nothing from where the caller is."""

import subprocess
from pathlib import Path

import pytest

from tapctl.state.isolated_python import isolated


def test_no_file_of_the_folder_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json", "runpy", "cfnlint", "tapctl", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(f"open('{name} ran', 'w')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    command = isolated("tapctl.sandbox.server", "--help")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)

    assert [path.name for path in tmp_path.glob("* ran")] == []
    assert (done.returncode, done.stdout.partition(" ")[0]) == (0, "usage:"), done.stderr


def test_the_module_gets_its_arguments(tmp_path: Path) -> None:
    command = isolated("json.tool", "--indent", "1")
    done = subprocess.run(command, cwd=tmp_path, input="[1]", capture_output=True, text=True, check=True, timeout=300)

    assert done.stdout == "[\n 1\n]\n"
