"""The nodes of ElastiCache: those of clusters, and those of the shards and replicas of replication groups."""

from collections.abc import Iterator

from tapctl.concurrency.counting import Inventory, Item, Parent, Part, number
from tapctl.limits.row import Number
from tapctl.template.values import NO_VALUE, Value
from tapctl.unknown import Unknown

CLUSTER, GROUP = "AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::ReplicationGroup"


def nodes(inventory: Inventory, _: str) -> Iterator[Part]:
    """The nodes of every cluster and replication group."""
    for item in inventory.of(CLUSTER):
        yield from _part(item, _number(item.value("NumCacheNodes"), 1))
    for item in inventory.of(GROUP):
        yield from _part(item, nodes_of(item))


def nodes_of_shards(inventory: Inventory, _: str) -> Iterator[Part]:
    """The nodes of each replication group; more than six of them need several shards."""
    for item in inventory.of(GROUP):
        yield from _part(item, nodes_of(item), Parent(item.name, in_template=True))


def _part(item: Item, amount: Number | Unknown, parent: Parent | None = None) -> Iterator[Part]:
    if isinstance(amount, Unknown):
        yield item.part(0, 0, parent, amount, varies=True)
    elif amount:
        yield item.part(amount, parent=parent, varies=True)


def nodes_of(item: Item) -> Number | Unknown:
    """The nodes that a replication group makes: all of them as a number, or its shards with the replicas of each."""
    total = item.value("NumCacheClusters")
    if total is not NO_VALUE:
        return number(total)
    shards, replicas = item.value("NumNodeGroups"), item.value("ReplicasPerNodeGroup")
    configurations = item.value("NodeGroupConfiguration")
    if isinstance(configurations, Unknown):
        return configurations
    if isinstance(configurations, list) and configurations:
        return _configured(configurations, shards, _number(replicas, 0))
    if shards is NO_VALUE and item.value("GlobalReplicationGroupId") is not NO_VALUE:
        return Unknown("the shards are those of its global replication group")
    if shards is NO_VALUE and replicas is NO_VALUE and item.value("PrimaryClusterId") is not NO_VALUE:
        return 0  # its only node is a cluster that exists
    return _product(_number(shards, 1), _number(replicas, 0))


def _configured(configurations: list[Value], shards: Value, replicas: Number | Unknown) -> Number | Unknown:
    """The nodes of shards that are described one by one; what one leaves out, the group says."""
    of_each = [
        _number(configuration.get("ReplicaCount", NO_VALUE), replicas) if isinstance(configuration, dict) else replicas
        for configuration in configurations
    ]
    unknown = next((count for count in of_each if isinstance(count, Unknown)), None)
    if unknown:
        return unknown
    described = sum(1 + count for count in of_each if not isinstance(count, Unknown))
    further = _number(shards, len(of_each))
    if isinstance(further, Unknown) or isinstance(replicas, Unknown):
        return further if isinstance(further, Unknown) else described
    return described + max(0, further - len(of_each)) * (1 + replicas)


def _product(shards: Number | Unknown, replicas: Number | Unknown) -> Number | Unknown:
    if isinstance(shards, Unknown) or isinstance(replicas, Unknown):
        return shards if isinstance(shards, Unknown) else replicas
    return shards * (1 + replicas)


def _number(value: Value, missing: Number | Unknown) -> Number | Unknown:
    return missing if value is NO_VALUE else number(value)
