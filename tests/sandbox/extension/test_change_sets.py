import json
import time
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.sandbox_clients import Aws

pytestmark = pytest.mark.sandbox
NUMBERS = count()
TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Delay": {"Type": "Number", "Default": 1},
        "Label": {"Type": "String", "Default": "a", "NoEcho": True},
        "With": {"Type": "String", "Default": "no"},
    },
    "Conditions": {"Wanted": {"Fn::Equals": [{"Ref": "With"}, "yes"]}},
    "Resources": {
        "Q": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": {"Ref": "Delay"}}},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Label"}}},
        "Extra": {"Type": "AWS::SQS::Queue", "Condition": "Wanted"},
    },
    "Outputs": {"Name": {"Value": {"Fn::GetAtt": ["Q", "QueueName"]}}},
}


def change_set(aws: Aws, stack: str, template: Any, **parameters: str) -> dict[str, Any]:
    """The change set of a template: with values, not executed."""
    creates = not any(live["StackName"] == stack for live in aws.cloudformation.describe_stacks()["Stacks"])
    made = aws.cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName=f"c{next(NUMBERS)}",
        ChangeSetType="CREATE" if creates else "UPDATE",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    found: dict[str, Any] = aws.cloudformation.describe_change_set(ChangeSetName=made["Id"], IncludePropertyValues=True)
    return found


def settle(aws: Aws, stack: str, made: dict[str, Any]) -> str:
    aws.cloudformation.execute_change_set(ChangeSetName=made["ChangeSetId"])
    time.sleep(0.05)
    return aws.settled(stack)


@pytest.fixture
def stack(aws: Aws) -> str:
    """A stack of the template."""
    name = f"s{next(NUMBERS)}"
    assert settle(aws, name, change_set(aws, name, TEMPLATE)) == "CREATE_COMPLETE"
    return name


def changes(made: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (change["ResourceChange"]["Action"], change["ResourceChange"]["LogicalResourceId"])
        for change in made["Changes"]
    ]


def target(made: dict[str, Any]) -> dict[str, str]:
    (change,) = made["Changes"]
    found: dict[str, str] = next(
        detail["Target"] for detail in change["ResourceChange"]["Details"] if "BeforeValue" in detail["Target"]
    )
    return found


def test_a_resource_with_a_false_condition_is_left_out(aws: Aws) -> None:
    assert changes(change_set(aws, "new", TEMPLATE)) == [("Add", "Q"), ("Add", "Topic")]


def test_a_condition_that_becomes_true_or_false_is_a_change(aws: Aws, stack: str) -> None:
    made = change_set(aws, stack, TEMPLATE, With="yes")
    assert changes(made) == [("Add", "Extra")]
    assert settle(aws, stack, made) == "UPDATE_COMPLETE"

    assert changes(change_set(aws, stack, TEMPLATE, With="no")) == [("Remove", "Extra")]


def test_a_change_has_the_values_before_and_after(aws: Aws, stack: str) -> None:
    found = target(change_set(aws, stack, TEMPLATE, Delay="3"))

    assert (found["Path"], found["BeforeValue"], found["AfterValue"]) == ("/Properties/DelaySeconds", "1", "3")


def test_a_change_has_the_whole_resource_before_and_after(aws: Aws, stack: str) -> None:
    added = change_set(aws, "whole", TEMPLATE)["Changes"][0]["ResourceChange"]
    (changed,) = change_set(aws, stack, TEMPLATE, Delay="3")["Changes"]
    removed = change_set(aws, stack, {**TEMPLATE, "Resources": {"Q": TEMPLATE["Resources"]["Q"]}})["Changes"]

    assert ("BeforeContext" in added, json.loads(added["AfterContext"])) == (
        False,
        {"Properties": {"DelaySeconds": "1"}},
    )
    both = [json.loads(changed["ResourceChange"][context]) for context in ("BeforeContext", "AfterContext")]
    assert both == [{"Properties": {"DelaySeconds": value}} for value in ("1", "3")]
    gone = next(change["ResourceChange"] for change in removed if change["ResourceChange"]["Action"] == "Remove")
    assert ("AfterContext" in gone, json.loads(gone["BeforeContext"])) == (
        False,
        {"Properties": {"DisplayName": "****"}},
    )


def test_values_are_left_out_unless_they_are_wanted(aws: Aws, stack: str) -> None:
    made = change_set(aws, stack, TEMPLATE, Delay="3")
    plain = aws.cloudformation.describe_change_set(ChangeSetName=made["ChangeSetId"])

    assert "BeforeValue" not in json.dumps(plain, default=str)
    assert "AfterContext" not in json.dumps(plain, default=str)


def test_a_noecho_value_is_never_shown(aws: Aws, stack: str) -> None:
    made = change_set(aws, stack, TEMPLATE, Label="hush<&>")

    assert changes(made) == [("Modify", "Topic")]
    assert (target(made)["BeforeValue"], target(made)["AfterValue"]) == ("****", "****")


@pytest.mark.parametrize(
    "outputs",
    [
        pytest.param({**TEMPLATE["Outputs"], "Url": {"Value": {"Ref": "Q"}}}, id="one more"),
        pytest.param({}, id="none left"),
        pytest.param({"Name": {"Value": "other"}}, id="another value"),
        pytest.param({"Name": {**TEMPLATE["Outputs"]["Name"], "Export": {"Name": "exported"}}}, id="exported"),
    ],
)
def test_changed_outputs_alone_are_an_update(aws: Aws, stack: str, outputs: Any) -> None:
    made = change_set(aws, stack, {**TEMPLATE, "Outputs": outputs})

    assert (made["Status"], made["ExecutionStatus"], made["Changes"]) == ("CREATE_COMPLETE", "AVAILABLE", [])
    assert settle(aws, stack, made) == "UPDATE_COMPLETE"
    assert {output["OutputKey"] for output in aws.describe(stack).get("Outputs", [])} == set(outputs)


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="the same"),
        pytest.param({"Description": "other words"}, id="a description"),
        pytest.param(
            {"Outputs": {**TEMPLATE["Outputs"], "Later": {"Value": "x", "Condition": "Wanted"}}},
            id="an output whose condition is false",
        ),
    ],
)
def test_a_template_that_changes_nothing_is_refused_in_the_words_of_aws(aws: Aws, stack: str, more: Any) -> None:
    made = change_set(aws, stack, {**TEMPLATE, **more})

    assert (made["Status"], made["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert made["StatusReason"].startswith("The submitted information didn't contain changes")


def test_a_template_that_cannot_be_read_is_refused_still(aws: Aws) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        change_set(aws, "broken", {**TEMPLATE, "Parameters": {"Delay": {"Type": "Number"}}})
