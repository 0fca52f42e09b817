"""The order of a rollout, played against a model of StackSets."""

import random
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tapctl.concurrency.verdict import Verdict
from tapctl.fleet.cells import Cell
from tapctl.fleet.override_sets import Key, LeftOut, Placement, WantedSet
from tapctl.fleet.plan import INOPERABLE, InstanceState, RolloutPlan, SetState, Step, StepKind, plan_rollout, rectangles
from tapctl.settings.targets import TargetAccount

REGIONS = ("eu-west-1", "us-east-1")
A, B, C = "111111111111", "222222222222", "333333333333"
DEAD = "ROLLBACK_COMPLETE"


def cell(account: str, region: str = "eu-west-1", stack: str = "") -> Cell:
    return Cell(TargetAccount(account, REGIONS), region, stack)


def placement(account: str, size: str, region: str = "eu-west-1", **more: str) -> Placement:
    """A cell in which a stack is; with `stack=""` none."""
    stack = more.pop("stack", f"stack-{account}")
    status = more.pop("status", "CREATE_COMPLETE" if stack else "")
    return Placement(cell(account, region, stack), {"Size": size, **more}, stack_status=status)


def present(*placements: Placement, status: str = "CURRENT", **overrides: str | None) -> dict[Key, InstanceState]:
    """An instance of each, with the stack that it has and these overrides."""
    return {placement.key: InstanceState(status, overrides, placement.cell.stack or "") for placement in placements}


def want(size: str, *placements: Placement, left_out: tuple[LeftOut, ...] = (), **more: str) -> WantedSet:
    values = {"Size": size, **more}
    names = dict.fromkeys([*values, *(name for placement in placements for name in placement.values)])
    return WantedSet(values, placements, left_out, tuple(names), {"Size": ""})


def out(account: str, verdict: Verdict = Verdict.UNKNOWN) -> LeftOut:
    return LeftOut(cell(account), verdict, "no role")


def kinds(plan: RolloutPlan) -> list[StepKind]:
    return [step.kind for step in plan.steps]


def accounts(step: Step) -> list[str]:
    return [account for account, _ in step.cells]


# ---------------------------------------------------------------------------------------------------------------------
# A new set
# ---------------------------------------------------------------------------------------------------------------------


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
    state = SetState(True, True, {"Size": "100"}, present(*wanted.placements))

    assert plan_rollout(wanted, state, None).steps == ()
    assert {frozenset(step.overrides) for step in plan_rollout(wanted, SetState(), []).steps} == {frozenset()}


def test_without_a_cell_to_deploy_to_no_stack_set_is_created() -> None:
    assert plan_rollout(want("100", left_out=(out(A),)), SetState(), None).steps == ()


@pytest.mark.parametrize(
    ("canary", "first"),
    [
        pytest.param(None, [A], id="one account by default"),
        pytest.param([], [A, B, C], id="none"),
        pytest.param([B, C], [B, C], id="the configured ones"),
        pytest.param(["999999999999"], [A], id="another one where they have nothing to do"),
        pytest.param([A, B, C], [A, B, C], id="all of them are none"),
    ],
)
def test_the_canary(canary: list[str] | None, first: list[str]) -> None:
    plan = plan_rollout(want("1", *(placement(account, "1") for account in (A, B, C))), SetState(), canary)

    assert accounts(plan.steps[1]) == first
    assert plan.steps[1].is_canary == (len(first) < 3)


# ---------------------------------------------------------------------------------------------------------------------
# Updates
# ---------------------------------------------------------------------------------------------------------------------


