"""What CloudFormation's own checks, hooks and handlers refuse."""

from tapctl.stacks.causes.cause import Cause

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
