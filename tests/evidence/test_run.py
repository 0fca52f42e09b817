"""Experiments in an account in memory: faults, kills at every call, and what is left behind."""

from pathlib import Path

import pytest

from tapctl.errors import AwsError, BusyError, NoCredentials, TapctlError
from tapctl.evidence import EXPERIMENTS, Bound, ExperimentJournal, ExperimentRunner, clean
from tapctl.evidence.deletion import delete
from tapctl.evidence.record import ExperimentResult
from tapctl.sandbox.limits import AccountLimits
from tests.support.fake_cloud import FakeCloud, Fault, Killed, refusal
from tests.support.golden import Golden

RUN = "0a1b2c3d"
MINIMUM = f"tapctl-evidence-{RUN}-lambda-minimum"


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path))


def journal() -> ExperimentJournal:
    return ExperimentJournal("123456789012", "eu-west-1")


def bound(calls: int = 1000) -> Bound:
    return Bound(calls, 60, pause=lambda _: None)


def runner(cloud: FakeCloud, calls: int = 1000, headroom: int = 1) -> ExperimentRunner:
    return ExperimentRunner(cloud, RUN, journal(), bound(calls), headroom, billed=False, step=lambda _: None)


def killed_from(call: int) -> Fault:
    return lambda number, _: Killed() if number >= call else None


def interrupted_at(call: int) -> Fault:
    return lambda number, _: KeyboardInterrupt() if number == call else None


def run(cloud: FakeCloud, *ids: str, calls: int = 1000, headroom: int = 1) -> list[ExperimentResult]:
    return list(runner(cloud, calls, headroom).results([EXPERIMENTS[id_] for id_ in ids]))


@pytest.mark.parametrize(
    ("limits", "outcome"),
    [
        pytest.param(AccountLimits(1000), "agrees", id="documented"),
        pytest.param(AccountLimits(1000, floor=40), "contradicts", id="another minimum"),
        pytest.param(AccountLimits(10), "agrees", id="a new account"),
        pytest.param(AccountLimits(50, floor=10), "contradicts", id="50, a newer rule"),
        pytest.param(AccountLimits(400, floor=40), "read", id="open"),
        pytest.param(AccountLimits(400, floor=120), "contradicts", id="above every rule"),
    ],
)
def test_the_minimum_is_read_from_a_refusal(limits: AccountLimits, outcome: str, golden: Golden) -> None:
    cloud = FakeCloud(limits)
    (result,) = run(cloud, "lambda-minimum")

    assert result.reading is not None
    assert result.outcome == outcome
    golden(result.reading.answer)
    assert (cloud.stacks, cloud.functions, journal().stacks()) == ({}, {}, ())


def test_a_reservation_above_the_limit_that_is_accepted_is_deleted_at_once() -> None:
    cloud = FakeCloud(AccountLimits(1000, floor=0))
    cloud._PutFunctionConcurrency = lambda **_: {}  # type: ignore[method-assign]
    (result,) = run(cloud, "lambda-minimum")

    assert result.outcome == "contradicts"
    put = cloud.calls.index("PutFunctionConcurrency")
    assert cloud.calls[put + 1] == "DeleteFunctionConcurrency"


def test_the_old_reservation_is_credited_or_not() -> None:
    ids = ("lambda-minimum", "lambda-zero", "lambda-own-reservation")
    for credited, outcome in ((True, "agrees"), (False, "contradicts")):
        results = run(FakeCloud(AccountLimits(101, own_credited=credited)), *ids)
        assert [result.outcome for result in results] == ["read", "agrees", outcome]


@pytest.mark.parametrize(
    ("id_", "limits", "headroom"),
    [
        pytest.param("lambda-unreserved-delay", AccountLimits(10), 1, id="none"),
        pytest.param("lambda-unreserved-delay", AccountLimits(1000), 0, id="not allowed"),
        pytest.param("lambda-own-reservation", AccountLimits(1000), 1, id="all of it"),
        pytest.param("lambda-zero", AccountLimits(400), 400, id="an unknown minimum"),
        pytest.param("lambda-provisioned", AccountLimits(1000), 1, id="billed"),
    ],
)
def test_an_experiment_that_takes_too_much_is_skipped_before_it_creates_anything(
    id_: str, limits: AccountLimits, headroom: int, golden: Golden
) -> None:
    cloud = FakeCloud(limits)
    (result,) = run(cloud, id_, headroom=headroom)

    golden([result.reason, result.hint or ""])
    assert "CreateStack" not in cloud.calls


def every_call() -> list[int]:
    cloud = FakeCloud()
    run(cloud, "lambda-minimum")
    return list(range(1, len(cloud.calls) + 1))


