"""Deploys that meet a full account: in two steps, after a refusal, and while somebody else takes the headroom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tapctl import sandbox
from tapctl.account.floors import recall
from tapctl.aws import Aws, Target
from tapctl.config import Settings
from tapctl.deploy.change_set import ChangeSet
from tapctl.deploy.events import Event
from tapctl.deploy.run import Deployer
from tapctl.errors import DeployFailed, ExitCode
from tapctl.headroom.remedy import Mode
from tapctl.headroom.result import Preflight
from tapctl.release import Blocked, Release, release
from tapctl.template.load import load

FUNCTION = {
    "Runtime": "python3.12",
    "Handler": "index.handler",
    "Role": "arn:aws:iam::123456789012:role/x",
    "Code": "{ZipFile: 'def handler(event, context): return 1'}",
}
TEMPLATE = (
    "Parameters: {A: {Type: Number}, B: {Type: Number}, Name: {Type: String, Default: first}}\nResources:\n"
    + "".join(
        f"  Fn{letter}:\n    Type: AWS::Lambda::Function\n    Properties:\n"
        + "".join(f"      {key}: {value}\n" for key, value in FUNCTION.items())
        + f"      ReservedConcurrentExecutions: !Ref {letter}\n"
        + ("      FunctionName: !Ref Name\n" if letter == "A" else "")
        for letter in "AB"
    )
)


@dataclass
class Recorder:
    """Says yes, after doing what a test wants done at that moment, and notes what it is told."""

    before_execution: Any = None
    steps: list[str] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)

    def step(self, text: str) -> None:
        self.steps.append(text)

    def verdict(self, result: Preflight) -> None:
        self.verdicts.append(result.verdict.value)

    def changes(self, found: ChangeSet) -> None: ...

    def event(self, event: Event) -> None: ...

    def cancel(self, stack_name: str) -> bool:
        return False

    def confirm(self, stack_name: str) -> bool:
        if self.before_execution:
            action, self.before_execution = self.before_execution, None
            action()
        return True

    def allow(self, question: str, leaving: Sequence[str] = ()) -> bool:
        return False


@dataclass(frozen=True)
class Stage:
    """An empty account with limits of the test's choice, and one template in it."""

    aws: Aws
    template: Path

    def deploy(self, recorder: Recorder, remedy: Mode = Mode.ADJUST, stack: str = "s", **parameters: object) -> Release:
        given = {key: str(value) for key, value in parameters.items()}
        settings = Settings(str(self.template), stack_name=stack, parameters=given, region="us-east-1", remedy=remedy)
        deployer = Deployer(self.aws, settings, recorder)
        done = release(load(str(self.template)), deployer, recorder, None)
        assert done is not None
        return done

    def reserved(self) -> dict[str, int | None]:
        client = self.aws.client("lambda")
        names = [each["FunctionName"] for each in client.list_functions()["Functions"]]
        return {
            name: client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
            for name in names
        }

    def take(self, amount: int) -> None:
        """Somebody else reserves."""
        client = self.aws.client("lambda")
        packed = BytesIO()
        with ZipFile(packed, "w") as archive:
            archive.writestr("a.py", "")
        code = {"ZipFile": packed.getvalue()}
        client.create_function(
            FunctionName="else", Role=FUNCTION["Role"], Code=code, Runtime="python3.12", Handler="a.b"
        )
        client.put_function_concurrency(FunctionName="else", ReservedConcurrentExecutions=amount)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPCTL_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        try:
            yield
        finally:
            sandbox.stop()


@pytest.fixture
def stage(state: None, tmp_path: Path, request: pytest.FixtureRequest) -> Stage:
    limit, floor = request.param
    running = sandbox.start(sandbox.AccountLimits(limit, floor))
    sandbox.reset()
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    aws = Aws(Target(running.region, endpoint=running.endpoint, keys=(sandbox.ACCESS_KEY, sandbox.SECRET_KEY)))
    return Stage(aws, tmp_path / "t.yaml")


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
