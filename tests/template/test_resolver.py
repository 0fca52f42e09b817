"""Intrinsic functions to values: what is known is exact, what is not says why, what does not matter is not asked."""

import base64
import time
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event
from typing import Any

import pytest

from tapctl.errors import TemplateError
from tapctl.template.values import NO_VALUE, MaybeNoValue, ResourceReference
from tapctl.unknown import Unknown
from tests.support.templates import demanding, resolver

SECTIONS = """
Parameters:
  Given: {Type: String}
  Count: {Type: Number, Default: 7}
  Teams: {Type: CommaDelimitedList, Default: 'red, blue,green'}
  None: {Type: CommaDelimitedList, Default: ''}
  Open: {Type: String}
  OpenList: {Type: CommaDelimitedList}
Mappings:
  Plans:
    small: {size: 1, shape: round, list: [a, b]}
    large: {size: '9', shape: round}
    "7": {size: 70}
Conditions:
  Yes: !Equals [a, a]
  No: !Equals [a, b]
  Maybe: !Equals [!Ref Open, a]
Resources:
  Topic: {Type: AWS::SNS::Topic}
"""
OPEN = Unknown("parameter Open has neither a value nor a default", "--parameter Open=VALUE")
OPEN_LIST = Unknown("parameter OpenList has neither a value nor a default", "--parameter OpenList=VALUE")
TOPIC = ResourceReference("the physical id of Topic is known only after the deploy", logical_id="Topic")
PERHAPS = MaybeNoValue(OPEN.reason, OPEN.resolution)
LATER = "cannot be evaluated before the deploy"
PSEUDO = {"AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012"}


def value(expression: Any, lookups: dict[str, str | Unknown] | None = None) -> Any:
    return resolver(SECTIONS, {"Given": "given"}, PSEUDO, lookups).value(expression)


def refusal(expression: Any) -> str:
    with pytest.raises(TemplateError) as caught:
        value(expression)
    return caught.value.message.removeprefix("template.yaml:1: ")


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def call(name: str, *arguments: Any) -> dict[str, list[Any]]:
    return {f"Fn::{name}": list(arguments)}


NOTHING = ref("AWS::NoValue")
OPTIONAL = call("If", "Maybe", 1, NOTHING)


class TestRef:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            pytest.param("Given", "given", id="a-given-parameter"),
            pytest.param("Count", "7", id="a-number-is-text"),
            pytest.param("Teams", ["red", "blue", "green"], id="a-list"),
            pytest.param("None", [], id="an-empty-list"),
            pytest.param("Open", OPEN, id="one-without-a-value"),
            pytest.param("AWS::Region", "eu-west-1", id="a-pseudo-parameter"),
            pytest.param(
                "AWS::StackName", Unknown("AWS::StackName is not known here", "--stack-name NAME"), id="an-open-one"
            ),
            pytest.param("AWS::StackId", Unknown("AWS::StackId is not known here", ""), id="one-that-nothing-settles"),
            pytest.param("AWS::NoValue", NO_VALUE, id="no-value"),
            pytest.param(
                "Topic",
                TOPIC,
                id="a-resource",
            ),
        ],
    )  # fmt: skip
    def test_it_gives_what_the_name_stands_for(self, name: str, expected: object) -> None:
        assert value(ref(name)) == expected

    @pytest.mark.parametrize(
        ("expression", "message"),
        [
            (ref("Topik"), "Ref to Topik, which is neither a parameter nor a resource"),
            (ref("AWS::Regoin"), "there is no pseudo parameter AWS::Regoin"),
            ({"Ref": ["Given"]}, "Ref takes a name"),
            ({"Ref": ref("Given")}, "Ref takes a name"),
        ],
    )
    def test_what_stands_for_nothing_is_refused(self, expression: Any, message: str) -> None:
        assert refusal(expression) == message


