from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapctl.sandbox import stack_sets
from tapctl.sandbox.stack_sets import (
    CANCELLED,
    CREATE,
    DELETE,
    FAILED,
    INOPERABLE,
    OUTDATED,
    PENDING,
    RUNNING,
    SUCCEEDED,
    UPDATE,
    CellOutcome,
    CellResult,
    Instance,
    Operation,
    SandboxStackSet,
)

REGIONS = ("us-east-1", "eu-west-1", "ap-south-1")
DONE = CellOutcome(SUCCEEDED, stack_id="stack")
LOST = CellOutcome(FAILED, "no luck")


def cells(accounts: int = 2, regions: int = 1) -> dict[str, CellResult]:
    found = [CellResult(f"{account:012}", region) for region in REGIONS[:regions] for account in range(accounts)]
    return {f"{result.account}/{result.region}": result for result in found}


def operation(
    name: str = "o", action: str = CREATE, results: dict[str, CellResult] | None = None, **more: Any
) -> Operation:
    return Operation(name, action, "now", cells() if results is None else results, **more)


def empty() -> SandboxStackSet:
    return SandboxStackSet("s:1", "s", "999999999999", "us-east-1", "{}")


def begun(new: Operation, of: SandboxStackSet | None = None) -> SandboxStackSet:
    return stack_sets.begin(stack_sets.queue(of or empty(), new), new)


def finish(of: SandboxStackSet, name: str, outcome: CellOutcome = DONE) -> SandboxStackSet:
    """The set when every cell that may start has had this outcome, and the operation has ended."""
    while startable := stack_sets.startable(of.operations[name]):
        of = stack_sets.started(of, of.operations[name], startable[0])
        of = stack_sets.finished(of, name, startable[0], outcome)
    return stack_sets.settled(of, name, "then")


@pytest.mark.parametrize(
    ("preferences", "accounts", "expected"),
    [
        pytest.param({}, 10, 0, id="none by default"),
        pytest.param({"FailureToleranceCount": "3"}, 10, 3, id="a number"),
        pytest.param({"FailureTolerancePercentage": "25"}, 10, 2, id="a share, rounded down"),
        pytest.param({"FailureTolerancePercentage": "9"}, 10, 0, id="a small share"),
    ],
)
def test_the_failure_tolerance(preferences: dict[str, str], accounts: int, expected: int) -> None:
    assert stack_sets.tolerance(operation(preferences=preferences), accounts) == expected


@pytest.mark.parametrize(
    ("preferences", "failed", "expected"),
    [
        pytest.param({}, 0, 1, id="one by default"),
        pytest.param({"MaxConcurrentCount": "5"}, 0, 1, id="strict: one more than may fail"),
        pytest.param({"MaxConcurrentCount": "5", "FailureToleranceCount": "2"}, 0, 3, id="strict: three"),
        pytest.param({"MaxConcurrentCount": "5", "FailureToleranceCount": "2"}, 2, 1, id="strict: less with failures"),
        pytest.param({"MaxConcurrentCount": "2", "FailureToleranceCount": "9"}, 1, 2, id="strict: as many as wanted"),
        pytest.param({"MaxConcurrentCount": "5", "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE"}, 4, 5, id="soft: always"),
        pytest.param(
            {"MaxConcurrentPercentage": "25", "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE"}, 0, 2, id="a share"
        ),
        pytest.param(
            {"MaxConcurrentPercentage": "1", "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE"}, 0, 1, id="at least one"
        ),
    ],
)
def test_the_concurrency_among_ten_accounts(preferences: dict[str, str], failed: int, expected: int) -> None:
    assert stack_sets.concurrency(operation(preferences=preferences), 10, failed) == expected


def test_an_automatic_deployment_takes_all_cells_at_once() -> None:
    new = operation(results=cells(3, 2), preferences={"MaxConcurrentCount": "1"}, automatic=True)

    assert len(stack_sets.startable(replace(new, status=RUNNING))) == 6
    assert stack_sets.tolerance(new, 3) == 3


def test_regions_go_in_the_order_of_the_preferences_then_of_the_targets() -> None:
    of = begun(operation(results=cells(1, 3), preferences={"RegionOrder": ["ap-south-1"]}))
    order: list[str] = []
    while startable := stack_sets.startable(of.operations["o"]):
        order += startable
        of = stack_sets.started(of, of.operations["o"], startable[0])
        assert stack_sets.startable(of.operations["o"]) == ()
        of = stack_sets.finished(of, "o", startable[0], DONE)

    assert [cell.partition("/")[2] for cell in order] == ["ap-south-1", "us-east-1", "eu-west-1"]


