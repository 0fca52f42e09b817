"""What is printed of a rollout, of the operation that is watched, of the proof and of the end."""

import json
from typing import Any

import pytest

from tapctl.aws.stack_sets import InstanceResult, SetOperation
from tapctl.errors import BusyError
from tapctl.fleet.destroy_fleet import FleetDestroyed
from tapctl.fleet.operation import EndedOperation, Progress
from tapctl.fleet.plan import FleetDeletion
from tapctl.fleet.rollout import Rollout
from tapctl.fleet.verify_fleet import CellProof, FleetVerification
from tapctl.fleet.watch_fleet import Watched
from tapctl.report import rollout as report
from tapctl.report.render import RenderOptions
from tapctl.state.rollout_journal import RolloutEntry
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.verify import Verification
from tapctl.workflows.destroy import DeletedResource
from tests.support.golden import Golden
from tests.support.hints import noted
from tests.support.rolled_out import account, ended, planned, rolled_out
from tests.support.schemas import breaches

OPTIONS = RenderOptions(120, color=False)
REFUSED = (
    "ResourceLogicalId:Fn, ResourceType:AWS::Lambda::Function, ResourceStatusReason:Specified"
    " ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum"
    " value of [100]."
)
PLAN = planned(10, 400, None, 1000)
STOPPED = ended(PLAN, account(1), reason="boom", status="FAILED")[:1]
LATER = tuple(cell for step in PLAN.plan.steps[2:] for cell in step.cells)

ROLLOUTS = [
    pytest.param(rolled_out(planned(1000, 10), ended(planned(1000, 10))), id="all is well"),
    pytest.param(rolled_out(PLAN, ended(PLAN, account(2), reason=REFUSED)), id="one fails and one is left out"),
    pytest.param(rolled_out(PLAN, STOPPED, not_reached=LATER), id="the canary fails"),
    pytest.param(rolled_out(PLAN, ended(PLAN)[:1], not_reached=LATER), id="another user stops it"),
    pytest.param(rolled_out(PLAN, ended(PLAN), inoperable=((account(3), "eu-west-1"),)), id="one is inoperable"),
    pytest.param(rolled_out(planned(1000), confirmed=False), id="declined"),
    pytest.param(rolled_out(planned(None, None)), id="nothing to do"),
]


@pytest.mark.parametrize("rollout", ROLLOUTS)
def test_a_rollout(rollout: Rollout, golden: Golden) -> None:
    golden(report.result_text(rollout, "orders", OPTIONS))


@pytest.mark.parametrize("rollout", ROLLOUTS)
def test_the_document_of_a_rollout(rollout: Rollout) -> None:
    document = json.loads(report.rollout_json("prod", "orders", rollout))

    assert breaches(document) == []
    cells = [
        f"{cell['account_id']}/{cell['region']}" for name in ("deployed", "not_reached") for cell in document[name]
    ]
    assert len(cells) == len(set(cells))


def test_the_document_of_a_rollout_that_did_not_begin_has_its_error() -> None:
    document = json.loads(report.rollout_json("prod", "orders", None, error=BusyError("busy", noted("wait"))))

    assert breaches(document) == []
    assert (document["error"]["message"], document["error"]["exit_code"]) == ("busy", 5)


# ---------------------------------------------------------------------------------------------------------------------
# Operations
# ---------------------------------------------------------------------------------------------------------------------


def operation(*statuses: str, status: str = "SUCCEEDED") -> EndedOperation:
    results = {
        (account(number), "eu-west-1"): InstanceResult(
            account(number), "eu-west-1", cell_status, "boom" * (cell_status == "FAILED")
        )
        for number, cell_status in enumerate(statuses, 1)
    }
    return EndedOperation("update instances", SetOperation("tapctl-1", "UPDATE", status), results)


HALTED = RolloutEntry("", "update the stack set in 2 cells (canary)", "2026-11-30T12:00:00Z", 3)
DELETING = RolloutEntry("tapctl-2", "delete instances in 2 cells", "2026-11-30T12:00:00Z", 1, "destroy")

WATCHED = [
    pytest.param(Watched((), RolloutEntry(), 2, 2), id="none"),
    pytest.param(Watched((operation("SUCCEEDED"),), RolloutEntry(), 1, 1), id="all is well"),
    pytest.param(Watched((operation("SUCCEEDED", "FAILED"),), RolloutEntry(), 1, 2), id="one fails"),
    pytest.param(Watched((operation(), operation("SUCCEEDED")), RolloutEntry(), 1, 12), id="two operations"),
    pytest.param(Watched((operation("SUCCEEDED"),), HALTED, 12, 12), id="a rollout that was stopped"),
    pytest.param(Watched((), DELETING, 4, 12), id="a deletion that was stopped"),
    pytest.param(Watched((operation("SUCCEEDED"),), RolloutEntry(), 0, 12, exists=False), id="a set that is gone"),
]


def test_a_command_names_a_fleet_in_one_word() -> None:
    watched = Watched((), DELETING, 4, 12)

    assert json.loads(report.watched_json(watched, "my fleet", "orders"))["next"] == "tapctl fleet destroy 'my fleet'"


@pytest.mark.parametrize("watched", WATCHED)
def test_the_end_of_a_watch(watched: Watched, golden: Golden) -> None:
    document = report.watched_json(watched, "prod", "orders")

    golden(f"{report.watched_text(watched, 'prod', 'orders', OPTIONS)}\n{json.loads(document)['next']}")
    assert breaches(json.loads(document)) == []


