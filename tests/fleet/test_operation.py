"""One operation, followed to its end by what a fake StackSets answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tapctl.aws.stack_sets import InstanceResult, SetOperation
from tapctl.errors import AwsError, BusyError, Interrupted, UsageError
from tapctl.fleet.operation import (
    LATE_RESULTS,
    MOST_FAILURES,
    UNKNOWN_STATUS,
    Progress,
    began,
    follow,
    resume,
)
from tapctl.fleet.request import StackSetRequest
from tapctl.hints import Hint, advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.failures import FailureAdvice
from tapctl.settings.fleet_section import Fleet
from tapctl.settings.settings import Settings
from tapctl.state.rollout_journal import RolloutEntry, RolloutJournal
from tests.support.golden import Golden
from tests.support.hints import noted
from tests.support.rollouts import FakeUI

A, B, REGION = "111111111111", "222222222222", "eu-west-1"
Answer = SetOperation | AwsError | None


def operation(status: str, id_: str = "tapctl-1", action: str = "UPDATE") -> SetOperation:
    return SetOperation(id_, action, status)


def result(account: str, status: str, reason: str = "") -> InstanceResult:
    return InstanceResult(account, REGION, status, reason)


@dataclass
class FakeSets:
    """Answers from queues, of which the last answer stays."""

    operations: list[Answer]
    listed: list[Sequence[InstanceResult]] = field(default_factory=lambda: [()])
    active: Sequence[SetOperation] = ()
    name: str = "orders"

    def operation(self, operation_id: str) -> SetOperation | None:
        answer = self.operations.pop(0) if len(self.operations) > 1 else self.operations[0]
        if isinstance(answer, AwsError):
            raise answer
        return answer

    def results(self, operation_id: str) -> tuple[InstanceResult, ...]:
        return tuple(self.listed.pop(0) if len(self.listed) > 1 else self.listed[0])

    def running(self) -> tuple[SetOperation, ...]:
        return tuple(self.active)


def request(sets: FakeSets, **more: Any) -> StackSetRequest:
    nothing: Any = None
    given: dict[str, Any] = {"sleep": lambda _: None, **more}
    return StackSetRequest(
        name="prod",
        fleet=Fleet(),
        accounts=nothing,
        sets=sets,  # type: ignore[arg-type]
        cells=nothing,
        settings=Settings("t"),
        **given,
    )


def followed(sets: FakeSets, cells: Sequence[tuple[str, str]] | None = ((A, REGION),), **more: Any) -> dict[str, str]:
    """The status of each account after an operation."""
    end = follow(request(sets, **more), "tapctl-1", "update instances", FakeUI(), cells)
    return {account: result.status for (account, _), result in end.results.items()}


# ---------------------------------------------------------------------------------------------------------------------
# Following
# ---------------------------------------------------------------------------------------------------------------------


def test_an_operation_is_read_until_it_is_over() -> None:
    running, done = [result(A, "RUNNING")], [result(A, "SUCCEEDED")]
    sets = FakeSets([operation("QUEUED"), operation("RUNNING"), operation("SUCCEEDED")], [running, done])
    ui = FakeUI()

    end = follow(request(sets), "tapctl-1", "update instances", ui, [(A, REGION)])

    assert [progress.operation.status for progress in ui.reads] == ["QUEUED", "RUNNING", "SUCCEEDED"]
    assert [dict(progress.counts) for progress in ui.reads] == [{}, {"RUNNING": 1}, {"SUCCEEDED": 1}]
    assert end.failed == ()


def test_a_success_may_hold_failures() -> None:
    sets = FakeSets([operation("SUCCEEDED")], [[result(A, "FAILED", "boom"), result(B, "CANCELLED")]])

    end = follow(request(sets), "tapctl-1", "step", FakeUI(), [(A, REGION), (B, REGION)])

    assert [(failure.account_id, failure.reason) for failure in end.failed] == [(A, "boom"), (B, "")]


@pytest.mark.parametrize(
    "late",
    [
        pytest.param([], id="none yet"),
        pytest.param([result(A, "RUNNING"), result(B, "SUCCEEDED")], id="old ones"),
        pytest.param([result(B, "SUCCEEDED")], id="some"),
    ],
)
def test_results_that_are_late_are_waited_for(late: list[InstanceResult]) -> None:
    both = [result(A, "SUCCEEDED"), result(B, "SUCCEEDED")]
    sets = FakeSets([operation("SUCCEEDED")], [late, late, both])

    assert followed(sets, [(A, REGION), (B, REGION)]) == {A: "SUCCEEDED", B: "SUCCEEDED"}


def test_a_cell_without_a_result_is_unknown() -> None:
    slept: list[float] = []
    sets = FakeSets([operation("SUCCEEDED")], [[result(B, "SUCCEEDED")]])

    assert followed(sets, [(A, REGION), (B, REGION)], sleep=slept.append) == {A: UNKNOWN_STATUS, B: "SUCCEEDED"}
    assert len(slept) == LATE_RESULTS


def test_an_operation_on_no_cell_is_over_at_once() -> None:
    slept: list[float] = []

    assert followed(FakeSets([operation("SUCCEEDED")]), [], sleep=slept.append) == {}
    assert slept == []


def test_reads_that_fail_are_repeated() -> None:
    throttled = AwsError("throttled", code="Throttling")
    sets = FakeSets([*[throttled] * (MOST_FAILURES - 1), operation("SUCCEEDED")], [[result(A, "SUCCEEDED")]])

    assert followed(sets) == {A: "SUCCEEDED"}


@pytest.mark.parametrize(
    "errors",
    [
        pytest.param([AwsError("expired", noted("renew them"), code="ExpiredToken")], id="expired"),
        pytest.param([AwsError("throttled", noted("wait"), code="Throttling")] * MOST_FAILURES, id="for too long"),
    ],
)
def test_reads_that_keep_failing_say_how_to_go_on(errors: list[Answer], golden: Golden) -> None:
    with pytest.raises(AwsError) as failure:
        followed(FakeSets([*errors, operation("SUCCEEDED")]))

    golden(failure.value.message)
    assert failure.value.hint
    assert failure.value.hint.then == (advise(DeployAdvice.THEN_FOLLOW_FLEET, "prod"),)


def test_a_missing_operation_is_an_error(golden: Golden) -> None:
    with pytest.raises(AwsError) as failure:
        followed(FakeSets([None]))

    golden(failure.value)


def test_the_timeout(golden: Golden) -> None:
    with pytest.raises(BusyError) as failure:
        followed(FakeSets([operation("RUNNING")]), timeout=0)

    golden(failure.value)


def test_an_interrupt_leaves_it_running(golden: Golden) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted) as failure:
        followed(FakeSets([operation("RUNNING")]), sleep=interrupt)

    golden(failure.value)


# ---------------------------------------------------------------------------------------------------------------------
# Calls that fail, and runs that were killed
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def journal(tmp_path: Path) -> RolloutJournal:
    return RolloutJournal(
        tmp_path / "orders.json", RolloutEntry("tapctl-1", "update instances", "2026-11-30T12:00:00Z")
    )


@pytest.mark.parametrize("code", ["OperationIdAlreadyExistsException", "InternalFailure", ""])
def test_a_call_whose_answer_was_lost_has_begun_it(code: str, journal: RolloutJournal) -> None:
    began(request(FakeSets([operation("RUNNING")])), journal, "tapctl-1", AwsError("no", code=code))

    assert journal.entry.operation == "tapctl-1"


@pytest.mark.parametrize(("code", "open_"), [("AccessDenied", ""), ("", "tapctl-1")])
def test_a_refused_call_is_raised_and_one_without_an_answer_stays_in_the_journal(
    code: str, open_: str, journal: RolloutJournal
) -> None:
    with pytest.raises(AwsError, match="no"):
        began(request(FakeSets([None])), journal, "tapctl-1", AwsError("no", code=code))

    assert journal.entry.operation == open_


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        pytest.param(
            "Requires capabilities : [CAPABILITY_IAM]",
            advise(FailureAdvice.PASS_CAPABILITIES, "CAPABILITY_IAM"),
            id="capability",
        ),
        pytest.param("no such thing", advise(DeployAdvice.CORRECT_FLEET, "prod"), id="any"),
    ],
)
def test_a_call_that_is_refused_for_the_template_is_a_usage_error(
    message: str, hint: Hint, journal: RolloutJournal
) -> None:
    error = AwsError(f"updating: {message}", code="ValidationError", aws_message=message)

    with pytest.raises(UsageError) as failure:
        began(request(FakeSets([None])), journal, "tapctl-1", error)

    assert (failure.value.message, failure.value.hint) == (f"updating: {message}", hint)
    assert not journal.entry.operation


@pytest.mark.parametrize(
    "active",
    [
        pytest.param([operation("RUNNING", "theirs")], id="listed"),
        pytest.param([operation("RUNNING", "tapctl-9")], id="of tapctl"),
        pytest.param([], id="not listed"),
    ],
)
def test_an_operation_of_another_user_is_busy(
    active: list[SetOperation], journal: RolloutJournal, golden: Golden
) -> None:
    error = AwsError("409", code="OperationInProgressException")

    with pytest.raises(BusyError) as failure:
        began(request(FakeSets([None], active=active)), journal, "tapctl-1", error)

    golden(failure.value)


def test_a_killed_run_s_operation_is_followed(journal: RolloutJournal, golden: Golden) -> None:
    running = operation("RUNNING")
    sets = FakeSets([running, running, operation("SUCCEEDED")], [[result(A, "SUCCEEDED")]], [running])
    ui = FakeUI()

    resume(request(sets), journal, ui)

    golden(ui.steps)
    assert ui.reads[-1].operation.status == "SUCCEEDED"
    assert journal.entry == RolloutEntry()


@pytest.mark.parametrize("now", [operation("SUCCEEDED"), None])
def test_an_operation_that_is_over_or_never_began_is_forgotten(now: Answer, journal: RolloutJournal) -> None:
    resume(request(FakeSets([now])), journal, ui := FakeUI())

    assert (ui.reads, journal.entry) == ([], RolloutEntry())


def test_a_killed_run_gives_way_to_another_user(journal: RolloutJournal) -> None:
    sets = FakeSets([operation("SUCCEEDED")], active=[operation("RUNNING", "theirs")])

    with pytest.raises(BusyError, match="theirs"):
        resume(request(sets), journal, FakeUI())

    assert journal.entry.operation == "tapctl-1"


def test_cells_that_failed_so_far_are_named() -> None:
    progress = Progress("step", operation("RUNNING"), (result(A, "FAILED"), result(B, "CANCELLED")))

    assert [failure.account_id for failure in progress.failed] == [A]
