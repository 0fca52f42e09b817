"""The value of a parameter, and the values that its declaration forbids."""

from typing import Any

import pytest

from tapctl.errors import TapctlError, UsageError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.state.redaction import REDACTED
from tapctl.template.parameters import Parameters, as_text, bind, missing_values
from tapctl.unknown import Unknown
from tests.support.golden import Golden, shown
from tests.support.templates import demanding, resolver, template

BODY = "Resources: {Topic: {Type: AWS::SNS::Topic}}"


def bound(declaration: str, parameters: Parameters | None = None) -> Any:
    """The value of a parameter `P` with this declaration."""
    return bind(template(f"Parameters: {{P: {declaration}}}\n{BODY}"), parameters or Parameters())["P"]


def given(declaration: str, text: str) -> Any:
    return bound(declaration, Parameters({"P": text}))


class TestPrecedence:
    @pytest.mark.parametrize(
        ("parameters", "expected"),
        [
            pytest.param(Parameters({"P": "given"}, {"P": "previous"}), "given", id="the-given-one-first"),
            pytest.param(Parameters({}, {"P": "previous"}), "previous", id="then-the-one-that-the-stack-has"),
            pytest.param(Parameters(), "default", id="then-the-default"),
            pytest.param(Parameters({"P": ""}, {"P": "previous"}), "", id="an-empty-one-is-given-too"),
            pytest.param(Parameters({}, {"P": Unknown("hidden")}), Unknown("hidden"), id="a-hidden-previous-one"),
            pytest.param(
                Parameters({"P": Unknown("passed")}, {"P": "a"}), Unknown("passed"), id="an-unknown-given-one"
            ),
        ],
    )
    def test_the_first_of_given_previous_and_default(self, parameters: Parameters, expected: object) -> None:
        assert bound("{Type: String, Default: default}", parameters) == expected

    def test_without_any_it_is_unknown(self, golden: Golden) -> None:
        unknown = bound("{Type: String}")
        assert isinstance(unknown, Unknown)
        assert unknown.resolution == advise(JudgementAdvice.PASS_PARAMETER, "P")
        golden(unknown.reason)

    @pytest.mark.parametrize(
        ("default", "expected"),
        [("5", "5"), ("'05'", "05"), ("true", "true"), ("No", "false"), ("''", ""), ("1.5", "1.5"), ("~", "")],
    )
    def test_a_default_is_text(self, default: str, expected: str) -> None:
        assert bound(f"{{Type: String, Default: {default}}}") == expected

    @pytest.mark.parametrize("kind", ["CommaDelimitedList", "List<String>", "List<AWS::EC2::Subnet::Id>"])
    @pytest.mark.parametrize(
        ("text", "expected"), [("a, b ,c", ["a", "b", "c"]), ("a", ["a"]), ("a,,b", ["a", "", "b"])]
    )
    def test_a_list_is_split_and_trimmed(self, kind: str, text: str, expected: list[str]) -> None:
        assert given(f"{{Type: {kind}}}", text) == expected

    @pytest.mark.parametrize(("kind", "expected"), [("CommaDelimitedList", [""]), ("List<String>", [])])
    def test_an_empty_comma_delimited_list_has_one_empty_text(self, kind: str, expected: list[str]) -> None:
        assert given(f"{{Type: {kind}}}", "") == expected

    def test_missing_values_are_those_without_a_value_and_a_default(self) -> None:
        declared = template(
            f"Parameters: {{A: {{Type: String}}, B: {{Type: String, Default: ''}}, C: {{}}, D: {{}}}}\n{BODY}"
        )
        assert missing_values(declared, Parameters({"C": ""}, {"D": "x"})) == ["A"]


class TestTheParameterStore:
    NAME = "{Type: AWS::SSM::Parameter::Value<String>, Default: /a}"

    def test_the_text_is_the_name_of_an_ssm_parameter(self, golden: Golden) -> None:
        unknown = bound(self.NAME)
        assert isinstance(unknown, Unknown)
        assert (unknown.lookup, unknown.resolution) == ("ssm:/a", advise(JudgementAdvice.PASS_LOOKUP, "ssm:/a"))
        golden(unknown.reason)

    def test_so_is_a_given_value(self) -> None:
        assert given(self.NAME, "/b").lookup == "ssm:/b"

    def test_a_known_lookup_is_the_value(self) -> None:
        assert bound(self.NAME, Parameters(lookups={"ssm:/a": "5"})) == "5"

    def test_a_list_type_is_split(self) -> None:
        declaration = "{Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: /a}"
        assert bound(declaration, Parameters(lookups={"ssm:/a": "x, y"})) == ["x", "y"]

    def test_a_denied_lookup_stays_unknown(self) -> None:
        denied = Unknown("ssm:GetParameters was denied")
        assert bound(self.NAME, Parameters(lookups={"ssm:/a": denied})) == denied


