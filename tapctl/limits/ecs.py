"""The limits of ECS and of Fargate that a deploy can reach; what Fargate runs is counted in vCPU."""

from tapctl.limits.row import Call, DefaultGrade, Limit, Metric, counted, each, length, size, value

DOCS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html"
SERVICE, TASK = "AWS::ECS::Service", "AWS::ECS::TaskDefinition"
_NETWORK = "NetworkConfiguration.AwsvpcConfiguration"


def _fargate(market: str, code: str, title: str) -> Limit:
    """The vCPU of the tasks on one market, by the class that AWS/Usage has."""
    return Limit(
        id=f"fargate-{'on-demand' if market == 'OnDemand' else 'spot'}-vcpus",
        key=f"fargate/{code}",
        title=title,
        docs=DOCS,
        counts=counted("ecs.fargate_vcpus", SERVICE, argument=market),
        unit="vCPU",
        default=6,
        usage=Metric("Fargate", "vCPU", f"Standard/{market}"),
    )


ROWS = (
    _fargate("OnDemand", "L-3032A538", "vCPU of on-demand Fargate tasks"),
    _fargate("Spot", "L-36FBB829", "vCPU of Fargate Spot tasks"),
    Limit(
        id="ecs-clusters",
        key="ecs/L-21C621EB",
        title="ECS clusters",
        docs=DOCS,
        counts=(each("AWS::ECS::Cluster"),),
        default=10_000,
        grade=DefaultGrade.LIKELY,
        usage=Call("ecs", "ListClusters", "clusterArns"),
    ),
    Limit(
        id="ecs-services-per-cluster",
        key="ecs/L-9EF96962",
        title="Services per ECS cluster",
        docs=DOCS,
        counts=counted("ecs.services", SERVICE),
        default=5000,
        adjustable=False,
        usage=Call("ecs", "ListServices", "serviceArns", parent="cluster"),
    ),
    Limit(
        id="ecs-tasks-per-service",
        key="ecs/tasks-per-service",
        title="Tasks per ECS service",
        docs=DOCS,
        counts=(value(SERVICE, "DesiredCount"),),
        default=5000,
        adjustable=False,
    ),
    Limit(
        id="ecs-target-groups-per-service",
        key="ecs/target-groups-per-service",
        title="Target groups per ECS service",
        docs=DOCS,
        counts=(length(SERVICE, "LoadBalancers"),),
        default=5,
        adjustable=False,
    ),
    Limit(
        id="ecs-security-groups-per-service",
        key="ecs/security-groups-per-service",
        title="Security groups per ECS service",
        docs=DOCS,
        counts=(length(SERVICE, f"{_NETWORK}.SecurityGroups"),),
        default=5,
        adjustable=False,
    ),
    Limit(
        id="ecs-subnets-per-service",
        key="ecs/subnets-per-service",
        title="Subnets per ECS service",
        docs=DOCS,
        counts=(length(SERVICE, f"{_NETWORK}.Subnets"),),
        default=16,
        adjustable=False,
    ),
    Limit(
        id="ecs-containers-per-task",
        key="ecs/containers-per-task",
        title="Containers per task definition",
        docs=DOCS,
        counts=(length(TASK, "ContainerDefinitions"),),
        default=10,
        grade=DefaultGrade.OPEN,
        adjustable=False,
    ),
    Limit(
        id="ecs-task-definition-size",
        key="ecs/task-definition-size",
        title="Length of a task definition",
        docs=DOCS,
        counts=(size(TASK, "ContainerDefinitions"),),
        unit="characters",
        default=65_536,
        adjustable=False,
    ),
)