def test_parallel_regions_do_not_wait_for_each_other() -> None:
    of = begun(operation(results=cells(2, 2), preferences={"RegionConcurrencyType": "PARALLEL"}))

    first, second = stack_sets.startable(of.operations["o"])
    assert {first.partition("/")[2], second.partition("/")[2]} == {"us-east-1", "eu-west-1"}
    of = stack_sets.finished(stack_sets.started(of, of.operations["o"], first), "o", first, LOST)
    statuses = Counter((result.region, result.status) for result in of.operations["o"].results.values())
    assert statuses == {
        ("us-east-1", FAILED): 1,
        ("us-east-1", CANCELLED): 1,
        ("eu-west-1", PENDING): 2,
    }


PREFERENCES = st.fixed_dictionaries(
    {},
    optional={
        "FailureToleranceCount": st.integers(0, 3).map(str),
        "MaxConcurrentCount": st.integers(1, 4).map(str),
        "RegionConcurrencyType": st.sampled_from(["SEQUENTIAL", "PARALLEL"]),
        "ConcurrencyMode": st.sampled_from(["STRICT_FAILURE_TOLERANCE", "SOFT_FAILURE_TOLERANCE"]),
        "RegionOrder": st.permutations(REGIONS),
    },
)


@given(PREFERENCES, st.integers(1, 4), st.integers(1, 3), st.integers(0, 99))
@settings(deadline=None)
def test_an_operation_ends_within_its_preferences(
    preferences: dict[str, Any], accounts: int, regions: int, seed: int
) -> None:
    random = Random(seed)
    of = begun(operation(results=cells(accounts, regions), preferences=preferences))
    strict = preferences.get("ConcurrencyMode") != "SOFT_FAILURE_TOLERANCE"
    tolerance, most = (int(preferences.get(name, default)) for name, default in LIMITS)
    working: list[str] = []
    while True:
        for cell in stack_sets.startable(of.operations["o"]):
            of = stack_sets.started(of, of.operations["o"], cell)
            working.append(cell)
        if not working:
            break
        in_regions = Counter(cell.partition("/")[2] for cell in working)
        assert max(in_regions.values()) <= most
        assert len(in_regions) == 1 or preferences["RegionConcurrencyType"] == "PARALLEL"
        cell = working.pop(random.randrange(len(working)))
        of = stack_sets.finished(of, "o", cell, random.choice([DONE, LOST]))
    of = stack_sets.settled(of, "o", "then")

    results = of.operations["o"].results.values()
    failed = Counter(result.region for result in results if result.status == FAILED)
    exceeded = [region for region, count in failed.items() if count > tolerance]
    assert {result.status for result in results} <= {SUCCEEDED, FAILED, CANCELLED}
    assert of.operations["o"].status == (FAILED if exceeded else SUCCEEDED)
    assert any(result.status == CANCELLED for result in results) <= bool(exceeded)
    assert not strict or max(failed.values(), default=0) <= tolerance + 1
    for cell, result in of.operations["o"].results.items():
        assert of.instances[cell].status == ("CURRENT" if result.status == SUCCEEDED else OUTDATED)
        assert of.instances[cell].detailed == result.status


LIMITS = (("FailureToleranceCount", 0), ("MaxConcurrentCount", 1))


def test_a_stopped_operation_starts_nothing_more_and_ends_with_what_runs() -> None:
    of = begun(operation(results=cells(3)))
    first, *others = of.operations["o"].results
    of = stack_sets.started(of, of.operations["o"], first)

    of = stack_sets.stopped(of, of.operations["o"])
    assert stack_sets.settled(of, "o", "then").operations["o"].status == "STOPPING"
    assert stack_sets.startable(of.operations["o"]) == ()
    of = stack_sets.settled(stack_sets.finished(of, "o", first, DONE), "o", "then")

    assert (of.operations["o"].status, of.operations["o"].ended) == ("STOPPED", "then")
    assert [of.operations["o"].results[cell].status for cell in (first, *others)] == [SUCCEEDED, CANCELLED, CANCELLED]


def test_a_cancelled_delete_leaves_the_status_of_its_instances() -> None:
    of = finish(begun(operation()), "o")
    of = begun(operation("d", DELETE), of)

    of = stack_sets.stopped(of, of.operations["d"])

    assert {(instance.status, instance.detailed) for instance in of.instances.values()} == {("CURRENT", CANCELLED)}


