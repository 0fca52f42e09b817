"""Failures of custom resources: what the function behind one did, or did not answer.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
"""

from tapctl.stacks.causes.cause import Cause

_FAILED = r"Received response status \[FAILED\] from custom resource\. Message returned: .*"
"""How the reason begins where the function reported the failure; what follows is its own text."""

CUSTOM = (
    Cause(
        r"did not receive a response from your Custom Resource.*requestId \[(?P<request>[^\]]*)\]",
        "the function behind the custom resource did not respond: it crashed, timed out, or cannot reach S3",
        "look for request {request} in the function's log",
    ),
    Cause(
        r"Custom Resource failed to stabilize in expected time",
        "the function behind the custom resource did not respond: it crashed, timed out, or cannot reach S3",
        "see its log; ServiceTimeout of the resource ends the wait earlier",
    ),
    Cause(
        r"Vendor response doesn't contain (?P<name>\S+)",
        "the response of the custom resource has no {name}, which the template reads with Fn::GetAtt",
        "return {name} in Data of the response",
    ),
    Cause(
        r"Response object is too long",
        "the response of the custom resource exceeds 4096 bytes",
        "return less in Data and in Reason of the response",
    ),
    Cause(
        r"Invalid Response object|Invalid PhysicalResourceId|Vendor response",
        "CloudFormation does not accept the response of the custom resource",
        "return Status, PhysicalResourceId, StackId, RequestId and LogicalResourceId as the request has them",
    ),
    Cause(
        r"Modifying service token is not allowed",
        "the ServiceToken of a custom resource cannot change",
        "give the resource another logical id, which creates it with the new function",
    ),
    Cause(
        _FAILED + r"(?:Rate exceeded|Throttl|Too ?Many ?Requests|RequestLimitExceeded|SlowDown|reduce your request rate"
        r"|ProvisionedThroughputExceeded|Status ?Code: 429)",
        "AWS throttled the function behind the custom resource",
        "deploy again; DependsOn between the custom resources spreads their requests",
    ),
    Cause(
        _FAILED + r"is not authorized to perform: (?P<action>[\w-]+:[\w*]+)",
        "the function behind the custom resource may not do {action}",
        "allow {action} in the function's role",
    ),
    Cause(
        _FAILED + r"(?:Access ?Denied|UnauthorizedOperation|not authorized)",
        "the function behind the custom resource may not do that",
        "see its log, and allow the action in the function's role",
    ),
    Cause(
        _FAILED + r"(?:signal: killed|OutOfMemory|MemoryError|heap out of memory)",
        "the function behind the custom resource ran out of memory",
        "raise its MemorySize",
    ),
    Cause(
        _FAILED + r"(?:Task timed out|TimeoutError|timed? ?out)",
        "the function behind the custom resource took too long",
        "see its log, and raise its Timeout if it needs more",
    ),
    Cause(
        r"Received response status \[FAILED\] from custom resource",
        "the function behind the custom resource reported a failure",
        "see its log",
    ),
)
