"""A change set as text and JSON."""

import pytest

from tapctl.report import plan_changes
from tapctl.report.render import RenderOptions
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.change_set_request import TagChange
from tapctl.stacks.changes import PropertyChange, ResourceChange
from tapctl.stacks.validations import Validation
from tapctl.unknown import Unknown
from tests.support.golden import Golden
from tests.support.hints import noted

PLAIN, COLOURED = RenderOptions(100, color=False), RenderOptions(100, color=True)
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1"


def changed(*changes: ResourceChange) -> str:
    return plan_changes.text(ChangeSet("set", STACK_ID, changes), PLAIN)


def test_every_action_has_a_line_and_is_counted(golden: Golden) -> None:
    golden(
        changed(
            ResourceChange("Add", "Table", "AWS::DynamoDB::Table", ""),
            ResourceChange("Modify", "Role", "AWS::IAM::Role", "False"),
            ResourceChange("Modify", "Queue", "AWS::SQS::Queue", "True"),
            ResourceChange("Modify", "Topic", "AWS::SNS::Topic", "Conditional"),
            ResourceChange("Remove", "Key", "AWS::KMS::Key", ""),
            ResourceChange("Import", "Bucket", "AWS::S3::Bucket", ""),
            ResourceChange("Dynamic", "Alarm", "AWS::CloudWatch::Alarm", ""),
            ResourceChange("SyncWithActual", "Rule", "AWS::Events::Rule", ""),
        )
    )


@pytest.mark.parametrize("policy", ["Delete", "Retain", "Snapshot"])
def test_a_removed_resource_shows_its_policy(policy: str, golden: Golden) -> None:
    text = changed(ResourceChange("Remove", "Table", "AWS::DynamoDB::Table", policy=policy))

    golden(text)


@pytest.mark.parametrize("policy", ["Retain", "ReplaceAndRetain"])
def test_a_replaced_resource_that_is_retained_is_no_loss(policy: str, golden: Golden) -> None:
    golden(changed(ResourceChange("Modify", "Table", "AWS::DynamoDB::Table", "True", policy=policy)))


def test_properties_follow_their_resource_with_both_values(golden: Golden) -> None:
    properties = (
        PropertyChange("TableName", "old", "new", "Always"),
        PropertyChange("Tags", None, "x" * 100, "Never"),
        PropertyChange("BillingMode", "PROVISIONED", None, "Conditionally", drifted=True),
        PropertyChange("UpdateReplacePolicy"),
    )
    golden(changed(ResourceChange("Modify", "Table", "AWS::DynamoDB::Table", "True", properties=properties)))


def test_values_that_look_the_same_show_what_changes(golden: Golden) -> None:
    properties = (
        PropertyChange("Target", "integrations/Hook", "integrations/Hook", "Conditionally"),
        PropertyChange("SourceArn", "", "", "Conditionally"),
        PropertyChange("Secret", "****", "****", "Never"),
        PropertyChange("Body", f"{'x' * 90}, post: a, {'y' * 90}", f"{'x' * 90}, get: b, {'y' * 90}", "Never"),
        PropertyChange("Text", "x" * 59, "x" * 59 + "y" * 9, "Never"),
    )
    golden(changed(ResourceChange("Modify", "Route", "AWS::ApiGatewayV2::Route", properties=properties)))


def test_the_changes_of_a_nested_stack_are_indented_below_it(golden: Golden) -> None:
    inner = ResourceChange("Remove", "Table", "AWS::DynamoDB::Table")
    golden(changed(ResourceChange("Modify", "Data", "AWS::CloudFormation::Stack", nested=(inner,))))


def test_the_warnings_of_aws_follow_the_changes(golden: Golden) -> None:
    validations = (
        Validation("SERVICE_QUOTA", "FAILED", "WARN", "VPCs would exceed 5.", "Vpc", "/Resources/Vpc"),
        Validation("BUCKET_EMPTINESS_VALIDATION", "FAILED", "WARN", "not empty", "Bucket"),
        Validation("NAME_CONFLICT_VALIDATION", "SKIPPED", "FAIL", "no permission"),
    )
    golden(plan_changes.text(ChangeSet("set", STACK_ID, (), validations), PLAIN))


def test_validations_that_cannot_be_read_are_shown_as_unknown(golden: Golden) -> None:
    denied = Unknown(
        "cloudformation:DescribeEvents was denied", noted("allow the action cloudformation:DescribeEvents")
    )
    change_set = ChangeSet("set", STACK_ID, (), denied)

    golden(plan_changes.text(change_set, PLAIN))
    assert plan_changes.document(change_set)["validations"] == {"unknown": denied.reason}


@pytest.mark.parametrize("action", ["Conjure", "Teleport"])
def test_an_action_that_aws_adds_later_is_shown_by_its_name(action: str) -> None:
    line = changed(ResourceChange(action, "Queue", "AWS::SQS::Queue", "")).splitlines()[1]

    assert line.startswith("?")
    assert line.endswith(action.lower())


def test_a_change_set_without_resources_names_its_stack_and_says_what_changes(golden: Golden) -> None:
    golden(changed())


def test_text_is_coloured_only_if_requested() -> None:
    change_set = ChangeSet("set", STACK_ID, (ResourceChange("Remove", "Key", "AWS::KMS::Key", ""),))

    assert "\x1b[" in plan_changes.text(change_set, COLOURED)
    assert "\x1b[" not in plan_changes.text(change_set, PLAIN)


def test_the_tags_that_come_change_and_go_are_named(golden: Golden) -> None:
    tags = (TagChange("team", "a", None), TagChange("stage", "dev", "prod"), TagChange("cost", None, "1"))
    change_set = ChangeSet("set", STACK_ID, (ResourceChange("Modify", "Queue", "AWS::SQS::Queue"),), tags=tags)

    golden(plan_changes.text(change_set, PLAIN))
    assert plan_changes.document(change_set)["tags"] == [
        {"key": "team", "before": "a", "after": None},
        {"key": "stage", "before": "dev", "after": "prod"},
        {"key": "cost", "before": None, "after": "1"},
    ]


def test_a_change_set_without_an_id_names_its_stack(golden: Golden) -> None:
    golden(plan_changes.text(ChangeSet("", "shop", ()), PLAIN))
