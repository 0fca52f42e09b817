"""What is resolved is what is true: random templates with a known value, and none is ever guessed."""

import json
from dataclasses import dataclass, replace
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
from tests.template.random_templates import LEFT_OUT, LISTS, Node, World, meant, texts, truths, worlds, written

FUNCTIONS = ("F0", "F1", "F2")
CONDITIONS = 4
EFFORT = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@dataclass(frozen=True)
class Case:
    """A template with the world that it was written for; a setting is a text and, maybe, when it is there."""

    world: World
    settings: dict[str, Node]
    exists: dict[str, Node | None]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    conditions = tuple(draw(truths(2, index)) for index in range(CONDITIONS))
    value = texts(3, CONDITIONS)
    named = st.builds(lambda index: Node("named", (index,)), st.integers(0, CONDITIONS - 1))
    optional = st.builds(lambda when, node: Node("maybe", (when, node)), truths(1, CONDITIONS), value)
    return Case(
        replace(draw(worlds()), conditions=conditions),
        {name: draw(value | optional) for name in (*FUNCTIONS, "A0")},
        {name: draw(st.none() | named) for name in FUNCTIONS},
    )


def body(case: Case) -> dict[str, Any]:
    """The case as a template."""
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


Found = dict[str, int | Unknown | None]


def read(text: str, file: str, given: dict[str, str], lookups: dict[str, str]) -> Found:
    """Reserved concurrency by function and the alias's provisioned one, as tapctl sees them."""
    source = parse(text, file)
    template = check(Template(source, source.value))
    demand = read_demand(stack_tree(template, Parameters(given, {}, lookups), {}))
    found: Found = {each.logical_id: each.reserved for each in demand.functions if each.logical_id in FUNCTIONS}
    return found | {each.logical_id: each.value for function in demand.functions for each in function.provisioned}


def true(case: Case, world: World) -> dict[str, int | None]:
    """The same, worked out by hand."""
    expected: dict[str, int | None] = {}
    for name in FUNCTIONS:
        exists = case.exists[name]
        if exists is None or meant(exists, world):
            value = meant(case.settings[name], world)
            expected[name] = None if value is LEFT_OUT else int(value)
    value = meant(case.settings["A0"], world)
    return expected if value is LEFT_OUT else expected | {"A0": int(value)}


def short(value: Any) -> bool:
    """Lambda's numbers have a few digits; tapctl takes eighteen."""
    return all(each is LEFT_OUT or len(each) <= 18 for each in value)


@EFFORT
@given(cases(), st.sampled_from(["json", "yaml"]))
def test_with_everything_given_the_demand_is_the_true_one(case: Case, form: str) -> None:
    if not short(meant(node, case.world) for node in case.settings.values()):
        return
    text = json.dumps(body(case)) if form == "json" else yaml.safe_dump(body(case), sort_keys=False)
    found = read(text, f"t.{form}", given_in(case.world), dict(case.world.lookups))
    assert found == true(case, case.world)


@EFFORT
@given(cases(), worlds(), st.sets(st.sampled_from(["P0", "P1", "P2", "N0", "K0", "K1", *LISTS, "ssm:/a", "import:E"])))
def test_what_is_said_to_be_known_holds_in_every_world(case: Case, other: World, open_names: set[str]) -> None:
    changed = replace(
        case.world,
        texts={name: (other if name in open_names else case.world).texts[name] for name in case.world.texts},
        lists={name: (other if name in open_names else case.world).lists[name] for name in LISTS},
        lookups={key: (other if key in open_names else case.world).lookups[key] for key in case.world.lookups},
    )
    possible = [case.world, changed]
    if not short(meant(node, world) for node in case.settings.values() for world in possible):
        return
    given = {name: value for name, value in given_in(case.world).items() if name not in open_names}
    lookups = {key: value for key, value in case.world.lookups.items() if key not in open_names}
    found = read(json.dumps(body(case)), "t.json", given, lookups)
    for world in possible:
        expected = true(case, world)
        assert set(expected) <= set(found)
        for name, value in found.items():
            if isinstance(value, int):
                assert expected[name] == value
            elif value is None:
                assert expected.get(name) is None
            else:
                assert value.reason
