"""Names that are taken, what does not go away, what is not ready in time, and quotas that are used up."""

from tapctl.stacks.causes.cause import Cause

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

QUOTAS = (
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
