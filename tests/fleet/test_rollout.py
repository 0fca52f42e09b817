"""A rollout against the stack sets of the sandbox: what is there in the end, and what happens on the way."""

import time
from typing import Any

import pytest

from tapctl.account import floor_cache
from tapctl.concurrency.remedy import RemedyMode
from tapctl.errors import BusyError, ExitCode, Interrupted
from tapctl.fleet.operation import Progress
from tapctl.fleet.override_sets import WantedSet
from tapctl.fleet.plan import RolloutPlan, Step, StepKind
from tapctl.fleet.rollout import pace
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.sandbox.stack_set_rules import Failure
from tapctl.settings.fleet_section import Fleet
from tapctl.workflows.gate import Blocked
from tests.support.golden import Golden
from tests.support.rollouts import SET, FakeUI, FleetProject, both_regions, reserving
from tests.support.stack_sets import OTHER_REGION, REGION


def keys(cells: Any) -> list[str]:
    return sorted(f"{account}/{region}" for account, region in cells)


def test_each_account_gets_the_reservation_that_fits_and_a_second_run_changes_nothing(project: FleetProject) -> None:
    small, other, *_ = project.fleet.accounts
    project.section = both_regions()
    project.fleet.limits(small, 10)
    project.fleet.limits(f"{other}/{OTHER_REGION}", 350)

    rollout = project.deploy(ui := FakeUI())

    assert (rollout.exit_code, len(rollout.deployed), rollout.not_reached) == (ExitCode.OK, 8, ())
    assert sorted(project.reserved().values(), key=str) == [300, 300, 300, None]
    assert project.reserved([small, other], OTHER_REGION) == {small: None, other: 225}
    assert len(ui.questions) == 1

    again = project.deploy(second := FakeUI())
    assert (again.ends, second.questions, len(again.deployed)) == ([], [], 8)


def test_a_change_of_the_template_reaches_every_cell(project: FleetProject) -> None:
    project.deploy()
    project.template(reserving(200))

    rollout = project.deploy()

    assert rollout.exit_code is ExitCode.OK
    assert set(project.reserved().values()) == {200}
    assert project.deploy().ends == []


def test_an_account_that_joins_the_fleet_gets_an_instance(project: FleetProject) -> None:
    first, *others = project.fleet.accounts
    project.section = {"accounts": others}
    project.deploy()
    project.section = {}

    rollout = project.deploy()

    assert [keys(end.results) for end in rollout.ends] == [[f"{first}/{REGION}"]]
    assert len(project.reserved()) == 4


def test_regions_may_differ_between_accounts(project: FleetProject) -> None:
    first, second, third, fourth = project.fleet.accounts
    own = {third: {"regions": [OTHER_REGION]}, fourth: {"regions": [OTHER_REGION]}}
    project.section = {**both_regions(), "account": {**own, second: {"regions": [REGION]}}, "canary": []}

    rollout = project.deploy()

    assert [len(end.results) for end in rollout.ends] == [2, 1, 2]
    assert set(project.reserved()) == {first, second}
    assert set(project.reserved(region=OTHER_REGION)) == {first, third, fourth}


@pytest.mark.parametrize(
    ("accounts", "section", "said"),
    [
        pytest.param(11, {}, "1 of 11 accounts", id="many"),
        pytest.param(10, {}, "", id="few"),
        pytest.param(11, {"max_concurrent": "10%"}, "", id="more at a time"),
        pytest.param(11, {"failure_tolerance": "10%"}, "", id="a share may fail"),
        pytest.param(11, {"failure_tolerance": "0%"}, "1 of 11 accounts", id="a share of none"),
        pytest.param(11, {"failure_tolerance": 1}, "", id="two at a time"),
        pytest.param(21, {"failure_tolerance": 1}, "2 of 21 accounts", id="two of many"),
    ],
)
def test_many_accounts_one_after_the_other_are_said_to_take_long(
    accounts: int, section: dict[str, Any], said: str
) -> None:
    step = Step(
        StepKind.CREATE, cells=tuple((f"{number:012}", region) for number in range(accounts) for region in "ab")
    )
    text = pace("prod", Fleet(**section), RolloutPlan(WantedSet({}), (step,)))

    assert bool(text) == bool(said)
    assert said in text
    assert not said or "[fleet.prod]" in text


