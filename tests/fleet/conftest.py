"""A project from which fleets of the sandbox are deployed to."""

from pathlib import Path

import pytest

from tests.support.rollouts import FleetProject, reserving
from tests.support.stack_sets import Fleet


@pytest.fixture
def project(fleet: Fleet, tmp_path: Path) -> FleetProject:
    """Four accounts with a limit of 1000, and a template that reserves 300 executions by a parameter."""
    project = FleetProject(fleet, tmp_path)
    project.template(reserving())
    return project
