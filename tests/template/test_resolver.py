"""Three-valued resolution: named conditions, plain values, secrets, and templates of any size."""

import time
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event
from typing import Any

import pytest

from tapctl.errors import TemplateError
from tapctl.unknown import Unknown
from tests.support.golden import Golden
from tests.support.templates import demanding, resolver
from tests.template.expressions import OPEN, call, error, ref, value

PROPERTIES = ("Resources", "T", "Properties")
UNKNOWN_P = demanding("!Ref P", "Parameters: {P: {Type: String}}")


class TestConditions:
    @pytest.mark.parametrize(
        "conditions",
        [
            pytest.param("A: !Condition A", id="on-itself"),
            pytest.param("A: !Not [!Condition B]\n  B: !Not [!Condition A]", id="in-a-circle"),
            pytest.param("A: !Or [false, !Condition B]", id="on-an-undefined-one"),
            pytest.param("A: !Equals [!Ref B, x]", id="a-ref"),
            pytest.param("A:\n    - 1", id="a-list"),
        ],
    )
    def test_an_invalid_condition_is_an_error_at_its_line(self, conditions: str, golden: Golden) -> None:
        text = f"# one\n# two\n# three\nConditions:\n  {conditions}\nResources: {{T: {{Type: x, Condition: A}}}}\n"
        with pytest.raises(TemplateError) as caught:
            resolver(text).condition("A")
        assert caught.value.line == 5
        golden(caught.value)

    def test_an_undefined_one_is_an_error_at_the_line_of_its_use(self, golden: Golden) -> None:
        text = "Resources:\n  T:\n    Type: x\n    Condition: Never\n"
        with pytest.raises(TemplateError) as caught:
            resolver(text).exists("Never", ("Resources", "T", "Condition"))
        assert caught.value.line == 4
        golden(caught.value)

    @pytest.mark.parametrize(
        "written", ["Condition: On", "Condition: 1", "Condition: Null", "Properties: {A: !If [Yes, 40, 20]}"]
    )
    def test_a_name_that_yaml_reads_as_another_type_is_an_error(self, written: str, golden: Golden) -> None:
        conditions = "Conditions: {On: !Equals [a, b], Yes: !Equals [a, b]}"
        template = resolver(f"{conditions}\nResources:\n  T:\n    Type: x\n    {written}\n")
        with pytest.raises(TemplateError) as caught:
            [template.value(resource.properties, PROPERTIES) for resource in template.template.resources()]
        assert caught.value.line == 5
        golden(caught.value)

    def test_so_is_one_in_another_condition_or_of_an_output(self, golden: Golden) -> None:
        text = "Conditions:\n  On: !Equals [a, a]\n  B: !Not [Condition: On]\nResources: {T: {Type: x}}\n"
        with pytest.raises(TemplateError) as in_condition:
            resolver(text).condition("B")
        with pytest.raises(TemplateError) as of_output:
            resolver(text).exists(True, ("Outputs", "X", "Condition"))
        assert in_condition.value.line == 3
        golden([in_condition.value, of_output.value])

    def test_a_circle_makes_no_difference_where_it_is_not_evaluated(self) -> None:
        text = "Conditions: {A: !Or [true, !Condition B], B: !Condition B}\nResources: {T: {Type: x}}"
        assert resolver(text).condition("A") is True


class TestPlainValues:
    @pytest.mark.parametrize(
        "plain",
        [5, "x", None, True, [], {}, [1, {"a": None}], {"Ref": "Given", "Other": 1}, {"Fn::Sub": "${x}", "b": 1}],
        ids=repr,
    )
    def test_they_are_unchanged(self, plain: Any) -> None:
        assert value(plain) == plain

    def test_an_expression_inside_is_evaluated(self) -> None:
        assert value({"a": [{"b": ref("Given")}], "c": ref("Open")}) == {"a": [{"b": "given"}], "c": OPEN}


