import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tapctl import sandbox
from tapctl.sandbox import AccountLimits
from tests.support.sandbox_clients import wait_for_a_save
from tests.support.stack_sets import OTHER_REGION, REGION, Fleet, parameters, reserving

pytestmark = pytest.mark.sandbox

QUEUEING: dict[str, Any] = {"ManagedExecution": {"Active": True}}
ACCOUNTS = ("111111111111", "222222222222")
Start = Callable[[], Fleet]


def statuses(fleet: Fleet) -> list[str]:
    """The statuses of all operations, oldest first."""
    found = fleet.cloudformation.list_stack_set_operations(StackSetName="s")["Summaries"]
    return [operation["Status"] for operation in reversed(found)]


def test_managed_operations_queue_in_the_order_of_their_requests(fleet: Fleet) -> None:
    fleet.hold()
    fleet.create_set(reserving(), **QUEUEING)
    account, other = fleet.accounts[:2]

    first = fleet.begin("create_stack_instances", Accounts=[account])
    second = fleet.begin("create_stack_instances", Accounts=[other])
    third = fleet.begin("update_stack_set", UsePreviousTemplate=True, Parameters=parameters(Reserved=2))
    assert statuses(fleet) == ["RUNNING", "QUEUED", "QUEUED"]
    assert fleet.cloudformation.describe_stack_set(StackSetName="s")["StackSet"]["Parameters"] == parameters(Reserved=0)

    fleet.release()
    assert [fleet.wait(operation) for operation in (first, second, third)] == ["SUCCEEDED"] * 3
    ended = [fleet.operation(operation)["EndTimestamp"] for operation in (first, second, third)]
    assert ended == sorted(ended)
    assert fleet.reserved(account) == [2]
    # All instances are those that there are when its turn has come.
    assert list(fleet.results(third)) == [f"{account}/{REGION}", f"{other}/{REGION}"]


def test_a_queued_operation_is_stopped_at_once(fleet: Fleet) -> None:
    fleet.hold()
    fleet.create_set(**QUEUEING)
    account, other = fleet.accounts[:2]
    first = fleet.begin("create_stack_instances", Accounts=[account])
    second = fleet.begin("create_stack_instances", Accounts=[other])

    fleet.cloudformation.stop_stack_set_operation(StackSetName="s", OperationId=second)

    assert fleet.operation(second)["Status"] == "STOPPED"
    fleet.release()
    assert fleet.wait(first) == "SUCCEEDED"
    assert list(fleet.instances()) == [f"{account}/{REGION}"]


@pytest.mark.parametrize(("rule", "expected"), [("serial", "QUEUED"), ("parallel", "RUNNING")])
def test_managed_operations_on_different_cells(fleet: Fleet, rule: str, expected: str) -> None:
    fleet.hold(managed_execution=rule)
    fleet.create_set(**QUEUEING)
    account, other, third = fleet.accounts[:3]
    begun = [fleet.begin("create_stack_instances", Accounts=[target]) for target in (account, other)]
    begun.append(fleet.begin("create_stack_instances", Accounts=[account]))
    begun.append(fleet.begin("create_stack_instances", Accounts=[third]))

    assert statuses(fleet) == ["RUNNING", expected, "QUEUED", "QUEUED"]
    fleet.release()
    assert [fleet.wait(operation) for operation in begun] == ["SUCCEEDED"] * 4


def test_the_execution_is_not_changed_while_an_operation_runs(fleet: Fleet) -> None:
    fleet.hold()
    fleet.create_set(**QUEUEING)
    operation = fleet.begin("create_stack_instances", Accounts=fleet.accounts[:1])

    off: dict[str, Any] = {"UsePreviousTemplate": True, "ManagedExecution": {"Active": False}}
    assert fleet.refusal("update_stack_set", **off).startswith("OperationInProgressException")
    fleet.release()
    fleet.wait(operation)
    fleet.run("update_stack_set", **off)
    shown = fleet.cloudformation.describe_stack_set(StackSetName="s")["StackSet"]["ManagedExecution"]
    assert shown == {"Active": False}


