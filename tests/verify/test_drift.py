"""Drift detection against stubs: the sandbox does not detect drift."""

from typing import Any

import pytest

from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.verify.check import Check
from tapctl.verify.drift import check_drift
from tapctl.verify.retry import RetryWindow
from tests.support.deployed_stacks import PSEUDO, deployed_stack, lines, silent_aws, statuses, stubbed
from tests.support.golden import Golden

STACK = PSEUDO["AWS::StackId"]
DETECTION = "11111111-2222-3333-4444-555555555555"
BODY = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}, "Hook": {"Type": "Custom::Thing"}}}


def detection(status: str, **fields: str) -> dict[str, Any]:
    """A response of DescribeStackDriftDetectionStatus."""
    base = {"StackId": STACK, "StackDriftDetectionId": DETECTION, "Timestamp": 0}
    return {**base, "DetectionStatus": status, **fields}


def drift(status: str, name: str = "Bucket", **fields: Any) -> dict[str, Any]:
    """An entry of DescribeStackResourceDrifts."""
    base = {"StackId": STACK, "LogicalResourceId": name, "ResourceType": "AWS::S3::Bucket", "Timestamp": 0}
    return {**base, "StackResourceDriftStatus": status, **fields}


def difference(path: str, kind: str = "NOT_EQUAL", expected: str = "a", actual: str = "b") -> dict[str, str]:
    return {"PropertyPath": path, "DifferenceType": kind, "ExpectedValue": expected, "ActualValue": actual}


def drift_checks(detections: list[dict[str, Any]], *pages: list[dict[str, Any]], seconds: float = 60) -> list[Check]:
    """The checks where the detection has these statuses in turn and finds these pages of drifts."""
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        stub.add_response("detect_stack_drift", {"StackDriftDetectionId": DETECTION}, {"StackName": STACK})
        for response in detections:
            stub.add_response("describe_stack_drift_detection_status", response, {"StackDriftDetectionId": DETECTION})
        for index, page in enumerate(pages):
            token = {"NextToken": f"{index}"} if index else {}
            next_token = {"NextToken": f"{index + 1}"} if index + 1 < len(pages) else {}
            expected = {"StackName": STACK, **token}
            stub.add_response("describe_stack_resource_drifts", {"StackResourceDrifts": page, **next_token}, expected)
        retry = RetryWindow(seconds, sleep=lambda _: None)
        return list(check_drift(aws, [deployed_stack(BODY, {"Bucket": "b", "Hook": "h"})], retry))


COMPLETE = detection("DETECTION_COMPLETE")
IN_PROGRESS = detection("DETECTION_IN_PROGRESS")


def test_a_detection_is_followed_to_its_end_and_every_page_read(golden: Golden) -> None:
    pages = [drift("IN_SYNC", "A")], [drift("IN_SYNC", "Bucket")]

    checks = drift_checks([IN_PROGRESS, IN_PROGRESS, COMPLETE], *pages)

    assert [(check.subject, check.status.value) for check in checks] == [
        ("A", "proved"),
        ("Bucket", "proved"),
        ("Custom::Thing", "not checked"),
    ]
    golden(lines(checks))


def test_a_drifted_resource_fails_with_its_differences_but_no_secret(golden: Golden) -> None:
    differences = [
        difference("/VersioningConfiguration/Status", expected="Enabled", actual="Suspended"),
        difference("/Tags/0", "ADD", "null", "x"),
        difference("/Rules/1", "REMOVE", "y", "null"),
        difference("/Environment/Variables/KEY", expected="one", actual="two"),
    ]

    check, *_ = drift_checks([COMPLETE], [drift("MODIFIED", PropertyDifferences=differences)])

    assert check.status.value == "failed"
    assert not {"one", "two"} & set(check.message.split())
    golden(check.message)


@pytest.mark.parametrize(
    ("drift_status", "reason", "status"),
    [
        ("DELETED", None, "failed"),
        ("NOT_CHECKED", None, "not checked"),
        ("UNSUPPORTED", None, "not checked"),
        ("UNKNOWN", "no rights", "not checked"),
    ],
)
def test_other_drift_statuses(drift_status: str, reason: str | None, status: str, golden: Golden) -> None:
    check, *_ = drift_checks([COMPLETE], [drift(drift_status, **({"DriftStatusReason": reason} if reason else {}))])

    assert check.status.value == status
    golden(lines([check]))


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(detection("DETECTION_FAILED", DetectionStatusReason="no rights"), id="failed"),
        pytest.param(IN_PROGRESS, id="timed out"),
    ],
)
def test_a_detection_without_a_result_is_not_checked(response: dict[str, Any], golden: Golden) -> None:
    checks = drift_checks([response], seconds=0)

    assert statuses(checks) == ["not checked"] * 3
    golden(lines(checks))


def test_a_denied_detection_names_the_action() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_client_error("detect_stack_drift", "AccessDenied", "no", 403)

        check, *_ = check_drift(aws, [deployed_stack(BODY, {"Bucket": "b"})])

    assert check.status.value == "not checked"
    assert "cloudformation:DetectStackDrift" in check.message
    assert check.hint == advise(JudgementAdvice.ALLOW_ACTION, "cloudformation:DetectStackDrift")


def test_the_sandbox_proves_nothing_about_drift(golden: Golden) -> None:
    with stubbed("cloudformation", aws=silent_aws(sandbox=True)) as (aws, _):
        check, *_ = check_drift(aws, [deployed_stack(BODY, {"Bucket": "b"})])

    assert check.status.value == "not checked"
    golden(check.message)
