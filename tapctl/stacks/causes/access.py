"""Denied actions, and KMS keys that may not be used."""

from tapctl.stacks.causes.cause import Cause

KEYS = (
    Cause(
        r"The specified KMS key does not exist or is not allowed to be used with(?: Arn)? '?(?P<user>[^'\s\"]+)",
        "the key's policy does not let CloudWatch Logs use it for {user}",
        "allow logs.REGION.amazonaws.com in the key policy, for that ARN as kms:EncryptionContext:aws:logs:arn",
    ),
    Cause(
        r"The new key policy will not allow you to update the key policy in the future",
        "with the new key policy, no principal could change the policy of the key",
        "allow kms:PutKeyPolicy to the account's root or to the deploying role",
    ),
    Cause(
        r"KMS access was denied|KMSAccessDenied|The ciphertext refers to a customer master key that does not exist",
        "a KMS key does not exist, or its user may not use it",
        "check the key policy and the grants of the function's role",
    ),
)

_DENIED = r"is not authorized to perform: (?P<action>[\w-]+:[\w*]+)"
_ON = r"(?: on resource: \\?[\"']?(?P<resource>[^\s\"'\\]+))?"

PERMISSIONS = (
    Cause(
        r"Action denied by stack policy:.*?\[?(?P<update>Update:[^\]]+?)\]? for resource \[?(?P<resource>[^\]\s]+)",
        "the stack policy does not allow {update} of {resource}",
        "`aws cloudformation set-stack-policy` changes the policy; a replacement loses what {resource} holds",
    ),
    Cause(
        r"denied by stack policy",
        "the stack policy does not allow the change",
        "`aws cloudformation set-stack-policy` changes the policy",
    ),
    Cause(
        _DENIED + r".*?with an explicit deny(?P<where> in an? [\w-]+(?: [\w-]+)*)?",
        "{action} is denied explicitly{where}, which no permission overrides",
        "change the deny, or deploy with credentials that it does not affect",
    ),
    Cause(r"User: (?P<who>\S+) " + _DENIED + _ON, "{who} may not do {action}", "allow it {action} on {resource}"),
    Cause(
        _DENIED + _ON,
        "the credentials, or the stack's role, may not do {action}",
        "allow {action} on {resource}",
    ),
    Cause(
        r"Encoded authorization failure message: (?P<encoded>\S+)",
        "the credentials, or the stack's role, may not do that; AWS encoded what",
        "`aws sts decode-authorization-message --encoded-message {encoded}` shows the action",
    ),
    Cause(
        r"security token included in the request is (?:expired|invalid)|ExpiredToken",
        "the credentials expired before the operation ended",
        "give CloudFormation a role with `--role-arn`, which does not expire",
    ),
    Cause(
        r"is not authorized to perform|AccessDenied|access denied|UnauthorizedOperation",
        "the credentials, or the stack's role, may not do that",
        "allow the action that the message names",
    ),
    Cause(
        r"Requires capabilities ?: ?\[(?P<capabilities>[\w, ]+)\]",
        "the template creates IAM resources or uses macros, which must be acknowledged",
        "pass `--capability {capabilities}`",
    ),
)
