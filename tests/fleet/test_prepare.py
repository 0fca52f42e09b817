"""What a rollout would do, against the stack sets of the sandbox."""

from dataclasses import replace
from typing import Any

import pytest

from tapctl.aws.session import Aws, Connection
from tapctl.aws.stack_sets import SERVICE_MANAGED
from tapctl.concurrency.remedy import RemedyMode
from tapctl.concurrency.verdict import Verdict
from tapctl.errors import ExitCode, UsageError
from tapctl.fleet.plan import StepKind
from tapctl.fleet.prepare import Prepared, prepare
from tapctl.fleet.rollout import deploy_fleet
from tapctl.settings.fleet_section import FleetAccount
from tapctl.workflows.gate import Blocked
from tests.support.golden import Golden
from tests.support.rollouts import SET, FakeUI, FleetProject, reserving
from tests.support.stack_sets import REGION


def prepared(project: FleetProject, **more: Any) -> Prepared:
    return prepare(project.request(**more), FakeUI())


def kinds(plan: Prepared) -> list[StepKind]:
    return [step.kind for step in plan.plan.steps]


def test_a_plan_makes_nothing(project: FleetProject) -> None:
    assert kinds(prepared(project)) == [StepKind.CREATE_SET, StepKind.CREATE, StepKind.CREATE]
    assert project.fleet.cloudformation.list_stack_sets()["Summaries"] == []
    assert not (project.folder / "state" / "rollouts").exists()


def test_a_remedy_needs_consent(project: FleetProject, golden: Golden) -> None:
    project.fleet.limits(project.fleet.accounts[0], 10)
    project.settings = {"remedy": RemedyMode.ASK}
    plan = prepared(project)

    assert plan.needs_consent(project.request().settings)
    assert [placement.cell.account.id for placement in plan.remedied] == [project.fleet.accounts[0]]
    with pytest.raises(Blocked) as failure:
        project.deploy()
    golden(failure.value)
    assert failure.value.exit_code is ExitCode.EXCEEDS


def test_a_declined_rollout_changes_nothing(project: FleetProject, golden: Golden) -> None:
    rollout = project.deploy(ui := FakeUI(answer=False))

    assert (rollout.confirmed, rollout.deployed, rollout.ends) == (False, (), [])
    assert len(ui.plans[0].steps) == 3
    golden(ui.questions)
    assert project.fleet.cloudformation.list_stack_sets()["Summaries"] == []


def test_without_a_cell_that_fits_nothing_is_created(project: FleetProject, golden: Golden) -> None:
    project.settings = {"remedy": RemedyMode.FAIL}
    for account in project.fleet.accounts:
        project.fleet.limits(account, 10)

    with pytest.raises(Blocked) as failure:
        project.deploy()

    golden(failure.value)
    assert failure.value.exit_code is ExitCode.EXCEEDS
    assert prepared(project).exit_code is ExitCode.EXCEEDS


def test_a_cell_that_is_left_out_keeps_its_instance(project: FleetProject) -> None:
    project.deploy()
    out = project.fleet.accounts[2]
    body = reserving(400)
    project.template(body)
    project.settings = {"remedy": RemedyMode.FAIL}
    project.fleet.limits(out, 350)

    rollout = project.deploy()

    assert [(left.cell.account.id, left.verdict) for left in rollout.left_out] == [(out, Verdict.EXCEEDS)]
    assert rollout.exit_code is ExitCode.EXCEEDS
    assert project.reserved() == {**dict.fromkeys(project.fleet.accounts, 400), out: 300}
    again = project.deploy()
    assert ([left.cell.account.id for left in again.left_out], again.ends) == ([out], [])


def test_a_set_of_another_user_is_refused_unless_it_is_adopted(project: FleetProject, golden: Golden) -> None:
    project.fleet.create_set(reserving(100), SET)

    with pytest.raises(UsageError) as failure:
        prepared(project)

    golden(failure.value)
    assert kinds(prepared(project, adopts=True)) == [StepKind.UPDATE_SET, StepKind.CREATE, StepKind.CREATE]
    assert project.deploy(adopts=True).exit_code is ExitCode.OK
    assert prepared(project).plan.steps == ()


# ---------------------------------------------------------------------------------------------------------------------
# Parameters
# ---------------------------------------------------------------------------------------------------------------------


def with_parameter(name: str, **declared: Any) -> dict[str, Any]:
    """The template with a parameter that the function's environment takes."""
    body = reserving(5)
    body["Resources"]["Fn"]["Properties"]["Environment"] = {"Variables": {"NAME": {"Ref": name}}}
    body["Parameters"][name] = {"Type": "String", **declared}
    return body


def names(project: FleetProject) -> list[str]:
    """What the function of each account has."""
    clients = [project.fleet.client("lambda", account) for account in project.fleet.accounts]
    return [client.list_functions()["Functions"][0]["Environment"]["Variables"]["NAME"] for client in clients]


def test_a_parameter_needs_a_value_once(project: FleetProject, golden: Golden) -> None:
    project.template(with_parameter("Title"))
    with pytest.raises(UsageError) as failure:
        prepared(project)

    golden(failure.value)
    project.settings = {"parameters": {"Title": "first"}}
    project.deploy()
    project.settings = {}
    project.template(with_parameter("Title", Description="changed"))

    assert project.deploy().exit_code is ExitCode.OK
    assert names(project) == ["first"] * 4


