"""The nodes of MemoryDB clusters."""

from collections.abc import Iterator

from tapctl.concurrency.counting import Inventory, Item, Part, number
from tapctl.limits.row import Number
from tapctl.template.values import NO_VALUE
from tapctl.unknown import Unknown


def nodes(inventory: Inventory, _: str) -> Iterator[Part]:
    """Each shard has a primary and its replicas; one shard with one replica where a cluster says nothing.

    https://docs.aws.amazon.com/memorydb/latest/APIReference/API_CreateCluster.html
    """
    for item in inventory.of("AWS::MemoryDB::Cluster"):
        shards, replicas = _or_one(item, "NumShards"), _or_one(item, "NumReplicasPerShard")
        unknown = next((value for value in (shards, replicas) if isinstance(value, Unknown)), None)
        known = 1 if isinstance(shards, Unknown) else shards
        yield item.part(known * (1 if isinstance(replicas, Unknown) else 1 + replicas), unknown=unknown, varies=True)


def _or_one(item: Item, path: str) -> Number | Unknown:
    value = item.value(path)
    return 1 if value is NO_VALUE else number(value)
