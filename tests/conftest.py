"""No test sees the AWS account, the settings or the state of whoever runs it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapctl import sandbox
from tapctl.aws.session import Aws, Target
from tests.support.golden import golden

__all__ = ["golden"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="write the golden files instead of comparing them")


@pytest.fixture(scope="session", autouse=True)
def _nobodys_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Credentials, profiles and Regions of AWS are hidden, and tapctl keeps its state in a folder of this run."""
    nowhere = tmp_path_factory.mktemp("surroundings")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "TAPCTL_"))]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", str(nowhere / "config"))
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere / "credentials"))
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("TAPCTL_STATE_DIR", str(nowhere / "state"))
        yield


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
