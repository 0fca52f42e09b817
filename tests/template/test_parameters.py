"""Which value a parameter has, and which values its declaration refuses."""

from typing import Any

import pytest

from tapctl.errors import TapctlError, UsageError
from tapctl.template.parameters import Parameters, as_text, bind, missing_values
from tapctl.unknown import Unknown
from tests.support.templates import demanding, resolver, template

BODY = "Resources: {Topic: {Type: AWS::SNS::Topic}}"


def bound(declaration: str, parameters: Parameters | None = None) -> Any:
    """The value of the parameter `P` that is declared so."""
    return bind(template(f"Parameters: {{P: {declaration}}}\n{BODY}"), parameters or Parameters())["P"]


def given(declaration: str, text: str) -> Any:
    return bound(declaration, Parameters({"P": text}))


class TestWhichOneIsInForce:
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
    def test_in_this_order(self, parameters: Parameters, expected: object) -> None:
        assert bound("{Type: String, Default: default}", parameters) == expected

    def test_none_at_all_is_unknown_and_says_what_settles_it(self) -> None:
        assert bound("{Type: String}") == Unknown(
            "parameter P has neither a value nor a default", "--parameter P=VALUE"
        )

    @pytest.mark.parametrize(
        ("default", "expected"),
        [("5", "5"), ("'05'", "05"), ("true", "true"), ("No", "false"), ("''", ""), ("1.5", "1.5"), ("~", "")],
    )
    def test_a_default_is_text_whatever_it_looks_like(self, default: str, expected: str) -> None:
        assert bound(f"{{Type: String, Default: {default}}}") == expected

    @pytest.mark.parametrize("kind", ["CommaDelimitedList", "List<String>", "List<AWS::EC2::Subnet::Id>"])
    @pytest.mark.parametrize(
        ("text", "expected"), [("a, b ,c", ["a", "b", "c"]), ("a", ["a"]), ("", []), ("a,,b", ["a", "", "b"])]
    )
    def test_a_list_is_split_and_trimmed(self, kind: str, text: str, expected: list[str]) -> None:
        assert given(f"{{Type: {kind}}}", text) == expected

    def test_what_is_lacking_is_what_has_neither_a_value_nor_a_default(self) -> None:
        made = template(
            f"Parameters: {{A: {{Type: String}}, B: {{Type: String, Default: ''}}, C: {{}}, D: {{}}}}\n{BODY}"
        )
        assert missing_values(made, Parameters({"C": ""}, {"D": "x"})) == ["A"]


class TestTheParameterStore:
    NAME = "{Type: AWS::SSM::Parameter::Value<String>, Default: /a}"

    def test_the_value_is_only_a_name_in_it(self) -> None:
        assert bound(self.NAME) == Unknown(
            "parameter P is what the parameter store holds under /a", "--resolve ssm:/a=VALUE", lookup="ssm:/a"
        )

    def test_a_given_value_is_a_name_too(self) -> None:
        assert given(self.NAME, "/b").lookup == "ssm:/b"

    def test_what_it_holds_is_the_value_when_that_is_known(self) -> None:
        assert bound(self.NAME, Parameters(lookups={"ssm:/a": "5"})) == "5"

    def test_a_list_of_it_is_a_list(self) -> None:
        declaration = "{Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: /a}"
        assert bound(declaration, Parameters(lookups={"ssm:/a": "x, y"})) == ["x", "y"]

    def test_what_could_not_be_read_stays_unknown(self) -> None:
        denied = Unknown("ssm:GetParameters was denied")
        assert bound(self.NAME, Parameters(lookups={"ssm:/a": denied})) == denied


