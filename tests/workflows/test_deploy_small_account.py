"""What a full account does to a deploy, case by case, item brought about in the sandbox."""

import json
from typing import Any

import pytest

from tapctl import sandbox
from tapctl.account.floor_cache import recall
from tapctl.concurrency.remedy import RemedyMode
from tapctl.errors import ExitCode
from tapctl.sandbox import AccountLimits
from tapctl.workflows.gate import Blocked
from tests.support.fake_ui import FakeUI
from tests.support.shared_sandbox import account_id
from tests.support.small_account import FUNCTION, SmallAccount


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


def reserved(account: SmallAccount) -> int | None:
    (only,) = account.reserved().values()
    return only


@pytest.mark.parametrize("account", [(160, 100)], indirect=True)
def test_a_renaming_at_full_headroom_is_uncertain_and_says_why(account: SmallAccount) -> None:
    account.deploy(FakeUI(), A=50, B=10)
    ui = FakeUI()
    with pytest.raises(Blocked) as raised:
        account.deploy(ui, RemedyMode.FAIL, A=50, B=10, Name="second")
    (result,) = ui.results
    (finding,) = [finding for finding in result.findings if finding.verdict.value == "uncertain"]
    assert raised.value.exit_code is ExitCode.UNCERTAIN
    assert finding.resource == "FnA"
    assert {"100", "50"} <= set(finding.message.split())


@pytest.mark.parametrize("account", [(10, 10)], indirect=True)
def test_an_explicit_0_on_a_full_account_fits(account: SmallAccount) -> None:
    sandbox.start(AccountLimits(10, 10, held=10))
    ui = FakeUI()
    account.deploy(ui, A=0, B=0)
    assert ui.verdicts == ["fits"]
    assert list(account.reserved().values()) == [0, 0]


@pytest.mark.parametrize(
    ("account", "wanted", "verdict", "becomes"),
    [
        pytest.param((10, 10), 1, "exceeds", None, id="limit-10-has-no-headroom"),
        pytest.param((50, 50), 1, "exceeds", None, id="limit-50-has-no-headroom"),
        pytest.param((400, 40), 300, "fits", 300, id="limit-400-has-300-for-certain"),
        pytest.param((400, 40), 360, "uncertain", 300, id="limit-400-may-have-360"),
        pytest.param((400, 40), 391, "exceeds", 300, id="limit-400-never-has-391"),
        pytest.param((1000, 100), 900, "fits", 900, id="limit-1000-has-900"),
        pytest.param((1000, 100), 901, "exceeds", 900, id="limit-1000-has-no-more"),
    ],
    indirect=["account"],
)
def test_the_headroom_depends_on_the_accounts_limit(
    account: SmallAccount, wanted: int, verdict: str, becomes: int | None
) -> None:
    account.template.write_text(one_function(wanted))
    ui = FakeUI()
    account.deploy(ui)
    assert (ui.verdicts, reserved(account)) == ([verdict], becomes)
    assert account.events()[-1] == "CREATE_COMPLETE"


@pytest.mark.parametrize("account", [(400, 40)], indirect=True)
def test_a_pinned_minimum_gives_all_headroom(account: SmallAccount) -> None:
    account.template.write_text(one_function(360))
    ui = FakeUI()
    account.deploy(ui, minimum=40)
    assert (ui.verdicts, reserved(account)) == (["fits"], 360)


@pytest.mark.parametrize("account", [(1000, 100)], indirect=True)
@pytest.mark.parametrize(
    ("setting", "verdict", "becomes"),
    [
        pytest.param((None, 900), "fits", None, id="all-headroom-without-a-reservation"),
        pytest.param((900, 900), "fits", 900, id="inside-a-reservation-it-counts-once"),
        pytest.param((901, 900), "exceeds", 900, id="a-reservation-is-not-lowered-below-it"),
        pytest.param((899, 900), "exceeds", None, id="a-reservation-that-does-not-cover-it-is-dropped"),
    ],
)
def test_provisioned_concurrency(
    account: SmallAccount, setting: tuple[int | None, int], verdict: str, becomes: int | None
) -> None:
    account.template.write_text(one_function(*setting))
    ui = FakeUI()
    account.deploy(ui)
    assert (ui.verdicts, reserved(account)) == ([verdict], becomes)


@pytest.mark.parametrize("account", [(1000, 100)], indirect=True)
def test_provisioned_concurrency_that_exceeds_has_no_remedy(account: SmallAccount) -> None:
    account.template.write_text(one_function(None, 901))
    with pytest.raises(Blocked) as raised:
        account.deploy(FakeUI())
    assert raised.value.exit_code is ExitCode.EXCEEDS
    assert account.reserved() == {}


@pytest.mark.parametrize("account", [(1000, 100)], indirect=True)
def test_a_higher_minimum_is_learned_once_and_remembered(account: SmallAccount) -> None:
    account.deploy(FakeUI(), A=10, B=10)
    sandbox.start(AccountLimits(1000, 950))
    account.deploy(FakeUI(), A=60, B=40)
    assert account.events()[-1] == "UPDATE_COMPLETE"
    learned = recall(account_id(), "us-east-1")
    same, other = FakeUI(), FakeUI()
    # The remedy for this reservation is what the stack has.
    account.deploy(same, learned=learned, A=61, B=40)
    assert same.verdicts == []
    account.deploy(other, learned=learned, A=60, B=20)
    assert other.verdicts == ["exceeds"]
    assert account.events().count("UPDATE_ROLLBACK_COMPLETE") == 1
