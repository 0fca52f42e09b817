"""The command in a process of its own for whole workflows, and in this process for the many small cases."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from tapctl import sandbox
from tapctl.__main__ import main
from tapctl.sandbox import AccountLimits
from tests.support.shared_sandbox import SharedSandbox, stop_sandbox
from tests.support.terminal import Answer, Terminal

Main = Callable[[], NoReturn]
Tapctl = Callable[..., Answer]


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A terminal whose state folder is empty; a sandbox that was started in it is stopped."""
    folder = tmp_path_factory.mktemp("state")
    try:
        yield Terminal(folder)
    finally:
        stop_sandbox(folder)


@pytest.fixture
def sandbox_terminal(shared_sandbox: SharedSandbox, tmp_path: Path) -> Terminal:
    """A terminal that uses an empty account of the shared sandbox, with the limits of a new account."""
    return Terminal(tmp_path / "state", environment=shared_sandbox.new_account(tmp_path / "state"))


@contextmanager
def sandboxed(
    server: SharedSandbox, folder: Path, files: Mapping[str, str], limits: AccountLimits | None = None
) -> Iterator[Terminal]:
    """A terminal in a folder with these files, which uses an account of the shared sandbox."""
    for name, text in files.items():
        (folder / name).write_text(text)
    state = folder / "state"
    variables = server.new_account(state)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        sandbox.start(limits or AccountLimits())
    yield Terminal(state, folder, variables)


def local(stack_name: str = "") -> str:
    """A tapctl.toml whose environment `local` is the sandbox."""
    named = f'stack_name = "{stack_name}"\n' if stack_name else ""
    return f"{named}[env.local]\nsandbox = true\n"


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder without credentials and without state."""
    for name in [
        name for name in os.environ if name.startswith(("AWS_", "TAPCTL_")) or name.lower().endswith("_proxy")
    ]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "140")
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def tapctl(workdir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tapctl:
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
