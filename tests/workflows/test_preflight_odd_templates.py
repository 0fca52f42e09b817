"""Sound templates with one value replaced by nonsense: a verdict or one line, never a crash."""

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tapctl.errors import TapctlError
from tapctl.settings.settings import Settings
from tapctl.workflows.preflight import judge
from tests.support.fake_account import fake_account
from tests.support.templates import template

PLAIN: dict[str, Any] = {
    "Parameters": {
        "P": {"Type": "String", "Default": "a", "AllowedValues": ["a"], "MinLength": 1, "AllowedPattern": ".*"},
        "N": {"Type": "Number", "Default": 3, "MinValue": 1},
        "L": {"Type": "CommaDelimitedList", "Default": "1,2"},
        "S": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/x"},
        "O": {"Type": "String"},
    },
    "Mappings": {"M": {"a": {"n": 1, "l": ["x"]}}},
    "Conditions": {
        "C": {"Fn::Equals": [{"Ref": "P"}, "a"]},
        "D": {"Fn::And": [{"Condition": "C"}, {"Fn::Not": [{"Fn::Equals": [{"Ref": "O"}, "x"]}]}]},
    },
    "Resources": {
        "F": {
            "Type": "AWS::Lambda::Function",
            "Condition": "C",
            "Properties": {
                "FunctionName": {"Fn::Sub": ["${P}-${x}", {"x": {"Ref": "N"}}]},
                "Code": {"ZipFile": "x"},
                "ReservedConcurrentExecutions": {
                    "Fn::If": ["C", {"Fn::FindInMap": ["M", {"Ref": "P"}, "n"]}, {"Ref": "AWS::NoValue"}]
                },
            },
        },
        "G": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "ReservedConcurrentExecutions": {
                    "Fn::Select": [0, {"Fn::Split": ["-", {"Fn::Join": ["-", [{"Ref": "N"}, "5"]]}]}]
                }
            },
        },
        "A": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "FunctionName": {"Ref": "F"},
                "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": {"Fn::Length": {"Ref": "L"}}},
            },
        },
        "T": {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": {
                "ScalableDimension": "lambda:function:ProvisionedConcurrency",
                "MinCapacity": 1,
                "MaxCapacity": 5,
                "ScheduledActions": [{"ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 9}}],
            },
        },
        "E": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"FunctionName": {"Ref": "F"}, "ScalingConfig": {"MaximumConcurrency": 5}},
        },
        "X": {
            "Type": "AWS::CloudFormation::Stack",
            "Metadata": {"a": 1},
            "Properties": {"TemplateURL": "https://x", "Parameters": {"a": {"Ref": "P"}}},
        },
        "U": {"Type": "Custom::Thing", "Properties": {"ServiceToken": {"Fn::ImportValue": "E"}}},
    },
    "Outputs": {"Out": {"Value": 1, "Condition": "D", "Export": {"Name": {"Fn::Sub": "${P}-n"}}}},
}
LOOPS: dict[str, Any] = {
    "Transform": "AWS::LanguageExtensions",
    "Parameters": {"L": {"Type": "CommaDelimitedList", "Default": "A,B"}, "P": {"Type": "String"}},
    "Mappings": {"M": {"A": {"n": 1}, "B": {"n": 2}}},
    "Conditions": {
        "C": {"Fn::Equals": [{"Ref": "P"}, "x"]},
        "Fn::ForEach::C": ["V", ["A", "B"], {"C${V}": {"Fn::Equals": [{"Ref": "P"}, {"Ref": "V"}]}}],
    },
    "Resources": {
        "Fn::ForEach::R": [
            "V",
            {"Ref": "L"},
            {
                "F${V}": {
                    "Type": "AWS::Lambda::Function",
                    "Condition": "CA",
                    "Properties": {"ReservedConcurrentExecutions": {"Fn::FindInMap": ["M", {"Ref": "V"}, "n"]}},
                }
            },
        ]
    },
    "Outputs": {"Fn::ForEach::O": ["V", ["A"], {"O${V}": {"Value": "x", "Export": {"Name": {"Fn::Sub": "n${V}"}}}}]},
}
SERVERLESS: dict[str, Any] = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Globals": {"Function": {"ReservedConcurrentExecutions": 5, "Runtime": "python3.11"}},
    "Parameters": {"P": {"Type": "String", "Default": "a"}, "O": {"Type": "String"}},
    "Conditions": {"C": {"Fn::Equals": [{"Ref": "P"}, "a"]}},
    "Resources": {
        "F": {
            "Type": "AWS::Serverless::Function",
            "Condition": "C",
            "Properties": {
                "Handler": "a.b",
                "CodeUri": "./x",
                "AutoPublishAlias": "live",
                "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": {"Fn::If": ["C", 2, 3]}},
            },
        },
        "App": {"Type": "AWS::Serverless::Application", "Properties": {"Location": "https://x/y.yaml"}},
    },
}
NONSENSE: list[Any] = [
    None, 5, -1, 1.5, True, "x", "", [], {}, [1], [[]], {"a": 1}, ["x", {"y": 2}], {"Ref": "P"}, {"Ref": "O"},
    {"Ref": [1]}, {"Ref": "AWS::NoValue"}, {"Fn::If": ["C", "x", {"Ref": "AWS::NoValue"}]}, {"Fn::Transform": 1},
]  # fmt: skip


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in places(item, (*path, key)))]


def replaced(body: dict[str, Any], path: tuple[str | int, ...], nonsense: Any) -> Any:
    if not path:
        return nonsense
    changed = inner = copy.deepcopy(body)
    for key in path[:-1]:
        inner = inner[key]  # type: ignore[index]
    inner[path[-1]] = nonsense  # type: ignore[index]
    return changed


SPOTS = [(body, path) for body in (PLAIN, LOOPS, SERVERLESS) for path in places(body)]


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(SPOTS), st.sampled_from(NONSENSE))
def test_nonsense_is_judged_or_refused(spot: tuple[dict[str, Any], tuple[str | int, ...]], nonsense: Any) -> None:
    text = json.dumps(replaced(*spot, nonsense))
    chosen = Settings("template.yaml", stack_name="mine", region="eu-west-1")
    try:
        result = judge(template(text), fake_account(exports={"a-n": "other"}), chosen)
        messages = [finding.message for finding in result.findings]
    except TapctlError as error:
        messages = [error.message]
    assert messages
    assert not [message for message in messages if "\n" in message]