class TestConstraints:
    @pytest.mark.parametrize(
        ("declaration", "text"),
        [
            pytest.param("{AllowedValues: [a, b]}", "b", id="one-of-the-allowed"),
            pytest.param("{AllowedValues: [1, true]}", "true", id="compared-as-text"),
            pytest.param("{Type: CommaDelimitedList, AllowedValues: [a, b]}", "b, a", id="every-item-allowed"),
            pytest.param("{Type: 'List<AWS::EC2::Subnet::Id>', AllowedValues: [a, b]}", "b,a", id="every-id-allowed"),
            pytest.param("{AllowedPattern: '[a-z]+'}", "abc", id="the-pattern-matches"),
            pytest.param("{AllowedPattern: '^[a-z]+$'}", "abc", id="an-anchored-pattern-matches"),
            pytest.param("{AllowedPattern: '[a-z&&[^x]]+'}", "abc", id="a-pattern-that-java-reads-in-another-way"),
            pytest.param("{AllowedPattern: '\\p{Lower}+('}", "abc", id="a-pattern-that-is-none"),
            pytest.param("{AllowedPattern: 'a{99999999999999}'}", "abc", id="a-pattern-that-repeats-too-often"),
            pytest.param("{AllowedPattern: '(a+)+'}", "a" * 40 + "b", id="a-pattern-that-is-not-decided-in-time"),
            pytest.param(f"{{MaxLength: 1{'0' * 400}}}", "abc", id="a-bound-that-is-no-float"),
            pytest.param("{MinLength: 2, MaxLength: '3'}", "ab", id="exactly-long-enough"),
            pytest.param("{MinLength: 2, MaxLength: '3'}", "abc", id="exactly-short-enough"),
            pytest.param("{MinLength: x, MaxLength: [1]}", "abc", id="bounds-that-are-none"),
            pytest.param("{AllowedValues: text}", "abc", id="allowed-values-that-are-none"),
            pytest.param("{Type: Number, MinValue: 1, MaxValue: '5'}", "1", id="exactly-large-enough"),
            pytest.param("{Type: Number, MinValue: 1, MaxValue: '5'}", "5.0", id="exactly-small-enough"),
            pytest.param("{Type: Number}", "-1e3", id="a-number-in-any-form"),
            pytest.param("{Type: 'List<Number>'}", "1, -2,.5", id="a-list-of-numbers"),
        ],
    )
    def test_a_value_within_them_is_accepted(self, declaration: str, text: str) -> None:
        given(declaration, text)

    @pytest.mark.parametrize(
        ("declaration", "text"),
        [
            pytest.param("{AllowedValues: [a, 1]}", "c", id="not-allowed"),
            pytest.param("{Type: CommaDelimitedList, AllowedValues: [a]}", "a,b", id="one-item-not-allowed"),
            pytest.param("{AllowedPattern: '[a-z]+'}", "aB", id="no-match"),
            pytest.param("{AllowedPattern: '[a-z]+', ConstraintDescription: lower case}", "B", id="with-a-description"),
            pytest.param("{AllowedPattern: b}", "abc", id="only-a-part-matches"),
            pytest.param("{MinLength: 2}", "a", id="too-short"),
            pytest.param("{MaxLength: 2}", "abc", id="too-long"),
            pytest.param("{Type: Number}", "five", id="a-word-for-a-number"),
            pytest.param("{Type: Number}", "", id="nothing-for-a-number"),
            pytest.param("{Type: Number}", "nan", id="nan-for-a-number"),
            pytest.param("{Type: Number}", "1_0", id="a-number-only-in-python"),
            pytest.param("{Type: Number, MinValue: 1}", "0", id="too-small"),
            pytest.param("{Type: Number, MaxValue: 5}", "5.5", id="too-large"),
            pytest.param("{Type: 'List<Number>'}", "1,x", id="one-item-not-a-number"),
        ],
    )
    def test_a_value_outside_of_them_is_an_error(self, declaration: str, text: str, golden: Golden) -> None:
        with pytest.raises(UsageError) as caught:
            given(declaration, text)
        golden(caught.value)

    @pytest.mark.parametrize("declaration", ["Default: c", "Type: Number, Default: x"])
    def test_a_default_is_not_checked(self, declaration: str) -> None:
        bound(f"{{AllowedValues: [a], {declaration}}}")

    @pytest.mark.parametrize("name", ["Stge", "stage", "Other"])
    def test_an_undeclared_name_is_an_error_with_the_closest_one(self, name: str, golden: Golden) -> None:
        declared = template(f"Parameters: {{Stage: {{Type: String}}, Size: {{Type: String}}}}\n{BODY}")
        with pytest.raises(UsageError) as caught:
            bind(declared, Parameters({name: "x"}))
        golden(caught.value)

    def test_so_is_any_name_for_a_template_without_parameters(self, golden: Golden) -> None:
        with pytest.raises(UsageError) as caught:
            bind(template(BODY), Parameters({"P": "x"}))
        golden(caught.value)


