"""Intrinsic functions: a known value is exact, an unknown one has a reason, and unused arguments are not evaluated."""

import base64
from typing import Any

import pytest

from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.template.values import NO_VALUE, ResourceReference
from tapctl.unknown import Unknown
from tests.support.golden import Golden
from tests.support.templates import demanding, resolver
from tests.template.expressions import (
    MAYBE,
    NO_VALUE_REF,
    OPEN,
    OPEN_LIST,
    OPTIONAL,
    SECTIONS,
    TOPIC,
    call,
    error,
    ref,
    value,
)

OMITTED = call("If", "No", 1, NO_VALUE_REF)


class TestRef:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            pytest.param("Given", "given", id="a-given-parameter"),
            pytest.param("Count", "7", id="a-number-is-text"),
            pytest.param("Teams", ["red", "blue", "green"], id="a-list"),
            pytest.param("None", [""], id="an-empty-list"),
            pytest.param("AWS::Region", "eu-west-1", id="a-pseudo-parameter"),
            pytest.param("AWS::NoValue", NO_VALUE, id="no-value"),
        ],
    )
    def test_a_known_name_has_its_value(self, name: str, expected: object) -> None:
        assert value(ref(name)) == expected

    @pytest.mark.parametrize(
        ("name", "resolution"),
        [
            pytest.param("Open", advise(JudgementAdvice.PASS_PARAMETER, "Open"), id="a-parameter-without-a-value"),
            pytest.param("AWS::Partition", advise(JudgementAdvice.PASS_REGION), id="the-partition"),
            pytest.param("AWS::AccountId", advise(JudgementAdvice.USE_CREDENTIALS_OR_SNAPSHOT), id="the-account-id"),
            pytest.param("AWS::StackName", advise(JudgementAdvice.GIVE_STACK_NAME), id="the-stack-name"),
            pytest.param("AWS::StackId", None, id="the-stack-id"),
        ],
    )
    def test_an_unknown_name_has_a_reason_and_a_resolution(
        self, name: str, resolution: Hint | None, golden: Golden
    ) -> None:
        unknown = resolver(SECTIONS, {"Given": "given"}).value(ref(name))
        assert (type(unknown), unknown.resolution) == (Unknown, resolution)
        golden(unknown.reason)

    def test_a_resource_is_a_reference_to_it(self, golden: Golden) -> None:
        assert (type(TOPIC), TOPIC.logical_id) == (ResourceReference, "Topic")
        golden(TOPIC.reason)

    @pytest.mark.parametrize(
        "expression",
        [
            ref("Topik"),
            ref("AWS::Regoin"),
            {"Ref": ["Given"]},
            {"Ref": ref("Given")},
        ],
        ids=repr,
    )
    def test_an_undefined_name_is_an_error(self, expression: Any, golden: Golden) -> None:
        golden(error(expression))


class TestGetAtt:
    @pytest.mark.parametrize(
        "expression",
        [{"Fn::GetAtt": ["Topic", "TopicName"]}, {"Fn::GetAtt": "Topic.TopicName"}, {"Fn::Sub": "${Topic.TopicName}"}],
        ids=["a-list", "a-text", "within-a-text"],
    )
    def test_an_attribute_is_a_reference_to_its_resource(self, expression: Any, golden: Golden) -> None:
        reference = value(expression)
        assert (type(reference), reference.logical_id) == (ResourceReference, "Topic")
        golden(reference.reason)

    @pytest.mark.parametrize(
        "expression",
        [
            {"Fn::GetAtt": ["Given", "Arn"]},
            {"Fn::GetAtt": "Topic"},
            {"Fn::GetAtt": [ref("Given"), "Arn"]},
            {"Fn::GetAtt": ["Topic", "A", "B"]},
        ],
        ids=repr,
    )
    def test_anything_but_a_resource_and_an_attribute_is_an_error(self, expression: Any, golden: Golden) -> None:
        golden(error(expression))


