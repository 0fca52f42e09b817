"""CloudFormation's drift detection in its real shapes; the sandbox knows no drift."""

from typing import Any

import pytest

from tapctl.verify.drift import check_drift
from tapctl.verify.retry import RetryWindow
from tests.support.deployed_stacks import PSEUDO, deployed, found, stubbed

STACK = PSEUDO["AWS::StackId"]
DETECTION = "11111111-2222-3333-4444-555555555555"
BODY = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}, "Hook": {"Type": "Custom::Thing"}}}


def status(value: str, **more: str) -> dict[str, Any]:
    base = {"StackId": STACK, "StackDriftDetectionId": DETECTION, "Timestamp": 0}
    return {**base, "DetectionStatus": value, **more}


def drift(kind: str, name: str = "Bucket", **more: Any) -> dict[str, Any]:
    base = {"StackId": STACK, "LogicalResourceId": name, "ResourceType": "AWS::S3::Bucket", "Timestamp": 0}
    return {**base, "StackResourceDriftStatus": kind, **more}


def difference(path: str, kind: str = "NOT_EQUAL", expected: str = "a", actual: str = "b") -> dict[str, str]:
    return {"PropertyPath": path, "DifferenceType": kind, "ExpectedValue": expected, "ActualValue": actual}


def said(statuses: list[dict[str, Any]], *pages: list[dict[str, Any]], patience: float = 60) -> list[tuple[str, str]]:
    """What is said where the detection goes through these statuses and finds these pages."""
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        stub.add_response("detect_stack_drift", {"StackDriftDetectionId": DETECTION}, {"StackName": STACK})
        for each in statuses:
            stub.add_response("describe_stack_drift_detection_status", each, {"StackDriftDetectionId": DETECTION})
        for index, page in enumerate(pages):
            token = {"NextToken": f"{index}"} if index else {}
            more = {"NextToken": f"{index + 1}"} if index + 1 < len(pages) else {}
            expected = {"StackName": STACK, **token}
            stub.add_response("describe_stack_resource_drifts", {"StackResourceDrifts": page, **more}, expected)
        quick = RetryWindow(patience, sleep=lambda _: None)
        return found(check_drift(aws, deployed(BODY, {"Bucket": "b", "Hook": "h"}), quick))


DONE = status("DETECTION_COMPLETE")
HOOK = ("not checked", "1 of this type; CloudFormation's word is taken for it")


def test_the_detection_is_waited_for_and_every_page_read() -> None:
    pages = [drift("IN_SYNC", "A")], [drift("IN_SYNC", "Bucket")]

    assert said([status("DETECTION_IN_PROGRESS"), status("DETECTION_IN_PROGRESS"), DONE], *pages) == [
        ("proved", "it is in sync with the template, says CloudFormation"),
        ("proved", "it is in sync with the template, says CloudFormation"),
        HOOK,
    ]


def test_what_has_drifted_has_failed_with_every_difference() -> None:
    differences = [
        difference("/VersioningConfiguration/Status", expected="Enabled", actual="Suspended"),
        difference("/Tags/0", "ADD", "null", "x"),
        difference("/Rules/1", "REMOVE", "y", "null"),
        difference("/Environment/Variables/KEY", expected="one", actual="two"),
    ]

    ((status_, message), *_) = said([DONE], [drift("MODIFIED", PropertyDifferences=differences)])

    assert status_ == "failed"
    assert message.split(", /") == [
        "it has drifted: /VersioningConfiguration/Status is Suspended, the template says Enabled",
        "Tags/0 was added: x",
        "Rules/1 was removed: y",
        "Environment/Variables/KEY is not as the template says",
    ]


@pytest.mark.parametrize(
    ("kind", "reason", "expected"),
    [
        ("DELETED", None, ("failed", "it was deleted behind CloudFormation's back")),
        ("NOT_CHECKED", None, ("not checked", "CloudFormation does not compare it (NOT_CHECKED)")),
        ("UNSUPPORTED", None, ("not checked", "CloudFormation does not compare it (UNSUPPORTED)")),
        ("UNKNOWN", "no rights", ("not checked", "CloudFormation does not compare it (UNKNOWN): no rights")),
    ],
)
def test_every_other_answer(kind: str, reason: str | None, expected: tuple[str, str]) -> None:
    more = {"DriftStatusReason": reason} if reason else {}

    assert said([DONE], [drift(kind, **more)])[0] == expected


@pytest.mark.parametrize(
    ("statuses", "problem"),
    [
        pytest.param(
            [status("DETECTION_FAILED", DetectionStatusReason="no rights")],
            "the detection failed: no rights",
            id="that failed",
        ),
        pytest.param([status("DETECTION_IN_PROGRESS")], "the detection has not ended in time", id="without an end"),
    ],
)
def test_a_detection_without_a_result_is_not_checked(statuses: list[dict[str, Any]], problem: str) -> None:
    checks = said(statuses, patience=0)

    assert checks[0] == ("not checked", problem)
    assert len(checks) == 3


def test_a_denied_detection_names_the_permission() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_client_error("detect_stack_drift", "AccessDenied", "no", 403)

        checks = list(check_drift(aws, deployed(BODY, {"Bucket": "b"})))

    assert found(checks)[0] == ("not checked", "cloudformation:DetectStackDrift was denied")
    assert checks[0].hint == "allow the action cloudformation:DetectStackDrift"


def test_the_sandbox_proves_nothing_about_drift() -> None:
    with stubbed("cloudformation", sandbox=True) as (aws, _):
        checks = found(check_drift(aws, deployed(BODY, {"Bucket": "b"})))

    assert checks[0] == ("not checked", "the sandbox takes everything for in sync")
