"""An empty account of the sandbox, with limits of its choice, for each test."""

from pathlib import Path

import pytest

from tapctl.aws.session import Aws, Connection
from tapctl.sandbox import AccountLimits
from tests.support.shared_sandbox import SharedSandbox
from tests.support.small_account import TEMPLATE, SmallAccount


@pytest.fixture
def account(
    shared_sandbox: SharedSandbox, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> SmallAccount:
    limit, floor = request.param
    running = shared_sandbox.use_account(monkeypatch, tmp_path / "state", AccountLimits(limit, floor))
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    return SmallAccount(
        Aws(Connection(running.region, endpoint=running.endpoint, keys=running.keys)), tmp_path / "t.yaml"
    )