def test_a_region_over_the_tolerance_cancels_the_rest_and_the_next_regions(fleet: Fleet) -> None:
    first, second, third, fourth = fleet.accounts
    fleet.limits(second, 10)
    fleet.create_set(reserving(5))

    operation = fleet.begin(
        "create_stack_instances",
        Regions=[REGION, OTHER_REGION],
        OperationPreferences={"RegionOrder": [OTHER_REGION, REGION]},
    )

    assert fleet.wait(operation) == "FAILED"
    results = fleet.results(operation)
    found = {cell: result["Status"] for cell, result in results.items()}
    there = {first: "SUCCEEDED", second: "FAILED", third: "CANCELLED", fourth: "CANCELLED"}
    assert found == {f"{account}/{OTHER_REGION}": status for account, status in there.items()} | {
        f"{account}/{REGION}": "CANCELLED" for account in fleet.accounts
    }
    assert results[f"{third}/{OTHER_REGION}"]["StatusReason"] == "Cancelled since failure tolerance has exceeded"
    assert fleet.instance(third, OTHER_REGION)["StackInstanceStatus"]["DetailedStatus"] == "CANCELLED"
    # What had succeeded stays.
    assert fleet.reserved(first, OTHER_REGION) == [5]


def test_the_cells_that_run_at_once_are_bounded(fleet: Fleet) -> None:
    fleet.hold()
    fleet.create_set()
    preferences = {"MaxConcurrentCount": 2, "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE"}
    operation = fleet.begin("create_stack_instances", OperationPreferences=preferences)

    found = [result["Status"] for result in fleet.results(operation).values()]

    assert found == ["RUNNING", "RUNNING", "PENDING", "PENDING"]
    fleet.release()
    assert fleet.wait(operation) == "SUCCEEDED"


def test_lists_may_lag_behind(fleet: Fleet) -> None:
    fleet.rules(list_seconds=60)
    fleet.create_set()
    operation = fleet.begin("create_stack_instances", Accounts=fleet.accounts[:1])
    fleet.wait(operation)

    assert (fleet.operation(operation)["Status"], fleet.results(operation)) == ("SUCCEEDED", {})
    assert statuses(fleet) == []
    fleet.rules(list_seconds=0.01)
    time.sleep(0.02)
    assert [result["Status"] for result in fleet.results(operation).values()] == ["SUCCEEDED"]
    assert statuses(fleet) == ["SUCCEEDED"]


@pytest.fixture
def start(state: Path) -> Iterator[Start]:
    """Start the sandbox of the test, as often as it has ended."""
    started: list[Fleet] = []

    def begin() -> Fleet:
        started.append(Fleet(sandbox.start(AccountLimits(1000)), ACCOUNTS))
        return started[-1]

    yield begin
    for fleet in started:
        fleet.close()


def assert_it_goes_on(fleet: Fleet) -> None:
    """The set, its instances and operations are known, and the next operation works on the same stacks."""
    operations = fleet.cloudformation.list_stack_set_operations(StackSetName="s")["Summaries"]
    assert [operation["Status"] for operation in operations] == ["SUCCEEDED"]
    assert fleet.instances() == {f"{account}/{REGION}": "CURRENT" for account in ACCOUNTS}
    assert fleet.instance(ACCOUNTS[0])["ParameterOverrides"] == parameters(Reserved=2)
    previous = [{"ParameterKey": "Reserved", "UsePreviousValue": True}]
    fleet.run("update_stack_instances", ParameterOverrides=previous)
    fleet.run("update_stack_set", UsePreviousTemplate=True, Parameters=parameters(Reserved=3))
    assert [len(fleet.stacks(account)) for account in ACCOUNTS] == [1, 1]
    assert fleet.reserved(ACCOUNTS[0]) == [2]


