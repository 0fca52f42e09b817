"""Markers, the sandbox of the test process, and surroundings without the developer's AWS account and settings."""

import gc
import os
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import botocore.session
import pytest

from tapctl.aws.session import Aws, Connection
from tests.support.golden import golden
from tests.support.shared_sandbox import SharedSandbox
from tests.support.shared_sandbox import shared_sandbox as shared
from tests.support.stack_sets import Fleet, new_fleet

__all__ = ["golden"]

# The collection of the tests makes many objects and little garbage; searching them takes a quarter of its time.
gc.disable()

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
SANDBOX_FIXTURES = {"shared_sandbox", "emulator"}
LONGEST = {
    *("test_bad_input", "test_preflight_gate", "test_lint", "test_dependencies", "test_open_fleet", "test_mcp"),
    *("test_usage", "test_fix", "test_fuzz", "test_ledger", "test_escaping", "test_resolver_random", "test_structure"),
    *("test_fix_layouts", "test_fix_corpus", "test_read_inputs_calls", "test_limits_coverage"),
}
"""The modules without a sandbox that take more than a second."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="write the golden files instead of comparing them")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more worker than there are cores, since half of the time of a test with a sandbox is waiting."""
    waits = "not sandbox" not in config.option.markexpr
    return (os.cpu_count() or 1) + waits


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs a sandbox by its fixtures, and skip what needs the corpus where there is none.

    Modules with a sandbox take the longest and then some others, so they come first: the workers then end at about the
    same time. What needs a program that is not installed is left out, unless `-m` names it.
    """
    if "install" not in config.option.markexpr:
        items[:] = [item for item in items if not item.get_closest_marker("install")]
    for item in items:
        if SANDBOX_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.sandbox)
        if item.get_closest_marker("corpus") and not CORPUS.exists():
            item.add_marker(pytest.mark.skip(reason=f"{CORPUS} does not exist"))
    slow = {item.path for item in items if item.get_closest_marker("sandbox")}
    items.sort(key=lambda item: (item.path not in slow, item.path.stem not in LONGEST))


def pytest_collection_finish() -> None:
    """Keep the collector of garbage from what lives as long as the run, as the command keeps it from its start."""
    gc.freeze()
    gc.set_threshold(100_000)
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Leave out the keywords, which are half of what a worker sends of each test and which nobody reads."""
    report = yield
    report.keywords = {}
    return report


@pytest.fixture(scope="session", autouse=True)
def _hidden_aws_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Credentials, profiles and Regions of AWS are hidden, and tapctl keeps its state in a folder of this run."""
    folder = tmp_path_factory.mktemp("surroundings")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "TAPCTL_"))]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("TAPCTL_STATE_DIR", str(folder / "state"))
        yield


@pytest.fixture(scope="session", autouse=True)
def _models_read_once() -> Iterator[None]:
    """The sessions of botocore share one loader of its models: reading them is most of a client's creation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield


@pytest.fixture(scope="session")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedSandbox]:
    """The sandbox of this test process; its server starts with the first account."""
    with shared(tmp_path_factory.mktemp("shared")) as server:
        yield server


@pytest.fixture(scope="module")
def aws(shared_sandbox: SharedSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """An account of the sandbox with a concurrency limit of 1000, for the tests of a module."""
    with shared_sandbox.account(tmp_path_factory.mktemp("state") / "state") as running:
        yield Aws(Connection(running.region, endpoint=running.endpoint, keys=running.keys))


@pytest.fixture
def fleet(shared_sandbox: SharedSandbox, tmp_path: Path) -> Iterator[Fleet]:
    """An administrator account of stack sets, with four target accounts."""
    with new_fleet(shared_sandbox, tmp_path / "state") as accounts:
        yield accounts


@pytest.fixture
def function_folder(tmp_path: Path) -> Path:
    """A folder with the code of a small function."""
    folder = tmp_path / "code"
    (folder / "inner").mkdir(parents=True)
    (folder / "index.py").write_text("def handle(event, context): return 1\n")
    (folder / "inner" / "data.txt").write_text("data")
    return folder
