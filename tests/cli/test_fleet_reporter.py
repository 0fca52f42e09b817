"""What a rollout prints in a log: failures once, and counts now and then."""

from dataclasses import dataclass, field

import pytest

from tapctl.aws.stack_sets import InstanceResult, Rectangle, SetOperation
from tapctl.cli.fleet_reporter import LINE_SECONDS, FleetReporter
from tapctl.cli.terminal import Terminal
from tapctl.fleet.operation import Progress
from tapctl.fleet.override_sets import WantedSet
from tapctl.fleet.plan import RolloutPlan, Step, StepKind
from tests.support.fixed import read
from tests.support.golden import Golden


@dataclass
class Log:
    """A reporter whose clock is set by the test."""

    now: float = 1000.0
    reporter: FleetReporter = field(init=False)

    def __post_init__(self) -> None:
        self.reporter = FleetReporter(terminal=Terminal(), stack_set="orders", clock=lambda: self.now)

    def shows(
        self,
        done: int,
        status: str = "RUNNING",
        *,
        failed: int = 0,
        of: int = 10,
        operation: str = "o",
        step: str = "create (canary)",
    ) -> None:
        statuses = ["SUCCEEDED"] * done + ["FAILED"] * failed + ["PENDING"] * (of - done - failed)
        results = (
            InstanceResult(f"{n:012}", "us-east-1", cell_status, "boom") for n, cell_status in enumerate(statuses)
        )
        self.reporter.progress(Progress(step, SetOperation(operation, "CREATE", status), tuple(results)))


def test_counts_have_a_line_every_ten_seconds_and_another_status_has_one_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = Log()
    log.shows(0, "QUEUED")
    log.shows(1)
    log.now += LINE_SECONDS / 2
    log.shows(2)
    log.now += LINE_SECONDS / 2
    log.shows(3)
    log.now += LINE_SECONDS
    log.shows(3)
    log.now += 1
    log.shows(10, "SUCCEEDED")

    assert capsys.readouterr().err.splitlines() == [
        "create (canary) on stack set orders: QUEUED (10 pending)",
        "create (canary) on stack set orders: RUNNING (9 pending, 1 succeeded)",
        "create (canary) on stack set orders: RUNNING (7 pending, 3 succeeded)",
        "create (canary) on stack set orders: SUCCEEDED (10 succeeded)",
    ]


def test_4000_cells_that_are_done_one_by_one_have_a_line_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    log = Log()
    for done in range(0, 4000, 50):
        log.shows(done, of=4000)
        log.now += 3

    assert len(capsys.readouterr().err.splitlines()) == 80 * 3 / 12


def test_each_failure_is_named_once_for_each_operation(capsys: pytest.CaptureFixture[str]) -> None:
    log = Log()
    log.shows(0, failed=1)
    log.shows(0, failed=1)
    log.shows(0, failed=1, operation="p")

    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if "failed:" in line] == ["000000000000/us-east-1 failed: boom"] * 2


def test_operations_are_numbered_as_the_steps_of_the_plan(capsys: pytest.CaptureFixture[str], golden: Golden) -> None:
    cells = (("111111111111", "us-east-1"), ("222222222222", "us-east-1"))
    targets = (Rectangle((account,), (region,)) for account, region in cells)
    creates = (Step(StepKind.CREATE, target, cells=tuple(target.cells)) for target in targets)
    steps = (Step(StepKind.CREATE_SET), *creates)
    log = Log()

    log.reporter.plan(RolloutPlan(WantedSet({}), steps), read("Resources: {Q: {Type: AWS::SQS::Queue}}"))
    for step in steps:
        log.reporter.step(step.description)
        if step.targets:
            log.shows(0, operation=step.targets.accounts[0], step=step.description)
    log.shows(0, operation="a minimum was learned", step="create instances in 1 cell")

    golden(capsys.readouterr().err)
