"""IAM roles, and the inline policies of roles, users and groups."""

from collections.abc import Iterator, Mapping
from typing import Any

from tapctl.unknown import Unknown
from tapctl.verify.check import Check
from tapctl.verify.policy import policy_check
from tapctl.verify.resource_check import LiveResource, PropertyCheck, ResourceCheck, by_id


def _inline_policy(property_: str, operation: str, parameter: str) -> ResourceCheck:
    """Check the inline policy on each role, user or group that the property names."""
    return ResourceCheck(
        "iam",
        operation,
        lambda resource: {parameter: resource.item, "PolicyName": resource.properties["PolicyName"]},
        (policy_check("PolicyDocument"),),
        repeat_for=property_,
        part=lambda resource: f"policy {resource.properties['PolicyName']} of {resource.item}",
    )


def _managed_policies(resource: LiveResource, response: Any) -> Iterator[Check]:
    """Check that the template's managed policies are attached; others may be attached, too."""
    attached = {policy["PolicyArn"] for policy in response.get("AttachedPolicies", [])}
    expected = resource.properties.get("ManagedPolicyArns") or []
    for arn in expected if isinstance(expected, list) else [expected]:
        if isinstance(arn, Unknown):
            yield resource.unresolved("ManagedPolicyArns")
        else:
            yield resource.compared(arn in attached, f"{arn} is attached", f"{arn} is not attached")


CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::IAM::Role": (
        ResourceCheck(
            "iam",
            "GetRole",
            by_id("RoleName"),
            (
                policy_check("AssumeRolePolicyDocument"),
                PropertyCheck("Path"),
                PropertyCheck("MaxSessionDuration"),
                PropertyCheck("PermissionsBoundary", "PermissionsBoundary.PermissionsBoundaryArn"),
            ),
            result_path="Role",
        ),
        ResourceCheck(
            "iam",
            "GetRolePolicy",
            lambda resource: {"RoleName": resource.physical_id, "PolicyName": resource.item["PolicyName"]},
            (policy_check("PolicyDocument"),),
            repeat_for="Policies",
            part=lambda resource: f"policy {resource.item['PolicyName']}",
        ),
        ResourceCheck(
            "iam",
            "ListAttachedRolePolicies",
            by_id("RoleName"),
            further=_managed_policies,
            only_with="ManagedPolicyArns",
        ),
    ),
    "AWS::IAM::Policy": (
        _inline_policy("Roles", "GetRolePolicy", "RoleName"),
        _inline_policy("Users", "GetUserPolicy", "UserName"),
        _inline_policy("Groups", "GetGroupPolicy", "GroupName"),
    ),
}