def test_an_account_may_have_values_of_its_own(project: FleetProject) -> None:
    project.template(with_parameter("Title", Default="shared"))
    first, second, *_ = project.fleet.accounts
    project.section = {"account": {second: FleetAccount(parameters={"Title": "own"})}}
    project.deploy()
    assert names(project) == ["shared", "own", "shared", "shared"]

    project.section = {"account": {first: FleetAccount(parameters={"Title": "own"})}}
    project.deploy()
    assert names(project) == ["own", "shared", "shared", "shared"]
    assert prepared(project).plan.steps == ()


def test_the_same_secret_changes_nothing_and_another_one_does(project: FleetProject) -> None:
    project.template(with_parameter("Title", NoEcho=True))
    configured = {"configured": {"Title": "tapctl.toml"}}
    project.settings = {"parameters": {"Title": "secret"}, **configured}
    project.section = {"account": {project.fleet.accounts[1]: FleetAccount(parameters={"Title": "own secret"})}}
    project.deploy()

    assert prepared(project).plan.steps == ()

    project.settings = {"parameters": {"Title": "another"}, **configured}
    assert project.deploy().exit_code is ExitCode.OK
    assert names(project) == ["another", "own secret", "another", "another"]
    assert prepared(project).plan.steps == ()

    project.settings, project.section = {}, {}
    assert prepared(project).plan.steps == ()
    project.template(with_parameter("Title", NoEcho=True, Description="changed"))
    project.deploy()
    assert names(project) == ["another", "own secret", "another", "another"]


# ---------------------------------------------------------------------------------------------------------------------
# Service-managed permissions
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def organized(project: FleetProject) -> FleetProject:
    """A fleet of an organizational unit with two accounts, which others may join."""
    unit = project.fleet.unit("team")
    accounts = [project.fleet.join(unit) for _ in range(2)]
    project.fleet.limits(accounts[0], 10)
    project.section = {"accounts": [], "permission": "service", "ous": [unit]}
    return project


def members(project: FleetProject) -> list[str]:
    return [cell.account.id for cell in project.request().cells.cells]


def test_a_service_managed_set_reaches_the_accounts_of_its_units(organized: FleetProject) -> None:
    rollout = organized.deploy()

    assert (rollout.exit_code, len(rollout.deployed)) == (ExitCode.OK, 2)
    small, large = members(organized)
    assert organized.reserved([small, large]) == {small: None, large: 300}
    described = organized.fleet.cloudformation.describe_stack_set(StackSetName=SET)["StackSet"]
    assert (described["PermissionModel"], described["AutoDeployment"]["Enabled"]) == (SERVICE_MANAGED, False)
    organized.template(reserving(200))
    assert organized.deploy().exit_code is ExitCode.OK
    assert organized.reserved([large]) == {large: 200}


def test_an_account_that_joins_gets_no_reservation_until_the_next_rollout(organized: FleetProject) -> None:
    organized.section["auto_deploy"] = True
    organized.deploy()
    unit = organized.section["ous"][0]
    joined = organized.fleet.join(unit)
    organized.fleet.instances(name=SET)  # the double notices who joined at the next request
    for operation in organized.fleet.cloudformation.list_stack_set_operations(StackSetName=SET)["Summaries"]:
        organized.fleet.wait(operation["OperationId"], name=SET)
    assert organized.reserved([joined]) == {joined: None}

    rollout = organized.deploy()

    assert [list(end.results) for end in rollout.ends] == [[(joined, REGION)]]
    assert organized.reserved([joined]) == {joined: 300}
    assert prepared(organized).plan.steps == ()


def test_automatic_deployment_may_be_changed_later(organized: FleetProject) -> None:
    organized.deploy()
    organized.section["auto_deploy"] = True

    plan = prepared(organized)

    assert (kinds(plan), plan.plan.joins) == ([StepKind.UPDATE_SET] * 2, True)
    assert organized.deploy().exit_code is ExitCode.OK
    described = organized.fleet.cloudformation.describe_stack_set(StackSetName=SET)["StackSet"]
    assert described["AutoDeployment"] == {"Enabled": True, "RetainStacksOnAccountRemoval": True}
    assert prepared(organized).plan.steps == ()


def test_a_delegated_administrator_rolls_out_a_set_of_the_management_account(organized: FleetProject) -> None:
    delegated, sandbox = members(organized)[1], organized.fleet.sandbox
    organized.fleet.rules(delegated_admins=(delegated,))
    organized.section["call_as"] = "delegated_admin"
    request = organized.request()
    theirs = Aws(Connection(REGION, endpoint=sandbox.endpoint, keys=(delegated, sandbox.keys[1])))

    rollout = deploy_fleet(replace(request, sets=replace(request.sets, aws=theirs)), FakeUI())

    assert (rollout.exit_code, len(rollout.deployed)) == (ExitCode.OK, 2)
    assert organized.fleet.instances(name=SET).keys() == {f"{account}/{REGION}" for account in members(organized)}
