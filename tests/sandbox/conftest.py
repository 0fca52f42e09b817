"""An account of the shared sandbox for a module, and a sandbox of its own for a test of the process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tapctl import sandbox
from tapctl.sandbox import AccountLimits
from tests.support.sandbox_clients import Aws
from tests.support.shared_sandbox import SharedSandbox


@pytest.fixture(scope="module")
def aws(shared_sandbox: SharedSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """An account with the default limits, for the tests of a module."""
    with shared_sandbox.account(tmp_path_factory.mktemp("state") / "state", AccountLimits()) as running:
        clients = Aws(running)
        yield clients
        clients.close()


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a sandbox that the test starts; it is stopped at the end."""
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path))
    try:
        yield tmp_path / "sandbox"
    finally:
        sandbox.stop()
