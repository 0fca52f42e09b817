import json
from typing import Any

import pytest

from tests.support.stack_sets import OTHER_REGION, QUEUE, REGION, Fleet, parameters, reserving

AUTOMATIC = {"Enabled": True, "RetainStacksOnAccountRemoval": False}
BY_HAND = {"Enabled": False}
SERVICE: dict[str, Any] = {"PermissionModel": "SERVICE_MANAGED", "AutoDeployment": BY_HAND}
TEMPLATE = json.dumps(QUEUE)


def in_units(*units: str, **more: Any) -> dict[str, Any]:
    return {"DeploymentTargets": {"OrganizationalUnitIds": list(units), **more}}


def accounts(results: dict[str, str]) -> set[str]:
    assert set(results.values()) <= {"SUCCEEDED"}
    return {cell.partition("/")[0] for cell in results}


def settle(fleet: Fleet) -> list[dict[str, Any]]:
    """The operations of the set, newest first, when all have ended."""
    found = fleet.cloudformation.list_stack_set_operations(StackSetName="s")["Summaries"]
    for operation in found:
        fleet.wait(operation["OperationId"])
    return list(fleet.cloudformation.list_stack_set_operations(StackSetName="s")["Summaries"])


def test_a_unit_stands_for_its_accounts_and_those_of_the_units_below(fleet: Fleet) -> None:
    unit = fleet.unit("a")
    direct, below, outside = fleet.join(unit), fleet.join(fleet.unit("b", unit)), fleet.join(fleet.unit("c"))
    fleet.create_set(**SERVICE)

    made = fleet.run("create_stack_instances", **in_units(unit), Regions=[REGION, OTHER_REGION])

    assert accounts(made) == {direct, below}
    assert len(made) == 4
    assert fleet.instance(below)["OrganizationalUnitId"] == unit
    assert fleet.stacks(outside) == {}
    shown = fleet.cloudformation.describe_stack_set(StackSetName="s")["StackSet"]
    assert (shown["OrganizationalUnitIds"], shown["PermissionModel"]) == ([unit], "SERVICE_MANAGED")
    operation = settle(fleet)[0]["OperationId"]
    assert {result["OrganizationalUnitId"] for result in fleet.results(operation).values()} == {unit}
    assert fleet.operation(operation)["DeploymentTargets"] == {"OrganizationalUnitIds": [unit]}


def test_the_management_account_is_never_a_target(fleet: Fleet) -> None:
    root = fleet.client("organizations").list_roots()["Roots"][0]["Id"]
    account = fleet.join(fleet.unit("a"))
    fleet.create_set(**SERVICE)

    assert accounts(fleet.run("create_stack_instances", **in_units(root))) == {account}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param("INTERSECTION", [0], id="both"),
        pytest.param("DIFFERENCE", [1], id="the others"),
        pytest.param("NONE", [0, 1], id="all of the unit"),
    ],
)
def test_accounts_filter_those_of_a_unit(fleet: Fleet, kind: str, expected: list[int]) -> None:
    unit = fleet.unit("a")
    members = [fleet.join(unit), fleet.join(unit)]
    fleet.create_set(**SERVICE)

    made = fleet.run("create_stack_instances", **in_units(unit, Accounts=members[:1], AccountFilterType=kind))

    assert accounts(made) == {members[index] for index in expected}


