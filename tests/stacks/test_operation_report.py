"""The closing remarks of an operation: what is left behind, and the log of a custom resource's function."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tapctl.aws.stacks import StackEvent, stack_event
from tapctl.resource_types import STACK
from tapctl.stacks.operation import WIDEST, closing_remarks, left_behind
from tests.support.golden import Golden
from tests.support.stubbed_stacks import STACK_ID, stubbed, unreachable_aws

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:shop-Migrator-1A2B"
GROUP = "/aws/lambda/shop-Migrator-1A2B"
STREAM = "2026/07/08/[$LATEST]f3d033c8"
POINTER = (
    "Received response status [FAILED] from custom resource. Message returned: See the details in CloudWatch Log"
    f" Stream: {STREAM} (RequestId: 75f768f5)"
)


def event(name: str, status: str, reason: str = "", kind: str = "AWS::S3::Bucket", **more: str) -> StackEvent:
    made = StackEvent(f"{name}{status}", "", name, kind, status, reason, f"physical-{name}", STACK_ID)
    return replace(made, **more)


def end(status: str) -> StackEvent:
    return event("shop", status, kind=STACK, physical_id=STACK_ID)


def failed(reason: str = POINTER, token: str = FUNCTION) -> list[StackEvent]:
    return [
        event("Migration", "CREATE_FAILED", reason, "Custom::Migration", service_token=token),
        end("ROLLBACK_COMPLETE"),
    ]


def test_a_resource_that_an_update_could_not_delete_is_named_with_its_reason(golden: Golden) -> None:
    seen = [
        event("Old", "DELETE_IN_PROGRESS"),
        event("Old", "DELETE_FAILED", "The bucket you tried to delete is not empty"),
        end("UPDATE_COMPLETE"),
    ]

    assert [left.logical_id for left in left_behind(seen)] == ["Old"]
    golden(list(closing_remarks(unreachable_aws(), seen)))


def test_a_resource_that_was_deleted_at_a_second_try_is_not_left_behind() -> None:
    assert left_behind([event("Old", "DELETE_FAILED"), event("Old", "DELETE_COMPLETE"), end("UPDATE_COMPLETE")]) == []


def test_a_stack_whose_deletion_failed_leaves_nothing_behind() -> None:
    assert list(closing_remarks(unreachable_aws(), [event("Old", "DELETE_FAILED"), end("DELETE_FAILED")])) == []


def test_a_success_reads_nothing() -> None:
    assert (
        list(closing_remarks(unreachable_aws(), [event("Migration", "CREATE_COMPLETE"), end("CREATE_COMPLETE")])) == []
    )


def logged(*messages: str) -> dict[str, Any]:
    return {"events": [{"timestamp": 1, "message": message, "ingestionTime": 1} for message in messages]}


def test_the_last_lines_of_the_stream_that_the_reason_names_are_shown(golden: Golden) -> None:
    with stubbed("logs") as (aws, stubs):
        stubs["logs"].add_response(
            "get_log_events",
            logged("START RequestId: 1\n", "request type: Create\n", "Setup failed\nbecause\n", "END RequestId: 1\n"),
            {"logGroupName": GROUP, "logStreamName": STREAM, "limit": 50, "startFromHead": False},
        )

        lines = list(closing_remarks(aws, failed()))

    assert lines[1:] == ["  request type: Create", "  Setup failed", "  because"]
    golden(lines)


def test_where_the_reason_names_none_the_latest_stream_is_read() -> None:
    with stubbed("logs") as (aws, stubs):
        stubs["logs"].add_response(
            "describe_log_streams",
            {"logStreams": [{"logStreamName": STREAM}]},
            {"logGroupName": GROUP, "orderBy": "LastEventTime", "descending": True, "limit": 1},
        )
        stubs["logs"].add_response("get_log_events", logged("Task timed out after 3.00 seconds\n"))

        assert list(closing_remarks(aws, failed("it never answered")))[1:] == ["  Task timed out after 3.00 seconds"]


def test_only_the_last_ten_lines_are_shown_and_none_without_end() -> None:
    with stubbed("logs") as (aws, stubs):
        stubs["logs"].add_response("get_log_events", logged(*(f"line {number}\n" for number in range(30)), "x" * 5000))

        lines = list(closing_remarks(aws, failed()))[1:]

    assert lines[0] == "  line 21"
    assert len(lines) == 10
    assert len(lines[-1]) == WIDEST + 2


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "ExpiredTokenException"])
def test_a_log_that_cannot_be_read_is_one_line(code: str, golden: Golden) -> None:
    with stubbed("logs") as (aws, stubs):
        stubs["logs"].add_client_error("get_log_events", code, "no", 400)

        (line,) = closing_remarks(aws, failed())

    assert "logs:GetLogEvents" in line
    golden(line)


def test_a_function_without_a_log_is_one_line(golden: Golden) -> None:
    with stubbed("logs") as (aws, stubs):
        stubs["logs"].add_client_error("describe_log_streams", "ResourceNotFoundException", "no such group", 400)

        (line,) = closing_remarks(aws, failed("it never answered"))

    assert GROUP in line
    golden(line)


def template(token: Any) -> dict[str, Any]:
    resource = {"Type": "Custom::Migration", "Properties": {"ServiceToken": token}}
    return {"TemplateBody": json.dumps({"Resources": {"Migration": resource}})}


@pytest.mark.parametrize("token", [{"Fn::GetAtt": ["Migrator", "Arn"]}, {"Fn::GetAtt": "Migrator.Arn"}])
def test_a_function_that_the_rollback_deleted_is_found_by_the_template_and_the_events(token: Any) -> None:
    seen = [event("Migrator", "CREATE_COMPLETE", physical_id="shop-Migrator-1A2B"), *failed(token="")]
    with stubbed("cloudformation", "logs") as (aws, stubs):
        stubs["cloudformation"].add_response("get_template", template(token))
        stubs["logs"].add_response("get_log_events", logged("because"))

        assert "shop-Migrator-1A2B" in next(iter(closing_remarks(aws, seen)))


def test_a_template_in_yaml_says_it_as_well() -> None:
    text = "Resources: {Migration: {Type: Custom::Migration, Properties: {ServiceToken: !GetAtt Migrator.Arn}}}"
    seen = [event("Migrator", "CREATE_COMPLETE", physical_id="shop-Migrator-1A2B"), *failed(token="")]
    with stubbed("cloudformation", "logs") as (aws, stubs):
        stubs["cloudformation"].add_response("get_template", {"TemplateBody": text})
        stubs["logs"].add_response("get_log_events", logged("because"))

        assert list(closing_remarks(aws, seen))[1] == "  because"


def test_a_template_that_cannot_be_read_is_one_line_with_the_place(golden: Golden) -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_response("get_template", {"TemplateBody": "Resources: [A, {B: *missing}]"})

        (line,) = closing_remarks(aws, failed(token=""))

    golden(line)


def test_an_older_function_is_read_from_the_stack() -> None:
    detail = {
        "LogicalResourceId": "Migrator",
        "ResourceType": "AWS::Lambda::Function",
        "LastUpdatedTimestamp": "2026-11-24T12:00:00Z",
        "ResourceStatus": "CREATE_COMPLETE",
        "PhysicalResourceId": "shop-Migrator-1A2B",
    }
    with stubbed("cloudformation", "logs") as (aws, stubs):
        stubs["cloudformation"].add_response("get_template", template({"Fn::GetAtt": ["Migrator", "Arn"]}))
        stubs["cloudformation"].add_response("describe_stack_resource", {"StackResourceDetail": detail})
        stubs["logs"].add_response("get_log_events", logged("because"))

        assert list(closing_remarks(aws, failed(token="")))[1] == "  because"


def test_a_template_that_does_not_name_the_function_is_one_line(golden: Golden) -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_response("get_template", template({"Ref": "Token"}))

        (line,) = closing_remarks(aws, failed(token=""))

    golden(line)


def test_of_the_properties_of_an_event_only_the_service_token_is_kept() -> None:
    entry = {
        "EventId": "1",
        "StackId": STACK_ID,
        "LogicalResourceId": "Migration",
        "ResourceType": "Custom::Migration",
        "ResourceStatus": "CREATE_IN_PROGRESS",
        "ResourceProperties": json.dumps({"ServiceToken": FUNCTION, "Password": "hunter2"}),
    }

    kept = stack_event(entry)

    assert kept.service_token == FUNCTION
    assert "hunter2" not in repr(kept)
