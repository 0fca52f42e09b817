"""A running sandbox per module, and tapctl's own way to reach it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tapctl import sandbox
from tapctl.aws import Aws, Target


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """A sandbox with room for everybody, as `deploy` reaches it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPCTL_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        running = sandbox.start(sandbox.AccountLimits(1000))
        try:
            yield Aws(Target(running.region, endpoint=running.endpoint, keys=("test", "test")))
        finally:
            sandbox.stop()


@pytest.fixture
def function_folder(tmp_path: Path) -> Path:
    """A folder with the code of a small function."""
    folder = tmp_path / "code"
    (folder / "inner").mkdir(parents=True)
    (folder / "index.py").write_text("def handle(event, context): return 1\n")
    (folder / "inner" / "data.txt").write_text("data")
    return folder