def test_a_union_updates_a_unit_and_accounts_of_another(fleet: Fleet) -> None:
    units = [fleet.unit("a"), fleet.unit("b")]
    first, second, third = fleet.join(units[0]), fleet.join(units[1]), fleet.join(units[1])
    fleet.create_set(**SERVICE)
    fleet.run("create_stack_instances", **in_units(*units))

    for kind in ({"AccountFilterType": "UNION"}, {}):
        updated = fleet.run("update_stack_instances", **in_units(units[0], Accounts=[second], **kind))
        assert accounts(updated) == {first, second}
    deleted = fleet.run("delete_stack_instances", **in_units(units[1]))
    assert accounts(deleted) == {second, third}
    assert list(fleet.instances()) == [f"{first}/{REGION}"]


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        pytest.param({"Accounts": ["111111111111"]}, "only have OrganizationalUnit as target", id="accounts alone"),
        pytest.param(
            {"OrganizationalUnitIds": ["ou-a"], "Accounts": ["111111111111"]},
            "AccountFilterType must be specified",
            id="no filter",
        ),
        pytest.param(
            {"OrganizationalUnitIds": ["ou-a"], "Accounts": ["111111111111"], "AccountFilterType": "UNION"},
            "UNION is not supported for create",
            id="a union",
        ),
        pytest.param({"OrganizationalUnitIds": [f"ou-{number}" for number in range(51)]}, "of 50", id="51 units"),
    ],
)
def test_targets_that_no_service_managed_set_is_created_in(fleet: Fleet, targets: dict[str, Any], words: str) -> None:
    fleet.unit("a")
    fleet.create_set(**SERVICE)

    assert words in fleet.refusal("create_stack_instances", DeploymentTargets=targets)


def test_an_account_of_a_unit_without_an_instance_is_left_out_of_an_update_unless_it_is_named(fleet: Fleet) -> None:
    unit = fleet.unit("a")
    first = fleet.join(unit)
    fleet.create_set(**SERVICE)
    fleet.run("create_stack_instances", **in_units(unit))
    late = fleet.join(unit)

    assert accounts(fleet.run("update_stack_instances", **in_units(unit))) == {first}
    named = in_units(unit, Accounts=[late], AccountFilterType="INTERSECTION")
    assert fleet.refusal("update_stack_instances", **named).startswith("StackInstanceNotFoundException")


def test_suspended_accounts_are_skipped_and_fail_nothing(fleet: Fleet) -> None:
    unit = fleet.unit("a")
    active, suspended = fleet.join(unit), fleet.join(unit)
    fleet.client("organizations").close_account(AccountId=suspended)
    fleet.create_set(**SERVICE)

    assert accounts(fleet.run("create_stack_instances", **in_units(unit))) == {active}

    skipped = fleet.instance(suspended)
    assert skipped["StackInstanceStatus"] == {"DetailedStatus": "SKIPPED_SUSPENDED_ACCOUNT"}
    assert fleet.stacks(suspended) == {}
    assert accounts(fleet.run("update_stack_set", UsePreviousTemplate=True)) == {active}


def test_a_new_account_of_a_unit_gets_the_values_of_the_set_and_no_overrides(fleet: Fleet) -> None:
    unit = fleet.unit("a")
    first, left_out = fleet.join(unit), fleet.join(unit)
    fleet.create_set(reserving(), **{**SERVICE, "AutoDeployment": AUTOMATIC})
    filtered = in_units(unit, Accounts=[left_out], AccountFilterType="DIFFERENCE")
    fleet.run("create_stack_instances", **filtered, ParameterOverrides=parameters(Reserved=7))

    new = fleet.join(fleet.unit("b", unit))
    operations = settle(fleet)

    assert [operation["Action"] for operation in operations] == ["CREATE", "CREATE"]
    assert set(fleet.instances()) == {f"{first}/{REGION}", f"{new}/{REGION}"}
    assert (fleet.reserved(first), fleet.reserved(new), fleet.stacks(left_out)) == ([7], [0], {})
    assert fleet.instance(new).get("ParameterOverrides", []) == []
    assert len(settle(fleet)) == 2


def test_an_automatic_deployment_has_no_failure_tolerance_to_exceed(fleet: Fleet) -> None:
    unit = fleet.unit("a")
    fleet.join(unit)
    fleet.create_set(reserving(5), **{**SERVICE, "AutoDeployment": AUTOMATIC})
    fleet.run("create_stack_instances", **in_units(unit))
    new = [fleet.join(unit) for _ in range(3)]
    fleet.limits(new[0], 10)

    latest = settle(fleet)[0]

    assert (latest["Status"], latest["StatusDetails"]["FailedStackInstancesCount"]) == ("SUCCEEDED", 1)
    assert [fleet.instances()[f"{account}/{REGION}"] for account in new] == ["OUTDATED", "CURRENT", "CURRENT"]


