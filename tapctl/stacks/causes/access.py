"""Denied actions, and KMS keys that may not be used."""

from tapctl.hints.failures import FailureAdvice
from tapctl.hints.judgement import JudgementAdvice
from tapctl.stacks.causes.cause import Cause

KEYS = (
    Cause(
        r"The specified KMS key does not exist or is not allowed to be used with(?: Arn)? '?(?P<user>[^'\s\"]+)",
        "the key's policy does not let CloudWatch Logs use it for {user}",
        FailureAdvice.ALLOW_LOGS_IN_KEY_POLICY,
    ),
    Cause(
        r"The new key policy will not allow you to update the key policy in the future",
        "with the new key policy, no principal could change the policy of the key",
        FailureAdvice.ALLOW_PUT_KEY_POLICY,
    ),
    Cause(
        r"KMS access was denied|KMSAccessDenied|The ciphertext refers to a customer master key that does not exist",
        "a KMS key does not exist, or its user may not use it",
        FailureAdvice.CHECK_KEY_POLICY,
    ),
)

_WHO = r"User: (?P<who>\S+) "
_DENIED = r"is not authorized to perform: (?P<action>[\w-]+:[\w*]+)"
_ON = r" on resource: \\?[\"']?(?P<resource>[^\s\"'\\]+)"
_MAY_NOT = "the credentials, or the stack's role, may not do {action}"

PERMISSIONS = (
    Cause(
        r"Action denied by stack policy:.*?\[?(?P<update>Update:[^\]]+?)\]? for resource \[?(?P<resource>[^\]\s]+)",
        "the stack policy does not allow {update} of {resource}",
        FailureAdvice.SET_STACK_POLICY_OR_KEEP,
        ("resource",),
    ),
    Cause(
        r"denied by stack policy",
        "the stack policy does not allow the change",
        FailureAdvice.SET_STACK_POLICY,
    ),
    Cause(
        _DENIED + r".*?with an explicit deny(?P<where> in an? [\w-]+(?: [\w-]+)*)?",
        "{action} is denied explicitly{where}, which no permission overrides",
        FailureAdvice.CHANGE_DENY,
    ),
    Cause(_WHO + _DENIED + _ON, "{who} may not do {action}", FailureAdvice.ALLOW_ACTION_ON, ("action", "resource")),
    Cause(_WHO + _DENIED, "{who} may not do {action}", JudgementAdvice.ALLOW_ACTION, ("action",)),
    Cause(_DENIED + _ON, _MAY_NOT, FailureAdvice.ALLOW_ACTION_ON, ("action", "resource")),
    Cause(_DENIED, _MAY_NOT, JudgementAdvice.ALLOW_ACTION, ("action",)),
    Cause(
        r"Encoded authorization failure message: (?P<encoded>\S+)",
        "the credentials, or the stack's role, may not do that; AWS encoded what",
        FailureAdvice.DECODE_MESSAGE,
        ("encoded",),
    ),
    Cause(
        r"security token included in the request is (?:expired|invalid)|ExpiredToken",
        "the credentials expired before the operation ended",
        FailureAdvice.GIVE_ROLE,
    ),
    Cause(
        r"is not authorized to perform|AccessDenied|access denied|UnauthorizedOperation",
        "the credentials, or the stack's role, may not do that",
        JudgementAdvice.ALLOW_NAMED_ACTION,
    ),
    Cause(
        r"Requires capabilities ?: ?\[(?P<capabilities>[\w, ]+)\]",
        "the template creates IAM resources or uses macros, which must be acknowledged",
        FailureAdvice.PASS_CAPABILITIES,
        ("capabilities",),
    ),
)
