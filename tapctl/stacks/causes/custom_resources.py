"""Failures of custom resources: what the function behind one did, or did not answer.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
"""

from tapctl.hints.failures import FailureAdvice
from tapctl.stacks.causes.cause import Cause

_FAILED = r"Received response status \[FAILED\] from custom resource\. Message returned: .*"
"""How the reason begins where the function reported the failure; what follows is its own text."""

CUSTOM = (
    Cause(
        r"did not receive a response from your Custom Resource.*requestId \[(?P<request>[^\]]*)\]",
        "the function behind the custom resource did not respond: it crashed, timed out, or cannot reach S3",
        FailureAdvice.FIND_REQUEST,
        ("request",),
    ),
    Cause(
        r"Custom Resource failed to stabilize in expected time",
        "the function behind the custom resource did not respond: it crashed, timed out, or cannot reach S3",
        FailureAdvice.SEE_LOG_AND_SET_SERVICE_TIMEOUT,
    ),
    Cause(
        r"Vendor response doesn't contain (?P<name>\S+)",
        "the response of the custom resource has no {name}, which the template reads with Fn::GetAtt",
        FailureAdvice.RETURN_ATTRIBUTE,
        ("name",),
    ),
    Cause(
        r"Response object is too long",
        "the response of the custom resource exceeds 4096 bytes",
        FailureAdvice.RETURN_LESS,
    ),
    Cause(
        r"Invalid Response object|Invalid PhysicalResourceId|Vendor response",
        "CloudFormation does not accept the response of the custom resource",
        FailureAdvice.RETURN_REQUEST_FIELDS,
    ),
    Cause(
        r"Modifying service token is not allowed",
        "the ServiceToken of a custom resource cannot change",
        FailureAdvice.CHANGE_LOGICAL_ID_OF_CUSTOM_RESOURCE,
    ),
    Cause(
        _FAILED + r"(?:Rate exceeded|Throttl|Too ?Many ?Requests|RequestLimitExceeded|SlowDown|reduce your request rate"
        r"|ProvisionedThroughputExceeded|Status ?Code: 429)",
        "AWS throttled the function behind the custom resource",
        FailureAdvice.SPREAD_CUSTOM_RESOURCES,
    ),
    Cause(
        _FAILED + r"is not authorized to perform: (?P<action>[\w-]+:[\w*]+)",
        "the function behind the custom resource may not do {action}",
        FailureAdvice.ALLOW_IN_FUNCTION_ROLE,
        ("action",),
    ),
    Cause(
        _FAILED + r"(?:Access ?Denied|UnauthorizedOperation|not authorized)",
        "the function behind the custom resource may not do that",
        FailureAdvice.SEE_LOG_AND_ALLOW,
    ),
    Cause(
        _FAILED + r"(?:signal: killed|OutOfMemory|MemoryError|heap out of memory)",
        "the function behind the custom resource ran out of memory",
        FailureAdvice.RAISE_MEMORY,
    ),
    Cause(
        _FAILED + r"(?:Task timed out|TimeoutError|timed? ?out)",
        "the function behind the custom resource took too long",
        FailureAdvice.SEE_LOG_AND_RAISE_TIMEOUT,
    ),
    Cause(
        r"Received response status \[FAILED\] from custom resource",
        "the function behind the custom resource reported a failure",
        FailureAdvice.SEE_LOG,
    ),
)
