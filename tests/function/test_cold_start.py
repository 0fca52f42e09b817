"""What a cold start loads: the standard library and the function itself, each module once."""

import subprocess
import sys
from pathlib import Path

import pytest

FUNCTION = Path(__file__).parents[2] / "function"
# These belong to an SDK or cost more than they give at every cold start.
HEAVY = {"boto3", "botocore", "urllib3", "requests", "pydantic", "aws_xray_sdk", "asyncio", "dataclasses", "inspect"}


def loaded(folder: Path) -> set[str]:
    script = "import sys; before = set(sys.modules); import index; print(*sorted(set(sys.modules) - before))"
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, cwd=folder, env={"PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, check=True)
    return set(run.stdout.decode().split())


@pytest.fixture(scope="module")
def modules() -> set[str]:
    return loaded(FUNCTION)


def test_nothing_heavy_is_loaded(modules: set[str]) -> None:
    assert not {name for name in modules if name.partition(".")[0] in HEAVY}


def test_everything_loaded_is_ours_or_of_the_standard_library(modules: set[str]) -> None:
    ours = {path.stem for path in FUNCTION.glob("*.py")} | {"providers"}
    assert not {name for name in modules if name.partition(".")[0] not in ours | sys.stdlib_module_names}


def test_every_module_is_used_by_the_handler(modules: set[str]) -> None:
    names = {str(p.relative_to(FUNCTION).with_suffix("")).replace("/", ".") for p in FUNCTION.rglob("*.py")}
    assert {name.removesuffix(".__init__") for name in names} <= modules


def test_the_tool_is_not_imported(modules: set[str]) -> None:
    assert not {name for name in modules if name.startswith("tapctl")}


def test_every_module_says_in_its_first_line_what_it_is_for() -> None:
    for path in FUNCTION.rglob("*.py"):
        assert path.read_text().startswith('"""'), path.name
