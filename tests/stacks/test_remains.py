"""What an operation leaves in the account."""

from tapctl.aws.stacks import StackDescription, StackEvent
from tapctl.resource_types import STACK
from tapctl.stacks.remains import deletion_policies, deployed_template, left_in_account, retained, undeletable
from tests.support.stubbed_stacks import STACK_ID, stubbed


def event(name: str, status: str, kind: str = "AWS::S3::Bucket") -> StackEvent:
    return StackEvent(f"{name}{status}", "", name, kind, status, "", f"physical-{name}", STACK_ID)


def end(status: str) -> StackEvent:
    return StackEvent("end", "", "shop", STACK, status, "", STACK_ID, STACK_ID)


def test_a_resource_that_could_not_be_deleted_is_left_until_a_second_try_deletes_it() -> None:
    seen = [event("Old", "DELETE_IN_PROGRESS"), event("Old", "DELETE_FAILED")]

    assert [left.logical_id for left in undeletable([*seen, end("UPDATE_COMPLETE")])] == ["Old"]
    assert undeletable([*seen, event("Old", "DELETE_COMPLETE"), end("UPDATE_COMPLETE")]) == []


def test_skipped_resources_of_a_rollback_stay_and_those_of_a_deletion_or_update_were_shown_before() -> None:
    for status, names in (
        ("ROLLBACK_COMPLETE", ["Kept"]),
        ("UPDATE_ROLLBACK_COMPLETE", ["Kept"]),
        ("ROLLBACK_FAILED", ["Kept"]),
        ("UPDATE_COMPLETE", []),
        ("DELETE_COMPLETE", []),
    ):
        assert [left.name for left in retained([event("Kept", "DELETE_SKIPPED"), end(status)])] == names
    assert retained([]) == []


def test_a_stuck_stack_still_has_what_it_could_not_delete() -> None:
    seen = [event("Kept", "DELETE_SKIPPED"), event("Old", "DELETE_FAILED")]

    assert [left.name for left in left_in_account([*seen, end("UPDATE_ROLLBACK_COMPLETE")])] == ["Kept", "Old"]
    assert [left.name for left in left_in_account([*seen, end("ROLLBACK_FAILED")])] == ["Kept"]


def test_deletion_policies_are_read_from_json_and_yaml() -> None:
    for body in (
        '{"Resources": {"T": {"DeletionPolicy": "Retain"}, "Q": {}}}',
        "Resources: {T: {DeletionPolicy: Retain}}",
    ):
        with stubbed("cloudformation") as (aws, stubs):
            stubs["cloudformation"].add_response("get_template", {"TemplateBody": body})

            template = deployed_template(aws, StackDescription("shop", "CREATE_FAILED", STACK_ID))

        assert deletion_policies(template) == {"T": "Retain"}