class TestIf:
    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            pytest.param(call("If", "Yes", 1, 2), 1, id="when-it-holds"),
            pytest.param(call("If", "No", 1, 2), 2, id="when-it-does-not"),
            pytest.param(call("If", "Maybe", 1, 2), OPEN, id="when-it-is-unknown"),
            pytest.param(call("If", "Maybe", 2, 2), 2, id="when-it-makes-no-difference"),
            pytest.param(call("If", "Maybe", 2, "2"), 2, id="when-the-difference-is-only-in-writing"),
            pytest.param(call("If", "Maybe", {"a": [1]}, {"a": ["1"]}), {"a": [1]}, id="also-deeper-down"),
            pytest.param(call("If", "Maybe", 1, True), OPEN, id="one-is-not-true"),
            pytest.param(
                call("If", "Maybe", NO_VALUE_REF, NO_VALUE_REF), NO_VALUE, id="when-both-branches-are-no-value"
            ),
            pytest.param(call("If", "Maybe", NO_VALUE_REF, "NO_VALUE"), MAYBE, id="when-one-branch-is-no-value"),
            pytest.param(
                call("If", "Maybe", 1, call("If", "Maybe", NO_VALUE_REF, 1)),
                MAYBE,
                id="when-one-branch-may-be-no-value",
            ),
            pytest.param(call("If", "Yes", NO_VALUE_REF, 2), NO_VALUE, id="no-value"),
            pytest.param(call("If", "Yes", call("If", "No", 1, ref("Given")), 2), "given", id="within-another"),
            pytest.param(call("If", {"Fn::Not": [{"Condition": "Yes"}]}, 1, 2), 2, id="a-condition-written-in-place"),
            pytest.param(call("If", "Yes", 1, ref("Undefined")), 1, id="the-other-branch-may-be-wrong"),
            pytest.param(call("If", "No", call("Select", 9, ["a"]), 2), 2, id="so-may-the-first"),
            pytest.param(call("If", "Yes", 1, ref("Open")), 1, id="the-other-branch-may-be-unknown"),
            pytest.param(call("If", "Maybe", 1, call("Select", 9, ref("Teams"))), OPEN, id="one-branch-is-an-error"),
        ],
    )
    def test_it_evaluates_to_the_branch_in_force(self, expression: Any, expected: object) -> None:
        result = value(expression)
        assert (result, type(result)) == (expected, type(expected))

    def test_no_value_is_omitted_from_maps_and_lists(self) -> None:
        inner = call("If", "No", 1, NO_VALUE_REF)
        assert value({"a": inner, "b": [inner, 2, {"c": inner}]}) == {"b": [2, {}]}

    @pytest.mark.parametrize(
        "expression",
        [
            call("If", "Never", 1, 2),
            call("If", "Yes", 1),
            {"Fn::If": "Yes"},
            call("If", 5, 1, 2),
        ],
        ids=repr,
    )
    def test_an_invalid_condition_is_an_error(self, expression: Any, golden: Golden) -> None:
        golden(error(expression))


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
        assert value(call(name, *({"Condition": condition} for condition in inner.split()))) == expected

    @pytest.mark.parametrize(
        "expression", [True, "true", "True", {"Fn::Equals": [1, "1"]}, {"Condition": "Yes"}], ids=repr
    )
    def test_what_is_true_is_true(self, expression: Any) -> None:
        assert value(call("And", expression, expression)) is True

    @pytest.mark.parametrize(
        "expression",
        [
            call("Not", "maybe"),
            call("Not", ["a"]),
            call("Not", 1),
            call("Not", True, True),
            {"Fn::And": True},
            call("Or", {"Condition": "Never"}),
            call("Equals", 1),
        ],
        ids=repr,
    )
    def test_anything_but_a_condition_is_an_error(self, expression: Any, golden: Golden) -> None:
        golden(error(expression))


class TestFindInMap:
    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            pytest.param(["Plans", "small", "size"], 1, id="an-entry"),
            pytest.param(["Plans", "small", "list"], ["a", "b"], id="a-list"),
            pytest.param(["Plans", ref("Count"), "size"], 70, id="by-a-parameter"),
            pytest.param(["Plans", 7, "size"], 70, id="by-a-number"),
            pytest.param([call("Sub", "Plans", {}), "small", "size"], 1, id="by-a-computed-name"),
            pytest.param(["Plans", "huge", "size", {"DefaultValue": 3}], 3, id="a-default-without-the-first-key"),
            pytest.param(["Plans", "small", "x", {"DefaultValue": ref("Given")}], "given", id="without-the-second-key"),
            pytest.param(["Others", "a", "b", {"DefaultValue": NO_VALUE_REF}], NO_VALUE, id="without-the-map"),
            pytest.param(["Plans", "small", "size", {"DefaultValue": 3}], 1, id="no-default-where-it-is-found"),
            pytest.param(["Plans", ref("Open"), "size"], OPEN, id="an-unknown-key"),
            pytest.param(["Plans", "small", ref("Open")], OPEN, id="an-unknown-second-key"),
            pytest.param([ref("Open"), "small", "size"], OPEN, id="an-unknown-map"),
        ],
    )
    def test_it_evaluates_to_the_entry(self, arguments: list[Any], expected: object) -> None:
        assert value({"Fn::FindInMap": arguments}) == expected

    def test_an_unknown_key_makes_no_difference_where_all_entries_are_equal(self) -> None:
        sections = "Parameters: {Open: {Type: String}}\nMappings: {M: {a: {n: 4}, b: {n: 4, m: 1}}}"
        assert demanding("!FindInMap [M, !Ref Open, n]", sections) == 4
        assert demanding("!FindInMap [M, !Ref Open, m]", sections) == OPEN.reason

    @pytest.mark.parametrize(
        "arguments",
        [
            ["Plans", "huge", "size"],
            ["Plans", "small", "weight"],
            ["Others", "a", "b"],
            ["Plans", "small"],
            "Plans",
            ["Plans", "huge", "size", 3],
        ],
        ids=repr,
    )
    def test_a_missing_entry_is_an_error(self, arguments: Any, golden: Golden) -> None:
        golden(error({"Fn::FindInMap": arguments}))


