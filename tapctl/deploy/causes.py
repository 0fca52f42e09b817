"""Failures that are known by their words: what each means, and the next step.

The texts are CloudFormation's and the services' own, as status reasons of stack events and in refusals of change sets
carry them. What a row's pattern names, its meaning and hint may use. The first row that matches is taken.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """A pattern, matched anywhere and in any case; `{name}` in the texts stands for its group of that name."""

    pattern: str
    meaning: str
    hint: str


CONCURRENCY = (
    Cause(
        r"is greater than account's unreserved concurrency \[(?P<left>\d+)\]",
        "the provisioned concurrency is more than the account has unreserved, {left}",
        "lower it, or ask for more of quota L-B99A9384; `tapctl account` shows what there is",
    ),
    Cause(
        r"Provisioned Concurrency should not be greater than the reservedConcurrentExecution",
        "a function's provisioned concurrency, over all its versions and aliases, must fit into its reservation",
        "raise ReservedConcurrentExecutions, or lower the provisioned concurrency",
    ),
    Cause(
        r"ReservedConcurrentExecutions\s+(?P<reserved>\d+) should not be lower than function's total provisioned "
        r"concurrency \[(?P<provisioned>\d+)\]",
        "the reservation of {reserved} is smaller than what is provisioned inside it, {provisioned}, perhaps by"
        " versions of earlier deploys",
        "`aws lambda list-provisioned-concurrency-configs` shows them; delete what is not needed",
    ),
    Cause(
        r"cannot be applied to unpublished function versions",
        "$LATEST takes no provisioned concurrency",
        "put it on a version or an alias",
    ),
    Cause(
        r"Alias can't be used for Provisioned Concurrency|Version is pointed by a Provisioned Concurrency alias",
        "a version and an alias of it cannot both have provisioned concurrency",
        "keep it on one of the two",
    ),
)

LAMBDA = (
    Cause(
        r"Code storage limit exceeded",
        "the account's code storage is full",
        "delete old function versions, or ask for more of quota L-2ACBD22F",
    ),
    Cause(
        r"'MemorySize' value failed to satisfy constraint.*less than or equal to 3008",
        "new accounts may not give a function more than 3008 MB",
        "lower MemorySize to 3008, or ask AWS Support for more",
    ),
    Cause(
        r"Unzipped size must be smaller than (?P<bytes>\d+) bytes",
        "the function's code and layers are more than {bytes} bytes once unpacked",
        "leave out what it does not need, or make it a container image",
    ),
    Cause(
        r"environment variables you have provided exceeded the 4KB limit",
        "a function's environment variables may take 4 KB together",
        "move the long ones to a parameter or a secret",
    ),
    Cause(
        r"Error occurred while GetObject\. S3 Error Code: (?P<code>\w+)",
        "Lambda could not read the function's code from its bucket ({code})",
        "look at the bucket, the key and the Region of Code; `tapctl deploy` uploads a local folder by itself",
    ),
    Cause(
        r"cannot be assumed by Lambda",
        "IAM had not spread the new role yet, or its trust policy does not name lambda.amazonaws.com",
        "run the deploy again; when it fails again, look at AssumeRolePolicyDocument",
    ),
    Cause(
        r"execution role does not have permissions to call (?P<action>\w+) on (?P<service>\w+)",
        "the function's role may not call {action} on {service}, or IAM had not spread its policy yet",
        "allow it in the role, and let what needs it depend on the policy (DependsOn)",
    ),
)

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

NAMES = (
    Cause(
        r"already exists in stack \S+:stack/(?P<stack>[^/\s]+)",
        "stack {stack} has something of that name",
        "rename it, or take it out of stack {stack} first",
    ),
    Cause(
        r"cannot update a stack when a custom-named resource requires replacing\. Rename (?P<name>\S+)",
        "the change needs a new resource beside the old one, and both cannot be called {name}",
        "give it another name, or none, and deploy again",
    ),
    Cause(
        r"already exists|AlreadyExists|BucketAlreadyOwnedByYou",
        "something of that name is there already, outside this stack",
        "rename it, delete the other, or take it into the stack with `--import-existing`",
    ),
    Cause(
        r"Export (?P<export>\S+) cannot be (?:deleted|updated) as it is in use by (?P<users>.+?)\.?$",
        "the output that this would take away or change is imported by {users}",
        "deploy {users} without Fn::ImportValue of {export} first",
    ),
    Cause(
        r"No export named (?P<export>\S+) found",
        "no stack of this account and Region exports {export}",
        "deploy the stack that exports it first",
    ),
)

REMAINS = (
    Cause(
        r"The bucket you tried to delete is not empty|BucketNotEmpty",
        "S3 deletes no bucket that holds objects or versions",
        "empty it with `aws s3 rm s3://{physical_id} --recursive`, its versions too, or set DeletionPolicy to Retain",
    ),
    Cause(
        r"must detach all policies first|must remove .* from .* first|DeleteConflict",
        "something that this stack does not know hangs on it",
        "take it off, then try again",
    ),
    Cause(
        r"has a dependent object|DependencyViolation",
        "something that this stack does not know still uses it",
        "find it by its network interfaces or references, take it away, then try again",
    ),
    Cause(
        r"cannot be deleted while TerminationProtection is enabled",
        "the stack is protected against being deleted",
        "switch that off first, if it really is to go",
    ),
)

BUSY = (
    Cause(
        r"Cannot exceed quota for (?P<quota>\w+): (?P<limit>\d+)",
        "the account has its {limit} of {quota} already",
        "delete some, or ask for more with `aws service-quotas`",
    ),
    Cause(
        r"The maximum number of (?P<what>[\w ]+?) has been reached|attempted to create more (?P<more>\w+) than allowed",
        "the account has as many {what}{more} as it may",
        "delete some, or ask for more with `aws service-quotas`",
    ),
    Cause(
        r"Rate exceeded|Throttling|TooManyRequestsException|RequestLimitExceeded",
        "AWS throttled CloudFormation, which gave up",
        "deploy again; DependsOn between many resources of one type spreads them",
    ),
    Cause(
        r"LimitExceeded|ServiceLimitExceeded|quota",
        "a quota of the account is used up",
        "delete some, or ask for more with `aws service-quotas`",
    ),
)

WAITS = (
    Cause(
        r"did not receive a response from your Custom Resource.*requestId \[(?P<request>[^\]]*)\]",
        "the function behind the custom resource never answered: it crashed, timed out, or cannot reach S3",
        "look for request {request} in the function's log",
    ),
    Cause(
        r"Received response status \[FAILED\] from custom resource",
        "the function behind the custom resource said that it failed",
        "its log says why",
    ),
    Cause(
        r"Received (?P<got>\d+) (?:conditions when expecting|SUCCESS signal\(s\) out of) (?P<wanted>\d+)",
        "{got} of {wanted} signals came in time",
        "look at what was to send them, for example /var/log/cloud-init-output.log of the instance",
    ),
    Cause(
        r"Received FAILURE signal with UniqueId (?P<sender>\S+)",
        "{sender} said that it could not set itself up",
        "look at its log, for example /var/log/cfn-init.log",
    ),
    Cause(
        r"HandlerErrorCode: NotStabilized|did not stabilize|failed to stabilize",
        "it was made, but was not ready in time",
        "look at the resource's own state and log, then deploy again",
    ),
)

CHECKS = (
    Cause(
        r"AWS::EarlyValidation::(?P<check>\w+)",
        "CloudFormation's own check before the deploy, {check}, found something",
        "mend what the checks of the change set name, above",
    ),
    Cause(
        r"The following hook\(s\) failed: \[(?P<hooks>[^\]]+)\]",
        "a hook of this account, {hooks}, does not allow it",
        "change what it asks for; `aws cloudformation list-hook-results` has its reasons",
    ),
    Cause(
        r"Properties validation failed for resource (?P<resource>\S+)|Model validation failed",
        "a property is not one that the resource takes, or has a value that it does not",
        "`tapctl preflight` runs cfn-lint, which names the line",
    ),
    Cause(
        r"Unable to fetch parameters \[(?P<parameters>[^\]]+)\] from parameter store",
        "there is no SSM parameter {parameters} in this account and Region",
        "make it, or give the template parameter another name",
    ),
    Cause(
        r"Nested change set (?P<set>\S+) was not successfully created",
        "the change set of a nested stack failed",
        "`aws cloudformation describe-change-set --change-set-name {set}` has its reason",
    ),
    Cause(
        r"HandlerErrorCode: (?:InternalFailure|ServiceInternalError)|^Internal Failure",
        "AWS failed, not the template",
        "deploy again; when it fails again, look at the AWS Health Dashboard",
    ),
)

CAUSES = (*CONCURRENCY, *LAMBDA, *KEYS, *NAMES, *REMAINS, *CHECKS, *PERMISSIONS, *WAITS, *BUSY)
"""In the order in which they are tried: what says more comes before what says less."""
