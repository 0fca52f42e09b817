"""CloudFormation's drift detection, for resource types without checks and in addition to the checks.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tapctl.aws.errors import read_or_unknown
from tapctl.aws.session import Aws
from tapctl.sandbox.quirks import is_emulator
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.deployed_stack import DeployedStack
from tapctl.verify.resources import unchecked
from tapctl.verify.retry import RetryWindow

SUBJECT = "drift"
DETECTION = RetryWindow(600, pause=1)
"""A detection takes about a second for each resource."""

_STATUSES = {
    "IN_SYNC": (CheckStatus.PROVED, "in sync"),
    "MODIFIED": (CheckStatus.FAILED, "drifted"),
    "DELETED": (CheckStatus.FAILED, "deleted outside of CloudFormation"),
}
_SECRET = re.compile("environment|secret|password|token|credential", re.IGNORECASE)
"""Paths of properties whose values are not printed."""


def check_drift(aws: Aws, stack: DeployedStack, retry: RetryWindow = DETECTION) -> Iterator[Check]:
    """Run a drift detection and yield one check a resource, and the types that no check and no detection covers."""
    if is_emulator(aws):
        yield Check(SUBJECT, CheckStatus.NOT_CHECKED, "the sandbox does not detect drift")
        yield from unchecked(stack)
        return
    drifts = _detect(aws, stack, retry)
    if isinstance(drifts, Unknown):
        yield Check(SUBJECT, CheckStatus.NOT_CHECKED, drifts.reason, drifts.resolution or None)
        yield from unchecked(stack)
        return
    yield from map(_check, drifts)
    yield from unchecked(stack, {drift["LogicalResourceId"] for drift in drifts})


def _detect(aws: Aws, stack: DeployedStack, retry: RetryWindow) -> list[Mapping[str, Any]] | Unknown:
    """The drift of every resource, from a new detection: the result of an earlier one may be out of date."""
    client = aws.client("cloudformation")
    started = read_or_unknown("cloudformation:DetectStackDrift", lambda: client.detect_stack_drift(StackName=stack.id))
    if isinstance(started, Unknown):
        return started
    detection = started["StackDriftDetectionId"]
    for _ in retry.tries():
        state = read_or_unknown(
            "cloudformation:DescribeStackDriftDetectionStatus",
            lambda: client.describe_stack_drift_detection_status(StackDriftDetectionId=detection),
        )
        if isinstance(state, Unknown):
            return state
        match state["DetectionStatus"]:
            case "DETECTION_COMPLETE":
                return read_or_unknown("cloudformation:DescribeStackResourceDrifts", lambda: list(_drifts(aws, stack)))
            case "DETECTION_FAILED":
                return Unknown(f"drift detection failed: {state.get('DetectionStatusReason', 'no reason given')}")
    return Unknown("drift detection timed out", "run it again in some minutes")


def _drifts(aws: Aws, stack: DeployedStack) -> Iterator[Mapping[str, Any]]:
    """Every page; botocore has no paginator for DescribeStackResourceDrifts."""
    client, token = aws.client("cloudformation"), None
    while True:
        page = client.describe_stack_resource_drifts(StackName=stack.id, **({"NextToken": token} if token else {}))
        yield from page["StackResourceDrifts"]
        if not (token := page.get("NextToken")):
            return


def _check(drift: Mapping[str, Any]) -> Check:
    drift_status = drift["StackResourceDriftStatus"]
    not_compared = (CheckStatus.NOT_CHECKED, f"CloudFormation did not compare it ({drift_status})")
    status, message = _STATUSES.get(drift_status, not_compared)
    reason = drift.get("DriftStatusReason", "") if status is CheckStatus.NOT_CHECKED else ""
    differences = ", ".join(map(_difference, drift.get("PropertyDifferences", [])))
    message = ": ".join(filter(None, [message, reason, differences]))
    hint = "`tapctl deploy --revert-drift` reverts it" if status is CheckStatus.FAILED else None
    return Check(drift["LogicalResourceId"], status, message, hint, detail=status is CheckStatus.PROVED)


def _difference(difference: Mapping[str, str]) -> str:
    path = difference["PropertyPath"]
    if _SECRET.search(path):
        return f"{path} differs"
    match difference["DifferenceType"]:
        case "ADD":
            return f"{path} was added: {difference['ActualValue']}"
        case "REMOVE":
            return f"{path} was removed: {difference['ExpectedValue']}"
        case _:
            return f"{path} is {difference['ActualValue']}, expected {difference['ExpectedValue']}"
