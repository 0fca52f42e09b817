"""Changes from DescribeChangeSet: values, secrets, incomplete pages, nested change sets."""

import json
from typing import Any

import pytest

from tapctl.aws.cloudformation import describe_change_set
from tapctl.stacks.change_set import INCOMPLETE, ChangeSet, read_changes
from tapctl.stacks.changes import PropertyChange, ResourceChange, resource_change, walk
from tapctl.stacks.redaction import Secrets, secrets_of
from tapctl.state.redaction import REDACTED
from tapctl.template.model import Template, check
from tapctl.template.parse import parse
from tests.support.stubbed_stacks import STACK_ID, stubbed

ROOT = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/root/1"
CHILD = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/child/2"


def entry(logical_id: str, action: str = "Modify", type_: str = "AWS::SQS::Queue", **more: Any) -> dict[str, Any]:
    return {"Action": action, "LogicalResourceId": logical_id, "ResourceType": type_, **more}


def detail(path: str, before: str | None = None, after: str | None = None, **more: Any) -> dict[str, Any]:
    values = {"BeforeValue": before, "AfterValue": after}
    target = {"Attribute": "Properties", "Name": path.split("/", maxsplit=1)[0], "Path": f"/Properties/{path}"}
    return {"Target": {**target, **{name: value for name, value in values.items() if value is not None}}, **more}


def page(*entries: dict[str, Any], reason: str = "", **more: Any) -> dict[str, Any]:
    changes = [{"Type": "Resource", "ResourceChange": change} for change in entries]
    return {"Status": "CREATE_COMPLETE", "StatusReason": reason, "Changes": changes, **more}


def test_a_property_change_has_both_values_and_whether_it_replaces() -> None:
    change = resource_change(
        entry(
            "Q",
            Replacement="Conditional",
            PolicyAction="ReplaceAndDelete",
            Details=[
                {"Target": {"Attribute": "Properties", "Name": "QueueName", "RequiresRecreation": "Always"}},
                detail("DelaySeconds", "1", "2"),
                {"Target": {"Attribute": "Tags", "BeforeValue": "[]", "BeforeValueFrom": "ACTUAL_STATE"}},
            ],
        ),
        (),
        Secrets(),
    )

    assert change.properties == (
        PropertyChange("QueueName", recreates="Always"),
        PropertyChange("DelaySeconds", "1", "2"),
        PropertyChange("Tags", "[]", drifted=True),
    )
    assert (change.policy, change.loss) == ("ReplaceAndDelete", "its messages")


def test_a_property_that_several_entities_change_appears_once_with_its_values() -> None:
    twice = [detail("DelaySeconds", CausingEntity="Delay"), detail("DelaySeconds", "1", "2")]

    assert resource_change(entry("Q", Details=twice), (), Secrets()).properties == (
        PropertyChange("DelaySeconds", "1", "2"),
    )


@pytest.mark.parametrize("policy", ["Retain", "ReplaceAndRetain", "Snapshot", "ReplaceAndSnapshot"])
def test_a_retained_resource_loses_no_data(policy: str) -> None:
    assert not ResourceChange("Remove", "T", "AWS::DynamoDB::Table", policy=policy).loss


def test_a_replaced_resource_is_named_by_its_place_in_the_tree_of_stacks() -> None:
    inner = ResourceChange("Modify", "Fn", "AWS::Lambda::Function", "True")
    found = ChangeSet(
        ROOT,
        STACK_ID,
        (
            ResourceChange("Modify", "Stack", "AWS::CloudFormation::Stack", nested=(inner,)),
            ResourceChange("Modify", "Maybe", "AWS::Lambda::Function", "Conditional"),
            ResourceChange("Modify", "Kept", "AWS::Lambda::Function", "False"),
            ResourceChange("Add", "New", "AWS::Lambda::Function"),
            ResourceChange("Modify", "Queue", "AWS::SQS::Queue", "True"),
        ),
    )

    assert found.replaced == {"Stack/Fn", "Maybe", "Queue"}
    assert [name for name, _ in walk(found.changes)][:2] == ["Stack", "Stack/Fn"]


