import json
import time
from typing import Any

import pytest

from tapctl.sandbox.stack_set_rules import Failure
from tests.support.sandbox_clients import ROLE, function
from tests.support.stack_sets import OTHER_REGION, QUEUE, REGION, Fleet, parameters, reserving

GATE = "AWSCloudFormationStackSetAccountGate"
BUCKET = {"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}


def only(fleet: Fleet, operation: str) -> dict[str, Any]:
    (result,) = fleet.results(operation).values()
    return result


def begin(fleet: Fleet, call: str, **request: Any) -> dict[str, Any]:
    """The result of an operation on the first account."""
    operation = fleet.begin(call, Accounts=fleet.accounts[:1], **request)
    fleet.wait(operation)
    return only(fleet, operation)


@pytest.fixture
def account(fleet: Fleet) -> str:
    """An account with a limit of 10, and a set whose function does not fit there."""
    account = fleet.accounts[0]
    fleet.limits(account, 10)
    fleet.create_set(reserving(5))
    return account


def test_a_failed_create_leaves_an_outdated_instance_without_a_stack(fleet: Fleet, account: str) -> None:
    result = begin(fleet, "create_stack_instances")

    assert (result["Status"], "minimum value of [10]" in result["StatusReason"]) == ("FAILED", True)
    instance = fleet.instance(account)
    assert (instance["Status"], instance.get("StackId"), instance["StatusReason"]) == (
        "OUTDATED",
        None,
        result["StatusReason"],
    )
    assert instance["StackInstanceStatus"] == {"DetailedStatus": "FAILED"}
    assert fleet.stacks(account) == {}


def test_an_instance_knows_its_stack_from_its_beginning(fleet: Fleet) -> None:
    waits = {"Type": "AWS::CloudFormation::WaitCondition", "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": 2}}
    template = {"Resources": {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}, "Wait": waits}}
    account = fleet.accounts[0]
    fleet.create_set(template)
    assert fleet.stacks(account) == {}  # its client is made before the stack begins
    operation = fleet.begin("create_stack_instances", Accounts=[account])
    deadline = time.monotonic() + 10
    while (running := fleet.instance(account)).get("StackId") is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)

    assert running["StackInstanceStatus"] == {"DetailedStatus": "RUNNING"}
    assert list(fleet.stacks(account)) == [running["StackId"].split("/")[1]]
    assert fleet.wait(operation) == "FAILED"
    assert "StackId" not in fleet.instance(account)


def test_an_update_of_an_instance_without_a_stack_creates_it(fleet: Fleet, account: str) -> None:
    begin(fleet, "create_stack_instances")

    assert begin(fleet, "update_stack_instances", ParameterOverrides=parameters(Reserved=0))["Status"] == "SUCCEEDED"

    assert (fleet.instance(account)["Status"], fleet.reserved(account)) == ("CURRENT", [0])


@pytest.mark.parametrize(("leaves", "instance"), [("ROLLBACK_COMPLETE", "OUTDATED"), ("INOPERABLE", "INOPERABLE")])
def test_a_failed_create_may_leave_a_stack_that_no_update_can_use(
    fleet: Fleet, account: str, leaves: str, instance: str
) -> None:
    fleet.rules(failed_create_leaves=leaves)
    begin(fleet, "create_stack_instances")
    found = fleet.instance(account)
    assert (found["Status"], list(fleet.stacks(account))) == (instance, [found["StackId"].split("/")[1]])
    assert list(fleet.stacks(account).values()) == ["ROLLBACK_COMPLETE"]

    fleet.limits(account, 1000)
    assert "ROLLBACK_COMPLETE" in begin(fleet, "update_stack_instances")["StatusReason"]
    assert begin(fleet, "delete_stack_instances")["Status"] == "SUCCEEDED"
    assert (fleet.instances(), fleet.stacks(account)) == ({}, {})