def at(status: str, **counts: int) -> Progress:
    """An operation with so many instances of each status."""
    statuses = [cell_status for cell_status, amount in counts.items() for _ in range(amount)]
    results = (
        InstanceResult(f"{n:012}", "us-east-1", cell_status, "boom") for n, cell_status in enumerate(statuses, 1)
    )
    return Progress("create", SetOperation("tapctl-1", "CREATE", status), tuple(results))


def test_the_line_of_a_log() -> None:
    assert report.progress_line(at("QUEUED"), "step 1 of 2: create") == "step 1 of 2: create: QUEUED"
    running = at("RUNNING", SUCCEEDED=1200, RUNNING=20)
    assert report.progress_line(running, "create") == "create: RUNNING (20 running, 1,200 succeeded)"


def test_failures_are_a_line_for_each_cause() -> None:
    progress = at("RUNNING", FAILED=9, SUCCEEDED=1)
    other = InstanceResult("222222222222", "us-east-1", "FAILED", "Cancelled by a person")
    progress = Progress(progress.step, progress.operation, (*progress.results, other))

    lines = list(report.failure_lines(progress, {failure.cell for failure in progress.failed}))

    assert lines == [
        ", ".join(f"00000000000{number}/us-east-1" for number in range(1, 7)) + " and 3 more failed: boom",
        "222222222222/us-east-1 failed: Cancelled by a person",
    ]
    assert list(report.failure_lines(progress, {other.cell})) == lines[1:]


def test_a_failure_says_what_to_do(golden: Golden) -> None:
    refused = InstanceResult(account(2), "eu-west-1", "FAILED", REFUSED)
    progress = Progress("create instances", SetOperation("tapctl-1", "CREATE", "RUNNING"), (refused,))

    golden(list(report.failure_lines(progress, {refused.cell})))


# ---------------------------------------------------------------------------------------------------------------------
# The proof and the end
# ---------------------------------------------------------------------------------------------------------------------

OK = Check("Fn", CheckStatus.PROVED, "it is active")
WRONG = Check("Fn", CheckStatus.FAILED, "reserves 7, not 350")
CURRENT = Check("instance", CheckStatus.PROVED, "the instance is CURRENT")
OUTDATED = Check("instance", CheckStatus.FAILED, "the instance is OUTDATED: boom", noted("defuse it"))


def proof(number: int, instance: Check, found: Any) -> CellProof:
    return CellProof(PLAN.judged.cells[2 * number].cell, instance, found)


PROOF = FleetVerification(
    "prod",
    "orders",
    (
        proof(0, CURRENT, Verification("s", (OK,))),
        proof(1, CURRENT, Verification("s", (OK, WRONG))),
        proof(2, CURRENT, Unknown("role read cannot be assumed")),
        proof(3, OUTDATED, None),
    ),
)


@pytest.mark.parametrize("verbose", [False, True])
def test_a_proof(verbose: bool, golden: Golden) -> None:
    golden(report.verification_text(PROOF, RenderOptions(120, color=False, verbose=verbose)))


def test_the_document_of_a_proof() -> None:
    document = json.loads(report.verification_json(PROOF))

    assert breaches(document) == []
    assert document["verified"] is False
    assert [cell["verified"] for cell in document["cells"]] == [True, False, False, False]
    assert [cell["reason"] for cell in document["cells"]] == [None, None, "role read cannot be assumed", None]
    assert document["cells"][3]["checks"][0]["hint"] == "defuse it"


BESIDE = ((account(9), "eu-west-1"),)
ENDS = [
    pytest.param(FleetDestroyed(exists=False, is_gone=True), id="there was none"),
    pytest.param(FleetDestroyed(confirmed=False), id="declined"),
    pytest.param(FleetDestroyed(ends=[operation("SUCCEEDED")], is_gone=True), id="gone"),
    pytest.param(FleetDestroyed(ends=[operation("SUCCEEDED", "FAILED")], beside=BESIDE), id="some stay"),
    pytest.param(FleetDestroyed(ends=[operation("SUCCEEDED")]), id="others joined"),
]


@pytest.mark.parametrize("result", ENDS)
def test_the_end_of_a_fleet(result: FleetDestroyed, golden: Golden) -> None:
    golden(report.destroyed_text("orders", result, OPTIONS))
    assert breaches(json.loads(report.destroyed_json("prod", "orders", result))) == []


CELLS = tuple((account(number), region) for number in range(1, 9) for region in ("eu-west-1", "us-east-1"))
HELD = (
    DeletedResource("Orders", "AWS::DynamoDB::Table", ""),
    DeletedResource("Files", "AWS::S3::Bucket", "", "Retain"),
    DeletedResource("Sales", "AWS::RDS::DBInstance", "", "Snapshot"),
    DeletedResource("Inner", "AWS::CloudFormation::Stack", ""),
)


@pytest.mark.parametrize(
    "deletion",
    [
        pytest.param(FleetDeletion("orders", CELLS, HELD), id="data is lost"),
        pytest.param(FleetDeletion("orders", CELLS[:1]), id="no data"),
        pytest.param(FleetDeletion("orders", CELLS[:1], retains=True), id="the stacks stay"),
        pytest.param(FleetDeletion("orders", CELLS[:1], Unknown("no resources")), id="an unreadable template"),
        pytest.param(FleetDeletion("orders", ()), id="no instance"),
    ],
)
def test_the_deletions_of_a_destroy(deletion: FleetDeletion, golden: Golden) -> None:
    golden(report.deletion_text(deletion, OPTIONS))