class TestWhatADeclarationRefuses:
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
    def test_what_keeps_to_it_is_taken(self, declaration: str, text: str) -> None:
        given(declaration, text)

    @pytest.mark.parametrize(
        ("declaration", "text", "message", "hint"),
        [
            pytest.param("{AllowedValues: [a, 1]}", "c", "`c` is not allowed", "it takes one of: a, 1", id="another"),
            pytest.param(
                "{Type: CommaDelimitedList, AllowedValues: [a]}",
                "a,b", "`a,b` is not allowed", "it takes one of: a", id="one-item-not-allowed",
            ),
            pytest.param(
                "{AllowedPattern: '[a-z]+'}", "aB", "`aB` does not match AllowedPattern [a-z]+", None, id="no-match"
            ),
            pytest.param(
                "{AllowedPattern: '[a-z]+', ConstraintDescription: lower case}",
                "B", "`B` does not match AllowedPattern [a-z]+", "lower case", id="with-a-description",
            ),
            pytest.param("{AllowedPattern: b}", "abc", "`abc` does not match AllowedPattern b", None, id="only-a-part"),
            pytest.param("{MinLength: 2}", "a", "`a` is shorter than MinLength 2", None, id="too-short"),
            pytest.param("{MaxLength: 2}", "abc", "`abc` is longer than MaxLength 2", None, id="too-long"),
            pytest.param("{Type: Number}", "five", "`five` is not a number", None, id="a-word-for-a-number"),
            pytest.param("{Type: Number}", "", "`` is not a number", None, id="nothing-for-a-number"),
            pytest.param("{Type: Number}", "nan", "`nan` is not a number", None, id="not-a-number-by-name"),
            pytest.param("{Type: Number}", "1_0", "`1_0` is not a number", None, id="a-number-only-to-python"),
            pytest.param("{Type: Number, MinValue: 1}", "0", "`0` is below MinValue 1", None, id="too-small"),
            pytest.param("{Type: Number, MaxValue: 5}", "5.5", "`5.5` is above MaxValue 5", None, id="too-large"),
            pytest.param("{Type: 'List<Number>'}", "1,x", "`1,x` is not a number", None, id="one-of-a-list-is-none"),
        ],
    )  # fmt: skip
    def test_what_does_not_is_refused(self, declaration: str, text: str, message: str, hint: str | None) -> None:
        with pytest.raises(UsageError) as caught:
            given(declaration, text)
        assert (caught.value.message, caught.value.hint) == (f"parameter P: {message}", hint)

    @pytest.mark.parametrize("kept", ["Default: c", "Type: Number, Default: x"])
    def test_the_author_s_default_is_the_author_s_business(self, kept: str) -> None:
        bound(f"{{AllowedValues: [a], {kept}}}")

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("Stge", "did you mean `Stage`?"),
            ("stage", "did you mean `Stage`?"),
            ("Other", "it has: Stage, Size"),
        ],
    )
    def test_a_name_that_is_not_declared_is_named_with_the_nearest(self, name: str, hint: str) -> None:
        made = template(f"Parameters: {{Stage: {{Type: String}}, Size: {{Type: String}}}}\n{BODY}")
        with pytest.raises(UsageError) as caught:
            bind(made, Parameters({name: "x"}))
        assert (caught.value.message, caught.value.hint) == (f"template.yaml has no parameter `{name}`", hint)

    def test_a_template_without_parameters_takes_none(self) -> None:
        with pytest.raises(UsageError) as caught:
            bind(template(BODY), Parameters({"P": "x"}))
        assert caught.value.hint == "it declares none"


class TestSecrets:
    SECRET = "hunter2-and-more"

    @pytest.mark.parametrize(
        "declaration",
        ["AllowedValues: [a]", "AllowedPattern: '[0-9]+'", "MinLength: 99", "MaxLength: 1", "Type: Number"],
    )
    @pytest.mark.parametrize("flag", ["true", "'True'", "'true'"])
    def test_a_refusal_does_not_show_the_value(self, declaration: str, flag: str) -> None:
        with pytest.raises(UsageError) as caught:
            given(f"{{NoEcho: {flag}, {declaration}}}", self.SECRET)
        assert caught.value.message.startswith("parameter P: the value ")
        assert self.SECRET not in f"{caught.value.message} {caught.value.hint}"

    @pytest.mark.parametrize(
        ("expression", "message"),
        [
            ("!Ref P", "ReservedConcurrentExecutions of Fn is `****`, not a whole number"),
            ("!Sub 'a${P}b'", "ReservedConcurrentExecutions of Fn is `a****b`, not a whole number"),
            ("!FindInMap [M, !Ref P, x]", "the mapping has no M.****.x"),
        ],
    )
    def test_nor_does_an_error_in_what_is_made_of_it(self, expression: str, message: str) -> None:
        sections = "Parameters: {P: {Type: String, NoEcho: true}}\nMappings: {M: {a: {x: 1}}}"
        with pytest.raises(TapctlError) as caught:
            demanding(expression, sections, {"P": self.SECRET})
        assert caught.value.message.endswith(message)
        assert self.SECRET not in caught.value.message

    @pytest.mark.parametrize(
        "expression",
        [
            "!Select [1, !Ref L]",
            "!Join ['', !Ref L]",
            "!ImportValue {Ref: P}",
            "!Sub '{{resolve:ssm:/${P}}}'",
        ],
    )
    def test_nor_does_what_is_not_known_of_it_or_of_a_list(self, expression: str) -> None:
        sections = f"""
        Parameters:
          P: {{Type: String, NoEcho: true}}
          L: {{Type: CommaDelimitedList, NoEcho: true, Default: 'a,{self.SECRET}'}}
        """
        try:
            said = str(demanding(expression, sections, {"P": self.SECRET}))
        except TapctlError as error:
            said = error.message
        assert "****" in said
        assert self.SECRET not in said

    def test_nor_an_index_that_is_out_of_bounds(self) -> None:
        found = resolver(f"Parameters: {{P: {{Type: String, NoEcho: true}}}}\n{BODY}", {"P": "98765"})
        with pytest.raises(TapctlError) as caught:
            found.value({"Fn::Select": [{"Ref": "P"}, ["a"]]})
        assert caught.value.message == "template.yaml:1: Fn::Select: there is no item **** among 1"


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (False, "false"), (None, ""), (5, "5"), (1.5, "1.5"), ("x", "x")], ids=repr
)
def test_a_scalar_is_compared_as_text(value: object, text: str) -> None:
    assert as_text(value) == text