class TestGetAtt:
    @pytest.mark.parametrize(
        "expression",
        [{"Fn::GetAtt": ["Topic", "TopicName"]}, {"Fn::GetAtt": "Topic.TopicName"}, {"Fn::Sub": "${Topic.TopicName}"}],
        ids=["a-list", "a-text", "within-a-text"],
    )
    def test_it_is_known_only_after_the_deploy(self, expression: Any) -> None:
        assert value(expression) == ResourceReference(
            "Topic.TopicName is known only after the deploy", logical_id="Topic"
        )

    @pytest.mark.parametrize(
        ("expression", "message"),
        [
            ({"Fn::GetAtt": ["Given", "Arn"]}, "Fn::GetAtt of Given, which is no resource"),
            ({"Fn::GetAtt": "Topic"}, "Fn::GetAtt takes a logical id and an attribute"),
            ({"Fn::GetAtt": [ref("Given"), "Arn"]}, "Fn::GetAtt takes a logical id and an attribute"),
            ({"Fn::GetAtt": ["Topic", "A", "B"]}, "Fn::GetAtt takes a logical id and an attribute"),
        ],
    )
    def test_what_has_no_attributes_is_refused(self, expression: Any, message: str) -> None:
        assert refusal(expression) == message


class TestIf:
    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            pytest.param(call("If", "Yes", 1, 2), 1, id="when-it-holds"),
            pytest.param(call("If", "No", 1, 2), 2, id="when-it-does-not"),
            pytest.param(call("If", "Maybe", 1, 2), OPEN, id="when-nobody-knows"),
            pytest.param(call("If", "Maybe", 2, 2), 2, id="when-it-makes-no-difference"),
            pytest.param(call("If", "Maybe", 2, "2"), 2, id="when-the-difference-is-only-in-writing"),
            pytest.param(call("If", "Maybe", {"a": [1]}, {"a": ["1"]}), {"a": [1]}, id="also-deeper-down"),
            pytest.param(call("If", "Maybe", 1, True), OPEN, id="one-is-not-true"),
            pytest.param(call("If", "Maybe", NOTHING, NOTHING), NO_VALUE, id="when-it-is-left-out-either-way"),
            pytest.param(call("If", "Maybe", NOTHING, "NO_VALUE"), PERHAPS, id="when-it-may-be-left-out"),
            pytest.param(
                call("If", "Maybe", 1, call("If", "Maybe", NOTHING, 1)), PERHAPS, id="when-a-branch-may-be-left-out"
            ),
            pytest.param(call("If", "Yes", NOTHING, 2), NO_VALUE, id="left-out"),
            pytest.param(call("If", "Yes", call("If", "No", 1, ref("Given")), 2), "given", id="within-another"),
            pytest.param(call("If", {"Fn::Not": [{"Condition": "Yes"}]}, 1, 2), 2, id="a-condition-written-in-place"),
            pytest.param(call("If", "Yes", 1, ref("Nobody")), 1, id="the-other-branch-may-be-wrong"),
            pytest.param(call("If", "No", call("Select", 9, ["a"]), 2), 2, id="so-may-the-first"),
            pytest.param(call("If", "Yes", 1, ref("Open")), 1, id="the-other-branch-may-be-unknown"),
            pytest.param(call("If", "Maybe", 1, call("Select", 9, ref("Teams"))), OPEN, id="one-branch-cannot-be-had"),
        ],
    )
    def test_it_gives_the_branch_that_counts(self, expression: Any, expected: object) -> None:
        found = value(expression)
        assert (found, type(found)) == (expected, type(expected))

    def test_what_is_left_out_is_left_out_of_maps_and_lists(self) -> None:
        inner = call("If", "No", 1, NOTHING)
        assert value({"a": inner, "b": [inner, 2, {"c": inner}]}) == {"b": [2, {}]}

    @pytest.mark.parametrize(
        ("expression", "message"),
        [
            (call("If", "Never", 1, 2), "condition Never is not defined"),
            (call("If", "Yes", 1), "Fn::If takes 3 arguments"),
            ({"Fn::If": "Yes"}, "Fn::If takes 3 arguments"),
            (call("If", 5, 1, 2), "a condition must be true or false"),
        ],
    )
    def test_what_is_no_choice_is_refused(self, expression: Any, message: str) -> None:
        assert refusal(expression) == message


