"""Deploys that meet a full account: in two steps, after a refusal, and while somebody else takes the headroom."""

import pytest

from tapctl.account.floors import recall
from tapctl.errors import DeployFailed, ExitCode
from tapctl.headroom.remedy import Mode
from tapctl.release import Blocked

from .stage import Recorder, Stage


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
    assert recorder.steps[0] == "in two steps: first nothing claims more than it holds, then the target"


@pytest.mark.parametrize("stage", [(160, 100)], indirect=True)
def test_with_remedy_fail_the_order_is_not_risked(stage: Stage) -> None:
    stage.deploy(Recorder(), A=10, B=50)
    with pytest.raises(Blocked) as raised:
        stage.deploy(Recorder(), Mode.FAIL, A=50, B=10)
    assert raised.value.exit_code is ExitCode.UNCERTAIN
    assert by_letter(stage) == {"A": 10, "B": 50}


@pytest.mark.parametrize("stage", [(1000, 950)], indirect=True)
def test_a_refusal_teaches_the_floor_and_the_second_attempt_heals(stage: Stage) -> None:
    recorder = Recorder()
    stage.deploy(recorder, A=60, B=40)
    assert by_letter(stage) == {"A": 30, "B": 20}
    assert recorder.verdicts == ["fits", "exceeds"]
    assert "it names the minimum, 950; trying once more by that" in recorder.steps
    learned = recall("000000000000", "us-east-1")
    assert learned is not None
    assert (learned.minimum, learned.limit) == (950, 1000)


@pytest.mark.parametrize("stage", [(1000, 950)], indirect=True)
def test_with_remedy_fail_a_refusal_is_final(stage: Stage) -> None:
    with pytest.raises(DeployFailed) as raised:
        stage.deploy(Recorder(), Mode.FAIL, A=60, B=40)
    assert raised.value.minimum == 950


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
        stage.deploy(recorder, Mode.FAIL, A=60, B=40)
    assert raised.value.exit_code is ExitCode.EXCEEDS
    stacks = stage.aws.client("cloudformation").list_stacks()["StackSummaries"]
    assert all(each["StackStatus"] == "DELETE_COMPLETE" for each in stacks)
