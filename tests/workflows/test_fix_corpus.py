"""On real templates: the diff touches the lines of the setting alone, and the result demands what the remedy says."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tapctl.account.snapshot import load as load_snapshot
from tapctl.concurrency.demand import Demand
from tapctl.concurrency.parameter_override import with_overrides
from tapctl.concurrency.read_demand import read_demand
from tapctl.concurrency.remedy import Remedy, RemedyAction, RemedyMode, RemedyPlan
from tapctl.concurrency.result import Preflight
from tapctl.errors import UsageError
from tapctl.settings.settings import Settings
from tapctl.template.load import load
from tapctl.template.nested import stack_tree
from tapctl.template.parameters import Parameters
from tapctl.workflows.fix import fix
from tapctl.workflows.preflight import judge

pytestmark = pytest.mark.corpus
CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
FLOOR = 100


def scenarios() -> list[Any]:
    """Every template and set of parameters with a reservation that could give way."""
    if not (CORPUS / "expected.json").is_file():
        absent = pytest.mark.skip(reason="the corpus of real templates, ../shared/corpus, is not here")
        return [pytest.param("", {}, {}, marks=absent, id="no-corpus")]
    return [
        pytest.param(name, texts(scenario), scenario, id="-".join([name, *map(str, scenario["parameters"].values())]))
        for name, entry in json.loads((CORPUS / "expected.json").read_text(encoding="utf-8")).items()
        for scenario in entry["scenarios"]
        if any(scenario.get("reserved", {}).values()) and not scenario.get("unresolved")
    ]


def texts(scenario: dict[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in scenario["parameters"].items()
    }


def figures(demand: Demand) -> dict[str, object]:
    return {function.logical_id: function.reserved for function in demand.functions}


def spare(scenario: dict[str, Any]) -> int:
    """Room for all the provisioned concurrency, and for half of what is reserved."""
    return int(sum(scenario["provisioned"].values()) + sum(scenario["reserved"].values()) // 2)


def judged(path: Path, given: dict[str, str], mode: RemedyMode, room: int) -> Preflight:
    account = path.parent / "account.json"
    limits = {"concurrent_executions": 1000, "unreserved_concurrent_executions": FLOOR + room}
    account.write_text(json.dumps({"schema": "tapctl.account/1", "limits": limits}))
    settings = replace(Settings(str(path)), parameters=given, remedy=mode)
    return judge(load(str(path)), load_snapshot(account), settings)


@pytest.mark.parametrize("mode", [RemedyMode.ADJUST, RemedyMode.DROP], ids=lambda mode: mode.value)
@pytest.mark.parametrize(("name", "given", "scenario"), scenarios())
def test_the_result_demands_the_remedy_and_nothing_else_changed(
    tmp_path: Path, name: str, given: dict[str, str], scenario: dict[str, Any], mode: RemedyMode
) -> None:
    shutil.copytree((CORPUS / "templates" / name).parent, tmp_path / "all", copy_function=shutil.copyfile)
    path = tmp_path / "all" / Path(name).name
    result = judged(path, given, mode, spare(scenario))
    if not result.plan.possible:
        # The rest of the stack is not here, so that nothing is proposed; the edits can be made all the same.
        plan = with_overrides(halved(result.plan, mode), result.template, result.tree)
        result = replace(result, plan=plan)
    assert result.plan.changes
    if (
        len({remedy.value for key, remedy in result.plan.remedies.items() if key.endswith(LOOPED)}) > 1
        and mode is RemedyMode.DROP
    ):
        with pytest.raises(UsageError, match=r"own-foreach-reserved\.yaml:43: "):
            fix(result)
        return
    edits = fix(result).edits
    for edit in edits:
        Path(edit.file).write_bytes(edit.after.encode())
    remedied = {key: remedy.value for key, remedy in result.plan.changes.items()}
    after = read_demand(stack_tree(load(str(path)), Parameters(given), {}))
    assert figures(after) == {**figures(result.demand), **remedied}
    added = [line for edit in edits for line in edit.diff().splitlines() if re.match(r"\+(?!\+\+ )", line)]
    settings = [line for line in added if not EXCUSE.search(line)]
    assert len(settings) <= len(remedied)
    assert all(re.search(r"\d|NoValue", line) for line in settings)


LOOPED = "Intake"
"""Ends the names of functions that one loop makes; its one body cannot keep one reservation and drop another."""

EXCUSE = re.compile(
    r"\bid: (CKV_AWS_115|W92)$|\b(comment|reason): the account has no headroom for a reservation of \d+$"
)


def halved(plan: RemedyPlan, mode: RemedyMode) -> RemedyPlan:
    """A remedy by hand: every reservation is halved, or dropped."""
    remedies = {
        name: Remedy(RemedyAction.LOWER, remedy.requested // 2, remedy.requested)
        if mode is RemedyMode.ADJUST and remedy.requested > 1
        else Remedy(RemedyAction.DROP, None, remedy.requested)
        for name, remedy in plan.remedies.items()
        if remedy.requested
    }
    return RemedyPlan(remedies, possible=True)
