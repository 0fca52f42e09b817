"""The experiment with functions on managed instances; it starts no instance."""

from collections.abc import Mapping
from typing import Any

from tapctl.account.floor_cache import floor_in_error
from tapctl.evidence.experiment import ApiCall, Experiment, Reading, Seen
from tapctl.evidence.parts import ROLE, created, function, reserve, template

LINKED_ROLE = "AWSServiceRoleForLambda"
"""Lambda makes it with the first capacity provider, and nothing of the experiment could delete it."""

_LOOKS = [
    f"ec2:Describe{name}"
    for name in (
        "AvailabilityZones",
        "CapacityReservations",
        "InstanceStatus",
        "InstanceTypeOfferings",
        "InstanceTypes",
        "Instances",
        "SecurityGroups",
        "Subnets",
    )
]
OPERATOR: Mapping[str, Any] = {
    **ROLE,
    "Properties": {
        **ROLE["Properties"],
        "Policies": [
            {
                "PolicyName": "look",
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": _LOOKS, "Resource": "*"}],
                },
            }
        ],
    },
}
"""The role that Lambda would start instances with: it may look, and start none."""

PROVIDER: Mapping[str, Any] = {
    "Type": "AWS::Lambda::CapacityProvider",
    "Properties": {
        "CapacityProviderName": "{stack}",
        "VpcConfig": {"SubnetIds": ["{subnet}"], "SecurityGroupIds": ["{group}"]},
        "PermissionsConfig": {"CapacityProviderOperatorRoleArn": {"Fn::GetAtt": ["Operator", "Arn"]}},
    },
}
ON_INSTANCES: Mapping[str, Any] = {
    "MemorySize": 2048,
    "PublishToLatestPublished": False,
    "CapacityProviderConfig": {
        "LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": {"Fn::GetAtt": ["Provider", "Arn"]}}
    },
}


def _reserved(seen: Seen) -> Reading:
    answer = seen.observations["reserved"]
    if not answer.refused:
        return Reading("managed-instances", f"not counted: {seen.limit + 1} were reserved with a limit of {seen.limit}")
    counts = floor_in_error(answer.message) is not None
    return Reading("managed-instances", f"{'counted' if counts else 'refused'}: {answer.message}")


def _filters(**values: str) -> list[dict[str, Any]]:
    return [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in values.items()]


ROWS = (
    Experiment(
        id="lambda-managed-instances",
        claims=("managed-instances",),
        question="What is a reservation of a function on managed instances: refused, counted, or apart?",
        known="the quotas of managed instances are documented as separate, reservations not at all",
        predicts={
            "counted": "a refusal with the minimum of the account",
            "refused": "another refusal",
            "apart": "accepted, although it is above the account's limit",
        },
        judgement="counts it, takes it as *exceeds*, or takes nothing for it, instead of *unknown*",
        calls=(
            ApiCall("iam", "GetRole", {"RoleName": LINKED_ROLE}, require="Role.Arn"),
            ApiCall(
                "ec2",
                "DescribeSubnets",
                {"Filters": _filters(default_for_az="true")},
                require="Subnets[0]",
                save={"subnet": "Subnets[0].SubnetId", "vpc": "Subnets[0].VpcId"},
            ),
            ApiCall(
                "ec2",
                "DescribeSecurityGroups",
                {"Filters": _filters(group_name="default", vpc_id="{vpc}")},
                require="SecurityGroups[0]",
                save={"group": "SecurityGroups[0].GroupId"},
            ),
            *created(template(Operator=OPERATOR, Provider=PROVIDER, Function=function(**ON_INSTANCES))),
            reserve("{above}", observe="reserved", may_fail=True, undo=True),
        ),
        reads=_reserved,
        cost="nothing: no version is published, and the role may start no instance",
    ),
)
