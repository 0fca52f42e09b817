"""Deploys to a full account: in two steps, after a refusal, and while others take the headroom."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tapctl import sandbox
from tapctl.account.floor_cache import recall
from tapctl.concurrency.remedy import RemedyMode
from tapctl.errors import DeployFailed, ExitCode, TapctlError
from tapctl.workflows.deploy import DeployResult
from tapctl.workflows.gate import Blocked
from tests.support.fake_ui import FakeUI
from tests.support.golden import Golden
from tests.support.shared_sandbox import account_id
from tests.support.small_account import SmallAccount


def by_letter(account: SmallAccount) -> dict[str, int | None]:
    return {"A" if name in ("first", "second") else "B": value for name, value in account.reserved().items()}


@pytest.mark.parametrize("account", [(160, 100)], indirect=True)
@pytest.mark.parametrize("name", ["first", "second"], ids=["raised-in-place", "renamed-at-full-headroom"])
def test_a_raise_beside_a_lowering_takes_two_steps(account: SmallAccount, name: str, golden: Golden) -> None:
    account.deploy(FakeUI(), A=10, B=50)
    ui = FakeUI()
    account.deploy(ui, A=50, B=10, Name=name)
    assert by_letter(account) == {"A": 50, "B": 10}
    assert ui.verdicts == ["uncertain"]
    assert [change_set.part for change_set in ui.change_sets] == ["step 1 of 2", "step 2 of 2"]
    golden(ui.steps)


@pytest.mark.parametrize("account", [(1000, 100)], indirect=True)
def test_a_renaming_at_full_headroom_exceeds_in_one_step_and_takes_two(account: SmallAccount) -> None:
    account.deploy(FakeUI(), A=450, B=450)
    ui = FakeUI()
    account.deploy(ui, A=450, B=450, Name="second")
    assert by_letter(account) == {"A": 450, "B": 450}
    assert ui.verdicts == ["exceeds"]
    assert [change_set.part for change_set in ui.change_sets] == ["step 1 of 2", "step 2 of 2"]


@pytest.mark.parametrize("account", [(160, 100)], indirect=True)
def test_with_remedy_fail_an_uncertain_order_blocks(account: SmallAccount) -> None:
    account.deploy(FakeUI(), A=10, B=50)
    with pytest.raises(Blocked) as raised:
        account.deploy(FakeUI(), RemedyMode.FAIL, A=50, B=10)
    assert raised.value.exit_code is ExitCode.UNCERTAIN
    assert by_letter(account) == {"A": 10, "B": 50}


@pytest.mark.parametrize("account", [(1000, 950)], indirect=True)
def test_after_a_refusal_the_deploy_judges_by_the_named_minimum(account: SmallAccount, golden: Golden) -> None:
    ui = FakeUI()
    account.deploy(ui, A=60, B=40)
    assert by_letter(account) == {"A": 30, "B": 20}
    assert ui.verdicts == ["fits", "exceeds"]
    golden([step for step in ui.steps if step.startswith("AWS requires")])
    learned = recall(account_id(), "us-east-1")
    assert learned is not None
    assert (learned.minimum, learned.limit) == (950, 1000)


@pytest.mark.parametrize("account", [(1000, 950)], indirect=True)
def test_the_second_attempt_does_not_explain_the_first_failure_again(account: SmallAccount) -> None:
    account.deploy(FakeUI(), A=10, B=10)
    ui = FakeUI()
    account.deploy(ui, A=60, B=40)
    assert "UPDATE_ROLLBACK_COMPLETE" in account.events()
    assert ui.verdicts == ["fits", "exceeds"]
    assert not [step for step in ui.steps if "UPDATE_ROLLBACK_COMPLETE" in step or "first cause" in step]


@pytest.mark.parametrize("account", [(1000, 950)], indirect=True)
def test_the_minimum_that_aws_names_replaces_a_given_one(account: SmallAccount, golden: Golden) -> None:
    ui = FakeUI()
    account.deploy(ui, minimum=10, A=60, B=40)
    assert by_letter(account) == {"A": 30, "B": 20}
    golden([step for step in ui.steps if step.startswith("AWS requires")])


@pytest.mark.parametrize("account", [(1000, 950)], indirect=True)
def test_healing_after_a_refusal_needs_consent(account: SmallAccount, golden: Golden) -> None:
    ui = FakeUI()
    with pytest.raises(Blocked) as raised:
        account.deploy(ui, RemedyMode.ASK, A=60, B=40)
    assert raised.value.exit_code is ExitCode.EXCEEDS
    golden(ui.remedies)
    assert account.stacks() == {}


class _RaisingUI(FakeUI):
    """Raises the minimum once more after the second verdict."""

    def confirm(self, stack_name: str) -> bool:
        if len(self.results) == 2:
            sandbox.start(sandbox.AccountLimits(1000, 980))
        return super().confirm(stack_name)


@pytest.mark.parametrize("account", [(1000, 950)], indirect=True)
def test_a_second_refusal_ends_the_deploy_with_both(account: SmallAccount, golden: Golden) -> None:
    with pytest.raises(DeployFailed) as raised:
        account.deploy(_RaisingUI(), A=60, B=40)
    assert "[980]" in raised.value.message
    assert "[950]" in raised.value.message
    golden(re.sub(r"(Request ID|RequestToken): [0-9a-f-]+", r"\1: <id>", raised.value.message))


@pytest.mark.parametrize("account", [(1000, 950)], indirect=True)
def test_with_remedy_fail_a_refusal_leaves_no_stack_and_the_new_verdict_decides(account: SmallAccount) -> None:
    with pytest.raises(Blocked) as raised:
        account.deploy(FakeUI(), RemedyMode.FAIL, A=60, B=40)
    assert raised.value.exit_code is ExitCode.EXCEEDS
    assert account.stacks() == {}


@pytest.mark.parametrize("account", [(1000, 100)], indirect=True)
def test_headroom_that_is_taken_before_the_execution_is_judged_again(account: SmallAccount) -> None:
    ui = FakeUI(before_execution=lambda: account.take(840))
    account.deploy(ui, A=60, B=40)
    reserved = account.reserved()
    assert (reserved.pop("else"), reserved.pop("first"), list(reserved.values())) == (840, 36, [24])
    assert ui.verdicts == ["fits", "exceeds"]


@pytest.mark.parametrize("account", [(1000, 100)], indirect=True)
def test_with_remedy_fail_lost_headroom_stops_the_deploy_and_leaves_no_stack(account: SmallAccount) -> None:
    ui = FakeUI(before_execution=lambda: account.take(840))
    with pytest.raises(Blocked) as raised:
        account.deploy(ui, RemedyMode.FAIL, A=60, B=40)
    assert raised.value.exit_code is ExitCode.EXCEEDS
    assert account.stacks() == {}


def race(account: SmallAccount, *modes: RemedyMode) -> list[DeployResult | TapctlError]:
    """Deploys that judge the same headroom and execute at the same moment."""
    starting = Barrier(len(modes))

    def deploy(number: int) -> DeployResult | TapctlError:
        ui, name = FakeUI(before_execution=lambda: starting.wait(30)), f"racer{number}"
        try:
            return account.deploy(ui, modes[number], stack=name, A=40, B=0, Name=name)
        except TapctlError as error:
            return error

    with ThreadPoolExecutor(len(modes)) as pool:
        return list(pool.map(deploy, range(len(modes))))


@pytest.mark.parametrize("account", [(160, 100)], indirect=True)
def test_the_later_of_two_simultaneous_deploys_adjusts(account: SmallAccount) -> None:
    results = race(account, RemedyMode.ADJUST, RemedyMode.ADJUST)
    assert all(isinstance(result, DeployResult) for result in results)
    held = account.reserved()
    assert sorted([held["racer0"] or 0, held["racer1"] or 0]) == [20, 40]
    assert set(account.stacks().values()) <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


@pytest.mark.parametrize("account", [(160, 100)], indirect=True)
def test_the_later_of_two_simultaneous_deploys_stops(account: SmallAccount) -> None:
    results = race(account, RemedyMode.FAIL, RemedyMode.FAIL)
    (lost,) = (result for result in results if isinstance(result, TapctlError))
    assert lost.exit_code is ExitCode.EXCEEDS
    assert list(account.stacks().values()) == ["CREATE_COMPLETE"]


@pytest.mark.parametrize("account", [(1000, 100)], indirect=True)
def test_a_change_set_that_was_deleted_meanwhile_is_created_again(account: SmallAccount, golden: Golden) -> None:
    client = account.aws.client("cloudformation")

    def remove() -> None:
        for summary in client.list_change_sets(StackName="s")["Summaries"]:
            client.delete_change_set(ChangeSetName=summary["ChangeSetId"])

    ui = FakeUI(before_execution=remove)
    assert account.deploy(ui, A=60, B=40).outcome.changed
    golden([step for step in ui.steps if step.endswith("judging again")])
    assert len(ui.verdicts) == 2
