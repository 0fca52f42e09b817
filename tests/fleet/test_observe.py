"""What a stack set is now, and what of it AWS does not show."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tapctl.aws.stack_sets import StackInstance, StackSet
from tapctl.errors import UsageError
from tapctl.fleet.cells import Cell, Cells
from tapctl.fleet.definition import SetDefinition
from tapctl.fleet.observe import Observed, no_stack_set, observe, refuse_others_set, with_stacks, without_management
from tapctl.fleet.override_sets import Placement, WantedSet
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.settings.targets import TargetAccount
from tests.support.golden import Golden
from tests.support.rollouts import NAME, SET, FleetProject, both_regions
from tests.support.stack_sets import OTHER_REGION, REGION

A, B = "111111111111", "222222222222"
BODY = {"Parameters": {"Size": {}, "Key": {"NoEcho": True}}, "Resources": {"T": {"Type": "AWS::SNS::Topic"}}}
TEXT = '{"Parameters": {"Size": {}, "Key": {"NoEcho": true}}, "Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'
DEFINITION = SetDefinition(TEXT, BODY, {"Tags": []}, {"TemplateBody": TEXT}, frozenset({"Key"}))


def cell(account: str) -> Cell:
    return Cell(TargetAccount(account, (REGION,)), REGION)


def observed(operation: str = "one", overrides: Mapping[str, str] | None = None) -> Observed:
    """A set with an instance in one account, which has these overrides."""
    values = {"Size": "5", "Key": "****"}
    arn = f"arn:aws:cloudformation:{REGION}:{A}:stack/StackSet-orders-1/2"
    instance = StackInstance(A, REGION, "CURRENT", stack_id=arn, last_operation=operation)
    return Observed(
        StackSet("orders:9-8-7", "", TEXT, values), {instance.cell: instance}, {instance.cell: overrides or {}}
    )


def want(values: Mapping[str, str], own: Mapping[str, str] | None = None) -> WantedSet:
    return WantedSet(values, (Placement(cell(A), {**values, **(own or {})}),), parameters=("Size", "Key"))


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path))


def test_cells_are_where_their_stacks_are() -> None:
    cells = Cells("prod", (cell(A), cell(B)), {}, (), lambda _: None)  # type: ignore[arg-type,return-value]

    assert [located.stack for located in observed().located(cells).cells] == ["StackSet-orders-1", ""]
    assert [located.stack for located in Observed().located(cells).cells] == ["", ""]


def test_no_set_has_no_state() -> None:
    assert not Observed().state(DEFINITION, want({})).exists
    assert Observed().held is None


def test_a_noecho_value_is_absent() -> None:
    state = observed(overrides={"Size": "7", "Key": "****"}).state(DEFINITION, want({"Size": "5"}))

    assert (state.is_current, dict(state.values)) == (True, {"Size": "5", "Key": None})
    assert state.instances[A, REGION].overrides == {"Size": "7", "Key": None}
    assert state.instances[A, REGION].stack == "StackSet-orders-1"


# ---------------------------------------------------------------------------------------------------------------------
# NoEcho values
# ---------------------------------------------------------------------------------------------------------------------

SECRET = {"Size": "5", "Key": "secret"}


def test_a_secret_that_is_given_is_a_change_until_it_is_known_to_be_the_same() -> None:
    assert not observed().state(DEFINITION, want(SECRET)).is_current
    assert observed().state(DEFINITION, want(SECRET), []).is_current
    assert observed().state(DEFINITION, want({"Size": "5"})).is_current  # none is given


def test_the_same_secrets_are_known_again() -> None:
    assert not Observed().remembers(DEFINITION, want(SECRET))
    assert not observed().remembers(DEFINITION, want(SECRET))

    observed().remember(DEFINITION, want(SECRET))

    assert observed().remembers(DEFINITION, want(SECRET))
    assert not observed().remembers(DEFINITION, want({**SECRET, "Key": "another"}))
    assert not observed().remembers(DEFINITION, want(SECRET, {"Key": "own"}))


def test_an_instance_that_another_user_updated_may_have_changed() -> None:
    observed().remember(DEFINITION, want(SECRET))

    assert not observed("two").remembers(DEFINITION, want(SECRET))


def test_an_override_that_is_known_to_be_the_same_is_shown_as_given() -> None:
    wanted, now = want({"Size": "5"}, {"Key": "own"}), observed(overrides={"Key": "****"})

    states = [now.state(DEFINITION, wanted, known) for known in (None, [], [(A, REGION)])]

    assert [state.is_current for state in states] == [False, True, True]
    assert [state.instances[A, REGION].overrides["Key"] for state in states] == [None, None, "own"]


def test_nothing_is_remembered_without_secrets(tmp_path: Path) -> None:
    observed().remember(DEFINITION, want({"Size": "5"}))

    assert list(tmp_path.rglob("*.json")) == []


# ---------------------------------------------------------------------------------------------------------------------
# In the sandbox
# ---------------------------------------------------------------------------------------------------------------------


def test_the_set_of_a_rollout(project: FleetProject) -> None:
    project.fleet.limits(project.fleet.accounts[0], 10)
    assert observe(project.request().sets) == Observed()
    project.deploy()

    found = observe(project.request().sets)

    assert (found.held, len(found.instances)) == ({"Size": "300"}, 4)
    assert found.overrides[project.fleet.accounts[0], REGION] == {"Size": ""}
    assert all(instance.last_operation.startswith("tapctl-") for instance in found.instances.values())


def test_cells_have_the_stacks_of_the_stack_set_of_their_own_fleet(project: FleetProject) -> None:
    first, second, third, _ = project.fleet.accounts
    project.deploy()
    sets = project.base().sets

    def cell(account: str, stack_set: str) -> Cell:
        return Cell(TargetAccount(account, (REGION,), stack_set=stack_set), REGION)

    nothing: Any = None
    cells = Cells("all", (cell(first, SET), cell(second, "other"), cell(third, "")), {}, (), nothing)
    found = with_stacks(with_stacks(cells, SET, sets), "other", replace(sets, name="other"))

    stacks = [located.stack for located in found.cells]
    assert (str(stacks[0]).startswith(f"StackSet-{SET}-"), stacks[1:]) == (True, ["", None])


DESCRIPTIONS = [
    pytest.param(f"tapctl fleet {NAME}", True, id="ours"),
    pytest.param(f"tapctl fleet {NAME}: orders", True, id="ours with the template's"),
    pytest.param(f"tapctl fleet {NAME}2: orders", False, id="another fleet's"),
    pytest.param("orders", False, id="another user's"),
    pytest.param("", False, id="without one"),
]


@pytest.mark.parametrize(("description", "is_ours"), DESCRIPTIONS)
def test_a_set_that_was_not_created_for_the_fleet_is_refused(
    description: str, is_ours: bool, project: FleetProject, golden: Golden
) -> None:
    request = project.request()
    stack_set = StackSet("orders:1", description)

    refuse_others_set(request, stack_set, adopts=True)
    refuse_others_set(request, None, adopts=False)
    if is_ours:
        refuse_others_set(request, stack_set, adopts=False)
    else:
        with pytest.raises(UsageError) as failure:
            refuse_others_set(request, stack_set, adopts=False)
        golden(failure.value)


def test_a_set_in_another_region_of_the_fleet_is_neither_made_again_nor_taken_for_destroyed(
    project: FleetProject, golden: Golden
) -> None:
    project.section = both_regions()
    project.deploy()
    project.section = {"regions": [OTHER_REGION, REGION]}
    request = project.base()

    with pytest.raises(UsageError) as failure:
        refuse_others_set(request, None, adopts=False)
    golden(failure.value)
    missing = no_stack_set(request)

    hint = advise(DeployAdvice.SET_STACK_SET_REGION, REGION, NAME)
    assert (failure.value.hint, missing.hint) == (hint, hint)


def test_a_set_of_that_name_in_another_region_that_is_not_the_fleet_s_does_not_count(project: FleetProject) -> None:
    project.fleet.create_set(name=SET)
    project.section = {"regions": [OTHER_REGION, REGION]}

    refuse_others_set(project.base(), None, adopts=False)
    assert no_stack_set(project.base()).hint == advise(DeployAdvice.CREATE_WITH_FLEET_DEPLOY, NAME)


def test_a_set_of_the_other_permission_model_is_refused(project: FleetProject) -> None:
    stack_set = StackSet("orders:1", permission_model="SERVICE_MANAGED")

    with pytest.raises(UsageError) as failure:
        refuse_others_set(project.request(), stack_set, adopts=True)

    assert failure.value.hint == advise(DeployAdvice.SET_PERMISSION, "service", "prod")


def test_the_management_account_is_never_reached(project: FleetProject, golden: Golden) -> None:
    request = project.request()
    project.fleet.client("organizations").list_roots()
    own = Cell(TargetAccount(project.fleet.admin, (REGION,)), REGION)
    cells = replace(request.cells, cells=(*request.cells.cells, own))

    left = without_management(cells, request.accounts)

    assert (left.cells, list(left.inactive)) == (request.cells.cells, [project.fleet.admin])
    with pytest.raises(UsageError) as failure:
        without_management(replace(cells, cells=(own,)), request.accounts)
    golden(failure.value)


def test_without_an_organization_every_account_is_reached(project: FleetProject) -> None:
    request: Any = project.request()

    assert without_management(request.cells, request.accounts).cells == request.cells.cells