EQUALS = [
    pytest.param("a", "a", True, id="the-same-text"),
    pytest.param("a", "A", False, id="case-counts"),
    pytest.param(True, "true", True, id="true-and-its-text"),
    pytest.param("True", True, False, id="but-not-a-capital-one"),
    pytest.param(0, "0", True, id="zero-and-its-text"),
    pytest.param(1, True, False, id="one-is-not-true"),
    pytest.param(1, "1.0", False, id="text-is-compared-not-numbers"),
    pytest.param("", None, True, id="null-is-empty"),
    pytest.param(ref("Count"), 7, True, id="a-number-parameter-and-a-number"),
    pytest.param(ref("Teams"), ["red", "blue", "green"], True, id="two-lists"),
    pytest.param(ref("Open"), "a", OPEN, id="one-side-unknown"),
    pytest.param(["a", ref("Open")], ["a", "b"], OPEN, id="a-part-unknown"),
]


class TestConditions:
    @pytest.mark.parametrize(("left", "right", "expected"), EQUALS)
    def test_equals_compares_as_text(self, left: Any, right: Any, expected: object) -> None:
        assert value(call("Equals", left, right)) == expected
        assert value(call("Equals", right, left)) == expected

    @pytest.mark.parametrize(
        ("name", "inner", "expected"),
        [
            ("And", "Yes Yes", True), ("And", "Yes No", False), ("And", "No No", False),
            ("And", "Yes Maybe", OPEN), ("And", "Maybe No", False), ("And", "No Maybe", False),
            ("And", "Maybe Maybe", OPEN),
            ("Or", "Yes Yes", True), ("Or", "No Yes", True), ("Or", "No No", False),
            ("Or", "No Maybe", OPEN), ("Or", "Maybe Yes", True), ("Or", "Yes Maybe", True), ("Or", "Maybe No No", OPEN),
            ("Not", "Yes", False), ("Not", "No", True), ("Not", "Maybe", OPEN),
        ],
    )  # fmt: skip
    def test_they_have_three_values(self, name: str, inner: str, expected: object) -> None:
        assert value(call(name, *({"Condition": each} for each in inner.split()))) == expected

    @pytest.mark.parametrize(
        "expression", [True, "true", "True", {"Fn::Equals": [1, "1"]}, {"Condition": "Yes"}], ids=repr
    )
    def test_what_is_true_is_true(self, expression: Any) -> None:
        assert value(call("And", expression, expression)) is True

    @pytest.mark.parametrize(
        ("expression", "message"),
        [
            (call("Not", "maybe"), "a condition must be true or false"),
            (call("Not", ["a"]), "a condition must be true or false"),
            (call("Not", 1), "a condition must be true or false"),
            (call("Not", True, True), "Fn::Not takes 1 argument"),
            ({"Fn::And": True}, "Fn::And takes a list"),
            (call("Or", {"Condition": "Never"}), "condition Never is not defined"),
            (call("Equals", 1), "Fn::Equals takes 2 arguments"),
        ],
    )
    def test_what_is_no_condition_is_refused(self, expression: Any, message: str) -> None:
        assert refusal(expression) == message

    @pytest.mark.parametrize(
        ("conditions", "message"),
        [
            pytest.param("A: !Condition A", "5: condition A depends on itself", id="on-itself"),
            pytest.param(
                "A: !Not [!Condition B]\n  B: !Not [!Condition A]", "5: condition A depends on itself", id="in-a-circle"
            ),
            pytest.param("A: !Or [false, !Condition B]", "5: condition B is not defined", id="on-an-undefined-one"),
            pytest.param(
                "A: !Equals [!Ref B, x]", "5: Ref to B, which is neither a parameter nor a resource", id="a-ref"
            ),
            pytest.param("A:\n    - 1", "5: a condition must be true or false", id="a-list"),
        ],
    )
    def test_what_cannot_be_decided_has_its_line(self, conditions: str, message: str) -> None:
        text = f"# one\n# two\n# three\nConditions:\n  {conditions}\nResources: {{T: {{Type: x, Condition: A}}}}\n"
        with pytest.raises(TemplateError) as caught:
            resolver(text).condition("A")
        assert caught.value.message == f"template.yaml:{message}"

    def test_an_undefined_one_has_the_line_of_who_asks(self) -> None:
        text = "Resources:\n  T:\n    Type: x\n    Condition: Never\n"
        with pytest.raises(TemplateError) as caught:
            resolver(text).exists("Never", ("Resources", "T", "Condition"))
        assert caught.value.message == "template.yaml:4: condition Never is not defined"

    @pytest.mark.parametrize(
        "written", ["Condition: On", "Condition: 1", "Condition: Null", "Properties: {A: !If [Yes, 40, 20]}"]
    )
    def test_a_name_that_yaml_does_not_read_as_text_is_refused(self, written: str) -> None:
        conditions = "Conditions: {On: !Equals [a, b], Yes: !Equals [a, b]}"
        found = resolver(f"{conditions}\nResources:\n  T:\n    Type: x\n    {written}\n")
        place = ("Resources", "T", "Properties")
        with pytest.raises(TemplateError) as caught:
            [found.value(each.properties, place) for each in found.template.resources()]
        assert caught.value.message == "template.yaml:5: the name of a condition must be text"
        hint = "put it in quotes; without them YAML reads words such as On and Yes as true or false"
        assert caught.value.hint == hint

    def test_likewise_in_another_condition_and_of_an_output(self) -> None:
        text = "Conditions:\n  On: !Equals [a, a]\n  B: !Not [Condition: On]\nResources: {T: {Type: x}}\n"
        with pytest.raises(TemplateError, match=r"yaml:3: the name of a condition must be text$"):
            resolver(text).condition("B")
        with pytest.raises(TemplateError, match=r"the name of a condition must be text$"):
            resolver(text).exists(True, ("Outputs", "X", "Condition"))

    def test_a_circle_that_is_never_reached_does_not_matter(self) -> None:
        text = "Conditions: {A: !Or [true, !Condition B], B: !Condition B}\nResources: {T: {Type: x}}"
        assert resolver(text).condition("A") is True


