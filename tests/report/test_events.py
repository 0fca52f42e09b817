"""Events as lines of text and JSON."""

import json

import pytest

from tapctl.aws.stacks import StackEvent
from tapctl.report import events
from tapctl.resource_types import STACK

ARN = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop-Network/1"


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        pytest.param("", "12:00:05  CREATE_COMPLETE              Queue", id="without a reason"),
        pytest.param("because", "12:00:05  CREATE_COMPLETE              Queue  because", id="with a reason"),
    ],
)
def test_an_event_is_one_line(reason: str, line: str) -> None:
    event = StackEvent("1", "2026-11-23 12:00:05.123+00:00", "Queue", "AWS::SQS::Queue", "CREATE_COMPLETE", reason, "q")

    assert events.line(event) == line


def test_a_resource_of_a_nested_stack_has_its_path() -> None:
    event = StackEvent("1", "", "Subnet", "AWS::EC2::Subnet", "CREATE_COMPLETE", "", "s", within="Network/")

    assert events.line(event).endswith(" Network/Subnet")


@pytest.mark.parametrize(
    ("within", "status", "repeated"),
    [("Network/", "CREATE_COMPLETE", True), ("Network/", "UPDATE_FAILED", False), ("", "CREATE_COMPLETE", False)],
)
def test_an_own_event_of_a_nested_stack_repeats_its_parents_unless_it_failed(
    within: str, status: str, repeated: bool
) -> None:
    assert events.repeats(StackEvent("1", "", "shop", STACK, status, "", ARN, ARN, within=within)) is repeated


def test_an_event_is_one_line_of_json() -> None:
    event = StackEvent(
        "1", "2026-11-23 12:00:05.067000+00:00", "Queue", "AWS::SQS::Queue", "CREATE_FAILED", "it\nis", "q", ARN, "t"
    )

    text = events.as_json_line(event)

    assert "\n" not in text
    assert json.loads(text) == {
        "schema": "tapctl.event/1",
        "time": "2026-11-23T12:00:05.067Z",
        "resource": "Queue",
        "type": "AWS::SQS::Queue",
        "status": "CREATE_FAILED",
        "detail": None,
        "reason": "it\nis",
        "physical_id": "q",
        "stack_id": ARN,
    }