def test_lowered_reservations_go_before_the_stack_set_and_raised_ones_after_it() -> None:
    wanted = want("50", placement(A, "10"), placement(B, "200"))
    state = SetState(True, False, {"Size": "100"}, present(*wanted.placements))

    plan = plan_rollout(wanted, state, [])

    assert [(step.kind, accounts(step), dict(step.overrides)) for step in plan.steps] == [
        (StepKind.LOWER, [A], {"Size": "10"}),
        (StepKind.LOWER, [B], {"Size": "100"}),  # so that it does not fall to 50 on the way
        (StepKind.UPDATE_SET, [A, B], {}),
        (StepKind.UPDATE, [B], {"Size": "200"}),
    ]


def test_an_instance_keeps_its_value_while_that_of_the_set_changes() -> None:
    wanted = want("u", placement(A, "1", Table="t"), placement(B, "1", Table="u"), Table="u")
    wanted = replace(wanted, values={"Size": "1", "Table": "u"})
    state = SetState(True, False, {"Size": "1", "Table": "t"}, present(*wanted.placements))

    plan = plan_rollout(wanted, state, [])

    assert [(step.kind, accounts(step), dict(step.overrides)) for step in plan.steps] == [
        (StepKind.LOWER, [A], {"Table": "t"}),
        (StepKind.UPDATE_SET, [A, B], {}),
    ]


def test_a_reservation_is_kept_where_the_present_template_may_not_take_the_lower_one() -> None:
    wanted = want("100", placement(A, ""), placement(B, "100"))
    state = SetState(True, False, {"Size": "50"}, present(*wanted.placements), changed=frozenset({"Size"}))

    plan = plan_rollout(wanted, state, [])

    assert [(step.kind, accounts(step), dict(step.overrides)) for step in plan.steps] == [
        (StepKind.LOWER, [A], {"Size": "50"}),
        (StepKind.UPDATE_SET, [A, B], {}),
        (StepKind.UPDATE, [A], {"Size": ""}),
    ]


def test_a_new_parameter_is_overridden_once_the_set_has_it() -> None:
    wanted = want("10", placement(A, "10"), placement(B, "100"))
    state = SetState(True, False, {"Old": "x"}, present(*wanted.placements, Old="y"))

    plan = plan_rollout(wanted, state, [])

    assert [(step.kind, accounts(step), dict(step.overrides)) for step in plan.steps] == [
        (StepKind.UPDATE_SET, [A, B], {}),
        (StepKind.UPDATE, [B], {"Size": "100"}),
    ]


def test_a_hidden_override_that_is_not_given_is_kept() -> None:
    """A list replaces the one before, and what it does not name falls back to the set's own value."""
    wanted = want("50", placement(A, "100"), placement(B, "50"))
    wanted = replace(wanted, parameters=("Size", "Secret"))
    state = SetState(True, True, {"Size": "50", "Secret": None}, present(*wanted.placements, Secret=None))

    plan = plan_rollout(wanted, state, [])

    assert [(accounts(step), dict(step.overrides)) for step in plan.steps] == [([A], {"Size": "100", "Secret": None})]


def test_an_instance_of_an_account_that_is_left_out_is_not_updated() -> None:
    wanted = want("100", placement(A, "100"), placement(B, "100"), left_out=(out(C),))
    state = SetState(True, False, {"Size": "100"}, present(*wanted.placements, placement(C, "100")))

    plan = plan_rollout(wanted, state, [])

    targets = next(rectangles([(A, REGIONS[0]), (B, REGIONS[0])]))
    assert plan.steps == (Step(StepKind.UPDATE_SET, targets, {}, plan.changes),)
    assert plan.changes == ((A, REGIONS[0]), (B, REGIONS[0]))
    assert plan.beside == ()


def test_the_set_is_updated_once_for_the_canary_and_once_for_all() -> None:
    wanted = want("100", *(placement(account, "100") for account in (A, B, C)))
    state = SetState(True, False, {"Size": "100"}, present(*wanted.placements))

    plan = plan_rollout(wanted, state, None)

    assert [(step.kind, accounts(step), step.is_canary, step.targets is None) for step in plan.steps] == [
        (StepKind.UPDATE_SET, [A], True, False),
        (StepKind.UPDATE_SET, [A, B, C], False, True),
    ]


