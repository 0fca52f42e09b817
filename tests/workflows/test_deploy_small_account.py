"""What a full account does to a deploy, case by case, each brought about in the sandbox."""

import json
from typing import Any

import pytest

from tapctl import sandbox
from tapctl.account.floor_cache import recall
from tapctl.concurrency.remedy import RemedyMode
from tapctl.errors import ExitCode
from tapctl.hints import Advice, advise
from tapctl.sandbox import AccountLimits
from tapctl.workflows.deploy import Blocked
from tests.support.golden import Golden
from tests.support.shared_sandbox import account_id
from tests.support.small_account import FUNCTION, Recorder, Stage


def one_function(reserved: int | None = None, provisioned: int | None = None) -> str:
    """A function with a version, and an alias of it that may provision."""
    code = {"ZipFile": "def handler(event, context): return 1"}
    properties: dict[str, Any] = {**FUNCTION, "Code": code}
    alias = {"FunctionName": {"Ref": "Fn"}, "FunctionVersion": {"Fn::GetAtt": ["V", "Version"]}, "Name": "live"}
    if reserved is not None:
        properties["ReservedConcurrentExecutions"] = reserved
    if provisioned is not None:
        alias["ProvisionedConcurrencyConfig"] = {"ProvisionedConcurrentExecutions": provisioned}
    resources = {
        "Fn": {"Type": "AWS::Lambda::Function", "Properties": properties},
        "V": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Fn"}}},
        "Live": {"Type": "AWS::Lambda::Alias", "Properties": alias},
    }
    return json.dumps({"Resources": resources})


def reserved(stage: Stage) -> int | None:
    (only,) = stage.reserved().values()
    return only


@pytest.mark.parametrize("stage", [(160, 100)], indirect=True)
def test_a_renaming_at_full_headroom_is_uncertain_and_says_why(stage: Stage, golden: Golden) -> None:
    stage.deploy(Recorder(), A=50, B=10)
    recorder = Recorder()
    with pytest.raises(Blocked) as raised:
        stage.deploy(recorder, RemedyMode.FAIL, A=50, B=10, Name="second")
    (result,) = recorder.results
    (finding,) = [each for each in result.findings if each.verdict.value == "uncertain"]
    assert raised.value.exit_code is ExitCode.UNCERTAIN
    assert finding.resource == "FnA"
    assert finding.hints == (advise(Advice.DEPLOY_IN_TWO_STEPS_IF_ALLOWED),)
    golden(finding.message)


@pytest.mark.parametrize("stage", [(10, 10)], indirect=True)
def test_an_explicit_0_on_a_full_account_fits(stage: Stage) -> None:
    sandbox.start(AccountLimits(10, 10, held=10))
    recorder = Recorder()
    stage.deploy(recorder, A=0, B=0)
    assert recorder.verdicts == ["fits"]
    assert list(stage.reserved().values()) == [0, 0]


@pytest.mark.parametrize(
    ("stage", "asked", "verdict", "becomes"),
    [
        pytest.param((10, 10), 1, "exceeds", None, id="limit-10-spares-nothing"),
        pytest.param((50, 50), 1, "exceeds", None, id="limit-50-spares-nothing"),
        pytest.param((400, 40), 300, "fits", 300, id="limit-400-spares-300-for-sure"),
        pytest.param((400, 40), 360, "uncertain", 300, id="limit-400-spares-360-maybe"),
        pytest.param((400, 40), 391, "exceeds", 300, id="limit-400-never-spares-391"),
        pytest.param((1000, 100), 900, "fits", 900, id="limit-1000-spares-900"),
        pytest.param((1000, 100), 901, "exceeds", 900, id="limit-1000-spares-no-more"),
    ],
    indirect=["stage"],
)
def test_what_an_account_spares_hangs_on_its_limit(stage: Stage, asked: int, verdict: str, becomes: int | None) -> None:
    stage.template.write_text(one_function(asked))
    recorder = Recorder()
    stage.deploy(recorder)
    assert (recorder.verdicts, reserved(stage)) == ([verdict], becomes)
    assert stage.events()[-1] == "CREATE_COMPLETE"


@pytest.mark.parametrize("stage", [(400, 40)], indirect=True)
def test_whoever_knows_the_floor_gets_all_that_there_is(stage: Stage) -> None:
    stage.template.write_text(one_function(360))
    recorder = Recorder()
    stage.deploy(recorder, minimum=40)
    assert (recorder.verdicts, reserved(stage)) == (["fits"], 360)


@pytest.mark.parametrize("stage", [(1000, 100)], indirect=True)
@pytest.mark.parametrize(
    ("setting", "verdict", "becomes"),
    [
        pytest.param((None, 900), "fits", None, id="all-that-there-is-without-a-reservation"),
        pytest.param((900, 900), "fits", 900, id="inside-a-reservation-it-counts-once"),
        pytest.param((901, 900), "exceeds", 900, id="a-reservation-is-not-lowered-below-it"),
        pytest.param((899, 900), "exceeds", None, id="a-reservation-that-does-not-cover-it-is-dropped"),
    ],
)
def test_provisioned_concurrency(
    stage: Stage, setting: tuple[int | None, int], verdict: str, becomes: int | None
) -> None:
    stage.template.write_text(one_function(*setting))
    recorder = Recorder()
    stage.deploy(recorder)
    assert (recorder.verdicts, reserved(stage)) == ([verdict], becomes)


@pytest.mark.parametrize("stage", [(1000, 100)], indirect=True)
def test_provisioned_concurrency_that_exceeds_has_no_remedy(stage: Stage) -> None:
    stage.template.write_text(one_function(None, 901))
    with pytest.raises(Blocked) as raised:
        stage.deploy(Recorder())
    assert raised.value.exit_code is ExitCode.EXCEEDS
    assert stage.reserved() == {}


@pytest.mark.parametrize("stage", [(1000, 100)], indirect=True)
def test_a_floor_above_what_was_believed_is_learned_once_and_remembered(stage: Stage) -> None:
    stage.deploy(Recorder(), A=10, B=10)
    sandbox.start(AccountLimits(1000, 950))
    stage.deploy(Recorder(), A=60, B=40)
    assert stage.events()[-1] == "UPDATE_COMPLETE"
    learned = recall(account_id(), "us-east-1")
    same, other = Recorder(), Recorder()
    # What the remedy makes of this wish is what the stack has already.
    stage.deploy(same, learned=learned, A=61, B=40)
    assert same.verdicts == []
    stage.deploy(other, learned=learned, A=60, B=20)
    assert other.verdicts == ["exceeds"]
    assert stage.events().count("UPDATE_ROLLBACK_COMPLETE") == 1
