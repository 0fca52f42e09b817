"""A short run of the soak of the resolver, and the evaluator that it compares with."""

from pathlib import Path
from typing import Any

import pytest

from tests.soak.evaluator import ABSENT, UNKNOWN, Evaluator, InvalidTemplateError
from tests.soak.templates import CORPUS, OWN, compare, outcome, table_of

pytestmark = pytest.mark.soak


def test_no_reservation_of_a_mutated_template_is_contradicted() -> None:
    compared = [compare(seed, OWN) for seed in range(60)]
    assert [str(comparison) for comparison in compared if comparison.wrong] == []
    counts = sum((comparison.counts for comparison in compared), start=compared[0].counts.__class__())
    assert (counts["equal"] > 40, counts["unknown to both"] > 0) == (True, True), table_of(compared)


@pytest.mark.corpus
def test_nor_is_one_of_the_corpus() -> None:
    assert [str(comparison) for seed in range(20) if (comparison := compare(seed, CORPUS)).wrong] == []


PARAMETERS = {
    "Text": {"Type": "String", "Default": "5"},
    "Open": {"Type": "String"},
    "List": {"Type": "CommaDelimitedList", "Default": "1, 22,3"},
    "Empty": {"Type": "CommaDelimitedList", "Default": ""},
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param({"Ref": "Text"}, 5, id="Ref"),
        pytest.param({"Ref": "Open"}, UNKNOWN, id="Ref-without-a-value"),
        pytest.param({"Ref": "AWS::NoValue"}, ABSENT, id="NoValue"),
        pytest.param({"Fn::If": ["Yes", 1, 2]}, 1, id="If"),
        pytest.param({"Fn::If": ["Maybe", 1, 2]}, UNKNOWN, id="If-unknown"),
        pytest.param({"Fn::Sub": "1${Text}"}, 15, id="Sub"),
        pytest.param({"Fn::Sub": ["${Own}${Text}", {"Own": 2}]}, 25, id="Sub-of-a-variable"),
        pytest.param({"Fn::Join": ["", ["1", {"Ref": "AWS::NoValue"}, 2]]}, 12, id="Join"),
        pytest.param({"Fn::Select": ["1", {"Ref": "List"}]}, 22, id="Select"),
        pytest.param({"Fn::Select": [1, {"Fn::Split": ["-", "7-8"]}]}, 8, id="Split"),
        pytest.param({"Fn::FindInMap": ["Map", "key", "number"]}, 9, id="FindInMap"),
        pytest.param({"Fn::FindInMap": ["Map", "other", "number", {"DefaultValue": 4}]}, 4, id="FindInMap-default"),
        pytest.param({"Fn::Length": {"Ref": "Empty"}}, 1, id="Length"),
    ],
)
def test_an_intrinsic_function_is_evaluated_as_documented(expression: Any, value: Any) -> None:
    assert evaluated(expression) == value


@pytest.mark.parametrize(
    "expression", ["many", {"Fn::Select": [3, {"Ref": "List"}]}, {"Fn::FindInMap": ["Map", "other", "number"]}]
)
def test_an_invalid_template_is_refused(expression: Any) -> None:
    with pytest.raises(InvalidTemplateError):
        evaluated(expression)


def evaluated(expression: Any) -> Any:
    body = {
        "Parameters": PARAMETERS,
        "Mappings": {"Map": {"key": {"number": 9}}},
        "Conditions": {
            "Yes": {"Fn::And": [{"Fn::Equals": [{"Ref": "Text"}, 5]}, {"Fn::Not": [{"Fn::Equals": ["a", "b"]}]}]},
            "Maybe": {"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Fn::Equals": [{"Ref": "Open"}, "x"]}]},
        },
        "Resources": {
            "Fn": {"Type": "AWS::Lambda::Function", "Properties": {"ReservedConcurrentExecutions": expression}}
        },
    }
    return Evaluator(body, {}).reservations()["Fn"]


def test_only_two_known_values_contradict_each_other() -> None:
    assert [outcome(1, 1), outcome(1, 2), outcome(ABSENT, 0)] == ["equal", "contradiction", "contradiction"]
    assert outcome(UNKNOWN, 1) == "unknown to tapctl"


def test_a_contradiction_is_printed_with_its_seed_and_its_changes() -> None:
    compared = compare(0, OWN)
    assert str(compared).startswith(f"seed 0: {Path(compared.file).name}, {compared.mutator.done[0]}")
