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
from tests.support.rollouts import SET, Desk, FakeUI, both_regions, reserving
from tests.support.stack_sets import OTHER_REGION, REGION


def keys(cells: Any) -> list[str]:
    return sorted(f"{account}/{region}" for account, region in cells)


def test_each_account_gets_the_reservation_that_fits_and_a_second_run_changes_nothing(desk: Desk) -> None:
    small, other, *_ = desk.fleet.accounts
    desk.section = both_regions()
    desk.fleet.limits(small, 10)
    desk.fleet.limits(f"{other}/{OTHER_REGION}", 350)

    rollout = desk.deploy(ui := FakeUI())

    assert (rollout.exit_code, len(rollout.deployed), rollout.not_reached) == (ExitCode.OK, 8, ())
    assert sorted(desk.reserved().values(), key=str) == [300, 300, 300, None]
    assert desk.reserved([small, other], OTHER_REGION) == {small: None, other: 225}
    assert len(ui.questions) == 1

    again = desk.deploy(second := FakeUI())
    assert (again.ends, second.questions, len(again.deployed)) == ([], [], 8)


def test_a_change_of_the_template_reaches_every_cell(desk: Desk) -> None:
    desk.deploy()
    desk.template(reserving(200))

    rollout = desk.deploy()

    assert rollout.exit_code is ExitCode.OK
    assert set(desk.reserved().values()) == {200}
    assert desk.deploy().ends == []


def test_an_account_that_joins_the_fleet_gets_an_instance(desk: Desk) -> None:
    first, *others = desk.fleet.accounts
    desk.section = {"accounts": others}
    desk.deploy()
    desk.section = {}

    rollout = desk.deploy()

    assert [keys(end.results) for end in rollout.ends] == [[f"{first}/{REGION}"]]
    assert len(desk.reserved()) == 4


def test_regions_may_differ_between_accounts(desk: Desk) -> None:
    first, second, third, fourth = desk.fleet.accounts
    own = {third: {"regions": [OTHER_REGION]}, fourth: {"regions": [OTHER_REGION]}}
    desk.section = {**both_regions(), "account": {**own, second: {"regions": [REGION]}}, "canary": []}

    rollout = desk.deploy()

    assert [len(end.results) for end in rollout.ends] == [2, 1, 2]
    assert set(desk.reserved()) == {first, second}
    assert set(desk.reserved(region=OTHER_REGION)) == {first, third, fourth}


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


def test_a_failure_within_the_tolerance_is_6_and_the_next_run_brings_it_about(desk: Desk) -> None:
    desk.section = {"failure_tolerance": 1, "canary": []}
    broken = desk.fleet.accounts[1]
    desk.fleet.rules(fail={f"{broken}/{REGION}": Failure("boom", times=1)})

    rollout = desk.deploy()

    assert (rollout.exit_code, keys(rollout.failed)) == (ExitCode.ROLLED_BACK, [f"{broken}/{REGION}"])
    assert rollout.ends[0].operation.status == "SUCCEEDED"
    assert len(rollout.deployed) == 3

    again = desk.deploy()
    assert (again.exit_code, len(again.deployed)) == (ExitCode.OK, 4)
    assert len(desk.reserved()) == 4
    assert sum(len(desk.fleet.stacks(account)) for account in desk.fleet.accounts) == 4


def test_a_failure_in_an_update_is_left_alone_until_the_next_run(desk: Desk) -> None:
    """The other cells go on, and no later operation of the run touches the one that failed."""
    desk.section = {"failure_tolerance": "50%", "canary": []}
    desk.deploy()
    desk.template(reserving(200, Queue={"Type": "AWS::SQS::Queue"}))
    broken, small, *_ = desk.fleet.accounts
    desk.fleet.limits(small, 250)
    desk.fleet.rules(fail={f"{broken}/{REGION}": Failure("boom", times=1)})

    rollout = desk.deploy()

    touched = [end for end in rollout.ends if (broken, REGION) in end.results]
    assert (rollout.exit_code, len(touched)) == (ExitCode.ROLLED_BACK, 1)
    assert desk.reserved()[broken] == 300
    assert desk.deploy().exit_code is ExitCode.OK
    assert desk.reserved()[broken] == 200


def test_nothing_follows_a_canary_that_fails(desk: Desk, golden: Golden) -> None:
    desk.section = {"failure_tolerance": 3}
    canary, *others = desk.fleet.accounts
    desk.fleet.rules(fail={f"{canary}/{REGION}": Failure("boom")})

    rollout = desk.deploy(ui := FakeUI())

    assert rollout.exit_code is ExitCode.ROLLED_BACK
    assert keys(rollout.not_reached) == sorted(f"{account}/{REGION}" for account in others)
    assert rollout.deployed == ()
    assert desk.reserved() == {}
    golden(ui.steps[-1])


