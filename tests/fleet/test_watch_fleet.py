"""A rollout that another process runs, followed through a journal and what a fake StackSets answers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tapctl.aws.stack_sets import InstanceResult, SetOperation, StackInstance, StackSet
from tapctl.errors import BusyError, Interrupted, UsageError
from tapctl.fleet.cells import Cell, Cells
from tapctl.fleet.request import StackSetRequest
from tapctl.fleet.watch_fleet import LOOKS, Watched, watch_fleet
from tapctl.settings.fleet_section import Fleet
from tapctl.settings.settings import Settings
from tapctl.settings.targets import TargetAccount
from tapctl.state.rollout_journal import RolloutEntry, open_rollout_journal
from tests.support.golden import Golden
from tests.support.rollouts import FakeUI

A, B, REGION, HUB = "111111111111", "222222222222", "eu-west-1", "000000000000"
WHERE = (HUB, REGION, "orders")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path))


@dataclass
class FakeSets:
    """A stack set with operations by their ids; each is over when it is read a second time."""

    known: dict[str, SetOperation] = field(default_factory=dict)
    listed: list[str] = field(default_factory=list)
    exists: bool = True
    results_of: dict[str, str] = field(default_factory=dict)
    current: tuple[str, ...] = (A, B)
    name: str = "orders"
    aws: Any = field(default_factory=lambda: SimpleNamespace(region=REGION))

    def begin(self, operation_id: str, *, status: str = "RUNNING", listed: bool = True) -> None:
        self.known[operation_id] = SetOperation(operation_id, "UPDATE", status)
        self.listed += [operation_id] * listed

    def describe(self) -> StackSet | None:
        return StackSet("orders:1") if self.exists else None

    def instances(self) -> tuple[StackInstance, ...]:
        return tuple(
            StackInstance(account, REGION, "CURRENT" if account in self.current else "OUTDATED") for account in (A, B)
        )

    def operation(self, operation_id: str) -> SetOperation | None:
        operation = self.known.get(operation_id)
        if operation and not operation.is_over:
            self.known[operation_id] = SetOperation(operation_id, "UPDATE", "SUCCEEDED")
        return operation

    def results(self, operation_id: str) -> tuple[InstanceResult, ...]:
        return (InstanceResult(A, REGION, self.results_of.get(operation_id, "SUCCEEDED")),)

    def running(self) -> tuple[SetOperation, ...]:
        return tuple(operation for operation in map(self.known.__getitem__, self.listed) if not operation.is_over)


def watched(sets: FakeSets, sleep: Callable[[float], None] = lambda _: None, **more: Any) -> Watched:
    nothing: Any = None
    accounts: Any = SimpleNamespace(own=HUB)
    cells = tuple(Cell(TargetAccount(account, (REGION,)), REGION) for account in (A, B))
    request = StackSetRequest(
        name="prod",
        fleet=Fleet(),
        accounts=accounts,
        sets=sets,  # type: ignore[arg-type]
        cells=Cells("prod", cells, {}, (), nothing),
        settings=Settings("t"),
        sleep=sleep,
        **more,
    )
    return watch_fleet(request, FakeUI())


def ids(result: Watched) -> list[str]:
    return [end.operation.id for end in result.ends]


def steps(*acts: Callable[[], object]) -> Callable[[float], None]:
    """A pause in which one act after the other happens."""
    left = iter(acts)

    def sleep(_: float) -> None:
        if act := next(left, None):
            act()

    return sleep


@pytest.mark.parametrize(
    ("active", "found"),
    [
        pytest.param({}, [], id="none"),
        pytest.param({"one": "QUEUED"}, ["one"], id="a queued one"),
        pytest.param({"one": "QUEUED", "two": "RUNNING"}, ["two", "one"], id="rather one that runs"),
    ],
)
def test_any_operation_is_watched(active: dict[str, str], found: list[str]) -> None:
    sets = FakeSets()
    for id_, status in active.items():
        sets.begin(id_, status=status)

    result = watched(sets)

    assert ids(result) == found
    assert {end.step for end in result.ends} <= {"update"}
    assert (result.entry, result.current, result.total) == (RolloutEntry(), 2, 2)


def test_a_rollout_of_this_machine_is_followed_from_operation_to_operation() -> None:
    sets = FakeSets(results_of={"first": "FAILED"}, current=(A,))
    with open_rollout_journal(*WHERE) as journal:
        first = journal.begin("update the set", left=1)
        sets.begin(first, listed=False)
        sets.results_of[first] = "FAILED"

        def second() -> None:
            sets.begin(journal.begin("update instances"), listed=False)

        result = watched(sets, steps(lambda: None, journal.close, second, journal.close))

    assert [end.step for end in result.ends] == ["update the set", "update instances"]
    assert result.failed == {}  # the second brought about what the first did not
    assert (result.entry, result.current) == (RolloutEntry(), 1)


def test_a_rollout_whose_process_is_gone_is_not_complete() -> None:
    sets = FakeSets()
    with open_rollout_journal(*WHERE) as journal:
        operation = journal.begin("update the set", left=2)
        sets.begin(operation, listed=False)

    result = watched(sets)

    assert ids(result) == [operation]
    assert (result.entry.step, result.entry.left, result.entry.is_open) == ("update the set", 2, True)


def test_the_next_operation_of_another_machine_is_waited_for_a_while() -> None:
    sets = FakeSets()
    sets.begin("tapctl-1")
    pauses: list[float] = []
    begin = steps(lambda: None, lambda: sets.begin("tapctl-2"))

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        begin(seconds)

    assert ids(watched(sets, sleep)) == ["tapctl-1", "tapctl-2"]
    assert len(pauses) < 3 * LOOKS


def test_nothing_comes_after_an_operation_of_another_user() -> None:
    sets = FakeSets()
    sets.begin("theirs")
    pauses: list[float] = []

    assert ids(watched(sets, pauses.append)) == ["theirs"]
    assert len(pauses) <= 1


def test_a_rollout_that_begins_nothing_ends_with_the_timeout(golden: Golden) -> None:
    with open_rollout_journal(*WHERE) as journal:
        journal.begin("update the stack set", left=1)
        journal.close()

        with pytest.raises(BusyError) as failure:
            watched(FakeSets(), timeout=0)
        golden(failure.value)


def test_an_interrupt_between_two_operations_leaves_the_rollout_running(golden: Golden) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with open_rollout_journal(*WHERE) as journal:
        journal.begin("update the stack set", left=1)
        journal.close()

        with pytest.raises(Interrupted) as failure:
            watched(FakeSets(), interrupt)
        golden(failure.value)


def test_a_missing_stack_set_does_not_end_the_watch(golden: Golden) -> None:
    with pytest.raises(UsageError) as failure:
        watched(FakeSets(exists=False))
    golden(failure.value)


def test_a_set_that_is_deleted_meanwhile_is_one() -> None:
    sets = FakeSets()
    sets.begin("theirs")
    answers: Iterator[StackSet | None] = iter([StackSet("orders:1"), None])
    sets.describe = lambda: next(answers)  # type: ignore[method-assign]

    result = watched(sets)

    assert (result.exists, result.current, result.total) == (False, 0, 2)
