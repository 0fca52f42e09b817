"""CloudFormation's drift detection, for resource types without checks and in addition to the checks.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tapctl.aws.cloudformation import (
    PropertyDifference,
    ResourceDrift,
    detect_stack_drift,
    drift_detection,
    resource_drifts,
)
from tapctl.aws.errors import read_or_unknown
from tapctl.aws.session import Aws
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.usage import UsageAdvice
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


def check_drift(aws: Aws, stacks: Sequence[DeployedStack], retry: RetryWindow = DETECTION) -> Iterator[Check]:
    """Run a drift detection and yield one check a resource, and the types that no check and no detection covers.

    CloudFormation does not look into nested stacks: each gets a detection of its own.
    """
    if is_emulator(aws):
        yield Check(SUBJECT, CheckStatus.NOT_CHECKED, "the sandbox does not detect drift")
        yield from unchecked(stacks)
        return
    detected: set[str] = set()
    with ThreadPoolExecutor(8, "drift") as pool:
        for stack, drifts in zip(stacks, pool.map(lambda stack: _detect(aws, stack, retry), stacks), strict=True):
            if isinstance(drifts, Unknown):
                yield Check(SUBJECT, CheckStatus.NOT_CHECKED, drifts.reason, drifts.resolution)
                continue
            named = [replace(drift, logical_id=f"{stack.prefix}{drift.logical_id}") for drift in drifts]
            detected |= {drift.logical_id for drift in named}
            yield from map(_check, named)
    yield from unchecked(stacks, detected)


def _detect(aws: Aws, stack: DeployedStack, retry: RetryWindow) -> tuple[ResourceDrift, ...] | Unknown:
    """The drift of every resource, from a new detection: the result of an earlier one may be out of date."""
    detection = read_or_unknown("cloudformation:DetectStackDrift", lambda: detect_stack_drift(aws, stack.id))
    if isinstance(detection, Unknown):
        return detection
    for _ in retry.tries():
        state = read_or_unknown(
            "cloudformation:DescribeStackDriftDetectionStatus", lambda: drift_detection(aws, detection)
        )
        match state:
            case Unknown():
                return state
            case "DETECTION_COMPLETE", _:
                permission = "cloudformation:DescribeStackResourceDrifts"
                return read_or_unknown(permission, lambda: resource_drifts(aws, stack.id))
            case "DETECTION_FAILED", reason:
                return Unknown(f"drift detection failed: {reason or 'no reason given'}")
    return Unknown("drift detection timed out", advise(UsageAdvice.RUN_AGAIN_IN_MINUTES))


def _check(drift: ResourceDrift) -> Check:
    not_compared = (CheckStatus.NOT_CHECKED, f"CloudFormation did not compare it ({drift.status})")
    status, message = _STATUSES.get(drift.status, not_compared)
    reason = drift.reason if status is CheckStatus.NOT_CHECKED else ""
    message = ": ".join(filter(None, [message, reason, ", ".join(map(_difference, drift.differences))]))
    hint = advise(DeployAdvice.REVERT_DRIFT) if status is CheckStatus.FAILED else None
    return Check(drift.logical_id, status, message, hint, detail=status is CheckStatus.PROVED)


def _difference(difference: PropertyDifference) -> str:
    path = difference.path
    if _SECRET.search(path):
        return f"{path} differs"
    match difference.kind:
        case "ADD":
            return f"{path} was added: {difference.actual}"
        case "REMOVE":
            return f"{path} was removed: {difference.expected}"
        case _:
            return f"{path} is {difference.actual}, expected {difference.expected}"
