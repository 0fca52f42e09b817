"""The order of a rollout, played against a model of StackSets."""

import random
from dataclasses import replace

import pytest

from tapctl.concurrency.verdict import Verdict
from tapctl.errors import UsageError
from tapctl.fleet.cells import Cell
from tapctl.fleet.override_sets import LeftOut, Placement, Wanted, amount
from tapctl.fleet.plan import INOPERABLE, Instance, RolloutPlan, SetState, Step, StepKind, plan_rollout, rectangles
from tapctl.settings.targets import TargetAccount

REGIONS = ("eu-west-1", "us-east-1")
A, B, C = "111111111111", "222222222222", "333333333333"


def cell(account: str, region: str = "eu-west-1") -> Cell:
    return Cell(TargetAccount(account, REGIONS), region)


def placement(account: str, size: str, region: str = "eu-west-1", **more: str) -> Placement:
    return Placement(cell(account, region), {"Size": size, **more})


def want(size: str, *placements: Placement, left_out: tuple[LeftOut, ...] = (), **more: str) -> Wanted:
    return Wanted({"Size": size, **more}, placements, left_out, frozenset({"Size"}))


def kinds(plan: RolloutPlan) -> list[StepKind]:
    return [step.kind for step in plan.steps]


def test_a_new_set_gets_its_instances_by_their_overrides_and_the_canary_first() -> None:
    wanted = want("100", placement(A, "100"), placement(B, ""), placement(C, "100"), placement(C, "100", REGIONS[1]))

    plan = plan_rollout(wanted, SetState(), None)

    assert kinds(plan) == [StepKind.CREATE_SET, *[StepKind.CREATE] * 3]
    assert [step.is_canary for step in plan.steps] == [False, True, False, False]
    assert [(step.cells, step.overrides) for step in plan.steps[1:]] == [
        (((A, REGIONS[0]),), {"Size": "100"}),
        (((B, REGIONS[0]),), {"Size": ""}),
        (((C, REGIONS[0]), (C, REGIONS[1])), {"Size": "100"}),
    ]


def test_without_a_difference_there_are_no_overrides_and_no_step() -> None:
    wanted = want("100", placement(A, "100"), placement(B, "100"))
    state = SetState(True, True, {"Size": "100"}, {each.key: Instance("CURRENT") for each in wanted.placements})

    assert plan_rollout(wanted, state, None).steps == ()
    assert {frozenset(step.overrides) for step in plan_rollout(wanted, SetState(), []).steps} == {frozenset()}


def test_what_lowers_goes_before_the_set_and_what_raises_after_it() -> None:
    wanted = want("50", placement(A, "10"), placement(B, "200"))
    state = SetState(
        True,
        False,
        {"Size": "100"},
        {(A, REGIONS[0]): Instance("CURRENT"), (B, REGIONS[0]): Instance("CURRENT")},
    )

    plan = plan_rollout(wanted, state, [])

    assert kinds(plan) == [StepKind.LOWER, StepKind.UPDATE_SET, StepKind.UPDATE]
    assert [step.cells for step in plan.steps] == [
        ((A, REGIONS[0]),),
        ((A, REGIONS[0]), (B, REGIONS[0])),
        ((B, REGIONS[0]),),
    ]


def test_an_instance_of_an_account_that_is_left_out_is_not_updated() -> None:
    left = LeftOut(cell(C), Verdict.UNKNOWN, "no role")
    wanted = want("100", placement(A, "100"), placement(B, "100"), left_out=(left,))
    instances = {(account, REGIONS[0]): Instance("CURRENT") for account in (A, B, C)}

    plan = plan_rollout(wanted, SetState(True, False, {"Size": "100"}, instances), [])

    assert plan.steps == (
        Step(StepKind.UPDATE_SET, next(rectangles([(A, REGIONS[0]), (B, REGIONS[0])])), {}, plan.changes),
    )
    assert plan.changes == ((A, REGIONS[0]), (B, REGIONS[0]))
    assert plan.beside == ()


def test_an_instance_that_did_not_reach_the_last_version_is_updated_again() -> None:
    wanted = want("100", placement(A, "100"), placement(B, "100"))
    instances = {(A, REGIONS[0]): Instance("OUTDATED"), (B, REGIONS[0]): Instance("CURRENT")}

    plan = plan_rollout(wanted, SetState(True, True, {"Size": "100"}, instances), None)

    assert [(step.kind, step.cells) for step in plan.steps] == [(StepKind.UPDATE, ((A, REGIONS[0]),))]


def test_an_inoperable_instance_is_left_out() -> None:
    wanted = want("100", placement(A, "100"), placement(B, "100"))
    instances = {(A, REGIONS[0]): Instance(INOPERABLE), (B, REGIONS[0]): Instance("CURRENT")}

    plan = plan_rollout(wanted, SetState(True, False, {"Size": "100"}, instances), None)

    assert [each.cell.account.id for each in plan.left_out] == [A]
    assert plan.changes == ((B, REGIONS[0]),)


