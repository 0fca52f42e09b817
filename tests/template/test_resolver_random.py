"""Random templates with a known value: a resolved value is the true one, and an unknown one is never guessed."""

import json
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tapctl.concurrency.read_demand import read_demand
from tapctl.template.model import Template, check
from tapctl.template.nested import stack_tree
from tapctl.template.parameters import Parameters
from tapctl.template.parse import parse
from tapctl.unknown import Unknown
from tests.template.random_templates import LISTS, NO_VALUE, Node, World, evaluated, random_world, text, truth, written

FUNCTIONS = ("F0", "F1", "F2")
CONDITIONS = 4
EFFORT = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@dataclass(frozen=True)
class Case:
    """A template with its world; a setting is a string, or a string under a condition."""

    world: World
    settings: dict[str, Node]
    exists: dict[str, Node | None]


def random_case(random: Random) -> Case:
    def setting() -> Node:
        value = text(random, 3, CONDITIONS)
        return random.choice((value, Node("maybe", (truth(random, 1, CONDITIONS), value))))

    def exists() -> Node | None:
        return random.choice((None, Node("named", (random.randrange(CONDITIONS),))))

    return Case(
        replace(random_world(random), conditions=tuple(truth(random, 2, index) for index in range(CONDITIONS))),
        {name: setting() for name in (*FUNCTIONS, "A0")},
        {name: exists() for name in FUNCTIONS},
    )


RANDOM = st.randoms(use_true_random=True)  # choice by choice takes ten times as long
CASES = RANDOM.map(random_case)


def body(case: Case) -> dict[str, Any]:
    """The body of the case's template."""
    resources: dict[str, Any] = {}
    for name in FUNCTIONS:
        setting = written(case.settings[name])
        resources[name] = {"Type": "AWS::Lambda::Function", "Properties": {"ReservedConcurrentExecutions": setting}}
        if exists := case.exists[name]:
            resources[name]["Condition"] = f"C{exists.arguments[0]}"
    config = {"ProvisionedConcurrentExecutions": written(case.settings["A0"])}
    if case.settings["A0"].name == "maybe":
        when, value = case.settings["A0"].arguments
        config = written(Node("maybe", (when, Node("literal", ({"ProvisionedConcurrentExecutions": written(value)},)))))
    resources["A0"] = {
        "Type": "AWS::Lambda::Alias",
        "Properties": {"FunctionName": {"Ref": "F0"}, "ProvisionedConcurrencyConfig": config},
    }
    kinds = {"N0": "Number"} | dict.fromkeys(LISTS, "CommaDelimitedList")
    return {
        "Parameters": {name: {"Type": kinds.get(name, "String")} for name in (*case.world.texts, *LISTS)},
        "Mappings": {"M": case.world.maps},
        "Conditions": {f"C{index}": written(node) for index, node in enumerate(case.world.conditions)},
        "Resources": resources,
    }


def given_in(world: World) -> dict[str, str]:
    return dict(world.texts) | {name: ", ".join(items) for name, items in world.lists.items()}


Values = dict[str, int | Unknown | None]


def read(text: str, file: str, given: dict[str, str], lookups: dict[str, str]) -> Values:
    """The reserved concurrency of each function and the provisioned concurrency of the alias, as tapctl reads them."""
    source = parse(text, file)
    template = check(Template(source, source.value))
    demand = read_demand(stack_tree(template, Parameters(given, {}, lookups), {}))
    values: Values = {
        function.logical_id: function.reserved for function in demand.functions if function.logical_id in FUNCTIONS
    }
    return values | {alias.logical_id: alias.value for function in demand.functions for alias in function.provisioned}


def true_values(case: Case, world: World) -> dict[str, int | None]:
    """The same by `evaluated`."""
    expected: dict[str, int | None] = {}
    for name in FUNCTIONS:
        exists = case.exists[name]
        if exists is None or evaluated(exists, world):
            value = evaluated(case.settings[name], world)
            expected[name] = None if value is NO_VALUE else int(value)
    value = evaluated(case.settings["A0"], world)
    return expected if value is NO_VALUE else expected | {"A0": int(value)}


def short(values: Any) -> bool:
    """Whether all have at most 18 digits, which tapctl accepts as a number."""
    return all(value is NO_VALUE or len(value) <= 18 for value in values)


@EFFORT
@given(CASES, st.sampled_from(["json", "yaml"]))
def test_with_every_value_given_the_demand_is_the_true_one(case: Case, form: str) -> None:
    if not short(evaluated(node, case.world) for node in case.settings.values()):
        return
    text = json.dumps(body(case)) if form == "json" else yaml.safe_dump(body(case), sort_keys=False)
    found = read(text, f"t.{form}", given_in(case.world), dict(case.world.lookups))
    assert found == true_values(case, case.world)


@EFFORT
@given(
    CASES,
    RANDOM.map(random_world),
    st.sets(st.sampled_from(["P0", "P1", "P2", "N0", "K0", "K1", *LISTS, "ssm:/a", "import:E"])),
)
def test_a_known_value_holds_in_every_world(case: Case, other: World, open_names: set[str]) -> None:
    changed = replace(
        case.world,
        texts={name: (other if name in open_names else case.world).texts[name] for name in case.world.texts},
        lists={name: (other if name in open_names else case.world).lists[name] for name in LISTS},
        lookups={key: (other if key in open_names else case.world).lookups[key] for key in case.world.lookups},
    )
    possible = [case.world, changed]
    if not short(evaluated(node, world) for node in case.settings.values() for world in possible):
        return
    given = {name: value for name, value in given_in(case.world).items() if name not in open_names}
    lookups = {key: value for key, value in case.world.lookups.items() if key not in open_names}
    found = read(json.dumps(body(case)), "t.json", given, lookups)
    for world in possible:
        expected = true_values(case, world)
        assert set(expected) <= set(found)
        for name, value in found.items():
            if isinstance(value, int):
                assert expected[name] == value
            elif value is None:
                assert expected.get(name) is None
            else:
                assert value.reason
