"""A running sandbox per module, and a state folder per test for what starts its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tapctl import sandbox
from tests.support.sandbox_clients import Aws


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """A sandbox with the default limits, for all tests of a module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPCTL_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        clients = Aws(sandbox.start())
        try:
            yield clients
        finally:
            clients.close()
            sandbox.stop()


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty state folder; what was started in it is stopped."""
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path))
    try:
        yield tmp_path / "sandbox"
    finally:
        sandbox.stop()
