"""CloudFormation's checks, in the shapes of botocore's model; the sandbox has none."""

from typing import Any

import pytest
from botocore.stub import Stubber

from tapctl.stacks import validations
from tapctl.stacks.validations import PERMISSION, Validation
from tapctl.unknown import Unknown
from tests.support.stubbed_stacks import stubbed

SET = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/tapctl-1/1"


def queue(stub: Stubber, *events: dict[str, Any], **more: str) -> None:
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


def test_checks_of_all_pages_are_read_and_other_events_ignored() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        where = {"LogicalResourceId": "Vpc", "ValidationPath": "/Resources/Vpc"}
        queue(
            stub,
            check("SERVICE_QUOTA", "WARN", ValidationStatusReason="5 of 5", **where),
            {"EventType": "PROGRESS_EVENT"},
            {"EventType": "STACK_EVENT", "OperationStatus": "SUCCEEDED"},
            NextToken="2",
        )
        hook = {"HookType": "Org::No::Public", "HookStatusReason": "public", "HookFailureMode": "WARN"}
        queue(
            stub,
            check("NAME_CONFLICT_VALIDATION", "FAIL", "SKIPPED"),
            {"EventType": "HOOK_INVOCATION_ERROR", "HookStatus": "HOOK_COMPLETE_FAILED", **hook},
            {"EventType": "PROGRESS_EVENT", "HookStatus": "HOOK_COMPLETE_SUCCEEDED", **hook},
        )

        found = validations.read(aws, SET)

    assert found == (
        Validation("SERVICE_QUOTA", "FAILED", "WARN", "5 of 5", "Vpc", "/Resources/Vpc"),
        Validation("NAME_CONFLICT_VALIDATION", "SKIPPED", "FAIL"),
        Validation("Org::No::Public", "FAILED", "WARN", "public"),
    )
    assert [validation.about_quota for validation in found] == [True, False, False]
    assert not any(validation.fatal for validation in found)


@pytest.mark.parametrize(
    ("mode", "status", "fatal"),
    [("FAIL", "FAILED", True), ("WARN", "FAILED", False), ("FAIL", "SKIPPED", False), ("", "FAILED", True)],
)
def test_only_a_failed_check_of_mode_fail_is_fatal(mode: str, status: str, fatal: bool) -> None:
    assert Validation("X", status, mode).fatal is fatal


def test_a_denied_read_is_unknown_and_names_the_action() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_client_error("describe_events", "AccessDenied", "no", 403)

        found = validations.read(aws, SET)

    assert isinstance(found, Unknown)
    assert PERMISSION in found.reason


def test_the_checks_of_the_newest_operation_of_a_stack_are_read() -> None:
    failure = check("NAME_CONFLICT_VALIDATION", "FAIL", OperationId="new", ValidationStatusReason="exists")
    with stubbed("cloudformation") as (aws, stubs):
        events = [failure, {"EventType": "PROVISIONING_ERROR", "OperationId": "new"}]
        queue(stubs["cloudformation"], *events, check("PROPERTY_VALIDATION", "FAIL", OperationId="old"))

        found = validations.read_of_stack(aws, "shop")

    assert found == (Validation("NAME_CONFLICT_VALIDATION", "FAILED", "FAIL", "exists"),)


def test_a_stack_without_failures_has_no_checks() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        queue(stubs["cloudformation"])

        assert validations.read_of_stack(aws, "shop") == ()
