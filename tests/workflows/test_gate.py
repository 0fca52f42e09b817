"""The consent that a remedy and two steps need."""

from typing import Any

import pytest

from tapctl.account.model import LiveFunction, Stack
from tapctl.concurrency.remedy import RemedyMode
from tapctl.concurrency.result import Preflight
from tapctl.errors import ExitCode, UsageError
from tapctl.settings.settings import Settings
from tapctl.workflows.gate import Blocked, consent
from tapctl.workflows.preflight import judge
from tests.support.fake_account import fake_account
from tests.support.fake_ui import FakeUI
from tests.support.fixed import judged, read
from tests.support.golden import Golden

TEMPLATE = "Resources: {{A: {{Type: AWS::Lambda::Function, Properties: {{ReservedConcurrentExecutions: {}}}}}}}"
ASK = RemedyMode.ASK


def found(room: int, mode: RemedyMode = ASK, reserved: int = 60) -> Preflight:
    """A function that reserves 60, against an account in which this many more can be reserved."""
    return judged(read(TEMPLATE.format(reserved)), room, remedy=mode)


def two_steps(mode: RemedyMode = ASK) -> Preflight:
    """A function that needs what another frees."""
    stack = Stack("mine", "UPDATE_COMPLETE", {"Old": LiveFunction("old", 60, 0)})
    settings: dict[str, Any] = {"stack_name": "mine", "remedy": mode}
    return judge(read(TEMPLATE.format(60)), fake_account(1000, 140, stack=stack), Settings("t.yaml", **settings))


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(found(20), id="lowered"),
        pytest.param(found(0), id="dropped"),
        pytest.param(two_steps(), id="two-steps"),
    ],
)
def test_the_question_names_what_is_lowered_or_dropped(result: Preflight, golden: Golden) -> None:
    ui = FakeUI(allows_remedy=True)
    agreed = consent(result, ui, "", "prod")

    assert ui.remedies == [agreed]
    golden(agreed)


def test_a_no_blocks_with_3_and_the_words_to_allow_it(golden: Golden) -> None:
    with pytest.raises(Blocked) as declined:
        consent(found(0), FakeUI(), "", "prod")
    with pytest.raises(Blocked) as between:
        consent(found(0), FakeUI(), "", None, "step 1 of 2")

    assert [error.value.exit_code for error in (declined, between)] == [ExitCode.EXCEEDS] * 2
    golden([declined.value, between.value])


def test_a_remedy_that_cannot_be_deployed_is_not_asked_about() -> None:
    loop = "Fn::ForEach::Fns: [Name, [A, B], {{'Fn${{Name}}': {}}}]".format(
        "{Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 60}}"
    )
    ui = FakeUI()
    with pytest.raises(UsageError):
        consent(judged(read(f"Transform: AWS::LanguageExtensions\nResources: {{{loop}}}"), 0), ui, "", "prod")
    assert ui.remedies == []


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(found(100), id="it-fits"),
        pytest.param(found(20, RemedyMode.ADJUST), id="allowed"),
        pytest.param(found(20, RemedyMode.DROP), id="allowed-to-drop"),
        pytest.param(found(20, RemedyMode.FAIL), id="forbidden"),
        pytest.param(two_steps(RemedyMode.ADJUST), id="two-steps-allowed"),
        pytest.param(found(0, reserved=0), id="a-kill-switch"),
    ],
)
def test_nothing_is_asked_where_no_consent_is_needed(result: Preflight) -> None:
    ui = FakeUI()

    assert consent(result, ui, "", "prod") == ""
    assert ui.remedies == []


def test_the_same_remedy_is_asked_about_once_and_another_one_again() -> None:
    ui = FakeUI(allows_remedy=True)
    first = consent(found(20), ui, "", "prod")
    again = consent(found(20), ui, first, "prod")
    lower = consent(found(10), ui, again, "prod")

    assert (first == again, lower == again) == (True, False)
    assert ui.remedies == [first, lower]
