"""CloudFormation's own comparison of a stack with its template, for what no look covers and beside those that do.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tapctl.aws.session import Aws, readable
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.deployed_stack import Deployed
from tapctl.verify.emulated import is_emulated
from tapctl.verify.resources import unchecked
from tapctl.verify.retry import RetryWindow

SUBJECT = "drift"
WAIT = RetryWindow(600, pause=1)
"""A detection takes about a second for each resource."""

_WORDS = {
    "IN_SYNC": (CheckStatus.PROVED, "it is in sync with the template, says CloudFormation"),
    "MODIFIED": (CheckStatus.FAILED, "it has drifted"),
    "DELETED": (CheckStatus.FAILED, "it was deleted behind CloudFormation's back"),
}
_SECRET = re.compile("environment|secret|password|token|credential", re.IGNORECASE)
"""Properties whose values are not shown."""


def check_drift(aws: Aws, deployed: Deployed, patience: RetryWindow = WAIT) -> Iterator[Check]:
    """Ask for a detection, wait for it, and report each resource; and what CloudFormation does not compare either."""
    if is_emulated(aws):
        yield Check(SUBJECT, CheckStatus.NOT_CHECKED, "the sandbox takes everything for in sync")
        yield from unchecked(deployed)
        return
    found = _detect(aws, deployed, patience)
    if isinstance(found, Unknown):
        yield Check(SUBJECT, CheckStatus.NOT_CHECKED, found.reason, found.resolution or None)
        yield from unchecked(deployed)
        return
    yield from map(_check, found)
    yield from unchecked(deployed, {each["LogicalResourceId"] for each in found})


def _detect(aws: Aws, deployed: Deployed, patience: RetryWindow) -> list[Mapping[str, Any]] | Unknown:
    """Run one detection to its end, and read what it found; an earlier one says nothing about now."""
    client = aws.client("cloudformation")
    started = readable("cloudformation:DetectStackDrift", lambda: client.detect_stack_drift(StackName=deployed.id))
    if isinstance(started, Unknown):
        return started
    detection = started["StackDriftDetectionId"]
    for _ in patience.tries():
        state = readable(
            "cloudformation:DescribeStackDriftDetectionStatus",
            lambda: client.describe_stack_drift_detection_status(StackDriftDetectionId=detection),
        )
        if isinstance(state, Unknown):
            return state
        match state["DetectionStatus"]:
            case "DETECTION_COMPLETE":
                return readable("cloudformation:DescribeStackResourceDrifts", lambda: list(_drifts(aws, deployed)))
            case "DETECTION_FAILED":
                return Unknown(f"the detection failed: {state.get('DetectionStatusReason', 'for no given reason')}")
    return Unknown("the detection has not ended in time", "run it again in some minutes")


def _drifts(aws: Aws, deployed: Deployed) -> Iterator[Mapping[str, Any]]:
    """Every page; botocore has no paginator for it."""
    client, token = aws.client("cloudformation"), None
    while True:
        page = client.describe_stack_resource_drifts(StackName=deployed.id, **({"NextToken": token} if token else {}))
        yield from page["StackResourceDrifts"]
        if not (token := page.get("NextToken")):
            return


def _check(drift: Mapping[str, Any]) -> Check:
    kind = drift["StackResourceDriftStatus"]
    status, words = _WORDS.get(kind, (CheckStatus.NOT_CHECKED, f"CloudFormation does not compare it ({kind})"))
    said = [words, drift.get("DriftStatusReason", "")] if status is CheckStatus.NOT_CHECKED else [words]
    differences = ", ".join(map(_difference, drift.get("PropertyDifferences", [])))
    message = ": ".join(filter(None, [*said, differences]))
    hint = "`tapctl deploy --revert-drift` brings it back" if status is CheckStatus.FAILED else None
    return Check(drift["LogicalResourceId"], status, message, hint, detail=status is CheckStatus.PROVED)


def _difference(each: Mapping[str, str]) -> str:
    path, kind = each["PropertyPath"], each["DifferenceType"]
    if _SECRET.search(path):
        return f"{path} is not as the template says"
    match kind:
        case "ADD":
            return f"{path} was added: {each['ActualValue']}"
        case "REMOVE":
            return f"{path} was removed: {each['ExpectedValue']}"
        case _:
            return f"{path} is {each['ActualValue']}, the template says {each['ExpectedValue']}"
