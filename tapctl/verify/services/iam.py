"""IAM roles, and the inline policies of roles, users and groups."""

from collections.abc import Iterator, Mapping
from typing import Any

from tapctl.unknown import Unknown
from tapctl.verify.check import Check
from tapctl.verify.policy import policy_difference, same_policy
from tapctl.verify.resource import LiveResource, unknown_value
from tapctl.verify.resource_check import PropertyCheck, ResourceCheck


def _document(what: str, found: str, name: str = "PolicyDocument") -> PropertyCheck:
    return PropertyCheck(what, name, found, same=same_policy, explain=policy_difference)


def _inline(property_: str, operation: str, owner: str) -> ResourceCheck:
    """The policy as it stands at each of the roles, users or groups that have it."""

    def arguments(live: LiveResource, entry: Any) -> dict[str, Any]:
        return {owner: entry, "PolicyName": live.properties["PolicyName"]}

    return ResourceCheck(
        "iam",
        operation,
        arguments,
        (_document("policy {PolicyName} of {entry}", "PolicyDocument"),),
        each=property_,
        thing="policy {PolicyName} of {entry}",
    )


def _attached(live: LiveResource, answer: Any) -> Iterator[Check]:
    """The managed policies of the template; others may have been attached beside them."""
    wanted = live.properties.get("ManagedPolicyArns") or []
    found = {each["PolicyArn"] for each in answer.get("AttachedPolicies", [])}
    for arn in wanted if isinstance(wanted, list) else [wanted]:
        if isinstance(arn, Unknown):
            yield unknown_value(live, "managed policy")
        else:
            yield live.check(arn in found, f"{arn} is attached", f"{arn} is not attached")


CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::IAM::Role": (
        ResourceCheck(
            "iam",
            "GetRole",
            lambda live, _: {"RoleName": live.id},
            (
                _document("trust policy", "Role.AssumeRolePolicyDocument", "AssumeRolePolicyDocument"),
                PropertyCheck("path", "Path", "Role.Path"),
                PropertyCheck("longest session", "MaxSessionDuration", "Role.MaxSessionDuration"),
                PropertyCheck("boundary", "PermissionsBoundary", "Role.PermissionsBoundary.PermissionsBoundaryArn"),
            ),
        ),
        ResourceCheck(
            "iam",
            "GetRolePolicy",
            lambda live, entry: {"RoleName": live.id, "PolicyName": entry["PolicyName"]},
            (_document("policy {PolicyName}", "PolicyDocument"),),
            each="Policies",
            thing="policy {PolicyName}",
        ),
        ResourceCheck(
            "iam",
            "ListAttachedRolePolicies",
            lambda live, _: {"RoleName": live.id},
            more=_attached,
            needs="ManagedPolicyArns",
        ),
    ),
    "AWS::IAM::Policy": (
        _inline("Roles", "GetRolePolicy", "RoleName"),
        _inline("Users", "GetUserPolicy", "UserName"),
        _inline("Groups", "GetGroupPolicy", "GroupName"),
    ),
}