class TestFindInMap:
    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            pytest.param(["Plans", "small", "size"], 1, id="what-the-map-says"),
            pytest.param(["Plans", "small", "list"], ["a", "b"], id="a-list"),
            pytest.param(["Plans", ref("Count"), "size"], 70, id="by-a-parameter"),
            pytest.param(["Plans", 7, "size"], 70, id="by-a-number"),
            pytest.param([call("Sub", "Plans", {}), "small", "size"], 1, id="by-a-made-up-name"),
            pytest.param(["Plans", "huge", "size", {"DefaultValue": 3}], 3, id="a-default-where-the-first-key-lacks"),
            pytest.param(["Plans", "small", "x", {"DefaultValue": ref("Given")}], "given", id="where-the-second-does"),
            pytest.param(["Others", "a", "b", {"DefaultValue": NOTHING}], NO_VALUE, id="where-the-map-does"),
            pytest.param(["Plans", "small", "size", {"DefaultValue": 3}], 1, id="no-default-where-it-is-found"),
            pytest.param(["Plans", ref("Open"), "size"], OPEN, id="an-unknown-key"),
            pytest.param(["Plans", "small", ref("Open")], OPEN, id="an-unknown-second-key"),
            pytest.param([ref("Open"), "small", "size"], OPEN, id="an-unknown-map"),
        ],
    )
    def test_it_looks_up(self, arguments: list[Any], expected: object) -> None:
        assert value({"Fn::FindInMap": arguments}) == expected

    def test_an_unknown_key_does_not_matter_where_all_say_the_same(self) -> None:
        sections = "Parameters: {Open: {Type: String}}\nMappings: {M: {a: {n: 4}, b: {n: 4, m: 1}}}"
        assert demanding("!FindInMap [M, !Ref Open, n]", sections) == 4
        assert demanding("!FindInMap [M, !Ref Open, m]", sections) == OPEN.reason

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["Plans", "huge", "size"], "the mapping has no Plans.huge.size"),
            (["Plans", "small", "weight"], "the mapping has no Plans.small.weight"),
            (["Others", "a", "b"], "the mapping has no Others.a.b"),
            (["Plans", "small"], "Fn::FindInMap takes a map, a first and a second key"),
            ("Plans", "Fn::FindInMap takes a map, a first and a second key"),
            (["Plans", "huge", "size", 3], "the DefaultValue of Fn::FindInMap is not one"),
        ],
    )
    def test_what_is_not_there_is_refused(self, arguments: Any, message: str) -> None:
        assert refusal({"Fn::FindInMap": arguments}) == message


