"""A terminal in another process for whole stories, and the command in this one for the many small ones."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from tapctl import sandbox
from tapctl.__main__ import main
from tests.support.terminal import Answer, Terminal

Main = Callable[[], NoReturn]
Tapctl = Callable[..., Answer]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state folder for a module; the sandbox that was started in it is stopped."""
    folder = tmp_path_factory.mktemp("state")
    try:
        yield folder
    finally:
        stop(folder)


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A terminal whose state folder is empty."""
    folder = tmp_path_factory.mktemp("state")
    try:
        yield Terminal(folder)
    finally:
        stop(folder)


@contextmanager
def sandboxed(folders: pytest.TempPathFactory, files: Mapping[str, str], *limits: str) -> Iterator[Terminal]:
    """A terminal in a folder with these files, whose sandbox runs."""
    folder = folders.mktemp("desk")
    for name, text in files.items():
        (folder / name).write_text(text)
    terminal = Terminal(folder / "state", folder)
    try:
        assert terminal.tapctl("sandbox", "start", *limits).code == 0
        yield terminal
    finally:
        stop(terminal.state)


def local(stack_name: str = "") -> str:
    """A tapctl.toml whose environment `local` is the sandbox."""
    named = f'stack_name = "{stack_name}"\n' if stack_name else ""
    return f"{named}[env.local]\nsandbox = true\n"


def stop(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPCTL_STATE_DIR", str(folder))
        sandbox.stop()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, nobody's credentials, and no state."""
    for name in [
        name for name in os.environ if name.startswith(("AWS_", "TAPCTL_")) or name.lower().endswith("_proxy")
    ]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "140")
    folder = tmp_path / "desk"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def tapctl(desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tapctl:
    """The command in this process, from `main` on."""

    def run(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["tapctl", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Answer(int(ended.value.code), out, err)

    return run