# ---------------------------------------------------------------------------------------------------------------------
# Failures
# ---------------------------------------------------------------------------------------------------------------------


def test_a_failure_within_the_tolerance_is_6_and_the_next_run_brings_it_about(project: FleetProject) -> None:
    project.section = {"failure_tolerance": 1, "canary": []}
    broken = project.fleet.accounts[1]
    project.fleet.rules(fail={f"{broken}/{REGION}": Failure("boom", times=1)})

    rollout = project.deploy()

    assert (rollout.exit_code, keys(rollout.failed)) == (ExitCode.ROLLED_BACK, [f"{broken}/{REGION}"])
    assert rollout.ends[0].operation.status == "SUCCEEDED"
    assert len(rollout.deployed) == 3

    again = project.deploy()
    assert (again.exit_code, len(again.deployed)) == (ExitCode.OK, 4)
    assert len(project.reserved()) == 4
    assert sum(len(project.fleet.stacks(account)) for account in project.fleet.accounts) == 4


def test_a_failure_in_an_update_is_left_alone_until_the_next_run(project: FleetProject) -> None:
    """The other cells go on, and no later operation of the run touches the one that failed."""
    project.section = {"failure_tolerance": "50%", "canary": []}
    project.deploy()
    project.template(reserving(200, Queue={"Type": "AWS::SQS::Queue"}))
    broken, small, *_ = project.fleet.accounts
    project.fleet.limits(small, 250)
    project.fleet.rules(fail={f"{broken}/{REGION}": Failure("boom", times=1)})

    rollout = project.deploy()

    touched = [end for end in rollout.ends if (broken, REGION) in end.results]
    assert (rollout.exit_code, len(touched)) == (ExitCode.ROLLED_BACK, 1)
    assert project.reserved()[broken] == 300
    assert project.deploy().exit_code is ExitCode.OK
    assert project.reserved()[broken] == 200


def test_nothing_follows_a_canary_that_fails(project: FleetProject, golden: Golden) -> None:
    project.section = {"failure_tolerance": 3}
    canary, *others = project.fleet.accounts
    project.fleet.rules(fail={f"{canary}/{REGION}": Failure("boom")})

    rollout = project.deploy(ui := FakeUI())

    assert rollout.exit_code is ExitCode.ROLLED_BACK
    assert keys(rollout.not_reached) == sorted(f"{account}/{REGION}" for account in others)
    assert rollout.deployed == ()
    assert project.reserved() == {}
    golden(ui.steps[-1])


def test_more_failures_than_tolerated_stop_the_rollout(project: FleetProject) -> None:
    project.section = {**both_regions(), "canary": []}
    broken = project.fleet.accounts[1]
    project.fleet.rules(fail={f"{broken}/{REGION}": Failure("boom", times=1)})

    rollout = project.deploy()

    statuses = {result.status for end in rollout.failed.values() for result in end.failed}
    assert (rollout.exit_code, statuses) == (ExitCode.ROLLED_BACK, {"FAILED", "CANCELLED"})
    assert len(rollout.deployed) + len(rollout.failed) == 8
    assert project.deploy().exit_code is ExitCode.OK
    assert len(project.reserved()) == len(project.reserved(region=OTHER_REGION)) == 4


@pytest.mark.parametrize("left", ["nothing", "ROLLBACK_COMPLETE"])
def test_the_stack_of_a_failed_create_is_replaced(project: FleetProject, left: str) -> None:
    """AWS refuses the function, names the minimum, and the second attempt finds what the first one left."""
    project.section = {"canary": []}
    strange = project.fleet.accounts[3]
    project.fleet.rules(failed_create_leaves=left)
    project.fleet.limits(strange, 1000, floor=900)

    rollout = project.deploy()

    assert (rollout.exit_code, len(rollout.deployed)) == (ExitCode.OK, 4)
    assert project.reserved()[strange] == 75
    assert list(project.fleet.stacks(strange).values()) == ["CREATE_COMPLETE"]
    assert project.fleet.instances(name=SET)[f"{strange}/{REGION}"] == "CURRENT"