class TestText:
    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            pytest.param({"Fn::Sub": "a${Given}b${ Count }"}, "agivenb7", id="parameters"),
            pytest.param({"Fn::Sub": "${AWS::Region}/${AWS::AccountId}"}, "eu-west-1/123456789012", id="pseudo-ones"),
            pytest.param({"Fn::Sub": "${!Given} $Given {Given}"}, "${Given} $Given {Given}", id="only-alike"),
            pytest.param(call("Sub", "${x}${Given}", {"x": ref("Count")}), "7given", id="own-names-and-parameters"),
            pytest.param(call("Sub", "${Given}", {"Given": 5}), "5", id="an-own-name-wins"),
            pytest.param(call("Sub", "${a.b}", {"a.b": True}), "true", id="an-own-name-with-a-dot"),
            pytest.param({"Fn::Sub": "5${AWS::NoValue}"}, "5", id="no-value-is-nothing"),
            pytest.param({"Fn::Sub": "${Open}${Topic}"}, TOPIC, id="an-unknown-part"),
            pytest.param({"Fn::Sub": "${Open}"}, OPEN, id="unknown"),
            pytest.param(call("Sub", "x", {"unused": ref("Nobody")}), "x", id="what-is-not-used-does-not-matter"),
            pytest.param(call("Join", "-", ["a", 1, True, ref("Given")]), "a-1-true-given", id="joined"),
            pytest.param(call("Join", "", []), "", id="nothing-joined"),
            pytest.param(call("Join", ",", ref("Teams")), "red,blue,green", id="a-list-joined"),
            pytest.param(call("Join", ",", ["a", NOTHING, call("If", "No", 1, NOTHING)]), "a", id="what-is-left-out"),
            pytest.param(call("Join", ",", ["a", ref("Open")]), OPEN, id="an-unknown-part-joined"),
            pytest.param(call("Join", ",", ref("OpenList")), OPEN_LIST, id="an-unknown-list-joined"),
            pytest.param(call("Split", "/", "a/b//c"), ["a", "b", "", "c"], id="split"),
            pytest.param(call("Split", ", ", "a"), ["a"], id="nothing-to-split"),
            pytest.param(call("Split", "/", ref("Open")), OPEN, id="an-unknown-text-split"),
            pytest.param(call("Select", 1, ["a", "b"]), "b", id="one-of-a-list"),
            pytest.param(call("Select", "2", ref("Teams")), "green", id="by-a-text"),
            pytest.param(call("Select", 0, call("Split", "/", "12/x")), "12", id="of-what-was-split"),
            pytest.param(call("Select", 0, ["a", ref("Nobody")]), "a", id="the-others-do-not-matter"),
            pytest.param(call("Select", 1, ["a", ref("Open")]), OPEN, id="an-unknown-one"),
            pytest.param(call("Select", 1, [NOTHING, "a", call("If", "No", 1, NOTHING), "b"]), "b", id="of-those-left"),
            pytest.param(call("Select", 1, [OPTIONAL, "a", "b"]), PERHAPS, id="after-one-that-may-be-left-out"),
            pytest.param(call("Select", 0, ["a", OPTIONAL]), "a", id="before-one-that-may-be-left-out"),
            pytest.param(call("Select", 1, call("If", "Yes", [OPTIONAL, "a", "b"], [])), PERHAPS, id="of-a-choice"),
            pytest.param({"Fn::Length": [1, OPTIONAL]}, PERHAPS, id="the-length-with-one-that-may-be-left-out"),
            pytest.param({"Fn::Length": [1, ref("Open")]}, 2, id="the-length-with-an-unknown-item"),
            pytest.param(call("Select", ref("Open"), ["a"]), OPEN, id="by-an-unknown-index"),
            pytest.param(call("Select", 0, ref("OpenList")), OPEN_LIST, id="of-an-unknown-list"),
            pytest.param({"Fn::Length": [1, "b"]}, 2, id="the-length-of-a-list"),
            pytest.param({"Fn::Length": ref("None")}, 0, id="of-an-empty-one"),
            pytest.param({"Fn::Length": [1, NOTHING]}, 1, id="what-is-left-out-does-not-count"),
            pytest.param({"Fn::Length": ref("OpenList")}, OPEN_LIST, id="the-length-of-an-unknown-list"),
            pytest.param({"Fn::ToJsonString": {"a": [1, ref("Count")], "b": NOTHING}}, '{"a":[1,"7"]}', id="as-json"),
            pytest.param({"Fn::ToJsonString": {"a": [ref("Open")]}}, OPEN, id="an-unknown-part-as-json"),
            pytest.param({"Fn::Base64": ref("Given")}, base64.b64encode(b"given").decode(), id="in-base64"),
            pytest.param({"Fn::Base64": ref("Open")}, OPEN, id="an-unknown-text-in-base64"),
            pytest.param({"Fn::Transform": {"Name": "M"}}, Unknown(f"Fn::Transform {LATER}"), id="a-macro"),
            pytest.param({"Fn::GetAZs": ""}, Unknown(f"Fn::GetAZs {LATER}"), id="availability-zones"),
        ],
    )  # fmt: skip
    def test_it_is_made(self, expression: Any, expected: object) -> None:
        assert value(expression) == expected

    @pytest.mark.parametrize(
        ("expression", "message"),
        [
            ({"Fn::Sub": "${Nobody}"}, "Ref to Nobody, which is neither a parameter nor a resource"),
            ({"Fn::Sub": "${Given.Arn}"}, "Fn::GetAtt of Given, which is no resource"),
            (call("Sub", "x"), "Fn::Sub takes 2 arguments"),
            (call("Sub", 5, {}), "Fn::Sub takes a text and, beside it, a map"),
            (call("Sub", "x", []), "Fn::Sub takes a text and, beside it, a map"),
            (call("Join", ","), "Fn::Join takes 2 arguments"),
            (call("Join", ",", "a"), "Fn::Join takes a delimiter and a list"),
            (call("Split", "", "a"), "Fn::Split takes a delimiter that is not empty"),
            (call("Select", 2, ["a", "b"]), "Fn::Select: there is no item 2 among 2"),
            (call("Select", 0, ref("None")), "Fn::Select: there is no item 0 among 0"),
            (call("Select", -1, ["a"]), "Fn::Select takes an index and a list"),
            (call("Select", "x", ["a"]), "Fn::Select takes an index and a list"),
            (call("Select", 0, "text"), "Fn::Select takes an index and a list"),
            ({"Fn::Length": "text"}, "Fn::Length takes a list"),
        ],
    )
    def test_what_cannot_be_made_is_refused(self, expression: Any, message: str) -> None:
        assert refusal(expression) == message


