"""What each function claims of the account: reserved if set, else provisioned, and never a guess."""

from typing import Any

import pytest

from tapctl.concurrency.demand import Demand, FunctionDemand, Provisioned
from tapctl.errors import TemplateError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.template.resolver import whole_number
from tapctl.unknown import Unknown
from tests.support.golden import Golden
from tests.support.templates import demand

OPEN = advise(JudgementAdvice.PASS_PARAMETER, "P")


def shown(found: Demand) -> dict[str, tuple[Any, dict[str, Any]]]:
    """Reserved and provisioned concurrency of each function, an Unknown as what determines it."""

    def said(value: Any) -> Any:
        return value.resolution if isinstance(value, Unknown) else value

    return {
        function.logical_id: (
            said(function.reserved),
            {one.logical_id: said(one.value) for one in function.provisioned},
        )
        for function in found.functions
    }


def function(name: str, setting: str = "", more: str = "") -> str:
    reserved = f"ReservedConcurrentExecutions: {setting}" if setting else ""
    inner = ", ".join(part for part in (reserved, more) if part)
    return f"  {name}: {{Type: AWS::Lambda::Function, Properties: {{{inner}}}}}\n"


def alias(name: str, owner: str, value: str, kind: str = "Alias", more: str = "") -> str:
    config = f"ProvisionedConcurrencyConfig: {{ProvisionedConcurrentExecutions: {value}}}"
    return f"  {name}: {{Type: AWS::Lambda::{kind}, {more}Properties: {{FunctionName: {owner}, {config}}}}}\n"


OPEN_PARAMETER = "Parameters: {P: {Type: String}}\n"
OPEN_CONDITION = f"{OPEN_PARAMETER}Conditions: {{C: !Equals [!Ref P, a], Never: !Equals [a, b]}}\n"


class TestReserved:
    @pytest.mark.parametrize(
        ("setting", "expected"),
        [
            pytest.param("", None, id="not-set"),
            pytest.param("!Ref AWS::NoValue", None, id="left-out"),
            pytest.param("0", 0, id="an-explicit-zero"),
            pytest.param("'0'", 0, id="an-explicit-zero-as-text"),
            pytest.param("100", 100, id="a-number"),
            pytest.param("'100'", 100, id="a-number-as-text"),
            pytest.param("' 5 '", 5, id="with-blanks"),
            pytest.param("+5", 5, id="with-a-sign"),
            pytest.param("5.0", 5, id="a-whole-number-with-a-point"),
            pytest.param("007", 7, id="with-leading-zeros"),
            pytest.param("!Ref P", OPEN, id="by-an-open-parameter"),
        ],
    )
    def test_it_is_what_the_template_says(self, setting: str, expected: object) -> None:
        assert shown(demand(f"{OPEN_PARAMETER}Resources:\n{function('Fn', setting)}")) == {"Fn": (expected, {})}

    @pytest.mark.parametrize(
        "setting",
        [
            pytest.param("-1", id="negative"),
            pytest.param("'-5'", id="negative-text"),
            pytest.param("1.5", id="a-fraction"),
            pytest.param("many", id="a-word"),
            pytest.param("''", id="nothing"),
            pytest.param("", id="null"),
            pytest.param("true", id="a-boolean"),
            pytest.param("[1]", id="a-list"),
            pytest.param("{a: 1}", id="a-map"),
            pytest.param("1e400", id="beyond-all-numbers"),
            pytest.param("'9999999999999999999'", id="too-many-digits"),
            pytest.param("'١٢'", id="digits-of-another-script"),
        ],
    )
    def test_a_value_that_is_not_a_number_is_an_error_with_its_line(self, setting: str, golden: Golden) -> None:
        with pytest.raises(TemplateError, match=r"^template\.yaml:6: ReservedConcurrentExecutions of Fn ") as caught:
            demand(
                "Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n      Runtime: x\n"
                f"      ReservedConcurrentExecutions: {setting}\n"
            )
        golden(caught.value)

    def test_a_value_that_is_not_used_may_be_wrong(self) -> None:
        text = f"{OPEN_CONDITION}Resources:\n{function('Fn', '!If [Never, many, 3]')}"
        assert shown(demand(text)) == {"Fn": (3, {})}

    def test_every_function_has_the_line_of_itself_and_of_its_setting(self) -> None:
        (found,) = demand(
            "Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n"
            "      ReservedConcurrentExecutions:\n        !Ref AWS::NoValue\n"
        ).functions
        assert (found.line, found.reserved_line, found.file) == (2, 5, "template.yaml")


