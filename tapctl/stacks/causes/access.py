"""What somebody may not do, and keys that somebody may not use."""

from tapctl.stacks.causes.cause import Cause

KEYS = (
    Cause(
        r"The specified KMS key does not exist or is not allowed to be used with(?: Arn)? '?(?P<user>[^'\s\"]+)",
        "the key's policy does not let CloudWatch Logs use it for {user}",
        "allow logs.REGION.amazonaws.com in the key policy, for that ARN as kms:EncryptionContext:aws:logs:arn",
    ),
    Cause(
        r"The new key policy will not allow you to update the key policy in the future",
        "the key policy would lock everybody out of the key",
        "let the account's root, or the role that deploys, have kms:PutKeyPolicy",
    ),
    Cause(
        r"KMS access was denied|KMSAccessDenied|The ciphertext refers to a customer master key that does not exist",
        "a KMS key is gone, or may not be used by the one who needs it",
        "look at the key policy and at the grants of the function's role",
    ),
)

_DENIED = r"is not authorized to perform: (?P<action>[\w-]+:[\w*]+)"
_ON = r"(?: on resource: \\?[\"']?(?P<resource>[^\s\"'\\]+))?"

PERMISSIONS = (
    Cause(
        _DENIED + r".*?with an explicit deny(?P<where> in an? [\w-]+(?: [\w-]+)*)?",
        "{action} is denied by name{where}, which no permission outweighs",
        "have the deny changed, or deploy as somebody whom it does not reach",
    ),
    Cause(r"User: (?P<who>\S+) " + _DENIED + _ON, "{who} may not do {action}", "allow it {action} on {resource}"),
    Cause(
        _DENIED + _ON,
        "the credentials, or the stack's role, may not do {action}",
        "allow {action} on {resource}",
    ),
    Cause(
        r"Encoded authorization failure message: (?P<encoded>\S+)",
        "the credentials, or the stack's role, may not do that; AWS says in code what",
        "`aws sts decode-authorization-message --encoded-message {encoded}` names the action",
    ),
    Cause(
        r"security token included in the request is (?:expired|invalid)|ExpiredToken",
        "the credentials that CloudFormation was given did not last as long as the operation",
        "give it a role of its own, `--role-arn`, which does not expire",
    ),
    Cause(
        r"is not authorized to perform|AccessDenied|access denied|UnauthorizedOperation",
        "the credentials, or the stack's role, may not do that",
        "allow the action that the message names",
    ),
    Cause(
        r"Requires capabilities ?: ?\[(?P<capabilities>[\w, ]+)\]",
        "the template makes something that must be acknowledged",
        "`--capability {capabilities}`",
    ),
)
