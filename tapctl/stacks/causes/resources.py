"""Names in use, resources that cannot be deleted or do not become ready, and exhausted quotas."""

from tapctl.stacks.causes.cause import Cause

_STACKS = r"(?P<users>[\w-]+(?:(?:, and |, | and )[\w-]+)*)"

NAMES = (
    Cause(
        r"already exists in stack \S+:stack/(?P<stack>[^/\s]+)",
        "stack {stack} has a resource of that name",
        "rename it, or remove it from stack {stack} first",
    ),
    Cause(
        r"cannot update a stack when a custom-named resource requires replacing\. Rename (?P<name>\S+)",
        "the change replaces the resource, and the new one cannot have the name {name} beside the old one",
        "rename it, or remove its name, and deploy again",
    ),
    Cause(
        r"A version for this Lambda function exists \( ?(?P<version>\d+) ?\)",
        "the code and the configuration of the function are those of version {version}, so Lambda publishes no other",
        "change the function, or remove the new version from the template",
    ),
    Cause(
        r"already exists|AlreadyExists|BucketAlreadyOwnedByYou",
        "a resource of that name exists outside this stack",
        "rename it, delete the other, or import the other with `--import-existing`",
    ),
    Cause(
        r"resource types are not supported for resource import|cannot modify or add \[Outputs\]",
        "CloudFormation does not import that",
        "deploy without `--import-existing`, or rename the resource",
    ),
    Cause(
        r"Export (?P<export>\S+) cannot be (?:deleted|updated) as it is in use by " + _STACKS,
        "the output that this would remove or change is imported by {users}",
        "deploy {users} without Fn::ImportValue of {export} first",
    ),
    Cause(
        r"(?:Export|delete export|update export) (?P<export>\S+) (?:as it is in use|is imported) by (?:stacks? )?"
        + _STACKS,
        "the output that this would remove or change is imported by {users}",
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
        "S3 does not delete a bucket with objects or versions in it",
        "empty it with `aws s3 rm s3://{physical_id} --recursive`, its versions too, or set DeletionPolicy to Retain",
    ),
    Cause(
        r"RepositoryNotEmpty|repository with name .* cannot be deleted because it still contains images",
        "ECR does not delete a repository with images in it",
        "delete its images, or set EmptyOnDelete of the repository to true",
    ),
    Cause(
        r"HostedZoneNotEmpty|hosted zone contains non-required resource record sets",
        "Route 53 does not delete a hosted zone with records of others in it",
        "delete its records other than NS and SOA first",
    ),
    Cause(
        r"deletion protection|protected against deletion|disableApiTermination|DeletionProtection",
        "deletion protection of the resource is enabled",
        "disable it in an update before it is removed",
    ),
    Cause(
        r"must detach all policies first|must remove .* from .* first|DeleteConflict",
        "something outside this stack is attached to it",
        "detach it, then try again",
    ),
    Cause(
        r"has a dependent object|DependencyViolation",
        "something outside this stack still uses it",
        "find it by its network interfaces or references, remove it, then try again",
    ),
    Cause(
        r"cannot be deleted while TerminationProtection is enabled",
        "termination protection of the stack is enabled",
        "disable it first if the stack should be deleted",
    ),
)

WAITS = (
    Cause(
        r"Received (?P<got>\d+) (?:conditions when expecting|SUCCESS signal\(s\) out of) (?P<wanted>\d+)",
        "{got} of {wanted} signals arrived in time",
        "check what should send them, for example /var/log/cloud-init-output.log of the instance",
    ),
    Cause(
        r"Received FAILURE signal with UniqueId (?P<sender>\S+)",
        "{sender} reported that its set-up failed",
        "see its log, for example /var/log/cfn-init.log",
    ),
    Cause(
        r"Stack creation time exceeded the specified timeout",
        "the stack was not created within its timeout in minutes",
        "see which resource was in progress last, and raise the timeout if it needs more",
    ),
    Cause(
        r"HandlerErrorCode: NotStabilized|did not stabilize|failed to stabilize|Exceeded attempts to wait"
        r"|timed out waiting for",
        "it was created, but was not ready in time",
        "check the state and the log of the resource, then deploy again",
    ),
)

QUOTAS = (
    Cause(
        r"Cannot exceed quota for (?P<quota>\w+): (?P<limit>\d+)",
        "the account has {limit} of {quota}, its quota",
        "delete some, or request an increase with `aws service-quotas`",
    ),
    Cause(
        r"The maximum number of (?P<what>[\w ]+?) has been reached|attempted to create more (?P<more>\w+) than allowed",
        "the account has as many {what}{more} as its quota allows",
        "delete some, or request an increase with `aws service-quotas`",
    ),
    Cause(
        r"Rate exceeded|Throttling|TooManyRequestsException|RequestLimitExceeded",
        "AWS throttled CloudFormation until it gave up",
        "deploy again; DependsOn between many resources of one type spreads the requests",
    ),
    Cause(
        r"LimitExceeded|ServiceLimitExceeded|quota",
        "a quota of the account is exhausted",
        "delete some, or request an increase with `aws service-quotas`",
    ),
)