@pytest.mark.parametrize("retain", [True, False])
def test_an_account_that_leaves_its_unit_loses_its_instance(fleet: Fleet, retain: bool) -> None:
    unit, other = fleet.unit("a"), fleet.unit("b")
    account = fleet.join(unit)
    automatic = {**AUTOMATIC, "RetainStacksOnAccountRemoval": retain}
    fleet.create_set(**{**SERVICE, "AutoDeployment": automatic})
    fleet.run("create_stack_instances", **in_units(unit))

    fleet.move(account, other)

    assert settle(fleet)[0]["Action"] == "DELETE"
    assert fleet.instances() == {}
    assert len(fleet.stacks(account)) == (1 if retain else 0)


def test_a_users_operation_waits_for_no_automatic_one(fleet: Fleet) -> None:
    unit = fleet.unit("a")
    fleet.join(unit)
    fleet.create_set(**{**SERVICE, "AutoDeployment": AUTOMATIC})
    fleet.run("create_stack_instances", **in_units(unit))
    fleet.hold()
    fleet.join(unit)

    assert fleet.refusal("update_stack_set", UsePreviousTemplate=True).startswith("OperationInProgressException")
    fleet.release()
    settle(fleet)


def test_an_automatic_deployment_waits_for_the_operation_that_runs(fleet: Fleet) -> None:
    unit = fleet.unit("a")
    fleet.join(unit)
    fleet.create_set(**{**SERVICE, "AutoDeployment": AUTOMATIC})
    fleet.hold()
    fleet.begin("create_stack_instances", **in_units(unit))
    new = fleet.join(unit)

    found = fleet.cloudformation.list_stack_set_operations(StackSetName="s")["Summaries"]
    assert [operation["Status"] for operation in found] == ["QUEUED", "RUNNING"]
    fleet.release()
    settle(fleet)
    assert fleet.instances()[f"{new}/{REGION}"] == "CURRENT"


def test_an_account_that_joined_before_automatic_deployment_is_not_new(fleet: Fleet) -> None:
    unit = fleet.unit("a")
    first = fleet.join(unit)
    fleet.create_set(**SERVICE)
    fleet.run("create_stack_instances", **in_units(unit))
    early = fleet.join(unit)
    fleet.run("update_stack_set", UsePreviousTemplate=True, AutoDeployment=AUTOMATIC)
    late = fleet.join(unit)

    settle(fleet)

    assert set(fleet.instances()) == {f"{first}/{REGION}", f"{late}/{REGION}"}
    assert fleet.stacks(early) == {}


def test_a_unit_whose_instances_were_deleted_is_no_target_any_more(fleet: Fleet) -> None:
    units = [fleet.unit("a"), fleet.unit("b")]
    first, _ = fleet.join(units[0]), fleet.join(units[1])
    fleet.create_set(**{**SERVICE, "AutoDeployment": AUTOMATIC})
    fleet.run("create_stack_instances", **in_units(*units))
    fleet.run("delete_stack_instances", **in_units(units[1]))
    fleet.join(units[1])

    settle(fleet)

    assert list(fleet.instances()) == [f"{first}/{REGION}"]
    shown = fleet.cloudformation.describe_stack_set(StackSetName="s")["StackSet"]
    assert shown["OrganizationalUnitIds"] == units[:1]


def test_automatic_deployment_is_switched_without_targets(fleet: Fleet) -> None:
    unit = fleet.unit("a")
    fleet.join(unit)
    fleet.create_set(**SERVICE)
    fleet.run("create_stack_instances", **in_units(unit))

    with_targets = {"UsePreviousTemplate": True, "AutoDeployment": AUTOMATIC, "Regions": [REGION], **in_units(unit)}
    assert fleet.refusal("update_stack_set", **with_targets).startswith("ValidationError")
    fleet.run("update_stack_set", UsePreviousTemplate=True, AutoDeployment=AUTOMATIC)
    shown = fleet.cloudformation.describe_stack_set(StackSetName="s")["StackSet"]["AutoDeployment"]
    assert shown == AUTOMATIC