def test_an_inoperable_instance_is_7_until_its_stack_is_deleted(project: FleetProject) -> None:
    project.section = {"canary": []}
    strange = project.fleet.accounts[3]
    project.fleet.rules(failed_create_leaves="INOPERABLE")
    project.fleet.limits(strange, 1000, floor=900)

    rollout = project.deploy()

    assert (rollout.exit_code, keys(rollout.inoperable)) == (ExitCode.STUCK, [f"{strange}/{REGION}"])
    assert len(rollout.deployed) == 3

    project.fleet.client("cloudformation", strange).delete_stack(StackName=next(iter(project.fleet.stacks(strange))))
    again = project.deploy()
    assert (again.exit_code, len(again.deployed)) == (ExitCode.OK, 4)


def test_an_account_without_the_role_fails_alone(project: FleetProject) -> None:
    project.section = {"failure_tolerance": 1, "canary": []}
    without = project.fleet.accounts[2]
    project.fleet.rules(without_role=(without,))

    rollout = project.deploy()

    assert keys(rollout.failed) == [f"{without}/{REGION}"]
    project.fleet.rules()
    assert project.deploy().exit_code is ExitCode.OK
    assert len(project.reserved()) == 4


# ---------------------------------------------------------------------------------------------------------------------
# Accounts that change
# ---------------------------------------------------------------------------------------------------------------------


def test_a_minimum_that_aws_names_is_learned_and_the_cell_deployed_by_it(project: FleetProject, golden: Golden) -> None:
    strange = project.fleet.accounts[1]
    project.fleet.limits(strange, 400, floor=150)
    project.section = {"failure_tolerance": 1}

    rollout = project.deploy(ui := FakeUI())

    assert (rollout.exit_code, rollout.failed, len(rollout.deployed)) == (ExitCode.OK, {}, 4)
    assert project.reserved()[strange] == 225
    learned = floor_cache.recall(strange, REGION)
    assert learned
    assert learned.minimum == 150
    golden([step for step in ui.steps if strange in step])
    assert project.deploy().ends == []


def test_a_minimum_that_aws_names_brings_about_no_remedy_without_consent(project: FleetProject, golden: Golden) -> None:
    strange = project.fleet.accounts[1]
    project.fleet.limits(strange, 400, floor=150)
    project.section, project.settings = {"failure_tolerance": 1}, {"remedy": RemedyMode.ASK}

    rollout = project.deploy(ui := FakeUI())

    assert (rollout.exit_code, keys(rollout.failed)) == (ExitCode.ROLLED_BACK, [f"{strange}/{REGION}"])
    assert (len(rollout.deployed), strange in project.reserved()) == (3, False)
    golden([step for step in ui.steps if strange in step], "steps")
    with pytest.raises(Blocked) as failure:
        project.deploy()
    golden(failure.value, "error")
    project.settings = {}
    assert project.deploy().exit_code is ExitCode.OK
    assert project.reserved()[strange] == 225


def test_a_rollout_without_changes_needs_no_consent(project: FleetProject, golden: Golden) -> None:
    project.fleet.limits(project.fleet.accounts[1], 10)
    assert project.deploy().exit_code is ExitCode.OK
    project.settings = {"remedy": RemedyMode.ASK}

    rollout = project.deploy()

    assert (rollout.exit_code, rollout.ends, len(rollout.deployed)) == (ExitCode.OK, [], 4)
    project.template(reserving(310))
    with pytest.raises(Blocked) as failure:
        project.deploy()
    golden(failure.value)


def test_a_cell_whose_headroom_is_gone_meanwhile_is_left_out(project: FleetProject) -> None:
    late = project.fleet.accounts[3]

    def shrink(progress: Progress) -> None:
        project.fleet.limits(late, 200)

    rollout = project.deploy(FakeUI(on_progress=shrink))

    assert [left.cell.account.id for left in rollout.left_out] == [late]
    assert (rollout.exit_code, len(rollout.deployed)) == (ExitCode.EXCEEDS, 3)
    assert late not in project.reserved()