class TestWhatTheAccountHolds:
    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            pytest.param("{{resolve:ssm:/a}}", "5", id="a-stored-parameter"),
            pytest.param("x{{resolve:ssm:/a}}-{{resolve:ssm:/b}}", "x5-7", id="within-a-text"),
            pytest.param("{{resolve:ssm:/a:3}}", "5", id="a-version-of-it"),
            pytest.param({"Fn::Sub": "{{resolve:ssm:/${Plan}}}"}, "5", id="a-made-up-name"),
            pytest.param({"Fn::ImportValue": "E"}, "9", id="an-export"),
            pytest.param({"Fn::ImportValue": {"Fn::Sub": "${Name}"}}, "9", id="an-export-by-a-parameter"),
        ],
    )
    def test_what_is_known_is_put_in(self, expression: Any, expected: str) -> None:
        text = "Parameters: {Plan: {Default: a}, Name: {Default: E}}\nResources: {T: {Type: x}}"
        found = resolver(text, lookups={"ssm:/a": "5", "ssm:/b": "7", "import:E": "9"})
        assert found.value(expression) == expected

    @pytest.mark.parametrize(
        ("expression", "lookup", "resolution"),
        [
            pytest.param("{{resolve:ssm:/a}}", "ssm:/a", "--resolve ssm:/a=VALUE", id="a-stored-parameter"),
            pytest.param("{{resolve:ssm:/a:3}}", "ssm:/a:3", "--resolve ssm:/a:3=VALUE", id="a-version-of-it"),
            pytest.param({"Fn::ImportValue": "E"}, "import:E", "--resolve import:E=VALUE", id="an-export"),
            pytest.param("{{resolve:ssm-secure:/a}}", "", "", id="a-secure-parameter"),
            pytest.param("{{resolve:secretsmanager:db:SecretString:p}}", "", "", id="a-secret"),
        ],
    )
    def test_what_is_not_says_what_would_settle_it(self, expression: Any, lookup: str, resolution: str) -> None:
        found = value(expression)
        assert isinstance(found, Unknown)
        assert (found.lookup, found.resolution) == (lookup, resolution)

    def test_an_export_of_an_unknown_name_is_unknown(self) -> None:
        assert value({"Fn::ImportValue": ref("Open")}) == OPEN

    def test_what_was_refused_stays_refused(self) -> None:
        denied = Unknown("ssm:GetParameters was denied")
        assert value("{{resolve:ssm:/a}}", {"ssm:/a": denied}) == denied


