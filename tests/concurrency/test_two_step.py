"""Two steps where one might fail during the update, and why two would not fit either."""

import pytest

from tapctl.account.model import LiveFunction
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.demand import FunctionDemand, Provisioned
from tapctl.concurrency.judge import judge
from tapctl.concurrency.two_step import TwoStepPlan, describe_first, describe_second, plan_two_steps
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tests.support.changes import account, change
from tests.support.golden import Golden

POOL = account(1000, 110)


def planned(*changes: ClaimChange) -> TwoStepPlan | None:
    return plan_two_steps(changes, POOL, judge(changes, POOL).floor)


def version(name: str, *, replaced: bool = False) -> ClaimChange:
    """A function whose version of another or the same name provisions 20, where 20 are provisioned already."""
    wanted = FunctionDemand("Fn", 1, provisioned=(Provisioned(name, 20, 2),))
    live = LiveFunction("live-Fn", None, 20, {"V1": 20})
    return ClaimChange("Fn", wanted, live, replaced_versions=frozenset({name} if replaced else ()))


def test_the_first_step_claims_no_more_than_is_held(golden: Golden) -> None:
    changes = (
        change("A", (10, 0), (50, 0)),
        change("B", (50, 0), (10, 0)),
        change("C", (20, 0), None),
        change("D", None, (5, 0)),
        change("E", (5, 0), (None, 0)),
    )
    two_step = planned(*changes)
    assert two_step
    assert two_step.first
    assert {name: remedy.value for name, remedy in two_step.first.remedies.items()} == {"A": 10, "B": 10, "D": None}
    golden([describe_first(changes, two_step.first), describe_second(two_step.first)])


def test_one_step_is_enough_if_nothing_can_fail_during_the_update() -> None:
    assert planned(change("A", (10, 0), (20, 0))) is None


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        pytest.param([version("V2")], JudgementAdvice.LOWER_BEFORE_RAISING, id="a-version-beside-the-last-one"),
        pytest.param([version("V1", replaced=True)], JudgementAdvice.PROVISION_ON_ALIAS, id="a-replaced-version"),
        pytest.param(
            [change("A", (20, 20), (20, 20), replaced=True)], JudgementAdvice.KEEP_FUNCTION_NAME, id="a-rename"
        ),
        pytest.param(
            [change("A", (20, 0), (5, 0)), change("B", None, (None, 20))],
            JudgementAdvice.LOWER_BEFORE_RAISING,
            id="a-lowering-beside",
        ),
    ],
)
def test_provisioned_concurrency_cannot_wait(changes: list[ClaimChange], advice: JudgementAdvice) -> None:
    assert planned(*changes) == TwoStepPlan(None, advise(advice, 20))