def test_instances_that_the_fleet_does_not_name_are_beside_it() -> None:
    state = SetState(True, True, {"Size": "100"}, {(B, REGIONS[0]): Instance("CURRENT")})

    assert plan_rollout(want("100", placement(A, "100")), state, None).beside == ((B, REGIONS[0]),)


def test_rectangles_have_each_cell_once() -> None:
    cells = [(A, "x"), (A, "y"), (B, "y"), (B, "x"), (C, "x")]

    found = list(rectangles(cells))

    assert [(each.accounts, each.regions) for each in found] == [((A, B), ("x", "y")), ((C,), ("x",))]
    assert sorted(key for each in found for key in each.cells) == sorted(cells)


class Refused(Exception):
    """StackSets refuses a call."""


class Model:
    """What StackSets has: the set's values and parameters, and the instances with their values."""

    def __init__(self, state: SetState) -> None:
        self.values = dict(state.values)
        self.instances = dict(state.instances)
        self.held = {key: {**state.values, **each.overrides} for key, each in state.instances.items()}
        self.touched: set[tuple[str, str]] = set()

    def play(self, step: Step, wanted: Wanted) -> None:
        if step.kind is StepKind.CREATE_SET or step.kind is StepKind.UPDATE_SET:
            self.values = dict(wanted.values)
        if step.targets is None and step.kind is StepKind.UPDATE_SET:
            reached = {key for key, each in self.instances.items() if each.status != INOPERABLE}
        else:
            reached = set(step.targets.cells) if step.targets else set()
        if unknown := step.overrides.keys() - self.values.keys():
            raise Refused(f"no parameter {unknown}")
        if step.kind is StepKind.CREATE:
            assert not reached & self.instances.keys()
            self.instances |= dict.fromkeys(reached, Instance("CURRENT"))
        elif missing := reached - self.instances.keys():
            raise Refused(f"no instance {missing}")
        assert reached == set(step.cells)
        self.touched |= reached
        for key in reached:
            own = dict(step.overrides) or dict(self.instances[key].overrides)
            own = {name: value for name, value in own.items() if name in self.values}
            self.instances[key] = Instance("CURRENT", own)
            self.held[key] = {**self.values, **own}


def random_case(draw: random.Random) -> tuple[Wanted, SetState]:
    """Five accounts in two Regions, each wanted, left out, present or not, with one or two parameters."""
    sizes = ["", "10", "50", "100"]
    names = {"Size": "100", **({"Table": "t"} if draw.random() < 0.5 else {})}
    keys = [(str(number) * 12, region) for number in range(1, 6) for region in REGIONS]
    placements, left_out = [], []
    for account, region in keys:
        where = draw.random()
        if where < 0.6:
            values = {"Size": draw.choice(sizes), **({"Table": draw.choice("tu")} if "Table" in names else {})}
            placements.append(Placement(cell(account, region), values))
        elif where < 0.8:
            left_out.append(LeftOut(cell(account, region), Verdict.UNKNOWN, "no role"))
    base = {name: draw.choice([each.values[name] for each in placements] or [value]) for name, value in names.items()}
    wanted = Wanted(base, tuple(placements), tuple(left_out), frozenset({"Size"}))
    if draw.random() < 0.2:
        return wanted, SetState()
    before = {"Size": draw.choice(sizes), **({"Table": "t"} if "Table" in names and draw.random() < 0.5 else {})}
    instances = {
        key: Instance(
            draw.choice(["CURRENT", "CURRENT", "OUTDATED"]),
            {"Size": draw.choice(sizes)} if draw.random() < 0.5 else {},
        )
        for key in keys
        if draw.random() < 0.6
    }
    return wanted, SetState(True, before == base and draw.random() < 0.7, before, instances)


@pytest.mark.parametrize("seed", range(20))
def test_every_plan_brings_about_what_is_wanted_and_names_only_what_exists(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(100):
        wanted, state = random_case(draw)
        canary = draw.choice([None, [], ["1" * 12]])
        usable = {key for key, each in state.instances.items() if each.status != INOPERABLE}
        if usable and not state.is_current and not usable & {each.key for each in wanted.placements}:
            with pytest.raises(UsageError):
                plan_rollout(wanted, state, canary)
            continue
        plan, model = plan_rollout(wanted, state, canary), Model(state)
        lowest = {key: amount(values["Size"]) for key, values in model.held.items()}
        for step in plan.steps:
            model.play(step, wanted)
            if step.kind is StepKind.LOWER:
                assert all(amount(model.held[key]["Size"]) < lowest[key] for key in step.cells)
        for each in wanted.placements:
            assert model.held[each.key] == each.values
        untouched = {left.cell.key for left in wanted.left_out} | set(plan.beside)
        assert not untouched & model.touched
        settled = replace(state, exists=True, is_current=True, values=wanted.values, instances=model.instances)
        again = plan_rollout(wanted, settled, canary)
        assert not set(again.changes) & {each.key for each in wanted.placements}, (wanted, state, plan, again)
