"""A desk from which fleets of the sandbox are deployed to."""

from pathlib import Path

import pytest

from tests.support.rollouts import Desk, reserving
from tests.support.stack_sets import Fleet


@pytest.fixture
def desk(fleet: Fleet, tmp_path: Path) -> Desk:
    """Four accounts with a limit of 1000, and a template that reserves 300 executions by a parameter."""
    desk = Desk(fleet, tmp_path)
    desk.template(reserving())
    return desk
