"""CloudFormation's answers as frozen results."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tapctl.aws import cloudformation
from tapctl.aws.cloudformation import (
    ChangeSetSummary,
    PropertyDifference,
    ResourceDrift,
    describe_stack,
    detect_stack_drift,
    drift_detection,
    resource_drifts,
)
from tapctl.aws.stacks import StackResource
from tapctl.errors import AwsError
from tapctl.resource_types import ABSENT
from tapctl.unknown import Unknown
from tests.support.stubbed_stacks import STACK_ID, stubbed

MOMENT = datetime(2026, 11, 24, tzinfo=UTC)
STACK: dict[str, Any] = {"StackName": "shop", "StackId": STACK_ID, "CreationTime": MOMENT, "StackStatus": "X"}


def test_a_stack_has_what_describe_stacks_returns() -> None:
    entry = {
        **STACK,
        "LastUpdatedTime": datetime(2026, 11, 25, tzinfo=UTC),
        "Parameters": [
            {"ParameterKey": "Image", "ParameterValue": "/image", "ResolvedValue": "ami-1"},
            {"ParameterKey": "Secret", "ParameterValue": "****"},
        ],
        "Tags": [{"Key": "team", "Value": "shop"}],
        "Outputs": [{"OutputKey": "Url", "OutputValue": "https://x", "ExportName": "shop-url"}, {"OutputKey": "None"}],
        "NotificationARNs": ["arn:aws:sns:us-east-1:123456789012:deploys"],
        "RoleARN": "arn:aws:iam::123456789012:role/deployer",
        "EnableTerminationProtection": True,
        "StackStatusReason": "because",
    }
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_response("describe_stacks", {"Stacks": [entry]}, {"StackName": "shop"})
        stack = describe_stack(aws, "shop")

    assert (stack.account_id, stack.status, stack.status_reason) == ("123456789012", "X", "because")
    assert stack.resolved == {"/image": "ami-1"}
    assert (stack.outputs, stack.exports) == ({"Url": "https://x", "None": ""}, {"Url": "shop-url"})
    assert (stack.tags, len(stack.notification_arns), stack.role_arn is None) == ({"team": "shop"}, 1, False)
    assert (stack.termination_protection, stack.express, stack.root_id) == (True, False, "")
    assert stack.last_updated == "2026-11-25 00:00:00+00:00"
    known = stack.known_parameters()
    assert (known["Image"], isinstance(known["Secret"], Unknown)) == ("/image", True)


@pytest.mark.parametrize(
    ("code", "message", "absent"),
    [
        pytest.param("ValidationError", "Stack with id shop does not exist", True, id="no such stack"),
        pytest.param("ValidationError", "StackName must match [a-z]+", False, id="another validation error"),
        pytest.param("AccessDenied", "the role shop does not exist", False, id="denied"),
    ],
)
def test_only_a_validation_error_says_that_a_stack_does_not_exist(code: str, message: str, absent: bool) -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_client_error("describe_stacks", code, message)
        if absent:
            assert describe_stack(aws, "shop").status == ABSENT
            return
        with pytest.raises(AwsError) as raised:
            describe_stack(aws, "shop")
    assert raised.value.code == code


def test_every_page_of_resources_is_read() -> None:
    summary = {"ResourceType": "AWS::SQS::Queue", "LastUpdatedTimestamp": MOMENT, "ResourceStatus": "CREATE_COMPLETE"}
    with stubbed("cloudformation") as (aws, stubs):
        for page, name in enumerate("AB"):
            answer = {"StackResourceSummaries": [{**summary, "LogicalResourceId": name}]}
            following = {"NextToken": "2"} if name == "A" else {}
            request = {"StackName": STACK_ID, **({"NextToken": "2"} if page else {})}
            stubs["cloudformation"].add_response("list_stack_resources", {**answer, **following}, request)

        resources = cloudformation.list_stack_resources(aws, STACK_ID)

    assert resources == tuple(StackResource(name, "AWS::SQS::Queue", "CREATE_COMPLETE") for name in "AB")


def test_nested_stacks_are_not_listed() -> None:
    summaries = [STACK, {**STACK, "StackName": "shop-Nested", "ParentId": STACK_ID}]
    with stubbed("cloudformation") as (aws, stubs):
        request = {"StackStatusFilter": ["UPDATE_IN_PROGRESS"]}
        stubs["cloudformation"].add_response("list_stacks", {"StackSummaries": summaries}, request)

        assert cloudformation.list_stacks(aws, ["UPDATE_IN_PROGRESS"]) == (("shop", "X"),)


def test_a_change_set_that_is_being_deleted_is_not_listed() -> None:
    summaries = [
        {"ChangeSetName": "a", "ChangeSetId": "arn:a", "Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE"},
        {"ChangeSetName": "b", "Status": "DELETE_IN_PROGRESS"},
    ]
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_response("list_change_sets", {"Summaries": summaries}, {"StackName": "shop"})

        (change_set,) = cloudformation.list_change_sets(aws, "shop")

    assert change_set == ChangeSetSummary("a", "arn:a", "", "CREATE_COMPLETE", "AVAILABLE")


@pytest.mark.parametrize(
    ("status", "deleted"),
    [("CREATE_COMPLETE", True), ("CREATE_FAILED", False), ("DELETE_COMPLETE", False), ("DELETE_SKIPPED", False)],
)
def test_a_resource_is_held_unless_it_was_deleted_retained_or_never_created(status: str, deleted: bool) -> None:
    assert StackResource("A", "AWS::SQS::Queue", status).held is deleted


def test_a_drift_detection_is_begun_and_read() -> None:
    detection = "11111111-2222-3333-4444-555555555555"
    state = {"StackId": STACK_ID, "StackDriftDetectionId": detection, "Timestamp": "2026-01-01T00:00:00Z"}
    failed = {**state, "DetectionStatus": "DETECTION_FAILED", "DetectionStatusReason": "denied"}
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_response(
            "detect_stack_drift", {"StackDriftDetectionId": detection}, {"StackName": STACK_ID}
        )
        stubs["cloudformation"].add_response(
            "describe_stack_drift_detection_status", failed, {"StackDriftDetectionId": detection}
        )

        assert detect_stack_drift(aws, STACK_ID) == detection
        assert drift_detection(aws, detection) == ("DETECTION_FAILED", "denied")


def test_every_page_of_drifts_is_read() -> None:
    base = {"StackId": STACK_ID, "ResourceType": "AWS::SQS::Queue", "Timestamp": "2026-01-01T00:00:00Z"}
    difference = {"PropertyPath": "/A", "DifferenceType": "ADD", "ExpectedValue": "null", "ActualValue": "1"}
    first = {
        **base,
        "LogicalResourceId": "A",
        "StackResourceDriftStatus": "MODIFIED",
        "PropertyDifferences": [difference],
    }
    second = {**base, "LogicalResourceId": "B", "StackResourceDriftStatus": "UNKNOWN", "DriftStatusReason": "no"}
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        page = {"StackResourceDrifts": [first], "NextToken": "more"}
        stub.add_response("describe_stack_resource_drifts", page, {"StackName": STACK_ID})
        request = {"StackName": STACK_ID, "NextToken": "more"}
        stub.add_response("describe_stack_resource_drifts", {"StackResourceDrifts": [second]}, request)

        assert resource_drifts(aws, STACK_ID) == (
            ResourceDrift("A", "MODIFIED", "", (PropertyDifference("/A", "ADD", "null", "1"),)),
            ResourceDrift("B", "UNKNOWN", "no", ()),
        )
