"""Generated templates: many functions, and conditions with many combinations."""

import json
from typing import Any


def functions(count: int) -> str:
    """A template of `count` functions with a reservation from a literal, a parameter, a mapping or a condition."""
    resources: dict[str, Any] = {}
    for number in range(count):
        resources[f"Function{number}"] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"ZipFile": "def handler(event, context):\n    return event\n"},
                "Environment": {"Variables": {"STAGE": {"Ref": "Stage"}, "NAME": {"Fn::Sub": "fn-${Stage}"}}},
                "Handler": "index.handler",
                "MemorySize": 256,
                "Role": "arn:aws:iam::123456789012:role/worker",
                "Runtime": "python3.12",
                "Timeout": 30,
                "ReservedConcurrentExecutions": _reservation(number),
            },
        }
    return json.dumps(
        {
            "Parameters": {"Stage": {"Type": "String", "Default": "dev"}, "Limit": {"Type": "Number", "Default": 1}},
            "Mappings": {"Plans": {"dev": {"limit": 1}, "prod": {"limit": 2}}},
            "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
            "Resources": resources,
        },
        indent=1,
    )


def _reservation(number: int) -> Any:
    return (
        1,
        {"Ref": "Limit"},
        {"Fn::FindInMap": ["Plans", {"Ref": "Stage"}, "limit"]},
        {"Fn::If": ["IsProd", 3, {"Ref": "AWS::NoValue"}]},
    )[number % 4]


def conditions(count: int, depth: int) -> str:
    """A function whose reservation is `depth` nested Fn::If over `count` conditions, each depending on the previous."""
    declared: dict[str, Any] = {"C0": {"Fn::Equals": [{"Ref": "P0"}, "yes"]}}
    for number in range(1, count):
        equals = {"Fn::Equals": [{"Ref": f"P{number}"}, "yes"]}
        declared[f"C{number}"] = {"Fn::Or": [equals, {"Fn::Not": [{"Condition": f"C{number - 1}"}]}]}
    value: Any = 1
    for level in range(depth):
        value = {"Fn::If": [f"C{level % count}", value, level + 2]}
    function = json.loads(functions(1))["Resources"]["Function0"]
    function["Properties"]["ReservedConcurrentExecutions"] = value
    function["Properties"]["Environment"]["Variables"] = {"STAGE": "dev"}
    parameters = {f"P{number}": {"Type": "String", "Default": "yes" if number % 3 else "no"} for number in range(count)}
    return json.dumps({"Parameters": parameters, "Conditions": declared, "Resources": {"Function": function}}, indent=1)


def serverless(count: int) -> str:
    """A SAM template of `count` functions with a reservation in Globals and an alias each."""
    functions_ = {
        f"Function{number}": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "CodeUri": "s3://bucket/key",
                "Handler": "index.handler",
                "AutoPublishAlias": "live",
                "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1},
            },
        }
        for number in range(count)
    }
    return json.dumps(
        {
            "Transform": "AWS::Serverless-2016-10-31",
            "Globals": {"Function": {"Runtime": "python3.12", "ReservedConcurrentExecutions": 2}},
            "Resources": functions_,
        },
        indent=1,
    )