@pytest.mark.parametrize(
    ("template", "words"),
    [
        pytest.param(
            {"Transform": "AWS::Serverless-2016-10-31", **QUEUE},
            "Transform is not supported in SERVICE_MANAGED permission model",
            id="a macro",
        ),
        pytest.param(
            {"Resources": {"N": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "u"}}}},
            "AWS::CloudFormation::Stack is not supported",
            id="a nested stack",
        ),
    ],
)
def test_templates_that_the_roles_of_a_service_managed_set_cannot_use(
    fleet: Fleet, template: dict[str, Any], words: str
) -> None:
    fleet.unit("a")
    capabilities = ["CAPABILITY_AUTO_EXPAND"]
    body = json.dumps(template)

    assert words in fleet.refusal("create_stack_set", TemplateBody=body, Capabilities=capabilities, **SERVICE)
    fleet.create_set(**SERVICE)
    assert words in fleet.refusal("update_stack_set", TemplateBody=body, Capabilities=capabilities)


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param({"PermissionModel": "SERVICE_MANAGED"}, id="without a word on automatic deployment"),
        pytest.param({**SERVICE, "ExecutionRoleName": "r"}, id="with a role"),
    ],
)
def test_parameters_of_a_service_managed_set(fleet: Fleet, request_: dict[str, Any]) -> None:
    fleet.unit("a")

    assert fleet.refusal("create_stack_set", TemplateBody=TEMPLATE, **request_).startswith("ValidationError")


def test_only_a_management_account_with_trusted_access_has_service_managed_sets(fleet: Fleet) -> None:
    assert "You must be the management account" in fleet.refusal("create_stack_set", TemplateBody=TEMPLATE, **SERVICE)
    fleet.unit("a")
    fleet.rules(trusted_access=False)
    assert "organizations access" in fleet.refusal("create_stack_set", TemplateBody=TEMPLATE, **SERVICE)
    fleet.rules()
    fleet.create_set(**SERVICE)


def test_a_delegated_administrator_works_on_the_sets_of_the_management_account(fleet: Fleet) -> None:
    unit = fleet.unit("a")
    delegate = fleet.join(unit)
    fleet.create_set(name="own")
    client, as_delegate = fleet.client("cloudformation", delegate), {"CallAs": "DELEGATED_ADMIN"}

    with pytest.raises(client.exceptions.ClientError, match="delegated admin"):
        client.list_stack_sets(**as_delegate)
    fleet.rules(delegated_admins=(delegate,))
    client.create_stack_set(StackSetName="s", TemplateBody=TEMPLATE, **SERVICE, **as_delegate)
    operation = client.create_stack_instances(StackSetName="s", Regions=[REGION], **in_units(unit), **as_delegate)

    assert fleet.wait(operation["OperationId"]) == "SUCCEEDED"
    assert fleet.instances() == {f"{delegate}/{REGION}": "CURRENT"}
    assert [stack_set["StackSetName"] for stack_set in client.list_stack_sets(**as_delegate)["Summaries"]] == ["s"]
    assert client.list_stack_sets()["Summaries"] == []
    with pytest.raises(client.exceptions.StackSetNotFoundException):
        client.describe_stack_set(StackSetName="own", **as_delegate)


def test_the_permission_model_changes_only_without_instances(fleet: Fleet) -> None:
    unit = fleet.unit("a")
    fleet.join(unit)
    fleet.create_set()
    fleet.run("update_stack_set", UsePreviousTemplate=True, **SERVICE)
    fleet.run("create_stack_instances", **in_units(unit))

    own: dict[str, Any] = {"UsePreviousTemplate": True, "PermissionModel": "SELF_MANAGED"}
    assert fleet.refusal("update_stack_set", **own).startswith("ValidationError")