class TestExistence:
    def test_a_function_whose_condition_is_false_is_not_there(self) -> None:
        text = (
            f"{OPEN_CONDITION}Resources:\n  Fn: {{Type: AWS::Lambda::Function, Condition: Never}}\n{function('Other')}"
        )
        assert shown(demand(text)) == {"Other": (None, {})}

    @pytest.mark.parametrize(
        ("setting", "expected"),
        [("5", OPEN), ("0", OPEN), ("!Ref AWS::NoValue", None)],
        ids=["what-it-reserves-is-unknown", "so-is-a-zero", "nothing-is-nothing-either-way"],
    )
    def test_one_that_may_not_be_there_claims_the_unknown(self, setting: str, expected: object) -> None:
        text = (
            f"{OPEN_CONDITION}Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Condition: C\n"
            f"    Properties: {{ReservedConcurrentExecutions: {setting}}}\n"
        )
        assert shown(demand(text)) == {"Fn": (expected, {})}

    def test_an_undefined_condition_has_its_line(self) -> None:
        with pytest.raises(TemplateError, match=r"^template\.yaml:4: condition Nowhere "):
            demand("Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Condition: Nowhere\n")

    def test_other_resources_claim_nothing(self) -> None:
        other = "  T: {Type: AWS::Other::Function, Properties: {ReservedConcurrentExecutions: 5}}\n"
        assert shown(demand(f"Resources:\n{other}")) == {}