class TestStringsAndLists:
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
            pytest.param(call("Sub", "x", {"unused": ref("Undefined")}), "x", id="an-unused-variable"),
            pytest.param(call("Join", "-", ["a", 1, True, ref("Given")]), "a-1-true-given", id="joined"),
            pytest.param(call("Join", "", []), "", id="nothing-joined"),
            pytest.param(call("Join", ",", ref("Teams")), "red,blue,green", id="a-list-joined"),
            pytest.param(call("Join", ",", ["a", NO_VALUE_REF, OMITTED]), "a", id="no-value"),
            pytest.param(call("Join", ",", ["a", ref("Open")]), OPEN, id="an-unknown-part-joined"),
            pytest.param(call("Join", ",", ref("OpenList")), OPEN_LIST, id="an-unknown-list-joined"),
            pytest.param(call("Split", "/", "a/b//c"), ["a", "b", "", "c"], id="split"),
            pytest.param(call("Split", ", ", "a"), ["a"], id="nothing-to-split"),
            pytest.param(call("Split", "/", ref("Open")), OPEN, id="an-unknown-text-split"),
            pytest.param(call("Select", 1, ["a", "b"]), "b", id="one-of-a-list"),
            pytest.param(call("Select", "2", ref("Teams")), "green", id="by-a-text"),
            pytest.param(call("Select", 0, call("Split", "/", "12/x")), "12", id="of-what-was-split"),
            pytest.param(call("Select", 0, ["a", ref("Undefined")]), "a", id="the-other-items"),
            pytest.param(call("Select", 1, ["a", ref("Open")]), OPEN, id="an-unknown-one"),
            pytest.param(call("Select", 1, [NO_VALUE_REF, "a", OMITTED, "b"]), "b", id="of-those-left"),
            pytest.param(call("Select", 1, [OPTIONAL, "a", "b"]), MAYBE, id="after-an-optional-one"),
            pytest.param(call("Select", 0, ["a", OPTIONAL]), "a", id="before-an-optional-one"),
            pytest.param(call("Select", 1, call("If", "Yes", [OPTIONAL, "a", "b"], [])), MAYBE, id="of-an-if"),
            pytest.param({"Fn::Length": [1, OPTIONAL]}, MAYBE, id="the-length-with-an-optional-item"),
            pytest.param({"Fn::Length": [1, ref("Open")]}, 2, id="the-length-with-an-unknown-item"),
            pytest.param(call("Select", ref("Open"), ["a"]), OPEN, id="by-an-unknown-index"),
            pytest.param(call("Select", 0, ref("OpenList")), OPEN_LIST, id="of-an-unknown-list"),
            pytest.param({"Fn::Length": [1, "b"]}, 2, id="the-length-of-a-list"),
            pytest.param({"Fn::Length": ref("None")}, 1, id="of-an-empty-one"),
            pytest.param({"Fn::Length": [1, NO_VALUE_REF]}, 1, id="no-value-does-not-count"),
            pytest.param({"Fn::Length": ref("OpenList")}, OPEN_LIST, id="the-length-of-an-unknown-list"),
            pytest.param({"Fn::ToJsonString": {"a": [ref("Count")], "b": NO_VALUE_REF}}, '{"a":["7"]}', id="as-json"),
            pytest.param({"Fn::ToJsonString": {"a": [ref("Open")]}}, OPEN, id="an-unknown-part-as-json"),
            pytest.param({"Fn::Base64": ref("Given")}, base64.b64encode(b"given").decode(), id="in-base64"),
            pytest.param({"Fn::Base64": "\ud800"}, "7aCA", id="half-a-character-in-base64"),
            pytest.param({"Fn::Base64": ref("Open")}, OPEN, id="an-unknown-text-in-base64"),
        ],
    )  # fmt: skip
    def test_they_evaluate(self, expression: Any, expected: object) -> None:
        assert value(expression) == expected

    @pytest.mark.parametrize(
        "expression",
        [
            {"Fn::Sub": "${Undefined}"},
            {"Fn::Sub": "${Given.Arn}"},
            call("Sub", "x"),
            call("Sub", 5, {}),
            call("Sub", "x", []),
            call("Join", ","),
            call("Join", ",", "a"),
            call("Split", "", "a"),
            call("Select", 2, ["a", "b"]),
            call("Select", 1, ref("None")),
            call("Select", -1, ["a"]),
            call("Select", "x", ["a"]),
            pytest.param(call("Select", "1" * 5000, ["a"]), id="an-index-of-5000-digits"),
            call("Select", 0, "text"),
            {"Fn::Length": "text"},
        ],
        ids=repr,
    )
    def test_invalid_arguments_are_an_error(self, expression: Any, golden: Golden) -> None:
        golden(error(expression))

    @pytest.mark.parametrize(
        ("expression", "resolution"),
        [
            ({"Fn::Transform": {"Name": "M"}}, advise(JudgementAdvice.PREFLIGHT_PROCESSED_TEMPLATE)),
            ({"Fn::Transform": {"Name": "M"}, "A": "b"}, advise(JudgementAdvice.PREFLIGHT_PROCESSED_TEMPLATE)),
            ({"Fn::GetAZs": ""}, None),
        ],
        ids=["transform", "transform-beside-another-key", "availability-zones"],
    )
    def test_other_functions_are_unknown(self, expression: Any, resolution: Hint | None, golden: Golden) -> None:
        unknown = value(expression)
        assert (type(unknown), unknown.resolution) == (Unknown, resolution)
        golden(unknown.reason)


