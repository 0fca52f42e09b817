"""CloudFormation's own checks, in the shapes of botocore's model; the sandbox has none."""

from typing import Any

import pytest
from botocore.stub import Stubber

from tapctl.aws.session import knows
from tapctl.stacks import validations
from tapctl.stacks.validations import Validation
from tapctl.unknown import Unknown
from tests.support.stubbed_stacks import somewhere, stubbed

SET = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/tapctl-1/1"


def told(stub: Stubber, *events: dict[str, Any], **more: str) -> None:
    numbered = [{"EventId": str(number), **event} for number, event in enumerate(events)]
    stub.add_response("describe_events", {"OperationEvents": numbered, **more})


def check(name: str, mode: str, status: str = "FAILED", **more: str) -> dict[str, Any]:
    return {
        "EventType": "VALIDATION_ERROR",
        "ValidationName": name,
        "ValidationFailureMode": mode,
        "ValidationStatus": status,
        **more,
    }


def test_every_check_of_every_page_is_read_and_other_events_are_left_out() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        where = {"LogicalResourceId": "Vpc", "ValidationPath": "/Resources/Vpc"}
        told(
            stub,
            check("SERVICE_QUOTA", "WARN", ValidationStatusReason="5 of 5", **where),
            {"EventType": "PROGRESS_EVENT"},
            {"EventType": "STACK_EVENT", "OperationStatus": "SUCCEEDED"},
            NextToken="2",
        )
        hook = {"HookType": "Org::No::Public", "HookStatusReason": "public", "HookFailureMode": "WARN"}
        told(
            stub,
            check("NAME_CONFLICT_VALIDATION", "FAIL", "SKIPPED"),
            {"EventType": "HOOK_INVOCATION_ERROR", "HookStatus": "HOOK_COMPLETE_FAILED", **hook},
            {"EventType": "PROGRESS_EVENT", "HookStatus": "HOOK_COMPLETE_SUCCEEDED", **hook},
        )

        found = validations.read(aws.client("cloudformation"), SET)

    assert found == (
        Validation("SERVICE_QUOTA", "FAILED", "WARN", "5 of 5", "Vpc", "/Resources/Vpc"),
        Validation("NAME_CONFLICT_VALIDATION", "SKIPPED", "FAIL"),
        Validation("Org::No::Public", "FAILED", "WARN", "public"),
    )
    assert [each.about_quota for each in found] == [True, False, False]
    assert not any(each.fatal for each in found)


@pytest.mark.parametrize(
    ("mode", "status", "fatal"),
    [("FAIL", "FAILED", True), ("WARN", "FAILED", False), ("FAIL", "SKIPPED", False), ("", "FAILED", True)],
)
def test_what_fails_a_change_set_is_told_apart_from_what_does_not(mode: str, status: str, fatal: bool) -> None:
    assert Validation("X", status, mode).fatal is fatal


def test_a_denied_read_is_unknown_and_names_the_action() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_client_error("describe_events", "AccessDenied", "no", 403)

        found = validations.read(aws.client("cloudformation"), SET)

    assert found == Unknown(
        "cloudformation:DescribeEvents was denied", "allow the action cloudformation:DescribeEvents"
    )


def test_botocore_is_asked_what_it_knows() -> None:
    client = somewhere().client("cloudformation")

    assert knows(client, "DescribeEvents")
    assert knows(client, "CreateChangeSet", "DeploymentConfig")
    assert not knows(client, "CreateChangeSet", "Teleport")
    assert not knows(client, "Teleport")