def test_beside_left_out_cells_the_others_are_updated_by_rectangles() -> None:
    placements = [placement(A, "1"), placement(A, "1", REGIONS[1]), placement(B, "1"), placement(C, "2")]
    wanted = want("1", *placements, left_out=(out("444444444444"),))
    state = SetState(True, False, {"Size": "1"}, present(*placements, placement("444444444444", "1")))

    plan = plan_rollout(wanted, state, None)

    assert [(step.kind, accounts(step), step.is_canary, dict(step.overrides)) for step in plan.steps] == [
        (StepKind.UPDATE_SET, [A, A], True, {}),
        (StepKind.UPDATE, [B], False, {"Size": "1"}),
        (StepKind.UPDATE, [C], False, {"Size": "2"}),
    ]


def test_an_instance_that_did_not_reach_the_last_version_is_updated_again() -> None:
    wanted = want("100", placement(A, "100"), placement(B, "100"))
    instances = present(wanted.placements[0], status="OUTDATED") | present(wanted.placements[1])

    plan = plan_rollout(wanted, SetState(True, True, {"Size": "100"}, instances), None)

    assert [(step.kind, step.cells) for step in plan.steps] == [(StepKind.UPDATE, ((A, REGIONS[0]),))]


@pytest.mark.parametrize(
    ("status", "canary", "first"),
    [
        pytest.param({A: "OUTDATED", B: "OUTDATED"}, None, [A], id="no account has it"),
        pytest.param({A: "CURRENT", B: "OUTDATED"}, None, [], id="one account has it"),
        pytest.param({A: "CURRENT", B: "OUTDATED"}, [B], [B], id="the configured one has it not"),
        pytest.param({A: "OUTDATED", B: "CURRENT"}, [B], [], id="the configured one has it"),
        pytest.param({A: "OUTDATED", B: "OUTDATED"}, [], [], id="without a canary"),
    ],
)
def test_after_a_canary_that_failed_the_next_run_begins_with_it(
    status: dict[str, str], canary: list[str] | None, first: list[str]
) -> None:
    wanted = want("100", placement(A, "100"), placement(B, "100"), placement(C, "100"))
    states = {**status, C: "OUTDATED"}
    instances = {
        key: one for placed in wanted.placements for key, one in present(placed, status=states[placed.key[0]]).items()
    }

    plan = plan_rollout(wanted, SetState(True, True, {"Size": "100"}, instances), canary)

    assert [account for step in plan.steps if step.is_canary for account in accounts(step)] == first
    left = sorted(account for step in plan.steps for account in accounts(step))
    assert left == sorted(account for account, now in states.items() if now == "OUTDATED")


def test_the_canary_has_the_template_once_it_has_it_in_each_of_its_regions() -> None:
    wanted = want("100", placement(A, "100"), placement(A, "100", REGIONS[1]), placement(B, "100"))
    half, other, rest = wanted.placements
    instances = present(half) | present(other, rest, status="OUTDATED")

    plan = plan_rollout(wanted, SetState(True, True, {"Size": "100"}, instances), None)

    assert [(step.cells, step.is_canary) for step in plan.steps] == [((other.key,), True), ((rest.key,), False)]


def test_a_set_without_instances_is_updated_by_itself() -> None:
    plan = plan_rollout(want("100", placement(A, "100", stack="")), SetState(True, False, {"Size": "50"}), None)

    assert [(step.kind, step.cells) for step in plan.steps] == [
        (StepKind.UPDATE_SET, ()),
        (StepKind.CREATE, ((A, REGIONS[0]),)),
    ]


