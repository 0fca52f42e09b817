"""Names in use, resources that cannot be deleted or do not become ready, and exhausted quotas."""

from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.failures import FailureAdvice
from tapctl.stacks.causes.cause import Cause

_STACKS = r"(?P<users>[\w-]+(?:(?:, and |, | and )[\w-]+)*)"

NAMES = (
    Cause(
        r"already exists in stack \S+:stack/(?P<stack>[^/\s]+)",
        "stack {stack} has a resource of that name",
        FailureAdvice.RENAME_OR_REMOVE_FROM_STACK,
        ("stack",),
    ),
    Cause(
        r"cannot update a stack when a custom-named resource requires replacing\. Rename (?P<name>\S+)",
        "the change replaces the resource, and the new one cannot have the name {name} beside the old one",
        FailureAdvice.RENAME_OR_UNNAME,
    ),
    Cause(
        r"A version for this Lambda function exists \( ?(?P<version>\d+) ?\)",
        "the code and the configuration of the function are those of version {version}, so Lambda publishes no other",
        FailureAdvice.CHANGE_FUNCTION,
    ),
    Cause(
        r"already exists|AlreadyExists|BucketAlreadyOwnedByYou",
        "a resource of that name exists outside this stack",
        FailureAdvice.RENAME_DELETE_OR_IMPORT,
    ),
    Cause(
        r"resource types are not supported for resource import|cannot modify or add \[Outputs\]",
        "CloudFormation does not import that",
        FailureAdvice.DEPLOY_WITHOUT_IMPORT_OR_RENAME,
    ),
    Cause(
        r"Export (?P<export>\S+) cannot be (?:deleted|updated) as it is in use by " + _STACKS,
        "the output that this would remove or change is imported by {users}",
        DeployAdvice.STOP_IMPORTING,
        ("users", "export"),
    ),
    Cause(
        r"(?:Export|delete export|update export) (?P<export>\S+) (?:as it is in use|is imported) by (?:stacks? )?"
        + _STACKS,
        "the output that this would remove or change is imported by {users}",
        DeployAdvice.STOP_IMPORTING,
        ("users", "export"),
    ),
    Cause(
        r"No export named (?P<export>\S+) found",
        "no stack of this account and Region exports {export}",
        FailureAdvice.DEPLOY_EXPORTER,
    ),
)

REMAINS = (
    Cause(
        r"The bucket you tried to delete is not empty|BucketNotEmpty",
        "S3 does not delete a bucket with objects or versions in it",
        FailureAdvice.EMPTY_BUCKET,
        ("physical_id",),
    ),
    Cause(
        r"RepositoryNotEmpty|repository with name .* cannot be deleted because it still contains images",
        "ECR does not delete a repository with images in it",
        FailureAdvice.EMPTY_REPOSITORY,
    ),
    Cause(
        r"HostedZoneNotEmpty|hosted zone contains non-required resource record sets",
        "Route 53 does not delete a hosted zone with records of others in it",
        FailureAdvice.EMPTY_HOSTED_ZONE,
    ),
    Cause(
        r"deletion protection|protected against deletion|disableApiTermination|DeletionProtection",
        "deletion protection of the resource is enabled",
        FailureAdvice.DISABLE_BEFORE_REMOVAL,
    ),
    Cause(
        r"must detach all policies first|must remove .* from .* first|DeleteConflict",
        "something outside this stack is attached to it",
        FailureAdvice.DETACH,
    ),
    Cause(
        r"has a dependent object|DependencyViolation",
        "something outside this stack still uses it",
        FailureAdvice.REMOVE_USERS,
    ),
    Cause(
        r"cannot be deleted while TerminationProtection is enabled",
        "termination protection of the stack is enabled",
        FailureAdvice.DISABLE_TERMINATION_PROTECTION,
    ),
)

WAITS = (
    Cause(
        r"Received (?P<got>\d+) (?:conditions when expecting|SUCCESS signal\(s\) out of) (?P<wanted>\d+)",
        "{got} of {wanted} signals arrived in time",
        FailureAdvice.CHECK_SIGNALS,
    ),
    Cause(
        r"Received FAILURE signal with UniqueId (?P<sender>\S+)",
        "{sender} reported that its set-up failed",
        FailureAdvice.SEE_CFN_INIT_LOG,
    ),
    Cause(
        r"Stack creation time exceeded the specified timeout",
        "the stack was not created within its timeout in minutes",
        FailureAdvice.RAISE_TIMEOUT,
    ),
    Cause(
        r"HandlerErrorCode: NotStabilized|did not stabilize|failed to stabilize|Exceeded attempts to wait"
        r"|timed out waiting for",
        "it was created, but was not ready in time",
        FailureAdvice.CHECK_RESOURCE,
    ),
)

QUOTAS = (
    Cause(
        r"Cannot exceed quota for (?P<quota>\w+): (?P<limit>\d+)",
        "the account has {limit} of {quota}, its quota",
        FailureAdvice.DELETE_SOME,
    ),
    Cause(
        r"The maximum number of (?P<what>[\w ]+?) has been reached|attempted to create more (?P<more>\w+) than allowed",
        "the account has as many {what}{more} as its quota allows",
        FailureAdvice.DELETE_SOME,
    ),
    Cause(
        r"Rate exceeded|Throttling|TooManyRequestsException|RequestLimitExceeded",
        "AWS throttled CloudFormation until it gave up",
        FailureAdvice.SPREAD_REQUESTS,
    ),
    Cause(
        r"LimitExceeded|ServiceLimitExceeded|quota",
        "a quota of the account is exhausted",
        FailureAdvice.DELETE_SOME,
    ),
)
