"""A function that loses its setting is excused from the scanners that demand one, where the template speaks to them."""

import json
from textwrap import dedent
from typing import Any

import pytest

from tapctl.template.parse import parse
from tapctl.workflows.fix import fix
from tests.support.fixed import fixed_text, judged, read
from tests.support.golden import Golden

ALL = ("checkov", "cfn_nag", "cdk_nag")
RULES = {
    "checkov": ("skip", ["CKV_AWS_115"]),
    "cfn_nag": ("rules_to_suppress", ["W92"]),
    "cdk_nag": ("rules_to_suppress", ["HIPAA.Security-LambdaConcurrency", "NIST.800.53.R5-LambdaConcurrency"]),
}
PLAIN = """\
Resources:
  # The topic
  Topic:
    Type: AWS::SNS::Topic
  Fn:
    Type: AWS::Lambda::Function
    # What it is
    Properties:
      Timeout: 3
      ReservedConcurrentExecutions: 100
"""
WITHOUT = PLAIN.rpartition("      Reserved")[0]
OTHERS = {
    "checkov": """\
      checkov:
        skip:
        - id: CKV_AWS_116
          comment: no queue
""",
    "cfn_nag": """\
      cfn_nag:
        rules_to_suppress:
          # because
          - id: W89  # network
            reason: none
""",
}


def ids(text: str, scanner: str, name: str = "Fn") -> list[str]:
    key = RULES[scanner][0]
    return [rule["id"] for rule in parse(text, "t").value["Resources"][name]["Metadata"][scanner][key]]


def test_without_such_metadata_nothing_is_added() -> None:
    assert fixed_text(PLAIN, 0) == WITHOUT


def test_a_lowered_reservation_needs_no_excuse() -> None:
    assert fixed_text(PLAIN, 7, scanners=ALL) == PLAIN.replace("100", "7")


@pytest.mark.parametrize("scanner", ["checkov", "cfn_nag"])
def test_metadata_of_another_resource_is_reason_enough(scanner: str) -> None:
    spoken = f"    Type: AWS::SNS::Topic\n    Metadata:\n{OTHERS[scanner]}"
    text = PLAIN.replace("    Type: AWS::SNS::Topic\n", spoken)
    assert ids(fixed_text(text, 0), scanner) == RULES[scanner][1]
    assert set(parse(fixed_text(text, 0), "t").value["Resources"]["Fn"]["Metadata"]) == {scanner}


@pytest.mark.parametrize("scanner", ALL)
def test_asked_for_it_is_added_with_a_reason(scanner: str, golden: Golden) -> None:
    after = fixed_text(PLAIN, 0, scanners=[scanner])
    key, rules = RULES[scanner]
    listed = parse(after, "t").value["Resources"]["Fn"]["Metadata"][scanner][key]
    assert [rule.pop("id") for rule in listed] == rules
    reason = "comment" if scanner == "checkov" else "reason"
    assert all(list(rule) == [reason] for rule in listed)
    golden([rule[reason] for rule in listed])


def test_metadata_follows_the_type_in_the_style_of_the_file(golden: Golden) -> None:
    after = fixed_text(PLAIN, 0, scanners=["checkov"])
    before, metadata, follows = after.partition("    Metadata:\n")
    added, comment, rest = follows.partition("    # What")

    assert (metadata, before + comment + rest) == ("    Metadata:\n", WITHOUT)
    golden(metadata + added)


def test_a_suppression_is_added_to_existing_metadata() -> None:
    text = PLAIN.replace("    # What", f"    Metadata:\n{OTHERS['cfn_nag']}    # What")
    after = fixed_text(text, 0, scanners=ALL)
    assert ids(after, "cfn_nag") == ["W92", "W89"]
    assert ids(after, "checkov") == ["CKV_AWS_115"]
    assert "          # because\n          - id: W92\n            reason: the" in after
    assert "          - id: W89  # network\n            reason: none\n" in after


@pytest.mark.parametrize("scanner", ALL)
def test_never_twice(scanner: str) -> None:
    once = fixed_text(PLAIN, 0, scanners=[scanner])
    again = once.replace("      Timeout: 3\n", "      Timeout: 3\n      ReservedConcurrentExecutions: 100\n")
    assert fixed_text(again, 0, scanners=[scanner]) == once


def test_the_missing_one_of_two_rules_is_added() -> None:
    once = fixed_text(PLAIN, 0, scanners=["cdk_nag"])
    one = once.replace("HIPAA.Security-LambdaConcurrency", "HIPAA.Security-Other")
    again = one.replace("      Timeout: 3\n", "      Timeout: 3\n      ReservedConcurrentExecutions: 100\n")
    assert sorted(ids(fixed_text(again, 0), "cdk_nag")) == sorted([*RULES["cdk_nag"][1], "HIPAA.Security-Other"])