class TestLargeTemplates:
    """Combinations of conditions are never enumerated, and nothing is evaluated twice."""

    @pytest.fixture(autouse=True)
    def _soon(self) -> Any:
        started = time.process_time()
        yield
        assert time.process_time() - started < 2

    def test_forty_nested_conditions(self) -> None:
        parameters = "".join(f"\n  P{number}: {{Type: String}}" for number in range(40))
        conditions = "".join(
            f"\n  C{number}: !Or [!And [!Condition C{number - 1}, !Condition C{number - 1}],"
            f" !Equals [!Ref P{number}, a]]"
            for number in range(1, 40)
        )
        sections = f"Parameters:{parameters}\nConditions:\n  C0: !Equals [!Ref P0, a]{conditions}"
        assert "parameter P0 " in demanding("!If [C39, 1, 2]", sections)
        assert "parameter P1 " in demanding("!If [C39, 1, 2]", sections, {"P0": "b"})
        assert demanding("!If [C39, 1, 2]", sections, {"P39": "a"}) == 1

    @pytest.mark.parametrize(
        ("value", "expected"), [("a", 0), ("b", 40), (None, UNKNOWN_P)], ids=["the-second", "the-last", "unknown"]
    )
    def test_forty_nested_choices(self, value: str | None, expected: object) -> None:
        conditions = "".join(f"\n  C{number}: !Equals [!Ref P, {'a' if number % 2 else 'x'}]" for number in range(40))
        expression = "40"
        for number in reversed(range(40)):
            expression = f"!If [C{number}, {number - 1}, {expression}]"
        sections = f"Parameters: {{P: {{Type: String}}}}\nConditions:{conditions}"
        assert demanding(expression, sections, {"P": value} if value else {}) == expected

    def test_both_branches_of_unknown_choices_are_evaluated_once(self) -> None:
        expression = "5"
        for number in range(90):
            expression = f"!If [C, {expression}, {5 if number % 2 else 6}]"
        sections = "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, a]}"
        assert demanding(expression, sections) == UNKNOWN_P

    @pytest.mark.parametrize("name", ["And", "Or", "Not", "If", "Join", "Sub", "Select", "Base64"])
    def test_the_deepest_nesting_that_the_parser_accepts_is_evaluated(self, name: str) -> None:
        shapes: dict[str, tuple[str, Any]] = {
            "And": ('{"Fn::And": ["true", %s]}', '"true"'), "Or": ('{"Fn::Or": ["false", %s]}', '"true"'),
            "Not": ('{"Fn::Not": [%s]}', '"true"'), "If": ('{"Fn::If": ["Yes", %s, 1]}', "5"),
            "Join": ('{"Fn::Join": ["", [%s]]}', "5"), "Sub": ('{"Fn::Sub": ["${x}", {"x": %s}]}', "5"),
            "Select": ('{"Fn::Select": [0, [%s]]}', "5"), "Base64": ('{"Fn::Base64": %s}', "5"),
        }  # fmt: skip
        shape, expression = shapes[name]
        levels = 15 if name == "Base64" else (190 // (shape.count("{") + shape.count("[") - shape.count("${")))
        for _ in range(levels):
            expression = shape.replace("%s", expression)
        template = (
            '{"Conditions": {"Yes": {"Fn::Equals": [1, 1]}}, "Resources": {"T": {"Type": "x", "Properties": %s}}}'
        )
        nested = resolver(template % expression)
        assert not isinstance(nested.value(nested.template.body["Resources"]["T"]["Properties"]), Unknown)

    def test_too_deeply_nested_conditions_are_an_error(self, golden: Golden) -> None:
        chain = "".join(f"  C{number}: !Not [!Condition C{number - 1}]\n" for number in range(1, 2000))
        nested = resolver(f"Conditions:\n  C0: !Equals [1, 1]\n{chain}Resources: {{T: {{Type: x}}}}")
        with pytest.raises(TemplateError) as caught:
            nested.condition("C1999")
        line = caught.value.line
        assert line
        golden(caught.value, line=f":{line}:", condition=f"C{line - 2}")  # where the stack of this run ended

    def test_a_variable_used_twice_is_evaluated_once(self) -> None:
        expression: Any = ref("Open")
        for _ in range(60):
            expression = call("Sub", "${x}${x}", {"x": expression})
        assert value(expression) == OPEN

    @pytest.mark.parametrize("seed", ["ab", '"'])
    def test_a_text_that_doubles_is_an_error(self, seed: str, golden: Golden) -> None:
        expression: Any = seed
        for _ in range(60):
            expression = (
                call("Sub", "${x}${x}", {"x": expression}) if seed == "ab" else {"Fn::ToJsonString": expression}
            )
        golden(error(expression))


class _SlowLookups(dict[str, str]):
    """Lookups that answer once `proceed` is set."""

    def __init__(self) -> None:
        super().__init__({"ssm:a": "x"})
        self.started, self.proceed = Event(), Event()

    def __contains__(self, key: object) -> bool:
        self.started.set()
        self.proceed.wait(5)
        return super().__contains__(key)


def test_a_condition_under_evaluation_in_another_thread_is_not_circular() -> None:
    text = "Conditions: {C: !Equals ['{{resolve:ssm:a}}', x]}\nResources: {T: {Type: AWS::SNS::Topic}}\n"
    slow = _SlowLookups()
    shared = resolver(text, lookups=slow)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shared.condition, "C")
        assert slow.started.wait(5)
        second = pool.submit(shared.condition, "C")
        wait([second], timeout=0.2)
        slow.proceed.set()
        assert (first.result(5), second.result(5)) == (True, True)