class TestSecrets:
    SECRET = "hunter2-and-more"

    @pytest.mark.parametrize(
        "declaration",
        ["AllowedValues: [a]", "AllowedPattern: '[0-9]+'", "MinLength: 99", "MaxLength: 1", "Type: Number"],
    )
    @pytest.mark.parametrize("flag", ["true", "'True'", "'true'"])
    def test_a_constraint_error_does_not_show_the_value(self, declaration: str, flag: str) -> None:
        with pytest.raises(UsageError) as caught:
            given(f"{{NoEcho: {flag}, {declaration}}}", self.SECRET)
        assert self.SECRET not in shown(caught.value)

    @pytest.mark.parametrize(
        "expression", ["!Ref P", "!Sub 'a${P}b'", "!FindInMap [M, !Ref P, x]", "!Select [!Ref Index, [a]]"]
    )
    def test_nor_does_an_error_in_an_expression_with_it(self, expression: str, golden: Golden) -> None:
        sections = """
        Parameters: {P: {Type: String, NoEcho: true}, Index: {Type: String, NoEcho: true}}
        Mappings: {M: {a: {x: 1}}}
        """
        with pytest.raises(TapctlError) as caught:
            demanding(expression, sections, {"P": self.SECRET, "Index": "98765"})
        assert REDACTED in caught.value.message
        assert self.SECRET not in caught.value.message
        golden(caught.value)

    @pytest.mark.parametrize(
        "expression",
        [
            "!Select [1, !Ref L]",
            "!Join ['', !Ref L]",
            "!ImportValue {Ref: P}",
            "!Sub '{{resolve:ssm:/${P}}}'",
            "!Sub '{{resolve:ssm-secure:/${P}}}'",
        ],
    )
    def test_nor_does_an_unknown_value_of_an_expression_with_it(self, expression: str) -> None:
        sections = f"""
        Parameters:
          P: {{Type: String, NoEcho: true}}
          L: {{Type: CommaDelimitedList, NoEcho: true, Default: 'a,{self.SECRET}'}}
        """
        try:
            text = str(demanding(expression, sections, {"P": self.SECRET}))
        except TapctlError as error:
            text = error.message
        assert REDACTED in text
        assert self.SECRET not in text

    @pytest.mark.parametrize("expression", [{"Fn::ImportValue": {"Ref": "P"}}, "{{resolve:ssm:/secret}}"], ids=repr)
    def test_nor_does_the_resolution_of_one(self, expression: Any) -> None:
        secret = resolver(f"Parameters: {{P: {{Type: String, NoEcho: true}}}}\n{BODY}", {"P": "secret"})
        unknown = secret.value(expression)
        assert REDACTED in unknown.resolution.values[0]
        assert "secret" in unknown.lookup


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (False, "false"), (None, ""), (5, "5"), (1.5, "1.5"), ("x", "x")], ids=repr
)
def test_a_scalar_is_compared_as_text(value: object, text: str) -> None:
    assert as_text(value) == text