class TestProvisioned:
    @pytest.mark.parametrize(
        "owner",
        [
            "!Ref Fn",
            "!GetAtt Fn.Arn",
            "!Sub '${Fn}'",
            "!Sub '${Fn.Arn}'",
            "!Sub 'arn:aws:lambda:${AWS::Region}:1:function:${Fn}'",
            "named",
            "!Sub named",
        ],
    )
    @pytest.mark.parametrize("kind", ["Alias", "Version"])
    def test_it_is_the_function_s_that_the_alias_or_version_names(self, owner: str, kind: str) -> None:
        functions = function("Other", "1") + function("Fn", "9", "FunctionName: named")
        found = demand(f"Resources:\n{alias('A', owner, '5', kind)}{functions}")
        assert shown(found) == {"Other": (1, {}), "Fn": (9, {"A": 5})}

    def test_it_is_counted_over_all_of_them(self) -> None:
        aliases = alias("A", "!Ref Fn", "5") + alias("B", "!Ref Fn", "'3'") + alias("V", "!Ref Fn", "2", "Version")
        (found,) = demand(f"Resources:\n{function('Fn')}{aliases}").functions
        assert (found.provisioned_total, found.claim) == (10, 10)

    @pytest.mark.parametrize(
        "owner", ["!Ref Gone", "elsewhere", "!ImportValue Fn", "arn:aws:lambda:eu-west-1:1:function:x"]
    )
    def test_one_of_a_function_that_is_elsewhere_stands_for_itself(self, owner: str) -> None:
        gone = "  Gone: {Type: AWS::Lambda::Function, Condition: Never}\n"
        found = demand(f"{OPEN_CONDITION}Resources:\n{gone}{alias('A', owner, '5')}")
        assert shown(found) == {"A": (None, {"A": 5})}

    def test_the_name_may_be_open_when_both_write_it_alike(self) -> None:
        functions = function("Fn", "9", "FunctionName: !Ref P")
        assert shown(demand(f"{OPEN_PARAMETER}Resources:\n{functions}{alias('A', '!Ref P', '5')}")) == {
            "Fn": (9, {"A": 5})
        }

    def test_names_that_are_open_for_one_reason_are_not_one(self) -> None:
        functions = function("One", "1", "FunctionName: !Sub '${P}-one'") + function(
            "Two", "9", "FunctionName: !Sub '${P}-two'"
        )
        found = demand(f"{OPEN_PARAMETER}Resources:\n{functions}{alias('A', '''!Sub '${P}-two' ''', '5')}")
        assert shown(found) == {"One": (1, {}), "Two": (9, {"A": 5})}

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            pytest.param("0", {"A": 0}, id="zero"),
            pytest.param("!Ref P", {"A": OPEN}, id="open"),
            pytest.param("!Ref AWS::NoValue", {}, id="left-out"),
        ],
    )
    def test_its_number_is_what_the_template_says(self, value: str, expected: object) -> None:
        text = f"{OPEN_PARAMETER}Resources:\n{function('Fn')}{alias('A', '!Ref Fn', value)}"
        assert shown(demand(text)) == {"Fn": (None, expected)}

    @pytest.mark.parametrize(
        ("config", "expected"),
        [
            pytest.param("!If [Never, {ProvisionedConcurrentExecutions: 5}, !Ref AWS::NoValue]", {}, id="left-out"),
            pytest.param("!If [Never, !Ref AWS::NoValue, {ProvisionedConcurrentExecutions: 5}]", {"A": 5}, id="there"),
            pytest.param("!If [C, {ProvisionedConcurrentExecutions: 5}, !Ref AWS::NoValue]", {"A": OPEN}, id="open"),
            pytest.param(
                "!If [C, {ProvisionedConcurrentExecutions: 5}, {ProvisionedConcurrentExecutions: '5'}]",
                {"A": 5},
                id="the-same-either-way",
            ),
            pytest.param("{}", {}, id="an-empty-map"),
        ],
    )
    def test_the_whole_property_may_depend_on_a_condition(self, config: str, expected: object) -> None:
        properties = f"{{FunctionName: !Ref Fn, ProvisionedConcurrencyConfig: {config}}}"
        made = f"  A: {{Type: AWS::Lambda::Alias, Properties: {properties}}}\n"
        assert shown(demand(f"{OPEN_CONDITION}Resources:\n{function('Fn')}{made}")) == {"Fn": (None, expected)}

    def test_an_alias_that_may_not_be_there_provisions_the_unknown(self) -> None:
        text = f"{OPEN_CONDITION}Resources:\n{function('Fn')}{alias('A', '!Ref Fn', '5', more='Condition: C, ')}"
        assert shown(demand(text)) == {"Fn": (None, {"A": OPEN})}

    def test_an_alias_whose_condition_is_false_provisions_nothing(self) -> None:
        text = f"{OPEN_CONDITION}Resources:\n{function('Fn')}{alias('A', '!Ref Fn', '5', more='Condition: Never, ')}"
        assert shown(demand(text)) == {"Fn": (None, {})}

    @pytest.mark.parametrize("value", ["-1", "x", "1.5"])
    def test_a_value_that_is_not_a_number_is_an_error_with_its_line(self, value: str) -> None:
        with pytest.raises(TemplateError, match=r"^template\.yaml:3: ProvisionedConcurrentExecutions of A "):
            demand(f"Resources:\n{function('Fn')}{alias('A', '!Ref Fn', value)}")