@pytest.mark.parametrize("killed", [False, True])
def test_stack_sets_outlive_the_process(start: Start, state: Path, killed: bool) -> None:
    fleet = start()
    fleet.create_set(reserving(), **QUEUEING)
    fleet.run("create_stack_instances", ParameterOverrides=parameters(Reserved=2))
    if killed:
        wait_for_a_save(state / "state")
        os.kill(fleet.sandbox.pid, signal.SIGKILL)
    else:
        sandbox.stop()

    assert_it_goes_on(start())


def test_an_operation_that_a_stop_interrupts_is_stopped(start: Start) -> None:
    fleet = start()
    fleet.rules(cell_seconds=0.5)
    fleet.create_set(**QUEUEING)
    running = fleet.begin("create_stack_instances")
    queued = fleet.begin("update_stack_set", UsePreviousTemplate=True)
    sandbox.stop()

    fleet = start()
    first, second = (f"{account}/{REGION}" for account in ACCOUNTS)
    assert [fleet.operation(operation)["Status"] for operation in (running, queued)] == ["STOPPED", "STOPPED"]
    assert {cell: result["Status"] for cell, result in fleet.results(running).items()} == {
        first: "SUCCEEDED",
        second: "CANCELLED",
    }
    assert fleet.instances() == {first: "CURRENT", second: "OUTDATED"}
    assert set(fleet.run("create_stack_instances").values()) == {"SUCCEEDED"}
    assert [len(fleet.stacks(account)) for account in ACCOUNTS] == [1, 1]


def test_an_operation_that_a_kill_interrupts_can_be_done_again(start: Start, state: Path) -> None:
    fleet = start()
    fleet.create_set(reserving())
    fleet.run("create_stack_instances", Accounts=ACCOUNTS[:1])
    known = fleet.instance(ACCOUNTS[0])["StackId"]
    fleet.hold()
    operation = fleet.begin("create_stack_instances", ParameterOverrides=parameters(Reserved=2))
    wait_for_a_save(state / "state")
    os.kill(fleet.sandbox.pid, signal.SIGKILL)

    fleet = start()
    assert fleet.operation(operation)["Status"] == "STOPPED"
    assert set(fleet.instances().values()) == {"OUTDATED"}
    assert fleet.instance(ACCOUNTS[0])["StackId"] == known
    fleet.release()
    assert set(fleet.run("create_stack_instances").values()) == {"SUCCEEDED"}
    assert [fleet.reserved(account) for account in ACCOUNTS] == [[2], [2]]
    assert list(fleet.stacks(ACCOUNTS[0])) == [known.split("/")[1]]


def test_an_operation_that_ends_after_the_last_request_is_saved_too(start: Start, state: Path) -> None:
    fleet = start()
    fleet.rules(cell_seconds=2)
    fleet.create_set()
    fleet.begin("create_stack_instances", Accounts=ACCOUNTS[:1])

    saved, deadline = state / "state" / "cloudformation.json", time.monotonic() + 20
    while not saved.exists() or '"status": "SUCCEEDED"' not in saved.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_reset_removes_the_sets_and_ends_their_operations(start: Start) -> None:
    fleet = start()
    fleet.hold()
    fleet.create_set()
    fleet.begin("create_stack_instances")

    sandbox.reset()
    fleet.release()

    assert fleet.cloudformation.list_stack_sets()["Summaries"] == []
    time.sleep(0.5)
    assert [fleet.stacks(account) for account in ACCOUNTS] == [{}, {}]
    fleet.rules()
    fleet.create_set()
    assert set(fleet.run("create_stack_instances").values()) == {"SUCCEEDED"}


def test_an_unusable_file_of_rules_leaves_the_last_in_force(start: Start, state: Path) -> None:
    fleet = start()
    fleet.rules(without_role=ACCOUNTS)
    fleet.create_set()
    (state / "stack_sets.json").write_text("{")

    assert set(fleet.run("create_stack_instances").values()) == {"FAILED", "CANCELLED"}
