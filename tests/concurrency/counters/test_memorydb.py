"""Nodes of clusters."""

import pytest

from tapctl.concurrency.counters.memorydb import nodes
from tapctl.concurrency.counting import Inventory
from tests.support.counted import grouped
from tests.support.templates import stack_tree_of


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        pytest.param("ACLName: a", (2, False), id="one-shard-with-a-replica"),
        pytest.param("NumShards: 3, NumReplicasPerShard: 2", (9, False), id="shards-with-replicas"),
        pytest.param("NumShards: 3, NumReplicasPerShard: 0", (3, False), id="no-replicas"),
        pytest.param("NumShards: 3, NumReplicasPerShard: !Ref P", (3, True), id="replicas-that-the-deploy-knows"),
    ],
)
def test_each_shard_has_a_primary_and_its_replicas(properties: str, expected: tuple[int, bool]) -> None:
    tree = stack_tree_of(
        "Parameters: {P: {Type: Number}}\nResources:\n"
        f"  C: {{Type: AWS::MemoryDB::Cluster, Properties: {{{properties}}}}}\n"
    )
    (added,) = grouped(nodes(Inventory(tree), ""))

    assert (added.most, added.unknown is not None) == expected