class TestPlainValues:
    @pytest.mark.parametrize(
        "plain",
        [5, "x", None, True, [], {}, [1, {"a": None}], {"Ref": "Given", "Other": 1}, {"Fn::Sub": "${x}", "b": 1}],
        ids=repr,
    )
    def test_they_stay_as_they_are(self, plain: Any) -> None:
        assert value(plain) == plain

    def test_a_value_within_is_resolved(self) -> None:
        assert value({"a": [{"b": ref("Given")}], "c": ref("Open")}) == {"a": [{"b": "given"}], "c": OPEN}


class TestLargeTemplates:
    """Combinations of conditions are never tried out, and nothing is worked out twice."""

    @pytest.fixture(autouse=True)
    def _soon(self) -> Any:
        started = time.process_time()
        yield
        assert time.process_time() - started < 2

    def test_forty_conditions_in_one_another(self) -> None:
        parameters = "".join(f"\n  P{each}: {{Type: String}}" for each in range(40))
        conditions = "".join(
            f"\n  C{each}: !Or [!And [!Condition C{each - 1}, !Condition C{each - 1}], !Equals [!Ref P{each}, a]]"
            for each in range(1, 40)
        )
        sections = f"Parameters:{parameters}\nConditions:\n  C0: !Equals [!Ref P0, a]{conditions}"
        assert demanding("!If [C39, 1, 2]", sections) == "parameter P0 has neither a value nor a default"
        assert demanding("!If [C39, 1, 2]", sections, {"P0": "b"}).startswith("parameter P1 ")
        assert demanding("!If [C39, 1, 2]", sections, {"P39": "a"}) == 1

    @pytest.mark.parametrize(
        ("value", "expected"), [("a", 0), ("b", 40), (None, "parameter P has neither a value nor a default")]
    )
    def test_forty_choices_in_one_another(self, value: str | None, expected: object) -> None:
        conditions = "".join(f"\n  C{each}: !Equals [!Ref P, {'a' if each % 2 else 'x'}]" for each in range(40))
        expression = "40"
        for each in reversed(range(40)):
            expression = f"!If [C{each}, {each - 1}, {expression}]"
        sections = f"Parameters: {{P: {{Type: String}}}}\nConditions:{conditions}"
        assert demanding(expression, sections, {"P": value} if value else {}) == expected

    def test_both_branches_of_open_choices_are_walked_once(self) -> None:
        expression = "5"
        for each in range(90):
            expression = f"!If [C, {expression}, {5 if each % 2 else 6}]"
        sections = "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, a]}"
        assert demanding(expression, sections) == "parameter P has neither a value nor a default"

    @pytest.mark.parametrize("name", ["And", "Or", "Not", "If", "Join", "Sub", "Select", "Base64"])
    def test_whatever_the_parser_lets_through_is_evaluated(self, name: str) -> None:
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
        found = resolver(template % expression)
        assert not isinstance(found.value(found.template.body["Resources"]["T"]["Properties"]), Unknown)

    def test_a_chain_of_conditions_that_is_too_long_is_refused(self) -> None:
        chain = "".join(f"  C{each}: !Not [!Condition C{each - 1}]\n" for each in range(1, 2000))
        found = resolver(f"Conditions:\n  C0: !Equals [1, 1]\n{chain}Resources: {{T: {{Type: x}}}}")
        with pytest.raises(TemplateError, match=r"condition C\d+ hangs on too long a chain of conditions$"):
            found.condition("C1999")

    def test_a_name_used_twice_is_worked_out_once(self) -> None:
        expression: Any = ref("Open")
        for _ in range(60):
            expression = call("Sub", "${x}${x}", {"x": expression})
        assert value(expression) == OPEN

    @pytest.mark.parametrize("seed", ["ab", '"'])
    def test_a_text_that_doubles_is_stopped(self, seed: str) -> None:
        expression: Any = seed
        for _ in range(60):
            expression = (
                call("Sub", "${x}${x}", {"x": expression}) if seed == "ab" else {"Fn::ToJsonString": expression}
            )
        assert refusal(expression) == "grows to a text of more than 1,048,576 characters"


class _Slow(dict[str, str]):
    """Stored values of which one is told only when somebody says go."""

    def __init__(self) -> None:
        super().__init__({"ssm:a": "x"})
        self.asked, self.go = Event(), Event()

    def __contains__(self, key: object) -> bool:
        self.asked.set()
        self.go.wait(5)
        return super().__contains__(key)


def test_a_condition_that_another_thread_works_out_does_not_depend_on_itself() -> None:
    text = "Conditions: {C: !Equals ['{{resolve:ssm:a}}', x]}\nResources: {T: {Type: AWS::SNS::Topic}}\n"
    slow = _Slow()
    shared = resolver(text, lookups=slow)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shared.condition, "C")
        assert slow.asked.wait(5)
        second = pool.submit(shared.condition, "C")
        wait([second], timeout=0.2)
        slow.go.set()
        assert (first.result(5), second.result(5)) == (True, True)
