"""The closing remarks of an operation: what is left behind, and the log of a custom resource's function."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tapctl.aws.session import Aws
from tapctl.aws.stacks import StackEvent, stack_event
from tapctl.resource_types import STACK
from tapctl.stacks.operation import WIDEST, closing_remarks
from tests.support.fake_ui import FakeUI
from tests.support.golden import Golden
from tests.support.stubbed_stacks import STACK_ID, stubbed, unreachable_aws

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:shop-Migrator-1A2B"
GROUP = "/aws/lambda/shop-Migrator-1A2B"
STREAM = "2026/07/08/[$LATEST]f3d033c8"
POINTER = (
    "Received response status [FAILED] from custom resource. Message returned: See the details in CloudWatch Log"
    f" Stream: {STREAM} (RequestId: 75f768f5)"
)


def event(name: str, status: str, reason: str = "", kind: str = "AWS::S3::Bucket", **more: Any) -> StackEvent:
    made = StackEvent(f"{name}{status}", "", name, kind, status, reason, f"physical-{name}", STACK_ID)
    return replace(made, **more)


def end(status: str) -> StackEvent:
    return event("shop", status, kind=STACK, physical_id=STACK_ID)


def failed(reason: str = POINTER, token: str = FUNCTION) -> list[StackEvent]:
    return [
        event("Migration", "CREATE_FAILED", reason, "Custom::Migration", service_token=token),
        end("ROLLBACK_COMPLETE"),
    ]


def remarks(aws: Aws, events: Sequence[StackEvent]) -> list[str]:
    """The closing remarks as a user interface shows them."""
    ui = FakeUI()
    for text, hint in closing_remarks(aws, events):
        ui.step(text, hint)
    return ui.steps


def test_a_resource_that_an_update_could_not_delete_is_named_with_its_reason(golden: Golden) -> None:
    seen = [
        event("Old", "DELETE_IN_PROGRESS"),
        event("Old", "DELETE_FAILED", "The bucket you tried to delete is not empty"),
        end("UPDATE_COMPLETE"),
    ]

    golden(remarks(unreachable_aws(), seen))


def test_a_stack_whose_deletion_failed_leaves_nothing_behind() -> None:
    assert remarks(unreachable_aws(), [event("Old", "DELETE_FAILED"), end("DELETE_FAILED")]) == []


def test_a_success_reads_nothing() -> None:
    assert remarks(unreachable_aws(), [event("Migration", "CREATE_COMPLETE"), end("CREATE_COMPLETE")]) == []


def unvalidated() -> list[StackEvent]:
    refused = event(
        "shop", "CREATE_FAILED", "Validation failed", STACK, physical_id=STACK_ID, detail="VALIDATION_FAILED"
    )
    return [refused, end("ROLLBACK_COMPLETE")]


def test_the_checks_that_refused_an_operation_are_named(golden: Golden) -> None:
    refusal = {
        "EventId": "1",
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": "Files",
        "ValidationName": "NAME_CONFLICT_VALIDATION",
        "ValidationStatus": "FAILED",
        "ValidationStatusReason": "Resource of type 'AWS::S3::Bucket' with identifier 'files' already exists.",
        "ValidationPath": "/Resources/Files",
    }
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_response("describe_events", {"OperationEvents": [refusal]})
        golden(remarks(aws, unvalidated()), "read")
        stubs["cloudformation"].add_client_error("describe_events", "AccessDenied", "no", 403)
        golden(remarks(aws, unvalidated()), "denied")


def logged(*messages: str, stream: str = STREAM) -> dict[str, Any]:
    return {"events": [{"timestamp": 1, "message": message, "logStreamName": stream} for message in messages]}


def test_the_last_lines_of_the_stream_that_the_reason_names_are_shown(golden: Golden) -> None:
    with stubbed("logs") as (aws, stubs):
        stubs["logs"].add_response(
            "filter_log_events",
            logged("START RequestId: 1\n", "request type: Create\n", "Setup failed\nbecause\n", "END RequestId: 1\n"),
            {"logGroupName": GROUP, "logStreamNames": [STREAM], "startTime": 0},
        )

        lines = remarks(aws, failed())

    assert lines[1:] == ["  request type: Create", "  Setup failed", "  because"]
    golden(lines)


def shown(*pages: dict[str, Any], reason: str = "it never answered") -> list[str]:
    """The lines of the log that are shown where these messages are in it."""
    with stubbed("logs") as (aws, stubs):
        for page in pages:
            stubs["logs"].add_response("filter_log_events", page)
        return [line.strip() for line in remarks(aws, failed(reason))][1:]


def test_where_the_reason_names_no_stream_all_are_read() -> None:
    assert shown(logged("Task timed out after 3.00 seconds\n")) == ["Task timed out after 3.00 seconds"]


def test_a_function_that_logs_into_another_group_is_read_there() -> None:
    with stubbed("logs", "lambda") as (aws, stubs):
        stubs["logs"].add_response("filter_log_events", {"events": []}, {"logGroupName": GROUP, "startTime": 0})
        stubs["lambda"].add_response("get_function_configuration", {"LoggingConfig": {"LogGroup": "shared"}})
        stubs["logs"].add_response("filter_log_events", logged("because"), {"logGroupName": "shared", "startTime": 0})

        assert remarks(aws, failed("no"))[1:] == ["  because"]


def test_every_page_of_the_log_is_read() -> None:
    assert shown({"events": [], "nextToken": "more"}, logged("because")) == ["because"]


TWICE = ("START RequestId: 1", '{"RequestId": "aaaa-1"}', "because", "START RequestId: 2", "asked to Delete")


@pytest.mark.parametrize(
    ("messages", "reason", "lines"),
    [
        pytest.param(TWICE, "no (RequestId: aaaa-1)", ['{"RequestId": "aaaa-1"}', "because"], id="by the request"),
        pytest.param(TWICE, "requestId [aaaa-1]", ['{"RequestId": "aaaa-1"}', "because"], id="a request unanswered"),
        pytest.param(
            (
                "START RequestId: 1",
                "LogicalResourceId: 'Migration'",
                "START RequestId: 2",
                "LogicalResourceId: 'Other'",
            ),
            "no",
            ["LogicalResourceId: 'Migration'"],
            id="by the resource",
        ),
        pytest.param(TWICE, "no", ["asked to Delete"], id="the last"),
        pytest.param(("because", "START RequestId: 2", "END RequestId: 2"), "no", ["because"], id="that says anything"),
        pytest.param(
            ('{"time":"t","type":"platform.start","record":{}}', '{"level":"ERROR"}'),
            "no",
            ['{"level":"ERROR"}'],
            id="JSON",
        ),
    ],
)
def test_the_log_of_the_failed_one_of_several_invocations_is_shown(
    messages: tuple[str, ...], reason: str, lines: list[str]
) -> None:
    assert shown(logged(*messages), reason=reason) == lines


def test_the_log_is_read_from_the_first_event_of_the_resource_to_its_next_request() -> None:
    seen = [
        event("Migration", "UPDATE_IN_PROGRESS", kind="Custom::Migration", time="2026-11-30 14:28:31.500000+00:00"),
        event("Migration", "UPDATE_FAILED", "no", "Custom::Migration", time="2026-11-30 14:28:33+00:00"),
        event("Migration", "UPDATE_IN_PROGRESS", kind="Custom::Migration", time="2026-11-30 14:28:33.250000+00:00"),
        event("Migration", "UPDATE_COMPLETE", kind="Custom::Migration", time="2026-11-30 14:28:35+00:00"),
        end("UPDATE_ROLLBACK_COMPLETE"),
    ]
    seen = [replace(entry, service_token=FUNCTION) for entry in seen]
    with stubbed("logs") as (aws, stubs):
        window = {"startTime": 1796048911500, "endTime": 1796048913250}
        stubs["logs"].add_response("filter_log_events", logged("because"), {"logGroupName": GROUP, **window})

        assert remarks(aws, seen)[1:] == ["  because"]


def test_code_that_does_not_initialise_is_shown_by_its_log() -> None:
    reason = "Provisioned Concurrency configuration failed to be applied. Reason: FUNCTION_ERROR_INIT_FAILURE"
    alias = event("Live", "CREATE_FAILED", reason, "AWS::Lambda::Alias", physical_id=f"{FUNCTION}:live")
    with stubbed("logs") as (aws, stubs):
        stubs["logs"].add_response("filter_log_events", logged("INIT_START Runtime", "No module named 'stripe'"))

        assert remarks(aws, [alias, end("ROLLBACK_COMPLETE")])[1:] == ["  No module named 'stripe'"]


def test_a_custom_resource_behind_a_topic_has_no_log(golden: Golden) -> None:
    golden(remarks(unreachable_aws(), failed(token="arn:aws:sns:us-east-1:123456789012:requests")))


def test_resources_left_by_a_rollback_are_named_with_the_way_to_import_them(golden: Golden) -> None:
    seen = [
        event("T", "CREATE_COMPLETE", kind="AWS::DynamoDB::Table"),
        event("Q", "CREATE_FAILED", "no", kind="AWS::SQS::Queue"),
        event("T", "DELETE_SKIPPED", kind="AWS::DynamoDB::Table", physical_id="orders"),
        end("ROLLBACK_COMPLETE"),
    ]

    golden(remarks(unreachable_aws(), seen))


def test_only_the_last_ten_lines_are_shown_and_none_without_end() -> None:
    with stubbed("logs") as (aws, stubs):
        messages = logged(*(f"line {number}\n" for number in range(30)), "x" * 5000)
        stubs["logs"].add_response("filter_log_events", messages)

        lines = remarks(aws, failed())[1:]

    assert lines[0] == "  line 21"
    assert len(lines) == 10
    assert len(lines[-1]) == WIDEST + 2


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "ExpiredTokenException"])
def test_a_log_that_cannot_be_read_is_one_line(code: str, golden: Golden) -> None:
    with stubbed("logs") as (aws, stubs):
        stubs["logs"].add_client_error("filter_log_events", code, "no", 400)

        (line,) = remarks(aws, failed())

    assert "logs:FilterLogEvents" in line
    golden(line)


def test_a_function_without_a_log_is_one_line(golden: Golden) -> None:
    with stubbed("logs", "lambda") as (aws, stubs):
        stubs["logs"].add_client_error("filter_log_events", "ResourceNotFoundException", "no such group", 400)
        stubs["lambda"].add_client_error("get_function_configuration", "ResourceNotFoundException", "no such", 404)

        (line,) = remarks(aws, failed("it never answered"))

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
        stubs["logs"].add_response("filter_log_events", logged("because"))

        assert "shop-Migrator-1A2B" in remarks(aws, seen)[0]


def test_a_template_in_yaml_says_it_as_well() -> None:
    text = "Resources: {Migration: {Type: Custom::Migration, Properties: {ServiceToken: !GetAtt Migrator.Arn}}}"
    seen = [event("Migrator", "CREATE_COMPLETE", physical_id="shop-Migrator-1A2B"), *failed(token="")]
    with stubbed("cloudformation", "logs") as (aws, stubs):
        stubs["cloudformation"].add_response("get_template", {"TemplateBody": text})
        stubs["logs"].add_response("filter_log_events", logged("because"))

        assert remarks(aws, seen)[1] == "  because"


def test_a_template_that_cannot_be_read_is_one_line_with_the_place(golden: Golden) -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_response("get_template", {"TemplateBody": "Resources: [A, {B: *missing}]"})

        (line,) = remarks(aws, failed(token=""))

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
        stubs["logs"].add_response("filter_log_events", logged("because"))

        assert remarks(aws, failed(token=""))[1] == "  because"


def test_a_template_that_does_not_name_the_function_is_one_line(golden: Golden) -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_response("get_template", template({"Ref": "Token"}))

        (line,) = remarks(aws, failed(token=""))

    golden(line)


def test_an_event_keeps_no_property_but_the_service_token() -> None:
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