class TestLookups:
    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            pytest.param("{{resolve:ssm:/a}}", "5", id="a-stored-parameter"),
            pytest.param("x{{resolve:ssm:/a}}-{{resolve:ssm:/b}}", "x5-7", id="within-a-text"),
            pytest.param("{{resolve:ssm:/a:3}}", "5", id="a-version-of-it"),
            pytest.param({"Fn::Sub": "{{resolve:ssm:/${Plan}}}"}, "5", id="a-computed-name"),
            pytest.param({"Fn::ImportValue": "E"}, "9", id="an-export"),
            pytest.param({"Fn::ImportValue": {"Fn::Sub": "${Name}"}}, "9", id="an-export-by-a-parameter"),
        ],
    )
    def test_a_known_lookup_is_the_value(self, expression: Any, expected: str) -> None:
        text = "Parameters: {Plan: {Default: a}, Name: {Default: E}}\nResources: {T: {Type: x}}"
        lookups = {"ssm:/a": "5", "ssm:/b": "7", "import:E": "9"}
        assert resolver(text, lookups=lookups).value(expression) == expected

    @pytest.mark.parametrize(
        ("expression", "lookup"),
        [
            pytest.param("{{resolve:ssm:/a}}", "ssm:/a", id="a-stored-parameter"),
            pytest.param("{{resolve:ssm:/a:3}}", "ssm:/a:3", id="a-version-of-it"),
            pytest.param({"Fn::ImportValue": "E"}, "import:E", id="an-export"),
        ],
    )
    def test_an_unknown_lookup_has_a_key_and_a_resolution(self, expression: Any, lookup: str, golden: Golden) -> None:
        unknown = value(expression)
        assert isinstance(unknown, Unknown)
        assert (unknown.lookup, unknown.resolution) == (lookup, advise(JudgementAdvice.PASS_LOOKUP, lookup))
        golden(unknown.reason)

    @pytest.mark.parametrize(
        "expression", ["{{resolve:ssm-secure:/a}}", "{{resolve:secretsmanager:db:SecretString:p}}"]
    )
    def test_a_secret_is_never_looked_up(self, expression: str, golden: Golden) -> None:
        unknown = value(expression)
        assert isinstance(unknown, Unknown)
        assert (unknown.lookup, unknown.resolution) == ("", None)
        golden(unknown.reason)

    def test_an_export_of_an_unknown_name_is_unknown(self) -> None:
        assert value({"Fn::ImportValue": ref("Open")}) == OPEN

    def test_a_denied_lookup_stays_unknown(self) -> None:
        denied = Unknown("ssm:GetParameters was denied")
        assert value("{{resolve:ssm:/a}}", {"ssm:/a": denied}) == denied
