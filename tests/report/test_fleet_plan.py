"""What is printed of a rollout's plan."""

import json
from dataclasses import replace

import pytest

from tapctl.fleet.plan import InstanceState, SetState
from tapctl.fleet.prepare import Prepared
from tapctl.report.fleet_plan import plan_json, plan_text
from tapctl.report.render import RenderOptions
from tests.support.golden import Golden
from tests.support.rolled_out import REGIONS, account, planned
from tests.support.schemas import breaches

OPTIONS = RenderOptions(120, color=False)


def current(*numbers: int, size: str = "") -> SetState:
    """A set with an instance of each of these accounts, which has this value."""
    instances = {
        (account(number), region): InstanceState("CURRENT", {}, "s") for number in numbers for region in REGIONS
    }
    return SetState(True, True, {"Size": size, "Key": None}, instances)


PLANS = [
    pytest.param(planned(10, 50, 400, 1000, 1000), id="three override sets"),
    pytest.param(planned(1000), id="one account"),
    pytest.param(planned(1000, None, 10), id="one that cannot be read"),
    pytest.param(planned(None), id="none that can be read"),
    pytest.param(planned(1000, 1000, joins=True), id="accounts join"),
    pytest.param(planned(1000, 1000, Key="secret"), id="a secret of one account"),
    pytest.param(planned(*[1000] * 9), id="many accounts"),
    pytest.param(planned(1000, state=current(1, 9, size="350")), id="an instance beside it"),
    pytest.param(replace(planned(1000), plan=replace(planned(1000).plan, joins=False)), id="who joins stays as it is"),
]


@pytest.mark.parametrize("prepared", PLANS)
def test_a_plan(prepared: Prepared, golden: Golden) -> None:
    golden(plan_text("orders", prepared.plan, prepared.judged.template, OPTIONS))


@pytest.mark.parametrize("prepared", PLANS)
def test_the_json_document_of_a_plan(prepared: Prepared) -> None:
    document = json.loads(plan_json("prod", "orders", prepared))

    assert breaches(document) == []
    assert document["executed"] is False
    assert "secret" not in json.dumps(document)


def test_the_document_has_every_cell_once() -> None:
    document = json.loads(plan_json("prod", "orders", planned(10, 400, None, 1000)))

    sets = {
        tuple(override_set["overrides"].values()): len(override_set["cells"])
        for override_set in document["override_sets"]
    }
    assert sets == {("",): 2, ("262",): 2, ("350",): 2}
    assert [cell["account_id"] for cell in document["left_out"]] == [account(3)] * 2
    assert sorted(len(step["cells"]) for step in document["steps"]) == [0, 2, 2, 2]