DOCUMENT: dict[str, Any] = {
    "Resources": {
        "Fn": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"ReservedConcurrentExecutions": 100, "Timeout": 3},
        }
    }
}


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {"Other": 1},
        {"checkov": {"skip": [{"id": "CKV_AWS_116", "comment": "no queue"}]}},
        {"checkov": {"skip": []}},
        {"cfn_nag": {"rules_to_suppress": [{"id": "W89", "reason": "x"}, {"id": "W58", "reason": "y"}]}},
    ],
    ids=["no-metadata", "other-metadata", "a-list", "an-empty-list", "a-longer-list"],
)
@pytest.mark.parametrize("style", [2, 4, "\t", None, "compact"])
def test_json_in_its_own_style(metadata: dict[str, Any] | None, style: int | str | None) -> None:
    document = json.loads(json.dumps(DOCUMENT))
    if metadata:
        document["Resources"]["Fn"]["Metadata"] = metadata
    separators = (",", ":") if style == "compact" else None
    before = json.dumps(document, indent=None if style == "compact" else style, separators=separators)
    after = fixed_text(before, 0, file="t.json", scanners=ALL)
    assert all(set(RULES[scanner][1]) <= set(ids(after, scanner)) for scanner in ALL)
    if style in (2, 4, "\t", "compact") and "[]" not in before:
        layout = json.loads(after)
        assert after == json.dumps(layout, indent=None if style == "compact" else style, separators=separators)


def with_metadata(*lines: str) -> str:
    return PLAIN.replace("    # What", "".join(f"    {line}\n" for line in ("Metadata:", *lines)) + "    # What")


FLOW = (
    "Resources: {Fn: {MORE Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 100, Timeout: 3}}}"
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(PLAIN.replace("\n", "\r\n"), id="crlf"),
        pytest.param(PLAIN.removesuffix("\n"), id="no-final-newline"),
        pytest.param(PLAIN.replace("      Timeout: 3\n", ""), id="one-property"),
        pytest.param(FLOW.replace("MORE ", ""), id="flow"),
        pytest.param(FLOW.replace("MORE", "Metadata: {checkov: {skip: [{id: A, comment: b}]}},"), id="flow-list"),
        pytest.param(with_metadata("  checkov: {skip: []}"), id="empty-list"),
        pytest.param(with_metadata("  checkov: {}"), id="empty-map"),
        pytest.param(with_metadata(), id="nothing-there"),
        pytest.param(with_metadata("  checkov:", "    skip:", "    -   id: A", "        comment: b"), id="wide-dash"),
        pytest.param(with_metadata("  checkov:", "    skip:", "    -", "      id: A"), id="dash-alone"),
    ],
)
def test_yaml_of_any_layout(text: str) -> None:
    after = fixed_text(text, 0, scanners=ALL)
    assert all(set(RULES[scanner][1]) <= set(ids(after, scanner)) for scanner in ALL)
    assert ("\r\n" in text) == ("\r\n" in after)
    assert after.count("\r\n") in (0, after.count("\n"))


def test_all_functions_that_lose_a_global_setting_are_excused() -> None:
    text = dedent("""\
        Transform: AWS::Serverless-2016-10-31
        Globals: {Function: {Handler: a.b, Runtime: python3.12, CodeUri: s3://b/k, ReservedConcurrentExecutions: 30}}
        Resources:
          A: {Type: AWS::Serverless::Function}
          B:
            Type: AWS::Serverless::Function
        """)
    after = fixed_text(text, 0, scanners=["checkov"])
    assert [ids(after, "checkov", name) for name in "AB"] == [["CKV_AWS_115"]] * 2


def test_a_loop_is_excused_once_in_its_body() -> None:
    text = dedent("""\
        Transform: AWS::LanguageExtensions
        Resources:
          Fn::ForEach::Colors:
            - Color
            - [Red, Blue]
            - ${Color}Fn:
                Type: AWS::Lambda::Function
                Properties: {ReservedConcurrentExecutions: 100, Timeout: 3}
        """)
    assert fixed_text(text, 0, scanners=["checkov"]).count("CKV_AWS_115") == 1


def test_the_suppressed_rules_are_reported(golden: Golden) -> None:
    golden(fix(judged(read(PLAIN), 0), ["checkov", "cfn_nag"]).lines)
