"""Rollouts over a bad line: a short run of the soak, and what it draws."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from tests.soak.proxy import Call, Reply
from tests.soak.rollouts import Line, RolloutRunner, case_of, line_of, rollout_runner

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RolloutRunner]:
    folder = tmp_path_factory.mktemp("rollouts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPCTL_STATE_DIR", str(folder / "state"))
        with rollout_runner(folder) as running:
            yield running


@pytest.mark.sandbox
@pytest.mark.parametrize("seed", [8])
def test_a_plain_run_brings_every_cell_about(runner: RolloutRunner, seed: int) -> None:
    assert runner.run(case_of(seed)).wrong is None


@pytest.mark.sandbox
def test_a_cell_that_is_not_brought_about_is_seen(runner: RolloutRunner) -> None:
    """An account that stays without its role."""
    case = case_of(0)
    forever = replace(case.rules, disabled=(f"{case.accounts[1]}/us-east-1",))

    wrong = runner.run(replace(case, rules=forever, is_update=False)).wrong

    assert wrong
    assert wrong.startswith("the re-run exits with 6")


def test_every_kind_of_trouble_is_drawn() -> None:
    cases = [case_of(seed) for seed in range(100)]

    assert {case.is_update for case in cases} == {bool(case.secret) for case in cases} == {True, False}
    assert {case.rules.failed_create_leaves for case in cases} == {"nothing", "ROLLBACK_COMPLETE"}
    assert {case.rules.managed_execution for case in cases} == {"serial", "parallel"}
    for trouble in (
        [case.rules.fail for case in cases],
        [case.rules.without_role for case in cases],
        [case.rules.list_seconds for case in cases],
        [case.deleted for case in cases],
        [[limit for limit in case.limits.values() if limit.floor] for case in cases],
    ):
        assert {bool(value) for value in trouble} == {True, False}
    lines = [line_of(Random(seed)) for seed in range(100)]
    assert {bool(line.expires_at) for line in lines} == {True, False}
    assert {bool(line.dies_at) for line in lines} == {bool(line.dies_with) for line in lines} == {True, False}


def call(operation: str) -> Call:
    return Call("POST", "/", {}, f"Action={operation}".encode())


@pytest.mark.parametrize("seed", range(4))
def test_the_command_dies_with_a_call_that_changes_something(seed: int) -> None:
    killed: list[bool] = []
    line = Line(Random(seed), 0, kill=lambda: killed.append(True), dies_with=2)
    asked = [call(name) for name in ("DescribeStackSet", "CreateStackSet", "DescribeStackSet", "CreateStackInstances")]

    replies = [line(request, lambda _: Reply(200)) for request in asked]

    assert [reply is None for reply in replies] == [False, False, False, True]
    assert killed == [True]
