"""Refusals of CloudFormation's checks, of hooks and of resource handlers."""

from tapctl.hints.failures import FailureAdvice
from tapctl.stacks.causes.cause import Cause

CHECKS = (
    Cause(
        r"Validation failed with \d+ error\(s\)\. Call DescribeEvents",
        "CloudFormation's checks refused it before a resource was touched",
        FailureAdvice.FIX_FAILED_CHECKS,
    ),
    Cause(
        r"AWS::EarlyValidation::(?P<check>\w+)",
        "CloudFormation's check {check} of the change set failed",
        FailureAdvice.FIX_FAILED_CHECKS,
    ),
    Cause(
        r"The following hook\(s\) failed: \[(?P<hooks>[^\]]+)\]",
        "a hook of this account, {hooks}, does not allow it",
        FailureAdvice.MEET_HOOK,
    ),
    Cause(
        r"Properties validation failed for resource (?P<resource>\S+)|Model validation failed",
        "the resource type does not have such a property, or does not accept its value",
        FailureAdvice.RUN_PREFLIGHT,
    ),
    Cause(
        r"Unable to fetch parameters \[(?P<parameters>[^\]]+)\] from parameter store",
        "there is no SSM parameter {parameters} in this account and Region",
        FailureAdvice.CREATE_PARAMETER,
    ),
    Cause(
        r"Nested change set (?P<set>\S+) was not successfully created",
        "the change set of a nested stack failed",
        FailureAdvice.DESCRIBE_CHANGE_SET,
        ("set",),
    ),
    Cause(
        r"HandlerErrorCode: (?:InternalFailure|ServiceInternalError|NetworkFailure|ServiceTimeout)|^Internal Failure",
        "an internal error of AWS, not of the template",
        FailureAdvice.CHECK_HEALTH_DASHBOARD,
    ),
)

GENERAL = (
    Cause(
        r"Replacement type updates not supported on stack with disable-rollback",
        "CloudFormation replaces no resource while rollback is disabled",
        FailureAdvice.DEPLOY_WITH_ROLLBACK,
    ),
    Cause(
        r"Update of resource type is not permitted.* resources: ?\[(?P<resources>[^\]]+)\]",
        "the type of a resource cannot change under its logical id: {resources}",
        FailureAdvice.CHANGE_LOGICAL_ID,
    ),
    Cause(
        r"HandlerErrorCode: NotUpdatable|Update (?:of|to) resource type \S+ is not supported|createOnly",
        "the property can only be set when the resource is created",
        FailureAdvice.CHANGE_LOGICAL_ID,
    ),
    Cause(
        r"HandlerErrorCode: ResourceConflict|ConcurrentModification|OperationAborted|conflicting conditional operation"
        r"|is currently being (?:modified|updated|deleted)|ResourceInUse",
        "another operation is changing the resource",
        FailureAdvice.AWAIT_OPERATION,
    ),
    Cause(
        r"HandlerErrorCode: NotFound|ResourceNotFound|NoSuchEntity|NoSuchBucket|NoSuchKey"
        r"|does not exist|cannot be found|not found",
        "something that the resource names does not exist in this account and Region",
        FailureAdvice.CORRECT_NAME,
    ),
)
"""What is known of an error by its kind alone."""