def test_an_operation_interrupted_by_a_stop_of_the_sandbox_is_cancelled() -> None:
    first, second = cells()
    of = begun(operation())
    of = stack_sets.started(of, of.operations["o"], first)
    of = stack_sets.made(of, first, "stack")
    of = stack_sets.queue(of, operation("q"))

    of = stack_sets.interrupted(of, "then")

    assert {ended.status for ended in of.operations.values()} == {"STOPPED"}
    assert {result.status for result in of.operations["o"].results.values()} == {CANCELLED}
    assert [of.instances[cell].stack_id for cell in (first, second)] == ["stack", ""]
    assert {instance.status for instance in of.instances.values()} == {OUTDATED}


def test_a_failed_delete_makes_inoperable_what_updates_leave_out() -> None:
    of = finish(begun(operation()), "o")
    cell = next(iter(of.instances))

    of = begun(operation("d", DELETE), of)
    of = stack_sets.finished(of, "d", cell, replace(LOST, instance=INOPERABLE, stack_id="stack"))
    of = begun(operation("u", UPDATE, results={}, everywhere=True, outdates=True), of)

    assert cell not in of.operations["u"].results
    assert len(of.operations["u"].results) == 1
    assert of.instances[cell] == Instance(
        cell.partition("/")[0],
        cell.partition("/")[2],
        INOPERABLE,
        INOPERABLE,
        "no luck",
        "stack",
        operation="d",
    )


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        pytest.param(None, {"A": "1", "B": "2"}, id="without a list all stay"),
        pytest.param((), {}, id="an empty list removes all"),
        pytest.param((("A", "3"),), {"A": "3"}, id="what the list leaves out is removed"),
        pytest.param((("A", None), ("C", "4")), {"A": "1", "C": "4"}, id="UsePreviousValue keeps one"),
        pytest.param((("C", None),), {}, id="UsePreviousValue keeps no value that is not overridden"),
    ],
)
def test_overrides_after_a_list(given_: stack_sets.Overrides | None, expected: dict[str, str]) -> None:
    assert stack_sets.overridden({"A": "1", "B": "2"}, given_) == expected


def test_changed_overrides_make_an_instance_outdated_until_it_has_them() -> None:
    of = finish(begun(operation()), "o")

    unchanged = begun(operation("u", UPDATE, overrides=()), of)
    changed = begun(operation("u", UPDATE, overrides=(("A", "1"),)), of)

    assert {instance.status for instance in unchanged.instances.values()} == {"CURRENT"}
    assert {instance.status for instance in changed.instances.values()} == {OUTDATED}
    assert {instance.status for instance in finish(changed, "u").instances.values()} == {"CURRENT"}


@pytest.mark.parametrize("parallel", [False, True])
def test_queued_operations_keep_their_order(parallel: bool) -> None:
    of = begun(operation("a", results=cells(1)))
    same, other = operation("b", results=cells(1)), operation("c", results=cells(1, 2))
    of = stack_sets.queue(stack_sets.queue(of, same), other)

    assert stack_sets.next_to_begin(of, parallel=parallel) is None
    of = finish(of, "a")
    turn = stack_sets.next_to_begin(of, parallel=parallel)
    assert turn == same


def test_in_parallel_only_what_touches_other_cells_and_not_the_set_begins() -> None:
    elsewhere = {cell: result for cell, result in cells(1, 2).items() if result.region == "eu-west-1"}
    of = begun(operation("a", results=cells(1)))

    other, update = operation("b", results=elsewhere), operation("c", UPDATE, results=elsewhere, updates_set=True)

    assert stack_sets.next_to_begin(stack_sets.queue(of, other), parallel=True) == other
    assert stack_sets.next_to_begin(stack_sets.queue(of, other), parallel=False) is None
    assert stack_sets.next_to_begin(stack_sets.queue(of, update), parallel=True) is None


def test_an_update_does_not_bring_back_what_was_deleted_before_its_turn() -> None:
    of = finish(begun(operation()), "o")
    update = operation("u", UPDATE)
    of = finish(begun(operation("d", DELETE), stack_sets.queue(of, update)), "d")

    of = stack_sets.begin(of, update)

    assert (of.instances, of.operations["u"].results) == ({}, {})


def test_suspended_accounts_are_skipped() -> None:
    first, second = cells()
    of = begun(operation(suspended=(first.partition("/")[0],)))

    assert list(of.operations["o"].results) == [second]
    assert of.instances[first].detailed == "SKIPPED_SUSPENDED_ACCOUNT"


def test_a_change_of_the_set_counts_when_its_operation_begins() -> None:
    new = operation("u", UPDATE, results={}, change={"parameters": {"A": "2"}}, updates_set=True)
    of = stack_sets.queue(empty(), new)

    assert of.parameters == {}
    assert stack_sets.begin(of, new).parameters == {"A": "2"}
