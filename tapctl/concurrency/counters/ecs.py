"""The services of each cluster, and the vCPU that they take on Fargate."""

import re
from collections.abc import Iterator
from math import ceil, floor

from tapctl.concurrency.counting import Inventory, Item, Parent, Part, number, walk
from tapctl.limits.row import Number
from tapctl.template.values import NO_VALUE, ResourceReference, Value
from tapctl.unknown import Unknown

CLUSTER, SERVICE, TASK = "AWS::ECS::Cluster", "AWS::ECS::Service", "AWS::ECS::TaskDefinition"
PROVIDERS = "AWS::ECS::ClusterCapacityProviderAssociations"
ON_DEMAND, SPOT = "OnDemand", "Spot"
MARKETS = {"FARGATE": ON_DEMAND, "FARGATE_SPOT": SPOT}

UNITS_OF_VCPU = 1024

Range = tuple[Number, Number]


def services(inventory: Inventory, _: str) -> Iterator[Part]:
    """The services of each cluster; one that names none is in the default cluster."""
    for item in inventory.of(SERVICE):
        for parent in item.parents("Cluster") or [Parent("default")]:
            yield item.part(1, parent=parent)


def fargate_vcpus(inventory: Inventory, market: str) -> Iterator[Part]:
    """The vCPU of each service on one market: its desired count times the CPU of its task definition."""
    for item in inventory.of(SERVICE):
        desired = item.value("DesiredCount")
        count = 1 if desired is NO_VALUE else number(desired)
        tasks = tasks_on(item, market, count)
        if isinstance(tasks, Unknown):
            yield item.part(0, 0, unknown=tasks, varies=True)
        elif tasks[1]:
            cpu = _cpu(item)
            if isinstance(cpu, Unknown):
                yield item.part(0, 0, unknown=cpu, varies=True)
            else:
                yield item.part(tasks[0] * cpu, tasks[1] * cpu, varies=True)


def tasks_on(item: Item, market: str, count: Number | Unknown) -> Range | Unknown:
    """The tasks that a service runs on one market of Fargate, at the least and at the most."""
    launch = item.value("LaunchType")
    strategy = _strategy(item) if launch is NO_VALUE else NO_VALUE
    if isinstance(strategy, list) and strategy:
        return _by_strategy(strategy, market, count)
    runs = _runs_on_fargate(item, launch, strategy)
    if runs is False or (market == SPOT and not isinstance(strategy, Unknown)):
        return 0, 0
    return count if isinstance(count, Unknown) else (count if runs is True else 0, count)


def _runs_on_fargate(item: Item, launch: Value, strategy: Value) -> bool | Unknown:
    """Whether a service without a known strategy runs on Fargate.

    Without a launch type ECS takes instances; a task for Fargate alone is for a cluster with a strategy of its own.
    """
    if isinstance(launch, Unknown):
        return launch
    if launch is not NO_VALUE:
        return bool(launch == "FARGATE")
    if isinstance(strategy, Unknown):
        return strategy
    task = item.target("TaskDefinition")
    return task is not None and task.value("RequiresCompatibilities") == ["FARGATE"]


def _strategy(item: Item) -> Value:
    """The capacity provider strategy of a service, or the default one of its cluster in the template."""
    own = item.value("CapacityProviderStrategy")
    cluster = item.target("Cluster")
    if own is not NO_VALUE or cluster is None:
        return own
    default = cluster.value("DefaultCapacityProviderStrategy")
    of_cluster = (provider for provider in item.inventory.of(PROVIDERS) if provider.target("Cluster") is cluster)
    associated = next(of_cluster, None)
    if default is NO_VALUE and associated:
        return associated.value("DefaultCapacityProviderStrategy")
    return default


def _by_strategy(strategy: list[Value], market: str, count: Number | Unknown) -> Range | Unknown:
    """The tasks on one market: the base of its provider, and its share of the others by weight."""
    # A provider of the template is one of instances.
    providers = [
        "" if isinstance(provider := walk(entry, ["CapacityProvider"]), ResourceReference) else provider
        for entry in strategy
    ]
    if isinstance(count, Unknown):
        return count if any(MARKETS.get(str(provider)) == market for provider in providers) else (0, 0)
    if any(isinstance(provider, Unknown) for provider in providers):
        return 0, count
    if len(strategy) == 1:
        return (count, count) if MARKETS.get(str(providers[0])) == market else (0, 0)
    bases = [_number(walk(entry, ["Base"])) for entry in strategy]
    weights = [_number(walk(entry, ["Weight"])) for entry in strategy]
    amounts = [amount for amount in (*bases, *weights) if not isinstance(amount, Unknown)]
    if len(amounts) < 2 * len(strategy):
        return 0, count
    base, weight = amounts[: len(strategy)], amounts[len(strategy) :]
    rest = max(0, count - sum(base))
    least: Number = 0
    most: Number = 0
    for index, provider in enumerate(providers):
        if MARKETS.get(str(provider)) == market:
            share = rest * weight[index] / sum(weight) if sum(weight) else 0
            own = min(count, base[index])
            least, most = least + own + floor(share), most + own + ceil(share)
    return least, min(count, most)


def _number(value: Value) -> Number | Unknown:
    return 0 if value is NO_VALUE else number(value)


def _cpu(item: Item) -> Number | Unknown:
    """The vCPU of one task of a service: its task definition has 1/1024 of a vCPU, or a text such as `.5 vCPU`."""
    task = item.target("TaskDefinition")
    if task is None or task.type != TASK:
        return Unknown("the task definition is not in the template")
    cpu = task.value("Cpu")
    if cpu is NO_VALUE:
        return Unknown("the task definition has no CPU")
    text = re.fullmatch(r"([\d.]+)\s*vcpu", str(cpu).strip(), re.IGNORECASE)
    if text:
        return number(text[1])
    units = number(cpu)
    return units if isinstance(units, Unknown) else units / UNITS_OF_VCPU
