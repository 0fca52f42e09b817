"""Asking Lambda for the floor by a request that it refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from tapctl.account.floor_probe import Probe, prepare, run
from tapctl.account.live import LiveAccount
from tapctl.account.model import LearnedFloor
from tapctl.errors import AwsError, UsageError
from tests.support.queued_answers import SETTINGS, described, resource, stubbed

REFUSAL = (
    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution"
    " below its minimum value of [{}]."
)
ASKED = {"FunctionName": "orders-Fn", "ReservedConcurrentExecutions": 400}


@contextmanager
def asked() -> Iterator[tuple[LiveAccount, Stubber]]:
    with stubbed("lambda") as (here, stubs):
        yield LiveAccount(here), stubs["lambda"]


@pytest.mark.parametrize("minimum", [10, 40, 100])
def test_the_refusal_names_it(minimum: int) -> None:
    with asked() as (reader, stub):
        error = "InvalidParameterValueException"
        stub.add_client_error("put_function_concurrency", error, REFUSAL.format(minimum), 400, expected_params=ASKED)
        found = run(reader, Probe("orders-Fn", 5, 400))
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    assert found == LearnedFloor(minimum, 400, today, "a probe of function orders-Fn")


@pytest.mark.parametrize(
    ("held", "operation", "expected"),
    [
        (5, "put_function_concurrency", {"FunctionName": "orders-Fn", "ReservedConcurrentExecutions": 5}),
        (0, "put_function_concurrency", {"FunctionName": "orders-Fn", "ReservedConcurrentExecutions": 0}),
        (None, "delete_function_concurrency", {"FunctionName": "orders-Fn"}),
    ],
    ids=["a-reservation", "a-stop", "none"],
)
def test_accepted_it_is_put_back_at_once(held: int | None, operation: str, expected: dict[str, Any]) -> None:
    with asked() as (reader, stub):
        stub.add_response("put_function_concurrency", {}, ASKED)
        stub.add_response(operation, {}, expected)
        with pytest.raises(AwsError, match="which no known rule allows; the old value is back"):
            run(reader, Probe("orders-Fn", held, 400))


def test_what_cannot_be_put_back_is_said_with_the_command() -> None:
    with asked() as (reader, stub):
        stub.add_response("put_function_concurrency", {}, ASKED)
        stub.add_client_error("delete_function_concurrency", "AccessDeniedException", "no", 403)
        with pytest.raises(AwsError, match=r"orders-Fn still reserves 400, all there is: .*access denied") as raised:
            run(reader, Probe("orders-Fn", None, 400))
    assert raised.value.hint == "`aws lambda delete-function-concurrency --function-name orders-Fn`"


def test_another_refusal_is_told_as_it_is() -> None:
    with asked() as (reader, stub):
        stub.add_client_error("put_function_concurrency", "AccessDeniedException", "no", 403)
        with pytest.raises(AwsError, match="asking Lambda to reserve 400 for orders-Fn: access denied: no"):
            run(reader, Probe("orders-Fn", 5, 400))


def test_it_is_asked_for_a_function_of_the_stack() -> None:
    with stubbed("lambda", "cloudformation") as (here, stubs):
        stubs["lambda"].add_response("get_account_settings", SETTINGS, {})
        stubs["cloudformation"].add_response("describe_stacks", described())
        held = {"StackResourceSummaries": [resource("Fn", "AWS::Lambda::Function")]}
        stubs["cloudformation"].add_response("list_stack_resources", held)
        stubs["lambda"].add_response("get_function_concurrency", {"ReservedConcurrentExecutions": 7})
        assert prepare(LiveAccount(here), "orders") == Probe("orders-Fn", 7, 1000)


def test_without_a_function_there_is_nobody_to_ask_it_for() -> None:
    with stubbed("lambda", "cloudformation") as (here, stubs):
        stubs["lambda"].add_response("get_account_settings", SETTINGS, {})
        stubs["cloudformation"].add_response("describe_stacks", described())
        stubs["cloudformation"].add_response("list_stack_resources", {"StackResourceSummaries": []})
        with pytest.raises(UsageError, match="stack orders has no function to ask it for"):
            prepare(LiveAccount(here), "orders")
