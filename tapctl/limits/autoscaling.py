"""The limits of EC2 Auto Scaling that a deploy can reach; the service itself gives its own in force."""

from tapctl.limits.row import Call, Count, Limit, each, length, tally

DOCS = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html"
GROUP = "AWS::AutoScaling::AutoScalingGroup"


def _account(id_: str, code: str, title: str, member: str, counts: tuple[Count, ...], *, default: int) -> Limit:
    """A limit of the account whose usage and applied value DescribeAccountLimits gives."""
    return Limit(
        id=id_,
        key=f"autoscaling/{code}",
        title=title,
        docs=DOCS,
        counts=counts,
        default=default,
        usage=Call("autoscaling", "DescribeAccountLimits", f"NumberOf{member}"),
        quota=Call("autoscaling", "DescribeAccountLimits", f"MaxNumberOf{member}"),
    )


def _per_group(name: str, title: str, type_: str, operation: str, list_: str, *, default: int) -> Limit:
    return Limit(
        id=f"autoscaling-{name}",
        key=f"autoscaling/{name}",
        title=title,
        docs=DOCS,
        counts=(each(f"AWS::AutoScaling::{type_}", per="AutoScalingGroupName"),),
        default=default,
        adjustable=False,
        usage=tally("autoscaling", operation, f"{list_}[].AutoScalingGroupName"),
    )


ROWS = (
    # EKS makes a group for each of its node groups.
    _account("autoscaling-groups", "L-CDE20ADC", "Auto Scaling groups", "AutoScalingGroups",
             (each(GROUP), each("AWS::EKS::Nodegroup")), default=500),
    _account("autoscaling-launch-configurations", "L-6B80B8FA", "Launch configurations", "LaunchConfigurations",
             (each("AWS::AutoScaling::LaunchConfiguration"),), default=200),
    _per_group("policies-per-group", "Scaling policies per Auto Scaling group", "ScalingPolicy",
               "DescribePolicies", "ScalingPolicies", default=50),
    _per_group("scheduled-actions-per-group", "Scheduled actions per Auto Scaling group", "ScheduledAction",
               "DescribeScheduledActions", "ScheduledUpdateGroupActions", default=125),
    Limit(
        id="autoscaling-hooks-per-group",
        key="autoscaling/hooks-per-group",
        title="Lifecycle hooks per Auto Scaling group",
        docs=DOCS,
        counts=(
            each("AWS::AutoScaling::LifecycleHook", per="AutoScalingGroupName"),
            length(GROUP, "LifecycleHookSpecificationList"),
        ),
        default=50,
        adjustable=False,
        usage=Call("autoscaling", "DescribeLifecycleHooks", "LifecycleHooks", parent="AutoScalingGroupName"),
    ),
    Limit(
        id="autoscaling-target-groups-per-group",
        key="autoscaling/target-groups-per-group",
        title="Target groups per Auto Scaling group",
        docs=DOCS,
        counts=(length(GROUP, "TargetGroupARNs"),),
        default=50,
        adjustable=False,
    ),
)  # fmt: skip
