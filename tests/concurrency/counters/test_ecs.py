"""The services of clusters, and what they take on Fargate."""

import pytest

from tapctl.concurrency.additions import largest
from tapctl.concurrency.counters.ecs import fargate_vcpus, services
from tapctl.concurrency.counting import Inventory
from tests.support.counted import grouped
from tests.support.templates import stack_tree_of

TASK = "  T: {Type: AWS::ECS::TaskDefinition, Properties: {RequiresCompatibilities: [FARGATE%s], Cpu: %s}}\n"
BOTH = "[{CapacityProvider: FARGATE, Base: 1, Weight: 1}, {CapacityProvider: FARGATE_SPOT, Weight: 1}]"


def taken(market: str, service: str, *, task: str = TASK % ("", 512), cluster: str = "") -> tuple[float, float] | None:
    properties = f"Cluster: !Ref C, TaskDefinition: !Ref T, {service}"
    resources = (
        f"  S: {{Type: AWS::ECS::Service, Properties: {{{properties}}}}}\n"
        f"  C: {{Type: AWS::ECS::Cluster, Properties: {{{cluster}}}}}\n"
    )
    tree = stack_tree_of(f"Parameters: {{P: {{Type: String}}}}\nResources:\n{task}{resources}")
    found = largest(grouped(fargate_vcpus(Inventory(tree), market)))
    return None if found.unknown else (found.least, found.most)


@pytest.mark.parametrize(
    ("service", "on_demand", "spot"),
    [
        pytest.param("LaunchType: FARGATE, DesiredCount: 4", (2, 2), (0, 0), id="the-desired-count"),
        pytest.param("LaunchType: FARGATE", (0.5, 0.5), (0, 0), id="one-without-a-count"),
        pytest.param("LaunchType: FARGATE, DesiredCount: 0", (0, 0), (0, 0), id="none"),
        pytest.param("LaunchType: EC2, DesiredCount: 4", (0, 0), (0, 0), id="on-instances"),
        pytest.param("LaunchType: !Ref P, DesiredCount: 4", (0, 2), (0, 0), id="on-either"),
        pytest.param(
            "DesiredCount: 4, CapacityProviderStrategy: [{CapacityProvider: FARGATE_SPOT, Weight: 1}]", (0, 0), (2, 2),
            id="on-spot",
        ),
        pytest.param(f"DesiredCount: 5, CapacityProviderStrategy: {BOTH}", (1.5, 1.5), (1, 1), id="on-both-by-weight"),
        pytest.param(f"DesiredCount: 4, CapacityProviderStrategy: {BOTH}", (1, 1.5), (0.5, 1), id="an-odd-rest"),
        pytest.param(
            "DesiredCount: 4, CapacityProviderStrategy: [{CapacityProvider: !Ref C, Weight: 1}]", (0, 0), (0, 0),
            id="on-a-provider-of-instances",
        ),
        pytest.param("DesiredCount: !Ref P, LaunchType: FARGATE", None, (0, 0), id="a-count-without-a-value"),
        pytest.param("DesiredCount: 2", (1, 1), (0, 0), id="a-task-for-fargate-alone"),
    ],
)  # fmt: skip
def test_a_service_takes_the_vcpu_of_its_tasks(
    service: str, on_demand: tuple[float, float] | None, spot: tuple[float, float]
) -> None:
    assert taken("OnDemand", service) == on_demand
    assert taken("Spot", service) == spot


def test_a_cluster_has_a_default_strategy() -> None:
    cluster = "DefaultCapacityProviderStrategy: [{CapacityProvider: FARGATE_SPOT, Weight: 1}]"

    assert taken("Spot", "DesiredCount: 2", cluster=cluster) == (1, 1)
    assert taken("OnDemand", "DesiredCount: 2", cluster=cluster) == (0, 0)
    assert taken("Spot", "DesiredCount: 2, LaunchType: FARGATE", cluster=cluster) == (0, 0)


def test_a_strategy_may_be_associated_with_a_cluster() -> None:
    strategy = "[{CapacityProvider: FARGATE_SPOT, Weight: 1}]"
    properties = f"Cluster: !Ref C, CapacityProviders: [], DefaultCapacityProviderStrategy: {strategy}"
    association = f"  A: {{Type: AWS::ECS::ClusterCapacityProviderAssociations, Properties: {{{properties}}}}}\n"

    assert taken("Spot", "DesiredCount: 2", task=TASK % ("", 512) + association) == (1, 1)


def test_a_task_for_instances_too_runs_on_them() -> None:
    assert taken("OnDemand", "DesiredCount: 2", task=TASK % (", EC2", 512)) == (0, 0)


@pytest.mark.parametrize(("cpu", "expected"), [("'.25 vCPU'", 0.25), ("1 vCPU", 1), ("'2048'", 2), ("!Ref P", None)])
def test_the_cpu_of_a_task_is_a_number_or_a_text(cpu: str, expected: float | None) -> None:
    found = taken("OnDemand", "LaunchType: FARGATE", task=TASK % ("", cpu))

    assert found == (None if expected is None else (expected, expected))


def test_a_service_without_a_cluster_is_in_the_default_one() -> None:
    resources = "".join(
        f"  S{name}: {{Type: AWS::ECS::Service, Properties: {{{cluster}}}}}\n"
        for name, cluster in (("A", ""), ("B", ""), ("C", "Cluster: mine"))
    )
    found = grouped(services(Inventory(stack_tree_of(f"Resources:\n{resources}")), ""))

    assert {added.parent.id: added.most for added in found if added.parent} == {"default": 2, "mine": 1}