def test_a_failed_delete_makes_the_instance_inoperable(fleet: Fleet) -> None:
    account = fleet.accounts[0]
    fleet.create_set(BUCKET)
    begin(fleet, "create_stack_instances")
    (stack,) = fleet.stacks(account)
    (resource,) = fleet.client("cloudformation", account).describe_stack_resources(StackName=stack)["StackResources"]
    bucket = resource["PhysicalResourceId"]
    fleet.client("s3", account).put_object(Bucket=bucket, Key="k", Body=b"")

    result = begin(fleet, "delete_stack_instances")

    assert (result["Status"], "not empty" in result["StatusReason"]) == ("FAILED", True)
    instance = fleet.instance(account)
    assert (instance["Status"], instance["StackInstanceStatus"]["DetailedStatus"]) == ("INOPERABLE", "INOPERABLE")
    assert list(fleet.stacks(account).values()) == ["DELETE_FAILED"]
    assert fleet.run("update_stack_set", TemplateBody=json.dumps({**BUCKET, "Description": "d"})) == {}
    assert fleet.instance(account)["Status"] == "INOPERABLE"
    assert begin(fleet, "update_stack_instances")["Status"] == "FAILED"
    assert fleet.instance(account)["Status"] == "INOPERABLE"
    assert begin(fleet, "delete_stack_instances", RetainStacks=True)["Status"] == "SUCCEEDED"
    assert (fleet.instances(), list(fleet.stacks(account).values())) == ({}, ["DELETE_FAILED"])


def test_an_inoperable_instance_goes_with_its_stack_once_that_can_be_deleted(fleet: Fleet) -> None:
    fleet.create_set()
    begin(fleet, "create_stack_instances")
    fleet.rules(fail={f"{fleet.accounts[0]}/{REGION}": Failure("stuck", times=1)})

    assert begin(fleet, "delete_stack_instances")["Status"] == "FAILED"
    assert fleet.instance(fleet.accounts[0])["Status"] == "INOPERABLE"
    assert begin(fleet, "delete_stack_instances")["Status"] == "SUCCEEDED"
    assert fleet.stacks(fleet.accounts[0]) == {}


def test_a_cell_without_the_execution_role_fails(fleet: Fleet) -> None:
    account, other = fleet.accounts[:2]
    fleet.rules(without_role=(account,))
    fleet.create_set()
    wanted: dict[str, Any] = {"Accounts": [account, other], "OperationPreferences": {"FailureToleranceCount": 1}}

    operation = fleet.begin("create_stack_instances", **wanted)
    fleet.wait(operation)

    result = fleet.results(operation)[f"{account}/{REGION}"]
    assert result["StatusReason"] == (
        f"Account {account} should have 'AWSCloudFormationStackSetExecutionRole' role with trust relationship to Role"
        " 'AWSCloudFormationStackSetAdministrationRole'."
    )
    assert fleet.instances() == {f"{account}/{REGION}": "OUTDATED", f"{other}/{REGION}": "CURRENT"}
    fleet.rules()
    assert set(fleet.run("create_stack_instances", Accounts=[account]).values()) == {"SUCCEEDED"}


def test_the_missing_role_is_the_one_of_the_set(fleet: Fleet) -> None:
    fleet.rules(without_role=fleet.accounts)
    role = f"arn:aws:iam::{fleet.admin}:role/service-role/Mine"
    fleet.create_set(AdministrationRoleARN=role, ExecutionRoleName="Theirs")

    reason = begin(fleet, "create_stack_instances")["StatusReason"]

    assert reason.endswith("should have 'Theirs' role with trust relationship to Role 'service-role/Mine'.")


def test_a_service_managed_set_needs_no_role(fleet: Fleet) -> None:
    unit = fleet.unit("a")
    account = fleet.join(unit)
    fleet.rules(without_role=(account,))
    fleet.create_set(PermissionModel="SERVICE_MANAGED", AutoDeployment={"Enabled": False})

    made = fleet.run("create_stack_instances", DeploymentTargets={"OrganizationalUnitIds": [unit]})

    assert made == {f"{account}/{REGION}": "SUCCEEDED"}


def test_a_disabled_region_fails_its_cells(fleet: Fleet) -> None:
    account, other = fleet.accounts[:2]
    fleet.rules(disabled=(f"{account}/{REGION}", OTHER_REGION))
    fleet.create_set()
    preferences = {"FailureToleranceCount": 2, "MaxConcurrentCount": 2, "RegionConcurrencyType": "PARALLEL"}

    made = fleet.run(
        "create_stack_instances",
        Accounts=[account, other],
        Regions=[REGION, OTHER_REGION],
        OperationPreferences=preferences,
    )

    assert [cell for cell, status in made.items() if status == "SUCCEEDED"] == [f"{other}/{REGION}"]