class TestGeneratedResources:
    """By macros and loops that cannot be expanded here."""

    MACRO = "'Fn::Transform': {Name: AWS::Include, Parameters: {Location: s3://x/y}}"
    LOOPS = "Transform: AWS::LanguageExtensions\nParameters: {L: {Type: CommaDelimitedList}}\n"
    LOOP = "  Fn::ForEach::X:\n    - V\n    - !Ref L\n    - Fn${V}: {Type: AWS::Lambda::Function}\n"
    OPEN_LOOP = advise(JudgementAdvice.PASS_PARAMETER, "L")
    PROCESSED = advise(JudgementAdvice.PREFLIGHT_PROCESSED_TEMPLATE)

    def test_a_macro_among_the_properties_may_set_those_that_are_not(self, golden: Golden) -> None:
        found = demand(f"Resources:\n{function('Fn', more=self.MACRO)}")
        assert shown(found) == {"Fn": (self.PROCESSED, {})}
        golden([unknown.reason for unknown in found.unknowns])
        assert shown(demand(f"Resources:\n{function('Fn', '5', self.MACRO)}")) == {"Fn": (5, {})}

    def test_another_macro_may_change_those_that_are(self, golden: Golden) -> None:
        macro = "'Fn::Transform': {Name: Mine}"
        found = demand(f"Resources:\n{function('Fn', '5', macro)}")
        assert shown(found) == {"Fn": (self.PROCESSED, {})}
        golden([unknown.reason for unknown in found.unknowns])

    def test_a_loop_over_the_unknown_is_unknown(self) -> None:
        assert shown(demand(f"{self.LOOPS}Resources:\n{self.LOOP}")) == {"Fn::ForEach::X": (self.OPEN_LOOP, {})}

    @pytest.mark.parametrize("owner", ["!Ref FnOne", "!GetAtt FnOne.Arn", "!Sub '${FnOne}'"])
    def test_what_it_may_make_may_be_referred_to(self, owner: str) -> None:
        found = demand(f"{self.LOOPS}Resources:\n{self.LOOP}{alias('A', owner, '5')}")
        assert shown(found) == {"A": (None, {"A": 5}), "Fn::ForEach::X": (self.OPEN_LOOP, {})}

    @pytest.mark.parametrize("made", ["text", "[]", "5", "true"])
    def test_what_it_makes_must_be_a_resource(self, made: str) -> None:
        loop = self.LOOP.replace("!Ref L", "[One]").replace("{Type: AWS::Lambda::Function}", made)
        with pytest.raises(TemplateError, match=r"^template\.yaml:7: Resources\.FnOne "):
            demand(f"{self.LOOPS}Resources:\n{loop}")


def test_the_totals_are_the_sums_of_what_is_known(golden: Golden) -> None:
    found = demand(
        f"{OPEN_PARAMETER}Resources:\n{function('A', '30')}{function('B', '0')}{function('C')}{function('D', '!Ref P')}"
        f"{alias('A1', '!Ref A', '5')}{alias('C1', '!Ref C', '7')}{alias('C2', '!Ref C', '!Ref P')}"
    )
    assert (found.reserved, found.provisioned, found.claim) == (30, 12, 30)
    assert [unknown.resolution for unknown in found.unknowns] == [OPEN, OPEN]
    golden([unknown.reason for unknown in found.unknowns])


CLAIMS = [
    pytest.param(None, [], 0, id="neither"),
    pytest.param(30, [], 30, id="reserved"),
    pytest.param(None, [5, 3], 8, id="provisioned"),
    pytest.param(30, [5, 3], 30, id="provisioned-counts-towards-the-reservation"),
    pytest.param(0, [], 0, id="a-stopped-function"),
    pytest.param(Unknown("x"), [5], Unknown("x"), id="an-unknown-reservation"),
    pytest.param(None, [5, Unknown("y")], Unknown("y"), id="unknown-provisioned"),
    pytest.param(30, [Unknown("y")], 30, id="a-reservation-settles-it"),
]


@pytest.mark.parametrize(("reserved", "provisioned", "claim"), CLAIMS)
def test_the_claim_is_the_reservation_else_what_is_provisioned(
    reserved: int | Unknown | None, provisioned: list[int | Unknown], claim: int | Unknown
) -> None:
    aliases = tuple(Provisioned(f"A{index}", value, 1) for index, value in enumerate(provisioned))
    assert FunctionDemand("Fn", 1, reserved, aliases).claim == claim


def test_a_whole_number_is_one_as_text_too() -> None:
    assert [whole_number(value) for value in (5, "5", 5.0, " 5", "+5", "05")] == [5, 5, 5, 5, 5, 5]