def test_a_kill_at_any_call_leaves_nothing_that_clean_does_not_find() -> None:
    calls = every_call()
    assert len(calls) >= 6
    for killed_at in calls:
        cloud = FakeCloud(fault=killed_from(killed_at))
        with pytest.raises(Killed):
            run(cloud, "lambda-minimum")
        cloud.fault = lambda *_: None
        cleaned = clean(cloud, journal(), bound(), others=False, step=lambda _: None)
        assert (cleaned.is_empty, cloud.stacks, journal().stacks()) == (True, {}, ()), killed_at


def test_a_ctrl_c_at_any_call_leaves_nothing() -> None:
    for call in every_call():
        cloud = FakeCloud(fault=interrupted_at(call))
        with pytest.raises(KeyboardInterrupt):
            run(cloud, "lambda-minimum")
        assert (cloud.stacks, journal().stacks()) == ({}, ()), call


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        pytest.param("AccessDenied", "{} is denied", id="denied"),
        pytest.param("ThrottlingException", "{} is throttled", id="throttled"),
        pytest.param("InternalFailure", ": broken", id="failed"),
    ],
)
@pytest.mark.parametrize("operation", ["GetAccountSettings", "CreateStack"])
def test_a_refused_call_skips_the_experiment_by_name(code: str, reason: str, operation: str) -> None:
    def fault(_number: int, called: str) -> BaseException | None:
        return refusal(called, code, "broken") if called == operation else None

    cloud = FakeCloud(fault=fault)
    (result,) = run(cloud, "lambda-minimum")

    assert result.outcome == "skipped"
    prefix = "lambda" if operation == "GetAccountSettings" else "cloudformation"
    assert reason.format(f"{prefix}:{operation}") in result.reason
    assert (cloud.stacks, journal().stacks()) == ({}, ())


def test_credentials_that_end_stop_the_run(golden: Golden) -> None:
    cloud = FakeCloud(fault=lambda number, called: refusal(called, "ExpiredToken", "x") if number > 2 else None)
    with pytest.raises(AwsError) as failure:
        run(cloud, "lambda-minimum", "lambda-restated")

    golden(failure.value)
    assert journal().stacks() == (MINIMUM,)
    cloud.fault = lambda *_: None
    assert clean(cloud, journal(), bound(), others=False, step=lambda _: None).deleted == (MINIMUM,)


def test_a_deletion_that_is_denied_is_named_and_stays_in_the_journal() -> None:
    denied = FakeCloud(
        fault=lambda _, called: refusal(called, "AccessDenied", "no") if called == "DeleteStack" else None
    )
    running = runner(denied)
    (result,) = running.results([EXPERIMENTS["lambda-minimum"]])

    assert result.outcome == "agrees"
    assert [left.partition(":")[0] for left in running.left] == [MINIMUM]
    cleaned = clean(denied, journal(), bound(), others=False, step=lambda _: None)
    assert (cleaned.is_empty, cleaned.stacks, len(cleaned.failed)) == (False, (MINIMUM,), 1)
    assert journal().stacks() == (MINIMUM,)


@pytest.mark.parametrize("calls", range(1, 6))
def test_the_bound_on_calls_ends_the_experiment_and_not_its_deletion(calls: int, golden: Golden) -> None:
    cloud = FakeCloud()
    (result,) = run(cloud, "lambda-minimum", calls=calls)

    assert (result.outcome, cloud.stacks) == (("skipped" if calls < 4 else "agrees"), {})
    if calls < 4:
        golden(result.reason)


def test_a_stack_without_the_tag_of_the_run_is_left_alone(golden: Golden) -> None:
    cloud = FakeCloud()
    cloud.stacks[MINIMUM] = {"StackName": MINIMUM, "StackId": "x", "StackStatus": "CREATE_COMPLETE", "Tags": []}
    with pytest.raises(TapctlError) as refused:
        delete(cloud, MINIMUM, RUN, bound())

    golden(refused.value)
    assert MINIMUM in cloud.stacks


def test_clean_deletes_what_other_machines_left_only_if_it_is_asked_to() -> None:
    cloud = FakeCloud(fault=killed_from(4))
    with pytest.raises(Killed):
        run(cloud, "lambda-minimum")
    cloud.fault = lambda *_: None
    journal().remove(MINIMUM)

    assert clean(cloud, journal(), bound(), others=False, step=lambda _: None).stacks == (MINIMUM,)
    assert clean(cloud, journal(), bound(), others=True, step=lambda _: None).deleted == (MINIMUM,)


def test_a_second_run_beside_the_first_is_refused() -> None:
    with journal().locked(), pytest.raises(BusyError), journal().locked():
        pass


def test_no_credentials_raise() -> None:
    from botocore.exceptions import NoCredentialsError

    with pytest.raises(NoCredentials):
        run(FakeCloud(fault=lambda *_: NoCredentialsError()), "lambda-minimum")
