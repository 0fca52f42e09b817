"""The limits of Application Auto Scaling that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each
from tapctl.resource_types import SCALABLE_TARGET

DOCS = "https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-limits.html"


def _targets(namespace: str, code: str, title: str, default: int) -> Limit:
    """The scalable targets of one service."""
    return Limit(
        id=f"application-autoscaling-{namespace}-targets",
        key=f"application-autoscaling/{code}",
        title=f"Scalable targets of {title}",
        docs=DOCS,
        counts=(each(SCALABLE_TARGET, where={"ServiceNamespace": (namespace,)}),),
        default=default,
        grade=DefaultGrade.LIKELY,
        usage=Call(
            "application-autoscaling", "DescribeScalableTargets", "ScalableTargets", {"ServiceNamespace": namespace}
        ),
    )


ROWS = (
    _targets("dynamodb", "L-A1D42901", "DynamoDB", 5000),
    _targets("ecs", "L-782A3EE2", "ECS", 3000),
    _targets("lambda", "L-A2AD6458", "Lambda", 500),
    _targets("rds", "L-800F6F7B", "RDS", 500),
    Limit(
        id="application-autoscaling-policies-per-target",
        key="application-autoscaling/L-B395C81B",
        title="Scaling policies per scalable target",
        docs=DOCS,
        counts=(each("AWS::ApplicationAutoScaling::ScalingPolicy", per="ScalingTargetId"),),
        default=50,
        grade=DefaultGrade.LIKELY,
        adjustable=False,
    ),
)
