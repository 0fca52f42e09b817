"""The proof of a rollout, and what disproves it."""

from collections.abc import Sequence
from typing import Any

import pytest

from tapctl.errors import UsageError
from tapctl.fleet.verify_fleet import FleetVerification, verify_fleet
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.failures import FailureAdvice
from tapctl.sandbox.stack_set_rules import Failure
from tapctl.unknown import Unknown
from tests.support.golden import Golden
from tests.support.rollouts import FleetProject, reserving
from tests.support.stack_sets import REGION


def verified(project: FleetProject, **more: Any) -> FleetVerification:
    return verify_fleet(project.base(), lambda url: (url, {}), **more)


def unproved(result: FleetVerification) -> dict[str, list[str]]:
    """What is wrong, by the account."""
    return {
        proof.cell.account.id: [check.message for check in proof.checks if check.status.name == "FAILED"]
        for proof in result.failed
    }


def accounts(result: FleetVerification) -> Sequence[str]:
    return [proof.cell.account.id for proof in result.cells]


def test_every_cell_is_proved(project: FleetProject) -> None:
    project.deploy()

    result = verified(project)

    assert (result.failed, accounts(result)) == ((), list(project.fleet.accounts))
    assert all(len(proof.checks) > 1 for proof in result.cells)


def test_some_cells_alone(project: FleetProject) -> None:
    project.deploy()

    assert accounts(verified(project, only=[(project.fleet.accounts[1], REGION)])) == [project.fleet.accounts[1]]


def test_a_reservation_that_was_changed_by_hand_is_found(project: FleetProject) -> None:
    project.deploy()
    account = project.fleet.accounts[2]
    client = project.fleet.client("lambda", account)
    name = client.list_functions()["Functions"][0]["FunctionName"]
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=7)

    wrong = unproved(verified(project))

    assert list(wrong) == [account]
    assert "7" in " ".join(wrong[account])


def test_instances_that_are_missing_or_outdated(project: FleetProject, golden: Golden) -> None:
    first, second, *_ = project.fleet.accounts
    project.section = {"accounts": list(project.fleet.accounts[1:]), "failure_tolerance": 1, "canary": []}
    project.deploy()
    project.template(reserving(200))
    project.fleet.rules(fail={f"{second}/{REGION}": Failure("boom")})
    project.deploy()
    project.section = {}

    golden(unproved(verified(project)), first=first, second=second)


def test_an_instance_that_failed_has_the_next_step(project: FleetProject) -> None:
    last = project.fleet.accounts[-1]
    project.fleet.rules(fail={f"{last}/{REGION}": Failure("orders-webhook already exists")})
    project.section = {"failure_tolerance": 1}
    project.deploy()

    assert [proof.instance.hint for proof in verified(project).failed] == [advise(FailureAdvice.RENAME_OR_DELETE_OTHER)]


def test_a_stack_that_is_gone_is_not_proved(project: FleetProject) -> None:
    project.deploy()
    account = project.fleet.accounts[1]
    stack = next(iter(project.fleet.stacks(account)))
    project.fleet.client("cloudformation", account).delete_stack(StackName=stack)

    (proof,) = verified(project).failed

    assert proof.cell.account.id == account
    assert isinstance(proof.verification, Unknown)


def test_a_missing_stack_set_is_a_usage_error(project: FleetProject, golden: Golden) -> None:
    with pytest.raises(UsageError) as failure:
        verified(project)

    golden(failure.value)
    assert failure.value.hint == advise(DeployAdvice.CREATE_WITH_FLEET_DEPLOY, "prod")
