import pytest

from tapctl.report import plan_changes
from tapctl.report.render import RenderOptions
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.changes import PropertyChange, ResourceChange
from tapctl.stacks.validations import Validation
from tapctl.unknown import Unknown

PLAIN, COLOURED = RenderOptions(100, color=False), RenderOptions(100, color=True)
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1"


def changed(*made: ResourceChange) -> str:
    return plan_changes.text(ChangeSet("set", STACK_ID, made), PLAIN)


def test_every_change_is_a_line_and_what_destroys_says_so_in_words() -> None:
    text = changed(
        ResourceChange("Add", "Table", "AWS::DynamoDB::Table", ""),
        ResourceChange("Modify", "Role", "AWS::IAM::Role", "False"),
        ResourceChange("Modify", "Queue", "AWS::SQS::Queue", "True"),
        ResourceChange("Modify", "Topic", "AWS::SNS::Topic", "Conditional"),
        ResourceChange("Remove", "Key", "AWS::KMS::Key", ""),
        ResourceChange("Import", "Bucket", "AWS::S3::Bucket", ""),
    )

    assert [" ".join(line.split()) for line in text.splitlines()] == [
        "changes to stack shop",
        "+ Table AWS::DynamoDB::Table new",
        "~ Role AWS::IAM::Role changed in place",
        "~ Queue AWS::SQS::Queue replaced: its messages would be lost",
        "~ Topic AWS::SNS::Topic may be replaced",
        "- Key AWS::KMS::Key removed: everything that it encrypts would be lost",
        "< Bucket AWS::S3::Bucket taken into the stack",
        "data may be lost: Queue (its messages), Key (everything that it encrypts)",
        "1 new, 1 taken in, 1 changed, 1 may be replaced, 1 replaced, 1 removed",
    ]


@pytest.mark.parametrize(
    ("policy", "fate"),
    [
        pytest.param("Delete", "removed: its items would be lost", id="deleted"),
        pytest.param(
            "Retain", "removed: the resource itself stays in the account, outside of the stack", id="retained"
        ),
        pytest.param("Snapshot", "removed: a snapshot is kept", id="snapshot"),
    ],
)
def test_what_goes_says_whether_it_is_kept(policy: str, fate: str) -> None:
    text = changed(ResourceChange("Remove", "Table", "AWS::DynamoDB::Table", policy=policy))

    assert text.splitlines()[1].endswith(fate)
    assert ("data may be lost" in text) is (policy == "Delete")


@pytest.mark.parametrize("policy", ["Retain", "ReplaceAndRetain"])
def test_what_is_replaced_and_kept_stays_outside_of_the_stack(policy: str) -> None:
    text = changed(ResourceChange("Modify", "Table", "AWS::DynamoDB::Table", "True", policy=policy))

    fate = "replaced: a new one is made, the old one stays in the account, outside of the stack"
    assert text.splitlines()[1:] == [f"~ Table  AWS::DynamoDB::Table  {fate}"]


def test_properties_stand_below_their_resource_with_both_values() -> None:
    text = changed(
        ResourceChange(
            "Modify",
            "Table",
            "AWS::DynamoDB::Table",
            "True",
            properties=(
                PropertyChange("TableName", "old", "new", "Always"),
                PropertyChange("Tags", None, "x" * 100, "Never"),
                PropertyChange("BillingMode", "PROVISIONED", None, "Conditionally", drifted=True),
                PropertyChange("UpdateReplacePolicy"),
            ),
        )
    )

    assert text.splitlines()[2:6] == [
        "    TableName: old → new  replaces it",
        f"    Tags: (not set) → {'x' * 59}…",
        "    BillingMode: PROVISIONED (drifted) → (not set)  may replace it",
        "    UpdateReplacePolicy",
    ]


def test_what_a_nested_stack_does_is_indented_below_it() -> None:
    inner = ResourceChange("Remove", "Table", "AWS::DynamoDB::Table")
    text = changed(ResourceChange("Modify", "Data", "AWS::CloudFormation::Stack", nested=(inner,)))

    assert text.splitlines()[1:] == [
        "~ Data     AWS::CloudFormation::Stack  changed in place",
        "  - Table  AWS::DynamoDB::Table        removed: its items would be lost",
        "data may be lost: Data/Table (its items)",
        "1 changed, 1 removed",
    ]


def test_what_aws_itself_warns_of_is_told_after_the_changes() -> None:
    told = (
        Validation("SERVICE_QUOTA", "FAILED", "WARN", "VPCs would exceed 5.", "Vpc", "/Resources/Vpc"),
        Validation("BUCKET_EMPTINESS_VALIDATION", "FAILED", "WARN", "not empty", "Bucket"),
        Validation("NAME_CONFLICT_VALIDATION", "SKIPPED", "FAIL", "no permission"),
    )
    text = plan_changes.text(ChangeSet("set", STACK_ID, (), told), PLAIN)

    assert text.splitlines()[1:] == [
        "AWS warns of the quota: Vpc /Resources/Vpc: SERVICE_QUOTA: VPCs would exceed 5",
        "AWS warns: Bucket: BUCKET_EMPTINESS_VALIDATION: not empty",
        "AWS skipped: NAME_CONFLICT_VALIDATION: no permission",
    ]


def test_checks_that_could_not_be_read_are_not_passed_off_as_none() -> None:
    unread = Unknown("cloudformation:DescribeEvents was denied", "allow the action cloudformation:DescribeEvents")
    found = ChangeSet("set", STACK_ID, (), unread)

    assert plan_changes.text(found, PLAIN).endswith(
        "AWS's own checks are unknown: cloudformation:DescribeEvents was denied;"
        " allow the action cloudformation:DescribeEvents"
    )
    assert plan_changes.document(found)["validations"] == {"unknown": "cloudformation:DescribeEvents was denied"}


@pytest.mark.parametrize("action", ["Conjure", "Teleport"])
def test_an_action_that_aws_adds_later_is_shown_by_its_name(action: str) -> None:
    line = changed(ResourceChange(action, "Queue", "AWS::SQS::Queue", "")).splitlines()[1]

    assert line.startswith("?")
    assert line.endswith(action.lower())


def test_a_set_without_changes_to_resources_still_names_its_stack() -> None:
    assert changed() == "changes to stack shop"


def test_colour_comes_only_where_it_is_wanted() -> None:
    found = ChangeSet("set", STACK_ID, (ResourceChange("Remove", "Key", "AWS::KMS::Key", ""),))

    assert "\x1b[" in plan_changes.text(found, COLOURED)
    assert "\x1b[" not in plan_changes.text(found, PLAIN)