def test_resources_that_the_values_leave_out_are_read_without_values() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stub, valued = stubs["cloudformation"], {"ChangeSetName": ROOT, "IncludePropertyValues": True}
        detailed = entry("A", Details=[detail("DelaySeconds", "1", "2")])
        stub.add_response("describe_change_set", page(detailed, reason=f"{INCOMPLETE}."), valued)
        bare = entry("A", Details=[detail("DelaySeconds")])
        stub.add_response("describe_change_set", page(bare, NextToken="2"), {"ChangeSetName": ROOT})
        stub.add_response("describe_change_set", page(entry("B")), {"ChangeSetName": ROOT, "NextToken": "2"})
        found = read_changes(aws, ROOT, describe_change_set(aws, ROOT), Secrets())

    assert [(change.logical_id, change.properties) for change in found] == [
        ("A", (PropertyChange("DelaySeconds", "1", "2"),)),
        ("B", ()),
    ]


def test_the_change_sets_of_nested_stacks_are_read_and_may_be_empty() -> None:
    same = {"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes.", "Changes": []}
    stack = "AWS::CloudFormation::Stack"
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        both = entry("Data", type_=stack, ChangeSetId=CHILD), entry("Same", type_=stack, ChangeSetId=f"{CHILD}2")
        stub.add_response("describe_change_set", page(*both), {"ChangeSetName": ROOT, "IncludePropertyValues": True})
        request = {"ChangeSetName": CHILD, "IncludePropertyValues": True}
        stub.add_response("describe_change_set", page(entry("Table", "Remove", "AWS::DynamoDB::Table")), request)
        stub.add_response("describe_change_set", same, {**request, "ChangeSetName": f"{CHILD}2"})
        data, other = read_changes(aws, ROOT, describe_change_set(aws, ROOT), Secrets())

    assert [change.logical_id for change in data.nested] == ["Table"]
    assert other.nested == ()


TEMPLATE = {
    "Parameters": {"Password": {"Type": "String", "NoEcho": True}, "Stage": {"Type": "String"}},
    "Resources": {
        "Db": {
            "Type": "AWS::RDS::DBInstance",
            "Properties": {"MasterUserPassword": {"Ref": "Password"}, "Engine": "mysql"},
        },
        "Fn": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Environment": {"Variables": {"URL": {"Fn::Sub": "https://u:${Password}@x"}, "STAGE": {"Ref": "Stage"}}}
            },
        },
    },
}


def template() -> Template:
    source = parse(json.dumps(TEMPLATE), "t.json")
    return check(Template(source, source.value))


SECRETS = secrets_of(template(), {"Password": 'hunter"2', "Stage": "dev"})


@pytest.mark.parametrize(
    ("logical_id", "path", "causing"),
    [
        pytest.param("Db", "MasterUserPassword", "", id="the property that takes a NoEcho parameter"),
        pytest.param("Fn", "Environment/Variables/URL", "", id="the variable that takes it within a text"),
        pytest.param("Fn", "Environment", "", id="the property around it"),
        pytest.param("Fn", "Environment/Variables/URL/deeper", "", id="a property below it"),
        pytest.param("Fn", "Description", "Password", id="a property that CloudFormation attributes to the parameter"),
        pytest.param("Other", "SecretString", "", id="a property named like a secret"),
        pytest.param("Fn", "Environment/Variables/DB_PASSWORD", "", id="a variable named like a password"),
        pytest.param("Fn", "Environment/Variables/API_KEY", "", id="a variable named like a key"),
    ],
)
def test_a_secret_is_hidden_in_every_property(logical_id: str, path: str, causing: str) -> None:
    change = resource_change(
        entry(logical_id, Details=[detail(path, "before", "after", CausingEntity=causing)]), (), SECRETS
    )

    assert change.properties == (PropertyChange(path, REDACTED, REDACTED),)


@pytest.mark.parametrize("path", ["Environment/Variables/STAGE", "Engine", "SecretArn", "TokenValidity"])
def test_other_values_are_shown(path: str) -> None:
    change = resource_change(entry("Fn", Details=[detail(path, "before", None)]), (), SECRETS)

    assert change.properties == (PropertyChange(path, "before", None),)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param('hunter"2', id="plain"),
        pytest.param(json.dumps({"x": 'hunter"2'}), id="inside of JSON"),
        pytest.param("{{resolve:secretsmanager:db:SecretString:password}}", id="by reference"),
        pytest.param("{{resolve:ssm-secure:/db/password:1}}", id="from the parameter store"),
    ],
)
def test_a_secret_is_removed_from_any_text(value: str) -> None:
    shown = SECRETS.shown(f"x {value} y")

    assert shown is not None
    assert REDACTED in shown
    assert "hunter" not in shown
    assert "resolve" not in shown


def test_a_very_short_secret_stays_in_other_words() -> None:
    assert secrets_of(template(), {"Password": "a"}).shown("a banana") == "a banana"
