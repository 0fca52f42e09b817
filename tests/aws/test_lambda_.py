"""Concurrency and logs of functions, as Lambda and CloudWatch Logs return them."""

from datetime import UTC, datetime, timedelta

import pytest

from tapctl.aws.lambda_ import (
    LogMessage,
    ProvisionedConcurrency,
    configured_log_group,
    log_messages,
    provisioned_concurrency,
    reserved_concurrency,
    set_reserved_concurrency,
)
from tapctl.errors import AwsError
from tests.support.queued_answers import stubbed

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:f"


def test_a_reservation_of_zero_is_one() -> None:
    with stubbed("lambda") as (aws, stubs):
        for answer in ({"ReservedConcurrentExecutions": 5}, {"ReservedConcurrentExecutions": 0}, {}):
            stubs["lambda"].add_response("get_function_concurrency", answer, {"FunctionName": "f"})

        assert [reserved_concurrency(aws, "f") for _ in range(3)] == [5, 0, None]


def test_every_page_of_provisioned_concurrency_is_read() -> None:
    first, second = ({"FunctionArn": f"{ARN}:{name}", "RequestedProvisionedConcurrentExecutions": 2} for name in "12")
    with stubbed("lambda") as (aws, stubs):
        stubs["lambda"].add_response(
            "list_provisioned_concurrency_configs",
            {"ProvisionedConcurrencyConfigs": [first], "NextMarker": "more"},
            {"FunctionName": "f"},
        )
        stubs["lambda"].add_response(
            "list_provisioned_concurrency_configs",
            {"ProvisionedConcurrencyConfigs": [second]},
            {"FunctionName": "f", "Marker": "more"},
        )

        assert provisioned_concurrency(aws, "f") == tuple(ProvisionedConcurrency(f"{ARN}:{name}", 2) for name in "12")


def test_a_function_that_does_not_exist_holds_nothing() -> None:
    with stubbed("lambda") as (aws, stubs):
        for operation in ("get_function_concurrency", "list_provisioned_concurrency_configs"):
            stubs["lambda"].add_client_error(operation, "ResourceNotFoundException", "no such function", 404)

        assert (reserved_concurrency(aws, "f"), provisioned_concurrency(aws, "f")) == (None, ())


def test_any_other_refusal_is_raised() -> None:
    with stubbed("lambda") as (aws, stubs):
        stubs["lambda"].add_client_error("get_function_concurrency", "AccessDeniedException", "no", 403)

        with pytest.raises(AwsError) as raised:
            reserved_concurrency(aws, "f")

    assert raised.value.code == "AccessDeniedException"


def test_a_reservation_is_set_or_deleted() -> None:
    with stubbed("lambda") as (aws, stubs):
        request = {"FunctionName": "f", "ReservedConcurrentExecutions": 0}
        stubs["lambda"].add_response("put_function_concurrency", {"ReservedConcurrentExecutions": 0}, request)
        stubs["lambda"].add_response("delete_function_concurrency", {}, {"FunctionName": "f"})

        set_reserved_concurrency(aws, "f", 0)
        set_reserved_concurrency(aws, "f", None)


def test_log_lines_of_a_function_are_read_for_a_time_from_one_stream_or_all() -> None:
    begin = datetime(2026, 11, 30, tzinfo=UTC)
    request = {"logGroupName": "/aws/lambda/f", "startTime": 1795996800000}
    events = [{"timestamp": 1, "message": text, "logStreamName": "s"} for text in ("one\n", "two\n")]
    with stubbed("logs") as (aws, stubs):
        for more in ({}, {"endTime": 1795996801000, "logStreamNames": ["s"]}):
            stubs["logs"].add_response("filter_log_events", {"events": events}, {**request, **more})

        messages = log_messages(aws, "/aws/lambda/f", begin, None)

        assert messages == (LogMessage("s", "one\n"), LogMessage("s", "two\n"))
        assert log_messages(aws, "/aws/lambda/f", begin, begin + timedelta(seconds=1), "s") == messages


def test_a_function_without_a_log_group_has_no_messages() -> None:
    with stubbed("logs") as (aws, stubs):
        stubs["logs"].add_client_error("filter_log_events", "ResourceNotFoundException", "no such group", 400)

        assert log_messages(aws, "/aws/lambda/f", datetime.now(UTC), None) == ()


def test_the_log_group_of_a_function_is_the_configured_one() -> None:
    with stubbed("lambda") as (aws, stubs):
        for answer in ({"LoggingConfig": {"LogGroup": "shared"}}, {}):
            stubs["lambda"].add_response("get_function_configuration", answer, {"FunctionName": "f"})
        stubs["lambda"].add_client_error("get_function_configuration", "ResourceNotFoundException", "no such", 404)

        assert [configured_log_group(aws, "f") for _ in range(3)] == ["shared", "/aws/lambda/f", "/aws/lambda/f"]
