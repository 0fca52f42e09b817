"""The nodes of clusters and replication groups."""

import pytest

from tapctl.concurrency.additions import largest
from tapctl.concurrency.counters.elasticache import nodes, nodes_of_shards
from tapctl.concurrency.counting import Inventory
from tests.support.counted import grouped
from tests.support.templates import stack_tree_of


def inventory(type_: str, properties: str) -> Inventory:
    resource = f"  R: {{Type: AWS::ElastiCache::{type_}, Properties: {{{properties}}}}}\n"
    return Inventory(stack_tree_of(f"Parameters: {{P: {{Type: String}}}}\nResources:\n{resource}"))


@pytest.mark.parametrize(
    ("type_", "properties", "expected"),
    [
        pytest.param("CacheCluster", "NumCacheNodes: 3", 3, id="a-cluster"),
        pytest.param("ReplicationGroup", "NumCacheClusters: '2'", 2, id="a-number-of-nodes"),
        pytest.param("ReplicationGroup", "NumNodeGroups: 3, ReplicasPerNodeGroup: 2", 9, id="shards-and-replicas"),
        pytest.param("ReplicationGroup", "NumNodeGroups: 3", 3, id="shards-without-replicas"),
        pytest.param("ReplicationGroup", "ReplicasPerNodeGroup: 1", 2, id="one-shard"),
        pytest.param("ReplicationGroup", "Engine: redis", 1, id="one-node"),
        pytest.param(
            "ReplicationGroup", "NodeGroupConfiguration: [{ReplicaCount: 2}, {Slots: a}], ReplicasPerNodeGroup: 1", 5,
            id="shards-one-by-one",
        ),
        pytest.param("ReplicationGroup", "PrimaryClusterId: mine", 0, id="of-a-cluster-that-exists"),
        pytest.param("ReplicationGroup", "PrimaryClusterId: mine, NumCacheClusters: 2", 2, id="and-a-replica"),
        pytest.param("ReplicationGroup", "NumNodeGroups: !Ref P", None, id="of-a-parameter-without-a-value"),
        pytest.param("ReplicationGroup", "GlobalReplicationGroupId: mine", None, id="of-a-global-group"),
    ],
)  # fmt: skip
def test_nodes(type_: str, properties: str, expected: int | None) -> None:
    found = largest(grouped(nodes(inventory(type_, properties), "")))

    assert (None if found.unknown else found.most) == expected


def test_the_nodes_of_a_group_are_its_own() -> None:
    (part,) = nodes_of_shards(inventory("ReplicationGroup", "NumNodeGroups: 50, ReplicasPerNodeGroup: 1"), "")

    assert (part.most, part.parent and part.parent.id) == (100, "R")
