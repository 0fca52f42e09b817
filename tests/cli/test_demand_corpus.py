"""The figures of a corpus of real templates, which stands beside the repository and is no part of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Tapctl
from tests.support.terminal import Answer

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


def run(tapctl: Tapctl, name: str, parameters: dict[str, object]) -> Answer:
    given = [part for key, value in parameters.items() for part in ("--parameter", f"{key}={value}")]
    return tapctl("demand", str(CORPUS / "templates" / name), "--format", "json", *given)


def entries(document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Reserved and provisioned concurrency by logical id; functions of nested stacks are not compared."""
    own = [function for function in document["functions"] if "/" not in function["logical_id"]]
    reserved = {function["logical_id"]: function["reserved"] for function in own if function["reserved"] is not None}
    return reserved, {part["logical_id"]: part["value"] for function in own for part in function["provisioned"]}


@pytest.mark.parametrize(("name", "scenario"), scenarios())
def test_the_demand_is_the_expected_one(name: str, scenario: dict[str, Any], tapctl: Tapctl) -> None:
    answer = run(tapctl, name, scenario["parameters"])
    if scenario.get("expect_error"):
        assert answer.is_error(2)
        return
    assert answer.code in (0, 4), answer.err
    document = answer.json()
    assert document["schema"] == "tapctl.demand/1"
    assert answer.code == (4 if '"unknown":' in answer.out else 0)
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
