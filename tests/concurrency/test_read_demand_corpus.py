"""The figures of a corpus of real templates, which stands beside the repository and is no part of it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.corpus
CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
EXPECTED = CORPUS / "expected.json"


def scenarios() -> list[Any]:
    if not EXPECTED.is_file():
        absent = pytest.mark.skip(reason="the corpus of real templates, ../shared/corpus, is not here")
        return [pytest.param("", {}, marks=absent, id="no-corpus")]
    found = json.loads(EXPECTED.read_text(encoding="utf-8"))
    return [
        pytest.param(name, scenario, id="-".join([name, *map(str, scenario["parameters"].values())]))
        for name, entry in found.items()
        for scenario in entry["scenarios"]
    ]


def run(name: str, parameters: dict[str, object]) -> "subprocess.CompletedProcess[str]":
    given = [part for key, value in parameters.items() for part in ("--parameter", f"{key}={value}")]
    command = [sys.executable, "-m", "tapctl", "demand", str(CORPUS / "templates" / name), "--format", "json", *given]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=CORPUS)


def entries(document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Reserved and provisioned concurrency by logical id; functions of nested stacks are not compared."""
    own = [function for function in document["functions"] if "/" not in function["logical_id"]]
    reserved = {each["logical_id"]: each["reserved"] for each in own if each["reserved"] is not None}
    return reserved, {each["logical_id"]: each["value"] for function in own for each in function["provisioned"]}


@pytest.mark.parametrize(("name", "scenario"), scenarios())
def test_the_demand_is_the_expected_one(name: str, scenario: dict[str, Any]) -> None:
    finished = run(name, scenario["parameters"])
    assert "Traceback" not in finished.stderr
    if scenario.get("expect_error"):
        lines = finished.stderr.splitlines()
        assert finished.returncode == 2
        assert len([line for line in lines if not line.startswith("hint:")]) == 1
        return
    assert finished.returncode in (0, 4), finished.stderr
    document = json.loads(finished.stdout)
    assert document["schema"] == "tapctl.demand/1"
    assert finished.returncode == (4 if '"unknown":' in finished.stdout else 0)
    unresolved = set(scenario.get("unresolved", ()))
    reserved, provisioned = entries(document)
    unknown = {key for key, value in [*reserved.items(), *provisioned.items()] if isinstance(value, dict)}
    assert unknown == unresolved
    assert all(value["unknown"] for value in [*reserved.values(), *provisioned.values()] if isinstance(value, dict))
    assert {key: value for key, value in reserved.items() if key not in unknown} == scenario["reserved"]
    assert {key: value for key, value in provisioned.items() if key not in unknown} == scenario["provisioned"]
    if not unresolved and not any("/" in function["logical_id"] for function in document["functions"]):
        assert document["totals"]["reserved"] == sum(scenario["reserved"].values())
        assert document["totals"]["provisioned"] == sum(scenario["provisioned"].values())