def test_a_set_whose_every_instance_is_left_out_stays_and_so_does_what_is_new() -> None:
    """An update of the set reaches one instance at least."""
    wanted = want("100", placement(A, "100", stack=""), left_out=(out(B, Verdict.EXCEEDS),))
    state = SetState(True, False, {"Size": "50"}, present(placement(B, "50")))

    plan = plan_rollout(wanted, state, None)

    assert plan.steps == ()
    assert [(left.cell.account.id, left.verdict) for left in plan.left_out] == [
        (B, Verdict.EXCEEDS),
        (A, Verdict.EXCEEDS),
    ]


def test_a_change_of_automatic_deployment_is_a_step_of_the_whole_stack_set() -> None:
    wanted = want("100", placement(A, "100"), placement(B, "100"))
    state = SetState(True, True, {"Size": "100"}, present(*wanted.placements), joins=False)

    plan = plan_rollout(wanted, state, [])
    assert (kinds(plan), plan.joins) == ([StepKind.UPDATE_SET], True)
    assert plan.steps[0].targets is None

    some = plan_rollout(wanted.without([out(A)]), state, [])
    assert (kinds(some), some.joins) == ([], False)


# ---------------------------------------------------------------------------------------------------------------------
# What failed
# ---------------------------------------------------------------------------------------------------------------------


def test_an_inoperable_instance_is_left_out() -> None:
    wanted = want("100", placement(A, "100"), placement(B, "100"))
    instances = present(wanted.placements[0], status=INOPERABLE) | present(wanted.placements[1])

    plan = plan_rollout(wanted, SetState(True, False, {"Size": "100"}, instances), None)

    assert [left.cell.account.id for left in plan.left_out] == [A]
    assert plan.changes == ((B, REGIONS[0]),)


@pytest.mark.parametrize(
    ("stack", "status", "retains"),
    [
        pytest.param("", "", True, id="never made"),
        pytest.param("gone", "", True, id="deleted by hand"),
        pytest.param("dead", DEAD, False, id="rolled back"),
    ],
)
def test_an_instance_without_a_working_stack_is_made_again(stack: str, status: str, retains: bool) -> None:
    lost = placement(A, "100", stack=stack, status=status)
    wanted = want("100", lost, placement(B, "100"))
    instances = present(lost, status="OUTDATED") | present(wanted.placements[1])

    plan = plan_rollout(wanted, SetState(True, False, {"Size": "100"}, instances), [])

    assert [(step.kind, accounts(step), step.retains) for step in plan.steps] == [
        (StepKind.CLEAR, [A], retains),
        (StepKind.UPDATE_SET, [B], False),
        (StepKind.CREATE, [A], False),
    ]


def test_an_inoperable_instance_whose_stack_is_gone_is_made_again() -> None:
    lost = placement(A, "100", stack="gone", status="")
    state = SetState(True, True, {"Size": "100"}, present(lost, status=INOPERABLE))

    assert kinds(plan_rollout(want("100", lost), state, None)) == [StepKind.CLEAR, StepKind.CREATE]


def test_a_stack_that_was_made_since_the_cell_was_judged_is_not_cleared() -> None:
    seen = placement(A, "100", stack="")
    state = SetState(True, True, {"Size": "100"}, {seen.key: InstanceState("CURRENT", {}, "made since")})

    assert plan_rollout(want("100", seen), state, None).steps == ()


def test_instances_that_the_fleet_does_not_name_are_beside_it() -> None:
    state = SetState(True, True, {"Size": "100"}, present(placement(B, "100")))

    assert plan_rollout(want("100", placement(A, "100")), state, None).beside == ((B, REGIONS[0]),)


def test_rectangles_have_each_cell_once() -> None:
    cells = [(A, "x"), (A, "y"), (B, "y"), (B, "x"), (C, "x")]

    found = list(rectangles(cells))

    assert [(rectangle.accounts, rectangle.regions) for rectangle in found] == [((A, B), ("x", "y")), ((C,), ("x",))]
    assert sorted(key for rectangle in found for key in rectangle.cells) == sorted(cells)


