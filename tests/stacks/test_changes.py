"""What is made of DescribeChangeSet's answers: values, secrets, pages that leave something out, nested sets."""

import json
from typing import Any

import pytest

from tapctl.stacks.change_set import INCOMPLETE, ChangeSet, changes, describe
from tapctl.stacks.changes import PropertyChange, ResourceChange, parsed, walk
from tapctl.stacks.redaction import HIDDEN, Secrets, secrets_of
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
    told = [{"Type": "Resource", "ResourceChange": each} for each in entries]
    return {"Status": "CREATE_COMPLETE", "StatusReason": reason, "Changes": told, **more}


def test_both_values_of_a_property_are_told_and_what_it_takes() -> None:
    change = parsed(
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


def test_a_property_that_several_entities_change_is_told_once_with_its_values() -> None:
    twice = [detail("DelaySeconds", CausingEntity="Delay"), detail("DelaySeconds", "1", "2")]

    assert parsed(entry("Q", Details=twice), (), Secrets()).properties == (PropertyChange("DelaySeconds", "1", "2"),)


@pytest.mark.parametrize("policy", ["Retain", "ReplaceAndRetain", "Snapshot", "ReplaceAndSnapshot"])
def test_what_is_kept_is_no_loss(policy: str) -> None:
    assert not ResourceChange("Remove", "T", "AWS::DynamoDB::Table", policy=policy).loss


def test_what_is_made_anew_is_named_as_its_family_names_it() -> None:
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


def test_what_the_values_left_out_is_read_without_them() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stub, valued = stubs["cloudformation"], {"ChangeSetName": ROOT, "IncludePropertyValues": True}
        detailed = entry("A", Details=[detail("DelaySeconds", "1", "2")])
        stub.add_response("describe_change_set", page(detailed, reason=f"{INCOMPLETE}."), valued)
        bare = entry("A", Details=[detail("DelaySeconds")])
        stub.add_response("describe_change_set", page(bare, NextToken="2"), {"ChangeSetName": ROOT})
        stub.add_response("describe_change_set", page(entry("B")), {"ChangeSetName": ROOT, "NextToken": "2"})
        client = aws.client("cloudformation")

        found = changes(client, ROOT, describe(client, ROOT), Secrets())

    assert [(each.logical_id, each.properties) for each in found] == [
        ("A", (PropertyChange("DelaySeconds", "1", "2"),)),
        ("B", ()),
    ]


def test_the_sets_of_nested_stacks_are_read_and_one_without_changes_is_empty() -> None:
    same = {"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes.", "Changes": []}
    stack = "AWS::CloudFormation::Stack"
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        both = entry("Data", type_=stack, ChangeSetId=CHILD), entry("Same", type_=stack, ChangeSetId=f"{CHILD}2")
        stub.add_response("describe_change_set", page(*both), {"ChangeSetName": ROOT, "IncludePropertyValues": True})
        asked = {"ChangeSetName": CHILD, "IncludePropertyValues": True}
        stub.add_response("describe_change_set", page(entry("Table", "Remove", "AWS::DynamoDB::Table")), asked)
        stub.add_response("describe_change_set", same, {**asked, "ChangeSetName": f"{CHILD}2"})
        client = aws.client("cloudformation")

        data, other = changes(client, ROOT, describe(client, ROOT), Secrets())

    assert [each.logical_id for each in data.nested] == ["Table"]
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
        pytest.param("Fn", "Environment/Variables/URL/deeper", "", id="what is below it"),
        pytest.param("Fn", "Description", "Password", id="what CloudFormation says the parameter causes"),
        pytest.param("Other", "SecretString", "", id="what is called a secret"),
        pytest.param("Fn", "Environment/Variables/DB_PASSWORD", "", id="a variable that is called a password"),
        pytest.param("Fn", "Environment/Variables/API_KEY", "", id="a variable that is called a key"),
    ],
)
def test_a_secret_is_hidden_wherever_it_stands(logical_id: str, path: str, causing: str) -> None:
    change = parsed(entry(logical_id, Details=[detail(path, "before", "after", CausingEntity=causing)]), (), SECRETS)

    assert change.properties == (PropertyChange(path, HIDDEN, HIDDEN),)


@pytest.mark.parametrize("path", ["Environment/Variables/STAGE", "Engine", "SecretArn", "TokenValidity"])
def test_what_is_no_secret_is_shown(path: str) -> None:
    change = parsed(entry("Fn", Details=[detail(path, "before", None)]), (), SECRETS)

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
def test_a_secrets_value_is_cut_out_of_any_text(value: str) -> None:
    shown = SECRETS.shown(f"x {value} y")

    assert shown is not None
    assert HIDDEN in shown
    assert "hunter" not in shown
    assert "resolve" not in shown


def test_a_very_short_secret_is_not_cut_out_of_every_word() -> None:
    assert secrets_of(template(), {"Password": "a"}).shown("a banana") == "a banana"
