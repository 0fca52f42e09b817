"""One sandbox for the tests of a module, emptied and with limits of its choice for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tapctl import sandbox
from tapctl.aws.session import Aws, Target
from tests.support.small_account import TEMPLATE, SmallAccount


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPCTL_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        try:
            yield
        finally:
            sandbox.stop()


@pytest.fixture
def account(state: None, tmp_path: Path, request: pytest.FixtureRequest) -> SmallAccount:
    limit, floor = request.param
    running = sandbox.start(sandbox.AccountLimits(limit, floor))
    sandbox.reset()
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    aws = Aws(Target(running.region, endpoint=running.endpoint, keys=(sandbox.ACCESS_KEY, sandbox.SECRET_KEY)))
    return SmallAccount(aws, tmp_path / "t.yaml")
