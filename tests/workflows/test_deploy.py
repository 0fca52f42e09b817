"""Deploys that meet a full account: in two steps, after a refusal, and while somebody else takes the headroom."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tapctl import sandbox
from tapctl.account.floor_cache import recall
from tapctl.concurrency.remedy import RemedyMode
from tapctl.errors import DeployFailed, ExitCode, TapctlError
from tapctl.workflows.deploy import Blocked, DeployResult
from tests.support.shared_sandbox import account_id
from tests.support.small_account import Recorder, Stage


def by_letter(stage: Stage) -> dict[str, int | None]:
    return {"A" if name in ("first", "second") else "B": value for name, value in stage.reserved().items()}


@pytest.mark.parametrize("stage", [(160, 100)], indirect=True)
@pytest.mark.parametrize("name", ["first", "second"], ids=["raised-in-place", "renamed-at-full-headroom"])
def test_a_raise_beside_a_lowering_goes_in_two_steps(stage: Stage, name: str) -> None:
    stage.deploy(Recorder(), A=10, B=50)
    recorder = Recorder()
    stage.deploy(recorder, A=50, B=10, Name=name)
    assert by_letter(stage) == {"A": 50, "B": 10}
    assert recorder.verdicts == ["uncertain"]
    waits = {"first": "stays at 10", "second": "has no reservation"}[name]
    told = f"step 1 of 2: FnB is lowered from 50 to 10, FnA {waits} until step 2"
    assert recorder.steps[0] == f"in two steps, since the order of the updates in one might fail; {told}"
    assert "step 2 of 2: FnA reserves 50" in recorder.steps
    assert not [each for each in recorder.steps if each.endswith("in this deploy")]


@pytest.mark.parametrize("stage", [(160, 100)], indirect=True)
def test_with_remedy_fail_the_order_is_not_risked(stage: Stage) -> None:
    stage.deploy(Recorder(), A=10, B=50)
    with pytest.raises(Blocked) as raised:
        stage.deploy(Recorder(), RemedyMode.FAIL, A=50, B=10)
    assert raised.value.exit_code is ExitCode.UNCERTAIN
    assert by_letter(stage) == {"A": 10, "B": 50}


@pytest.mark.parametrize("stage", [(1000, 950)], indirect=True)
def test_a_refusal_teaches_the_floor_and_the_second_attempt_heals(stage: Stage) -> None:
    recorder = Recorder()
    stage.deploy(recorder, A=60, B=40)
    assert by_letter(stage) == {"A": 30, "B": 20}
    assert recorder.verdicts == ["fits", "exceeds"]
    assert "AWS refused, and names the minimum, 950; judging anew by that" in recorder.steps
    learned = recall(account_id(), "us-east-1")
    assert learned is not None
    assert (learned.minimum, learned.limit) == (950, 1000)


@pytest.mark.parametrize("stage", [(1000, 950)], indirect=True)
def test_the_second_attempt_does_not_retell_why_the_first_failed(stage: Stage) -> None:
    stage.deploy(Recorder(), A=10, B=10)
    recorder = Recorder()
    stage.deploy(recorder, A=60, B=40)
    assert "UPDATE_ROLLBACK_COMPLETE" in stage.events()
    assert recorder.verdicts == ["fits", "exceeds"]
    assert not [each for each in recorder.steps if "UPDATE_ROLLBACK_COMPLETE" in each or "first cause" in each]


@pytest.mark.parametrize("stage", [(1000, 950)], indirect=True)
def test_what_aws_names_beats_the_minimum_that_was_given(stage: Stage) -> None:
    recorder = Recorder()
    stage.deploy(recorder, minimum=10, A=60, B=40)
    assert by_letter(stage) == {"A": 30, "B": 20}
    assert "AWS refused, and names the minimum, 950, not the 10 that was given; judging anew by that" in recorder.steps


class _Meanwhile(Recorder):
    """The minimum rises once more after the second verdict."""

    def confirm(self, stack_name: str) -> bool:
        if len(self.results) == 2:
            sandbox.start(sandbox.AccountLimits(1000, 980))
        return super().confirm(stack_name)


@pytest.mark.parametrize("stage", [(1000, 950)], indirect=True)
def test_a_second_refusal_ends_with_both(stage: Stage) -> None:
    with pytest.raises(DeployFailed) as raised:
        stage.deploy(_Meanwhile(), A=60, B=40)
    assert "[980]" in raised.value.message
    assert "; the attempt before it was refused as well: stack s failed" in raised.value.message
    assert "[950]" in raised.value.message


@pytest.mark.parametrize("stage", [(1000, 950)], indirect=True)
def test_with_remedy_fail_a_refusal_leaves_no_stack_and_the_new_verdict_decides(stage: Stage) -> None:
    with pytest.raises(Blocked) as raised:
        stage.deploy(Recorder(), RemedyMode.FAIL, A=60, B=40)
    assert raised.value.exit_code is ExitCode.EXCEEDS
    assert stage.stacks() == {}


@pytest.mark.parametrize("stage", [(1000, 100)], indirect=True)
def test_headroom_that_is_taken_before_the_execution_is_noticed(stage: Stage) -> None:
    recorder = Recorder(before_execution=lambda: stage.take(840))
    stage.deploy(recorder, A=60, B=40)
    reserved = stage.reserved()
    assert (reserved.pop("else"), reserved.pop("first"), list(reserved.values())) == (840, 36, [24])
    assert recorder.verdicts == ["fits", "exceeds"]


@pytest.mark.parametrize("stage", [(1000, 100)], indirect=True)
def test_with_remedy_fail_lost_headroom_stops_the_deploy_and_leaves_no_stack(stage: Stage) -> None:
    recorder = Recorder(before_execution=lambda: stage.take(840))
    with pytest.raises(Blocked) as raised:
        stage.deploy(recorder, RemedyMode.FAIL, A=60, B=40)
    assert raised.value.exit_code is ExitCode.EXCEEDS
    assert stage.stacks() == {}


def race(stage: Stage, *modes: RemedyMode) -> list[DeployResult | TapctlError]:
    """Deploys that look at the same headroom, and execute at the same moment."""
    starting = Barrier(len(modes))

    def deploy(number: int) -> DeployResult | TapctlError:
        recorder, name = Recorder(before_execution=lambda: starting.wait(30)), f"racer{number}"
        try:
            return stage.deploy(recorder, modes[number], stack=name, A=40, B=0, Name=name)
        except TapctlError as error:
            return error

    with ThreadPoolExecutor(len(modes)) as pool:
        return list(pool.map(deploy, range(len(modes))))


@pytest.mark.parametrize("stage", [(160, 100)], indirect=True)
def test_of_two_deploys_at_once_one_gets_the_headroom_and_the_other_adjusts(stage: Stage) -> None:
    results = race(stage, RemedyMode.ADJUST, RemedyMode.ADJUST)
    assert all(isinstance(each, DeployResult) for each in results)
    held = stage.reserved()
    assert sorted([held["racer0"] or 0, held["racer1"] or 0]) == [20, 40]
    assert set(stage.stacks().values()) <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


@pytest.mark.parametrize("stage", [(160, 100)], indirect=True)
def test_of_two_deploys_at_once_one_gets_the_headroom_and_the_other_stops(stage: Stage) -> None:
    results = race(stage, RemedyMode.FAIL, RemedyMode.FAIL)
    (lost,) = (each for each in results if isinstance(each, TapctlError))
    assert lost.exit_code is ExitCode.EXCEEDS
    assert list(stage.stacks().values()) == ["CREATE_COMPLETE"]


@pytest.mark.parametrize("stage", [(1000, 100)], indirect=True)
def test_a_change_set_that_somebody_removed_meanwhile_is_asked_for_anew(stage: Stage) -> None:
    client = stage.aws.client("cloudformation")

    def remove() -> None:
        for each in client.list_change_sets(StackName="s")["Summaries"]:
            client.delete_change_set(ChangeSetName=each["ChangeSetId"])

    recorder = Recorder(before_execution=remove)
    assert stage.deploy(recorder, A=60, B=40).outcome.changed
    assert "somebody else changed stack s meanwhile; working the remedy out anew" in recorder.steps
    assert len(recorder.verdicts) == 2
