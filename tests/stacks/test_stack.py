"""The stack that a command works on, and those that it refuses."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from tapctl.account.live import LiveAccount
from tapctl.aws.session import Aws
from tapctl.aws.stacks import StackDescription
from tapctl.errors import AwsError, UsageError
from tapctl.resource_types import ABSENT
from tapctl.stacks.stack import find_stack
from tapctl.state import redaction
from tapctl.verify import deployed_stack
from tests.support.golden import Golden
from tests.support.stubbed_stacks import STACK_ID, stubbed

CREATED = datetime(2026, 11, 24, tzinfo=UTC)


def stack(**fields: Any) -> dict[str, Any]:
    return {
        "StackName": "shop",
        "StackId": STACK_ID,
        "CreationTime": CREATED,
        "StackStatus": "UPDATE_COMPLETE",
        **fields,
    }


def found(**fields: Any) -> StackDescription:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_response("describe_stacks", {"Stacks": [stack(**fields)]})
        return find_stack(aws, "shop")


def test_a_stack_that_does_not_exist_is_absent() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        message = "Stack with id shop does not exist"
        stubs["cloudformation"].add_client_error("describe_stacks", "ValidationError", message)
        assert find_stack(aws, "shop") == StackDescription("shop", ABSENT)


def test_a_deleted_stack_is_absent() -> None:
    assert found(StackStatus="DELETE_COMPLETE") == StackDescription("shop", ABSENT)


def test_a_stack_has_its_id_and_parameters() -> None:
    parameters = [{"ParameterKey": "Stage", "ParameterValue": "dev"}, {"ParameterKey": "Empty"}]
    stack = found(Parameters=parameters)

    assert (stack.id, stack.parameters) == (STACK_ID, {"Stage": "dev", "Empty": ""})
    assert stack.last_updated == str(CREATED)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"ParentId": STACK_ID.replace("/shop/", "/mall/")}, id="nested"),
        pytest.param({"StackName": "StackSet-base-1234"}, id="of a StackSet"),
    ],
)
def test_a_stack_that_cannot_be_deployed_directly_is_refused(fields: dict[str, str], golden: Golden) -> None:
    with pytest.raises(UsageError) as raised:
        found(**fields)
    golden(raised.value)


def test_a_refused_read_names_the_stack(golden: Golden) -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_client_error("describe_stacks", "AccessDenied", "not allowed", 403)
        with pytest.raises(AwsError) as raised:
            find_stack(aws, "shop")
    golden(raised.value)


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(find_stack, id="of a deploy"),
        pytest.param(lambda aws, name: LiveAccount(aws).stack(name), id="of a preflight"),
        pytest.param(deployed_stack.read, id="of a verification"),
    ],
)
def test_the_stack_s_value_of_a_hidden_parameter_is_shown_nowhere(read: Callable[[Aws, str], object]) -> None:
    parameters = [{"ParameterKey": "Key", "ParameterValue": "of-last-year"}]
    redaction.hide_parameters(["Key"])
    try:
        with stubbed("cloudformation") as (aws, stubs), suppress(AwsError):
            stubs["cloudformation"].add_response("describe_stacks", {"Stacks": [stack(Parameters=parameters)]})
            read(aws, "shop")

        assert redaction.redacted("arn:aws:sns:us-east-1:1:of-last-year") == "arn:aws:sns:us-east-1:1:****"
    finally:
        redaction.forget()
