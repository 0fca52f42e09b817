"""Experiments with stack sets in an account in memory: what they read, and that they leave nothing."""

from pathlib import Path

import pytest

from tapctl.errors import TapctlError
from tapctl.evidence import EXPERIMENTS, Bound, ExperimentJournal, ExperimentRunner, clean
from tapctl.evidence.deletion import delete
from tapctl.evidence.experiment import Observation, Seen
from tapctl.evidence.record import ExperimentResult
from tests.support.fake_cloud import Killed, refusal
from tests.support.fake_stack_sets import FakeStackSets
from tests.support.golden import Golden

RUN = "0a1b2c3d"
IDS = [id_ for id_ in EXPERIMENTS if id_.startswith("stack-set-")]


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path))


def journal() -> ExperimentJournal:
    return ExperimentJournal("123456789012", "eu-west-1")


def bound() -> Bound:
    return Bound(1000, 60, pause=lambda _: None)


def run(cloud: FakeStackSets, id_: str) -> ExperimentResult:
    runner = ExperimentRunner(cloud, RUN, journal(), bound(), 1, billed=False, step=lambda _: None)
    (result,) = runner.results([EXPERIMENTS[id_]])
    assert runner.left == []
    return result


@pytest.mark.parametrize(
    ("id_", "cloud", "outcome"),
    [
        pytest.param("stack-set-failed-create", FakeStackSets(), "agrees", id="no stack"),
        pytest.param("stack-set-failed-create", FakeStackSets(stays=True), "contradicts", id="a stack"),
        pytest.param("stack-set-failed-create", FakeStackSets(reason="Account has no role"), "read", id="no role"),
        pytest.param("stack-set-omitted-parameter", FakeStackSets(), "read", id="kept"),
        pytest.param("stack-set-omitted-parameter", FakeStackSets(keeps=False), "read", id="not kept"),
        pytest.param("stack-set-managed-execution", FakeStackSets(), "read", id="queued"),
        pytest.param("stack-set-managed-execution", FakeStackSets(queues=False), "read", id="not queued"),
    ],
)
def test_each_rule_is_read_and_nothing_is_left(id_: str, cloud: FakeStackSets, outcome: str, golden: Golden) -> None:
    result = run(cloud, id_)

    assert result.reading is not None, result.reason
    assert result.outcome == outcome
    golden(result.reading.answer)
    assert (cloud.sets, cloud.stacks, journal().stacks()) == ({}, {}, ())


def test_an_update_that_is_refused_is_an_answer() -> None:
    text = "Parameters: [Omitted] must have values"
    cloud = FakeStackSets(
        fault=lambda _, name: refusal(name, "ValidationError", text) if name == "UpdateStackSet" else None
    )

    reading = run(cloud, "stack-set-omitted-parameter").reading

    assert reading is not None
    assert (reading.answer, reading.agrees) == (f"refused: {text}", None)


@pytest.mark.parametrize("id_", IDS)
def test_a_kill_at_any_call_leaves_nothing_that_clean_does_not_find(id_: str) -> None:
    complete = FakeStackSets(stays=True)
    run(complete, id_)
    for killed_at in range(1, len(complete.calls) + 1):
        cloud = FakeStackSets(fault=lambda number, _, at=killed_at: Killed() if number >= at else None, stays=True)  # type: ignore[misc]
        with pytest.raises(Killed):
            run(cloud, id_)
        cloud.fault = lambda *_: None
        cleaned = clean(cloud, journal(), bound(), others=False, step=lambda _: None)
        assert (cleaned.is_empty, cloud.sets, cloud.stacks, journal().stacks()) == (True, {}, {}, ()), killed_at


def test_a_set_without_the_tag_of_the_run_is_left_alone(golden: Golden) -> None:
    cloud, name = FakeStackSets(), f"tapctl-evidence-{RUN}-{IDS[0]}"
    cloud._CreateStackSet(name, "{}", [], AdministrationRoleARN="Administration", ExecutionRoleName="Execution")
    with pytest.raises(TapctlError) as refused:
        delete(cloud, name, RUN, bound())

    golden(refused.value)
    assert name in cloud.sets


def test_a_deletion_of_instances_that_fails_is_named_and_keeps_the_roles(golden: Golden) -> None:
    cloud = FakeStackSets()
    cloud._DescribeStackSetOperation = lambda **_: {"StackSetOperation": {"Status": "FAILED", "StatusReason": "no"}}  # type: ignore[method-assign]
    runner = ExperimentRunner(cloud, RUN, journal(), bound(), 1, billed=False, step=lambda _: None)
    list(runner.results([EXPERIMENTS["stack-set-failed-create"]]))

    (left,) = runner.left
    golden(left)
    assert list(cloud.stacks) == list(journal().stacks()) == [f"tapctl-evidence-{RUN}-stack-set-failed-create"]


def test_an_operation_that_was_over_already_settles_nothing(golden: Golden) -> None:
    observations = {
        name: Observation("x", [status, None]) for name, status in (("first", "FAILED"), ("second", "RUNNING"))
    }
    seen = Seen(1000, 1000, 100, {**observations, "accepted": Observation("x", "id")})

    golden(EXPERIMENTS["stack-set-managed-execution"].reads(seen).answer)
