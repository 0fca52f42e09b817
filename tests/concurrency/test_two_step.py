"""Two steps where one might fail on the way, and why they would not do."""

import pytest

from tapctl.account.model import LiveFunction
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.demand import FunctionDemand, Provisioned
from tapctl.concurrency.judge import judge
from tapctl.concurrency.remedy import RemedyPlan
from tapctl.concurrency.two_step import first_step
from tests.support.changes import account, change

POOL = account(1000, 110)


def staged(*changes: ClaimChange) -> RemedyPlan | str | None:
    return first_step(changes, POOL, judge(changes, POOL).floor)


def version(name: str, *, renewed: bool = False) -> ClaimChange:
    """A function whose version of another or the same name provisions 20, where 20 are provisioned already."""
    wanted = FunctionDemand("Fn", 1, provisioned=(Provisioned(name, 20, 2),))
    live = LiveFunction("live-Fn", None, 20, {"V1": 20})
    return ClaimChange("Fn", wanted, live, renewed=frozenset({name} if renewed else ()))


def test_the_first_step_claims_no_more_than_is_held() -> None:
    found = staged(change("A", (10, 0), (50, 0)), change("B", (50, 0), (10, 0)))
    assert isinstance(found, RemedyPlan)
    assert {name: each.value for name, each in found.remedies.items()} == {"A": 10, "B": 10}


def test_one_step_is_enough_where_nothing_can_fail_on_the_way() -> None:
    assert staged(change("A", (10, 0), (20, 0))) is None


@pytest.mark.parametrize(
    ("changes", "help_"),
    [
        pytest.param([version("V2")], "a deploy of the lowering by itself", id="a-version-beside-the-last-one"),
        pytest.param([version("V1", renewed=True)], "provision on an alias", id="a-version-made-anew"),
        pytest.param([change("A", (20, 20), (20, 20), replaced=True)], "keep the old name", id="a-rename"),
        pytest.param(
            [change("A", (20, 0), (5, 0)), change("B", None, (None, 20))], "`DependsOn`", id="a-lowering-beside"
        ),
    ],
)
def test_what_is_provisioned_cannot_wait_and_what_would_help_is_said(changes: list[ClaimChange], help_: str) -> None:
    found = staged(*changes)
    assert isinstance(found, str)
    assert found.startswith("two steps would not do: provisioned concurrency takes 20 before anything is freed")
    assert help_ in found
