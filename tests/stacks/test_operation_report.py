import json
from dataclasses import replace
from typing import Any

import pytest

from tapctl.aws.stacks import StackEvent
from tapctl.resource_types import STACK
from tapctl.stacks.custom_resource_logs import WIDEST
from tapctl.stacks.events import event_of
from tapctl.stacks.operation import aftermath, left_behind
from tests.support.stubbed_stacks import STACK_ID, somewhere, stubbed

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


def test_what_a_successful_update_could_not_delete_is_named_with_its_reason_and_its_price() -> None:
    seen = [
        event("Old", "DELETE_IN_PROGRESS"),
        event("Old", "DELETE_FAILED", "The bucket you tried to delete is not empty"),
        end("UPDATE_COMPLETE"),
    ]

    assert list(aftermath(somewhere(), seen)) == [
        (
            "warning: Old (AWS::S3::Bucket physical-Old) could not be deleted and is no part of the stack any more: The"
            " bucket you tried to delete is not empty; it stays, at its price, until you delete it"
        )
    ]


def test_what_was_deleted_at_a_second_try_is_not_left_behind() -> None:
    assert left_behind([event("Old", "DELETE_FAILED"), event("Old", "DELETE_COMPLETE"), end("UPDATE_COMPLETE")]) == []


def test_a_stack_whose_deletion_failed_holds_on_to_what_it_could_not_delete() -> None:
    assert list(aftermath(somewhere(), [event("Old", "DELETE_FAILED"), end("DELETE_FAILED")])) == []


def test_a_success_reads_nothing() -> None:
    assert list(aftermath(somewhere(), [event("Migration", "CREATE_COMPLETE"), end("CREATE_COMPLETE")])) == []


def logged(*messages: str) -> dict[str, Any]:
    return {"events": [{"timestamp": 1, "message": message, "ingestionTime": 1} for message in messages]}


def test_the_last_lines_of_the_stream_that_the_reason_names_are_shown() -> None:
    with stubbed("logs") as (aws, stubs):
        stubs["logs"].add_response(
            "get_log_events",
            logged("START RequestId: 1\n", "request type: Create\n", "Setup failed\nbecause\n", "END RequestId: 1\n"),
            {"logGroupName": GROUP, "logStreamName": STREAM, "limit": 50, "startFromHead": False},
        )

        assert list(aftermath(aws, failed())) == [
            "the last lines of the log of shop-Migrator-1A2B, which makes Migration:",
            "  request type: Create",
            "  Setup failed",
            "  because",
        ]


def test_where_the_reason_names_none_the_latest_stream_is_read() -> None:
    with stubbed("logs") as (aws, stubs):
        stubs["logs"].add_response(
            "describe_log_streams",
            {"logStreams": [{"logStreamName": STREAM}]},
            {"logGroupName": GROUP, "orderBy": "LastEventTime", "descending": True, "limit": 1},
        )
        stubs["logs"].add_response("get_log_events", logged("Task timed out after 3.00 seconds\n"))

        assert list(aftermath(aws, failed("it never answered")))[1:] == ["  Task timed out after 3.00 seconds"]


def test_only_the_last_ten_lines_are_shown_and_none_without_end() -> None:
    with stubbed("logs") as (aws, stubs):
        stubs["logs"].add_response("get_log_events", logged(*(f"line {number}\n" for number in range(30)), "x" * 5000))

        lines = list(aftermath(aws, failed()))[1:]

    assert lines[0] == "  line 21"
    assert len(lines) == 10
    assert len(lines[-1]) == WIDEST + 2


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDeniedException", "logs:GetLogEvents was denied; allow the action logs:GetLogEvents"),
        ("ThrottlingException", "logs:GetLogEvents was throttled; run it again in a moment"),
        ("ExpiredTokenException", "logs:GetLogEvents: the AWS credentials have expired"),
    ],
)
def test_a_log_that_cannot_be_read_is_one_line(code: str, said: str) -> None:
    with stubbed("logs") as (aws, stubs):
        stubs["logs"].add_client_error("get_log_events", code, "no", 400)

        assert list(aftermath(aws, failed())) == [f"the log of the function behind Migration cannot be shown: {said}"]


def test_a_function_that_never_logged_is_one_line() -> None:
    with stubbed("logs") as (aws, stubs):
        stubs["logs"].add_client_error("describe_log_streams", "ResourceNotFoundException", "no such group", 400)

        assert list(aftermath(aws, failed("it never answered"))) == [
            f"the log of the function behind Migration cannot be shown: there is no log in {GROUP}"
        ]


def template(token: Any) -> dict[str, Any]:
    resource = {"Type": "Custom::Migration", "Properties": {"ServiceToken": token}}
    return {"TemplateBody": json.dumps({"Resources": {"Migration": resource}})}


@pytest.mark.parametrize("token", [{"Fn::GetAtt": ["Migrator", "Arn"]}, {"Fn::GetAtt": "Migrator.Arn"}])
def test_a_function_that_went_with_the_rollback_is_found_by_the_template_and_the_events(token: Any) -> None:
    seen = [event("Migrator", "CREATE_COMPLETE", physical_id="shop-Migrator-1A2B"), *failed(token="")]
    with stubbed("cloudformation", "logs") as (aws, stubs):
        stubs["cloudformation"].add_response("get_template", template(token))
        stubs["logs"].add_response("get_log_events", logged("because"))

        assert next(iter(aftermath(aws, seen))).startswith("the last lines of the log of shop-Migrator-1A2B,")


def test_a_template_in_yaml_says_it_as_well() -> None:
    text = "Resources: {Migration: {Type: Custom::Migration, Properties: {ServiceToken: !GetAtt Migrator.Arn}}}"
    seen = [event("Migrator", "CREATE_COMPLETE", physical_id="shop-Migrator-1A2B"), *failed(token="")]
    with stubbed("cloudformation", "logs") as (aws, stubs):
        stubs["cloudformation"].add_response("get_template", {"TemplateBody": text})
        stubs["logs"].add_response("get_log_events", logged("because"))

        assert list(aftermath(aws, seen))[1] == "  because"


def test_a_template_that_cannot_be_read_is_one_line_with_the_place() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_response("get_template", {"TemplateBody": "Resources: {A: {}, A: {}}"})

        (line,) = aftermath(aws, failed(token=""))

    assert line.startswith("the log of the function behind Migration cannot be shown: the running template of shop:1:")


def test_a_function_that_was_there_before_is_asked_for() -> None:
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

        assert list(aftermath(aws, failed(token="")))[1] == "  because"


def test_a_template_that_does_not_say_is_one_line() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_response("get_template", template({"Ref": "Token"}))

        assert list(aftermath(aws, failed(token=""))) == [
            (
                "the log of the function behind Migration cannot be shown: the template does not say which function"
                " makes Migration"
            )
        ]


def test_of_the_properties_of_an_event_only_the_service_token_is_kept() -> None:
    entry = {
        "EventId": "1",
        "StackId": STACK_ID,
        "LogicalResourceId": "Migration",
        "ResourceType": "Custom::Migration",
        "ResourceStatus": "CREATE_IN_PROGRESS",
        "ResourceProperties": json.dumps({"ServiceToken": FUNCTION, "Password": "hunter2"}),
    }

    kept = event_of(entry)

    assert kept.service_token == FUNCTION
    assert "hunter2" not in repr(kept)