def test_a_failure_can_be_injected_for_a_number_of_times(fleet: Fleet) -> None:
    account = fleet.accounts[0]
    fleet.create_set(reserving())
    fleet.rules(fail={f"{account}/{REGION}": Failure("no luck", times=2)})

    assert begin(fleet, "create_stack_instances")["StatusReason"] == "no luck"
    assert fleet.instance(account).get("StackId") is None
    assert begin(fleet, "create_stack_instances")["Status"] == "FAILED"
    assert begin(fleet, "create_stack_instances")["Status"] == "SUCCEEDED"
    fleet.rules(fail={f"{account}/{REGION}": Failure("never")})
    result = begin(fleet, "update_stack_instances", ParameterOverrides=parameters(Reserved=3))
    assert (result["StatusReason"], fleet.instance(account)["Status"]) == ("never", "OUTDATED")
    assert fleet.reserved(account) == [0]


def test_a_stack_that_cannot_even_begin_fails_its_cell(fleet: Fleet) -> None:
    kind = {"Type": "String", "Default": "a", "AllowedValues": ["a", "b"]}
    fleet.create_set({"Parameters": {"Kind": kind}, **QUEUE})

    result = begin(fleet, "create_stack_instances", ParameterOverrides=parameters(Kind="c"))

    assert (result["Status"], "AllowedValues" in result["StatusReason"]) == ("FAILED", True)
    assert begin(fleet, "update_stack_instances", ParameterOverrides=parameters(Kind="b"))["Status"] == "SUCCEEDED"
    assert begin(fleet, "update_stack_instances", ParameterOverrides=parameters(Kind="c"))["Status"] == "FAILED"
    assert list(fleet.stacks(fleet.accounts[0]).values()) == ["CREATE_COMPLETE"]


def test_a_stack_that_was_deleted_by_hand_is_created_by_the_next_update(fleet: Fleet) -> None:
    account = fleet.accounts[0]
    fleet.create_set()
    begin(fleet, "create_stack_instances")
    (name,) = fleet.stacks(account)
    client = fleet.client("cloudformation", account)
    client.delete_stack(StackName=name)
    client.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 0.05})

    assert begin(fleet, "update_stack_instances")["Status"] == "SUCCEEDED"
    (new,) = fleet.stacks(account)
    assert new != name


def test_the_longest_name_of_a_set_fits_into_that_of_its_stacks(fleet: Fleet) -> None:
    fleet.create_set(name="s" * 128)

    fleet.run("create_stack_instances", name="s" * 128, Accounts=fleet.accounts[:1])

    (name,) = fleet.stacks(fleet.accounts[0])
    assert (len(name), name[:12]) == (128, "StackSet-sss")


def test_without_an_account_gate_its_result_is_skipped(fleet: Fleet) -> None:
    fleet.create_set()

    gate = begin(fleet, "create_stack_instances")["AccountGateResult"]

    arn = f"arn:aws:lambda:{REGION}:{fleet.accounts[0]}:function:{GATE}"
    assert gate == {"Status": "SKIPPED", "StatusReason": f"Function not found: {arn}"}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        pytest.param("{'Status': 'SUCCEEDED'}", "SUCCEEDED", id="open"),
        pytest.param("{'Status': 'FAILED'}", "FAILED", id="closed"),
        pytest.param("None", "FAILED", id="broken"),
    ],
)
def test_the_account_gate_of_a_cell_is_asked_first(fleet: Fleet, answer: str, status: str) -> None:
    account = fleet.accounts[0]
    gate = function(GATE, f"def handle(event, context): return {answer}", Role=ROLE)
    client = fleet.client("cloudformation", account)
    client.create_stack(StackName="gate", TemplateBody=json.dumps({"Resources": {"Gate": gate}}))
    client.get_waiter("stack_create_complete").wait(StackName="gate", WaiterConfig={"Delay": 0.05})
    fleet.create_set()

    result = begin(fleet, "create_stack_instances")

    assert (result["Status"], result["AccountGateResult"]["Status"]) == (status, status)
    assert len(fleet.stacks(account)) == (2 if status == "SUCCEEDED" else 1)
