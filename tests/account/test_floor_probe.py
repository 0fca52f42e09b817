"""Finding the floor by a request that Lambda refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from tapctl.account.floor_probe import Probe, prepare, send
from tapctl.account.live import LiveAccount
from tapctl.account.model import LearnedFloor
from tapctl.errors import AwsError, UsageError
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.resource_types import FUNCTION
from tests.support.golden import Golden
from tests.support.queued_answers import SETTINGS, described, resource, stubbed

REFUSAL = (
    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution"
    " below its minimum value of [{}]."
)
REQUEST = {"FunctionName": "orders-Fn", "ReservedConcurrentExecutions": 400}


@contextmanager
def stubbed_lambda() -> Iterator[tuple[LiveAccount, Stubber]]:
    with stubbed("lambda") as (aws, stubs):
        yield LiveAccount(aws), stubs["lambda"]


@pytest.mark.parametrize("minimum", [10, 40, 100])
def test_the_refusal_names_the_floor(minimum: int) -> None:
    with stubbed_lambda() as (reader, stub):
        error = "InvalidParameterValueException"
        stub.add_client_error("put_function_concurrency", error, REFUSAL.format(minimum), 400, expected_params=REQUEST)
        learned = send(reader, Probe("orders-Fn", 5, 400))
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    assert learned is not None
    assert learned == LearnedFloor(minimum, 400, today, learned.where)
    assert "orders-Fn" in learned.where


@pytest.mark.parametrize(
    ("reserved", "operation", "expected"),
    [
        (5, "put_function_concurrency", {"FunctionName": "orders-Fn", "ReservedConcurrentExecutions": 5}),
        (0, "put_function_concurrency", {"FunctionName": "orders-Fn", "ReservedConcurrentExecutions": 0}),
        (None, "delete_function_concurrency", {"FunctionName": "orders-Fn"}),
    ],
    ids=["a-reservation", "a-stop", "none"],
)
def test_an_accepted_reservation_is_undone_at_once(
    reserved: int | None, operation: str, expected: dict[str, Any], golden: Golden
) -> None:
    with stubbed_lambda() as (reader, stub):
        stub.add_response("put_function_concurrency", {}, REQUEST)
        stub.add_response(operation, {}, expected)
        with pytest.raises(AwsError) as raised:
            send(reader, Probe("orders-Fn", reserved, 400))
    assert raised.value.hint == advise(JudgementAdvice.PASS_MINIMUM)
    golden(raised.value)


@pytest.mark.parametrize(
    ("reserved", "operation", "hint"),
    [
        (None, "delete_function_concurrency", advise(JudgementAdvice.DELETE_RESERVATION, "orders-Fn")),
        (5, "put_function_concurrency", advise(JudgementAdvice.PUT_RESERVATION, "orders-Fn", 5)),
    ],
)
def test_a_failure_to_undo_it_names_the_command(
    reserved: int | None, operation: str, hint: Hint, golden: Golden
) -> None:
    with stubbed_lambda() as (reader, stub):
        stub.add_response("put_function_concurrency", {}, REQUEST)
        stub.add_client_error(operation, "AccessDeniedException", "no", 403)
        with pytest.raises(AwsError) as raised:
            send(reader, Probe("orders-Fn", reserved, 400))
    assert (raised.value.code, raised.value.hint) == ("AccessDeniedException", hint)
    golden(raised.value)


def test_any_other_refusal_is_raised(golden: Golden) -> None:
    with stubbed_lambda() as (reader, stub):
        stub.add_client_error("put_function_concurrency", "AccessDeniedException", "no", 403)
        with pytest.raises(AwsError) as raised:
            send(reader, Probe("orders-Fn", 5, 400))
    assert raised.value.code == "AccessDeniedException"
    golden(raised.value)


def test_the_request_is_for_a_function_of_the_stack() -> None:
    with stubbed("lambda", "cloudformation") as (aws, stubs):
        stubs["lambda"].add_response("get_account_settings", SETTINGS, {})
        stubs["cloudformation"].add_response("describe_stacks", described())
        resources = {"StackResourceSummaries": [resource("Fn", FUNCTION)]}
        stubs["cloudformation"].add_response("list_stack_resources", resources)
        stubs["lambda"].add_response("get_function_concurrency", {"ReservedConcurrentExecutions": 7})
        assert prepare(LiveAccount(aws), "orders") == Probe("orders-Fn", 7, 1000)


def test_a_stack_without_functions_is_refused(golden: Golden) -> None:
    with stubbed("lambda", "cloudformation") as (aws, stubs):
        stubs["lambda"].add_response("get_account_settings", SETTINGS, {})
        stubs["cloudformation"].add_response("describe_stacks", described())
        stubs["cloudformation"].add_response("list_stack_resources", {"StackResourceSummaries": []})
        with pytest.raises(UsageError) as raised:
            prepare(LiveAccount(aws), "orders")
    assert raised.value.hint == advise(JudgementAdvice.NAME_STACK_WITH_FUNCTION)
    golden(raised.value)