# ---------------------------------------------------------------------------------------------------------------------
# Every plan
# ---------------------------------------------------------------------------------------------------------------------


class Refused(Exception):
    """StackSets refuses a call."""


class Model:
    """What StackSets has: the set's values, the instances, and the values that each stack has.

    It has the values that a `SetState` hides.
    """

    def __init__(self, state: SetState, set_values: Mapping[str, str], overrides: Mapping[Key, Mapping[str, str]]):
        self.values = dict(set_values)
        self.overrides = {key: dict(values) for key, values in overrides.items()}
        self.status = {key: instance.status for key, instance in state.instances.items()}
        self.held = {
            key: {**self.values, **self.overrides[key]} for key, instance in state.instances.items() if instance.stack
        }
        self.touched: set[Key] = set()

    def play(self, step: Step, wanted: WantedSet) -> None:
        reached = set(step.targets.cells) if step.targets else set()
        if step.kind in (StepKind.CREATE_SET, StepKind.UPDATE_SET):
            kept = {name: value for name, value in self.values.items() if name in wanted.parameters}
            self.values = {**dict.fromkeys(wanted.parameters, "default"), **kept, **wanted.values}
            if step.targets is None:
                reached = {key for key, status in self.status.items() if status != INOPERABLE}
        if unknown := step.overrides.keys() - self.values.keys():
            raise Refused(f"no parameter {unknown}")
        if step.kind is StepKind.CREATE:
            assert not reached & self.status.keys(), "an instance is created twice"
            self.overrides |= {key: {} for key in reached}
        elif missing := reached - self.status.keys():
            raise Refused(f"no instance {missing}")
        assert reached == set(step.cells)
        self.touched |= reached
        for key in reached:
            self.clear(key, retains=step.retains) if step.kind is StepKind.CLEAR else self.deploy(key, step)

    def clear(self, key: Key, *, retains: bool) -> None:
        assert not (retains and key in self.held), "a stack is forgotten"
        del self.status[key]
        self.held.pop(key, None)

    def deploy(self, key: Key, step: Step) -> None:
        before = self.overrides[key]
        given = step.overrides or before
        own = {name: before[name] if value is None else value for name, value in given.items()}
        self.overrides[key] = {name: value for name, value in own.items() if name in self.values}
        self.held[key] = {**self.values, **self.overrides[key]}
        self.status[key] = "CURRENT"


KEYS: list[Key] = [(str(number) * 12, region) for number in range(1, 6) for region in REGIONS]
SIZES = ["", "10", "50", "100"]


