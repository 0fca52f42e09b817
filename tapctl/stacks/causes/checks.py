"""Refusals of CloudFormation's checks, of hooks and of resource handlers."""

from tapctl.stacks.causes.cause import Cause

CHECKS = (
    Cause(
        r"Validation failed with \d+ error\(s\)\. Call DescribeEvents",
        "CloudFormation's checks refused it before a resource was touched",
        "fix what the checks above name",
    ),
    Cause(
        r"AWS::EarlyValidation::(?P<check>\w+)",
        "CloudFormation's check {check} of the change set failed",
        "fix what the checks above name",
    ),
    Cause(
        r"The following hook\(s\) failed: \[(?P<hooks>[^\]]+)\]",
        "a hook of this account, {hooks}, does not allow it",
        "meet its conditions; `aws cloudformation list-hook-results` shows its reasons",
    ),
    Cause(
        r"Properties validation failed for resource (?P<resource>\S+)|Model validation failed",
        "the resource type does not have such a property, or does not accept its value",
        "`tapctl preflight` runs cfn-lint, which names the line",
    ),
    Cause(
        r"Unable to fetch parameters \[(?P<parameters>[^\]]+)\] from parameter store",
        "there is no SSM parameter {parameters} in this account and Region",
        "create it, or give the template parameter another name",
    ),
    Cause(
        r"Nested change set (?P<set>\S+) was not successfully created",
        "the change set of a nested stack failed",
        "`aws cloudformation describe-change-set --change-set-name {set}` shows its reason",
    ),
    Cause(
        r"HandlerErrorCode: (?:InternalFailure|ServiceInternalError|NetworkFailure|ServiceTimeout)|^Internal Failure",
        "an internal error of AWS, not of the template",
        "deploy again; if it fails again, check the AWS Health Dashboard",
    ),
)

GENERAL = (
    Cause(
        r"Replacement type updates not supported on stack with disable-rollback",
        "CloudFormation replaces no resource while rollback is disabled",
        "deploy without `--disable-rollback`",
    ),
    Cause(
        r"Update of resource type is not permitted.* resources: ?\[(?P<resources>[^\]]+)\]",
        "the type of a resource cannot change under its logical id: {resources}",
        "give it another logical id, which creates the new one and deletes the old one",
    ),
    Cause(
        r"HandlerErrorCode: NotUpdatable|Update (?:of|to) resource type \S+ is not supported|createOnly",
        "the property can only be set when the resource is created",
        "give the resource another logical id, which replaces it",
    ),
    Cause(
        r"HandlerErrorCode: ResourceConflict|ConcurrentModification|OperationAborted|conflicting conditional operation"
        r"|is currently being (?:modified|updated|deleted)|ResourceInUse",
        "another operation is changing the resource",
        "deploy again when it has ended",
    ),
    Cause(
        r"HandlerErrorCode: NotFound|ResourceNotFound|NoSuchEntity|NoSuchBucket|NoSuchKey"
        r"|does not exist|cannot be found|not found",
        "something that the resource names does not exist in this account and Region",
        "correct the name, or create it first",
    ),
)
"""What is known of an error by its kind alone."""