def test_more_failures_than_tolerated_stop_the_rollout(desk: Desk) -> None:
    desk.section = {**both_regions(), "canary": []}
    broken = desk.fleet.accounts[1]
    desk.fleet.rules(fail={f"{broken}/{REGION}": Failure("boom", times=1)})

    rollout = desk.deploy()

    statuses = {result.status for end in rollout.failed.values() for result in end.failed}
    assert (rollout.exit_code, statuses) == (ExitCode.ROLLED_BACK, {"FAILED", "CANCELLED"})
    assert len(rollout.deployed) + len(rollout.failed) == 8
    assert desk.deploy().exit_code is ExitCode.OK
    assert len(desk.reserved()) == len(desk.reserved(region=OTHER_REGION)) == 4


@pytest.mark.parametrize("left", ["nothing", "ROLLBACK_COMPLETE"])
def test_what_a_failed_create_leaves_is_replaced(desk: Desk, left: str) -> None:
    """AWS refuses the function, names the minimum, and the second attempt finds what the first one left."""
    desk.section = {"canary": []}
    strange = desk.fleet.accounts[3]
    desk.fleet.rules(failed_create_leaves=left)
    desk.fleet.limits(strange, 1000, floor=900)

    rollout = desk.deploy()

    assert (rollout.exit_code, len(rollout.deployed)) == (ExitCode.OK, 4)
    assert desk.reserved()[strange] == 75
    assert list(desk.fleet.stacks(strange).values()) == ["CREATE_COMPLETE"]
    assert desk.fleet.instances(name=SET)[f"{strange}/{REGION}"] == "CURRENT"


def test_an_inoperable_instance_is_7_until_its_stack_is_deleted(desk: Desk) -> None:
    desk.section = {"canary": []}
    strange = desk.fleet.accounts[3]
    desk.fleet.rules(failed_create_leaves="INOPERABLE")
    desk.fleet.limits(strange, 1000, floor=900)

    rollout = desk.deploy()

    assert (rollout.exit_code, keys(rollout.inoperable)) == (ExitCode.STUCK, [f"{strange}/{REGION}"])
    assert len(rollout.deployed) == 3

    desk.fleet.client("cloudformation", strange).delete_stack(StackName=next(iter(desk.fleet.stacks(strange))))
    again = desk.deploy()
    assert (again.exit_code, len(again.deployed)) == (ExitCode.OK, 4)


def test_an_account_without_the_role_fails_alone(desk: Desk) -> None:
    desk.section = {"failure_tolerance": 1, "canary": []}
    without = desk.fleet.accounts[2]
    desk.fleet.rules(without_role=(without,))

    rollout = desk.deploy()

    assert keys(rollout.failed) == [f"{without}/{REGION}"]
    desk.fleet.rules()
    assert desk.deploy().exit_code is ExitCode.OK
    assert len(desk.reserved()) == 4


# ---------------------------------------------------------------------------------------------------------------------
# Accounts that change
# ---------------------------------------------------------------------------------------------------------------------


def test_a_minimum_that_aws_names_is_learned_and_the_cell_deployed_by_it(desk: Desk, golden: Golden) -> None:
    strange = desk.fleet.accounts[1]
    desk.fleet.limits(strange, 400, floor=150)
    desk.section = {"failure_tolerance": 1}

    rollout = desk.deploy(ui := FakeUI())

    assert (rollout.exit_code, rollout.failed, len(rollout.deployed)) == (ExitCode.OK, {}, 4)
    assert desk.reserved()[strange] == 225
    learned = floor_cache.recall(strange, REGION)
    assert learned
    assert learned.minimum == 150
    golden([step for step in ui.steps if strange in step])
    assert desk.deploy().ends == []


def test_a_minimum_that_aws_names_brings_about_no_remedy_without_consent(desk: Desk, golden: Golden) -> None:
    strange = desk.fleet.accounts[1]
    desk.fleet.limits(strange, 400, floor=150)
    desk.section, desk.settings = {"failure_tolerance": 1}, {"remedy": RemedyMode.ASK}

    rollout = desk.deploy(ui := FakeUI())

    assert (rollout.exit_code, keys(rollout.failed)) == (ExitCode.ROLLED_BACK, [f"{strange}/{REGION}"])
    assert (len(rollout.deployed), strange in desk.reserved()) == (3, False)
    golden([step for step in ui.steps if strange in step], "steps")
    with pytest.raises(Blocked) as failure:
        desk.deploy()
    golden(failure.value, "error")
    desk.settings = {}
    assert desk.deploy().exit_code is ExitCode.OK
    assert desk.reserved()[strange] == 225


