"""Refusals of CloudFormation's checks, of hooks and of resource handlers."""

from tapctl.stacks.causes.cause import Cause

CHECKS = (
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
        r"HandlerErrorCode: (?:InternalFailure|ServiceInternalError)|^Internal Failure",
        "an internal error of AWS, not of the template",
        "deploy again; if it fails again, check the AWS Health Dashboard",
    ),
)