class Case:
    """Five accounts in two Regions, each wanted, left out, present or not, with one to three parameters."""

    def __init__(self, seed: int) -> None:
        self.draw = draw = random.Random(seed)
        self.names = ["Size", *(name for name in ("Table", "Key") if draw.random() < 0.5)]
        self.old_names = [*(name for name in ("Size", "Table", "Key") if draw.random() < 0.7), "Gone"]
        self.exists = draw.random() < 0.85
        self.set_values = {name: self.value(name) for name in self.old_names} if self.exists else {}
        self.overrides = {
            key: {name: self.value(name) for name in self.old_names if draw.random() < 0.4}
            for key in KEYS
            if self.exists and draw.random() < 0.6
        }
        self.wanted = self.want()
        same = {name: value for name, value in self.set_values.items() if name in self.wanted.values}
        self.state = SetState(
            self.exists,
            same == self.wanted.values and "Gone" not in self.old_names and draw.random() < 0.7,
            {name: None if name == "Key" else value for name, value in self.set_values.items()},
            {key: self.instance(key, values) for key, values in self.overrides.items()},
            joins=draw.random() < 0.8,
        )

    def value(self, name: str) -> str:
        return self.draw.choice(SIZES if name == "Size" else ["t", "u"])

    def want(self) -> WantedSet:
        placements, left_out = [], []
        for account, region in KEYS:
            where = cell(account, region, f"stack-{account}" if (account, region) in self.overrides else "")
            if (chosen := self.draw.random()) < 0.6:
                values = {name: self.value(name) for name in self.names if name != "Key" or self.draw.random() < 0.5}
                placements.append(Placement(where, values, stack_status="CREATE_COMPLETE" if where.stack else ""))
            elif chosen < 0.8:
                left_out.append(LeftOut(where, Verdict.UNKNOWN, "no role"))
        own = {name: self.own(name, placements) for name in self.names if name != "Key" or self.draw.random() < 0.5}
        return WantedSet(own, tuple(placements), tuple(left_out), tuple(self.names), {"Size": ""})

    def own(self, name: str, placements: list[Placement]) -> str:
        """The set's own value: a new reservation's parameter begins with the smallest."""
        wanted = [placement.values[name] for placement in placements if name in placement.values]
        if self.exists and name == "Size" and name not in self.set_values:
            return min(wanted, key=lambda value: int(value or 0), default="")
        return self.draw.choice([*wanted, self.value(name)])

    def instance(self, key: Key, values: Mapping[str, str]) -> InstanceState:
        shown = {name: None if name == "Key" else value for name, value in values.items()}
        return InstanceState(self.draw.choice(["CURRENT", "CURRENT", "OUTDATED"]), shown, f"stack-{key[0]}")


def size(values: Mapping[str, str]) -> int:
    return int(values.get("Size") or 0)


@pytest.mark.parametrize("seed", range(20))
def test_every_plan_brings_about_what_is_wanted_and_names_only_what_exists(seed: int) -> None:
    for number in range(100):
        case = Case(1000 * seed + number)
        wanted, state = case.wanted, case.state
        canary = case.draw.choice([None, [], ["1" * 12]])
        plan = plan_rollout(wanted, state, canary)
        model = Model(state, case.set_values, case.overrides)
        before = {key: dict(values) for key, values in model.held.items()}
        targets = {placement.key: placement.values for placement in plan.wanted.placements}
        for step in plan.steps:
            model.play(step, plan.wanted)
            for key in step.cells:
                check_on_the_way(model.held.get(key, {}), before.get(key), targets[key])
        for placement in plan.wanted.placements:
            after = model.held[placement.key]
            assert {name: after[name] for name in placement.values} == placement.values
            if "Key" not in placement.values and "Key" in case.overrides.get(placement.key, {}) and "Key" in case.names:
                assert after["Key"] == case.overrides[placement.key]["Key"]
        untouched = {left.cell.key for left in plan.left_out} | set(plan.beside)
        assert not untouched & model.touched
        check_again(case, plan, model, canary)


def check_on_the_way(now: Mapping[str, str], before: Mapping[str, str] | None, target: Mapping[str, str]) -> None:
    """A stack has its old or its wanted values at each moment, and a reservation one between them."""
    if before is None or not now:
        return
    if "Size" in before:
        assert min(size(before), size(target)) <= size(now) <= max(size(before), size(target))
    else:
        assert size(now) <= size(target)
    if "Table" in before and "Table" in target:
        assert now["Table"] in (before["Table"], target["Table"])


def check_again(case: Case, plan: RolloutPlan, model: Model, canary: list[str] | None) -> None:
    """A second rollout has nothing to do, where the NoEcho values are known to be the same."""
    given = {placement.key: placement.values for placement in plan.wanted.placements}
    instances = {
        key: InstanceState(
            model.status[key],
            {name: given.get(key, {}).get(name) if name == "Key" else value for name, value in values.items()},
            f"stack-{key[0]}",
        )
        for key, values in model.overrides.items()
        if key in model.status
    }
    settled = SetState(True, True, model.values, instances)
    again = plan_rollout(plan.wanted, settled, canary)
    assert not set(again.changes) & given.keys(), (case.wanted, case.state, plan, again)