# ---------------------------------------------------------------------------------------------------------------------
# Interruptions
# ---------------------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """Ends the run as a kill does: nothing of it is written down."""


def killing(moment: int) -> FakeUI:
    """Dies at a line of progress or a read of an operation."""
    left = iter(range(moment))

    def die(_: object) -> None:
        if next(left, None) is None:
            raise Killed

    return FakeUI(on_step=die, on_progress=die)


@pytest.mark.parametrize("moment", [1, 3, 5, 7])
def test_a_run_that_is_killed_is_continued_by_the_next(project: FleetProject, moment: int) -> None:
    project.section = {"region_concurrency": "parallel", **both_regions()}
    project.fleet.rules(cell_seconds=0.02)
    project.fleet.limits(project.fleet.accounts[0], 10)
    with pytest.raises(Killed):
        project.deploy(killing(moment))

    rollout = project.deploy()

    assert (rollout.exit_code, len(rollout.deployed)) == (ExitCode.OK, 8)
    assert sorted(project.reserved().values(), key=str) == [300, 300, 300, None]
    for region in (REGION, OTHER_REGION):
        assert {len(project.fleet.stacks(account, region)) for account in project.fleet.accounts} == {1}
    created = [
        cell
        for operation in project.fleet.cloudformation.list_stack_set_operations(StackSetName=SET)["Summaries"]
        if operation["Action"] == "CREATE"
        for cell in project.fleet.results(operation["OperationId"], name=SET)
    ]
    assert len(created) == len(set(created)) == 8


def test_an_operation_that_another_user_stops_ends_the_rollout_with_6_and_the_next_run_continues(
    project: FleetProject,
) -> None:
    project.fleet.rules(cell_seconds=0.2)

    def stop(progress: Progress) -> None:
        if progress.step == "create instances in 3 cells" and progress.operation.status == "RUNNING":
            project.fleet.cloudformation.stop_stack_set_operation(StackSetName=SET, OperationId=progress.operation.id)

    project.section = {"failure_tolerance": 2, "canary": []}
    project.fleet.limits(project.fleet.accounts[3], 10)  # with overrides, and so in an operation of its own
    rollout = project.deploy(FakeUI(on_progress=stop))

    assert (rollout.exit_code, rollout.failed) == (ExitCode.ROLLED_BACK, {})
    assert rollout.not_reached == ((project.fleet.accounts[3], REGION),)
    project.fleet.rules()
    assert project.deploy().exit_code is ExitCode.OK


def test_an_interrupted_run_leaves_the_operation_running(project: FleetProject, golden: Golden) -> None:
    def interrupt(_: Progress) -> None:
        raise KeyboardInterrupt

    project.fleet.rules(cell_seconds=0.3)

    with pytest.raises(Interrupted) as failure:
        project.deploy(ui := FakeUI(on_progress=interrupt))

    golden(failure.value.message, operation=ui.reads[-1].operation.id)
    assert failure.value.hint == advise(DeployAdvice.FLEET_WATCH_OR_CONTINUE, "prod")


def test_an_operation_that_takes_too_long_is_left_running(project: FleetProject) -> None:
    project.fleet.rules(cell_seconds=1)

    with pytest.raises(BusyError):
        project.deploy(timeout=0.1)


def test_an_operation_of_another_user_is_named(project: FleetProject) -> None:
    project.section = {"accounts": list(project.fleet.accounts[1:])}
    project.deploy()
    project.fleet.rules(cell_seconds=0.5)
    foreign = project.fleet.begin("create_stack_instances", name=SET, Accounts=[project.fleet.accounts[0]])

    with pytest.raises(BusyError) as failure:
        project.deploy()

    assert foreign in failure.value.message
    project.fleet.wait(foreign, name=SET)


def test_lists_that_are_old_make_no_difference(project: FleetProject) -> None:
    """The lists of operations and of their results are consistent only eventually."""
    project.fleet.rules(list_seconds=0.2)

    rollout = project.deploy(sleep=lambda seconds: time.sleep(min(seconds, 0.15)))

    assert (rollout.exit_code, len(rollout.deployed)) == (ExitCode.OK, 4)
    assert project.deploy().ends == []