def test_where_nothing_changes_no_consent_is_needed(desk: Desk, golden: Golden) -> None:
    desk.fleet.limits(desk.fleet.accounts[1], 10)
    assert desk.deploy().exit_code is ExitCode.OK
    desk.settings = {"remedy": RemedyMode.ASK}

    rollout = desk.deploy()

    assert (rollout.exit_code, rollout.ends, len(rollout.deployed)) == (ExitCode.OK, [], 4)
    desk.template(reserving(310))
    with pytest.raises(Blocked) as failure:
        desk.deploy()
    golden(failure.value)


def test_a_cell_whose_headroom_is_gone_meanwhile_is_left_out(desk: Desk) -> None:
    late = desk.fleet.accounts[3]

    def shrink(progress: Progress) -> None:
        desk.fleet.limits(late, 200)

    rollout = desk.deploy(FakeUI(on_progress=shrink))

    assert [left.cell.account.id for left in rollout.left_out] == [late]
    assert (rollout.exit_code, len(rollout.deployed)) == (ExitCode.EXCEEDS, 3)
    assert late not in desk.reserved()


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
def test_a_run_that_is_killed_is_continued_by_the_next(desk: Desk, moment: int) -> None:
    desk.section = {"region_concurrency": "parallel", **both_regions()}
    desk.fleet.rules(cell_seconds=0.02)
    desk.fleet.limits(desk.fleet.accounts[0], 10)
    with pytest.raises(Killed):
        desk.deploy(killing(moment))

    rollout = desk.deploy()

    assert (rollout.exit_code, len(rollout.deployed)) == (ExitCode.OK, 8)
    assert sorted(desk.reserved().values(), key=str) == [300, 300, 300, None]
    for region in (REGION, OTHER_REGION):
        assert {len(desk.fleet.stacks(account, region)) for account in desk.fleet.accounts} == {1}
    created = [
        cell
        for operation in desk.fleet.cloudformation.list_stack_set_operations(StackSetName=SET)["Summaries"]
        if operation["Action"] == "CREATE"
        for cell in desk.fleet.results(operation["OperationId"], name=SET)
    ]
    assert len(created) == len(set(created)) == 8


def test_an_operation_that_another_user_stops_ends_the_rollout_with_6_and_the_next_run_continues(desk: Desk) -> None:
    desk.fleet.rules(cell_seconds=0.2)

    def stop(progress: Progress) -> None:
        if progress.step == "create instances in 3 cells" and progress.operation.status == "RUNNING":
            desk.fleet.cloudformation.stop_stack_set_operation(StackSetName=SET, OperationId=progress.operation.id)

    desk.section = {"failure_tolerance": 2, "canary": []}
    desk.fleet.limits(desk.fleet.accounts[3], 10)  # with overrides, and so in an operation of its own
    rollout = desk.deploy(FakeUI(on_progress=stop))

    assert (rollout.exit_code, rollout.failed) == (ExitCode.ROLLED_BACK, {})
    assert rollout.not_reached == ((desk.fleet.accounts[3], REGION),)
    desk.fleet.rules()
    assert desk.deploy().exit_code is ExitCode.OK


def test_an_interrupted_run_leaves_the_operation_running(desk: Desk, golden: Golden) -> None:
    def interrupt(_: Progress) -> None:
        raise KeyboardInterrupt

    desk.fleet.rules(cell_seconds=0.3)

    with pytest.raises(Interrupted) as failure:
        desk.deploy(ui := FakeUI(on_progress=interrupt))

    golden(failure.value.message, operation=ui.reads[-1].operation.id)
    assert failure.value.hint == advise(DeployAdvice.FLEET_WATCH_OR_CONTINUE, "prod")


def test_an_operation_that_takes_too_long_is_left_running(desk: Desk) -> None:
    desk.fleet.rules(cell_seconds=1)

    with pytest.raises(BusyError):
        desk.deploy(timeout=0.1)


def test_an_operation_of_another_user_is_named(desk: Desk) -> None:
    desk.section = {"accounts": list(desk.fleet.accounts[1:])}
    desk.deploy()
    desk.fleet.rules(cell_seconds=0.5)
    foreign = desk.fleet.begin("create_stack_instances", name=SET, Accounts=[desk.fleet.accounts[0]])

    with pytest.raises(BusyError) as failure:
        desk.deploy()

    assert foreign in failure.value.message
    desk.fleet.wait(foreign, name=SET)


def test_lists_that_are_old_make_no_difference(desk: Desk) -> None:
    """The lists of operations and of their results are consistent only eventually."""
    desk.fleet.rules(list_seconds=0.2)

    rollout = desk.deploy(sleep=lambda seconds: time.sleep(min(seconds, 0.15)))

    assert (rollout.exit_code, len(rollout.deployed)) == (ExitCode.OK, 4)
    assert desk.deploy().ends == []
