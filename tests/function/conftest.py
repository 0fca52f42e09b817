"""The function's folder is the root of its zip, so its modules are imported by their bare names."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FUNCTION = Path(__file__).parents[2] / "function"
sys.path.insert(0, str(FUNCTION))

from tests.function.emulator import Emulator, running  # noqa: E402
from tests.function.receiver import Receiver  # noqa: E402 - needs the path


@pytest.fixture
def receiver() -> Receiver:
    """A receiver with every provider configured, an in-memory table and a clock that stands still."""
    return Receiver()


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """A local AWS in a separate process."""
    with running() as started:
        yield started
