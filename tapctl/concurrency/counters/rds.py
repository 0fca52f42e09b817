"""The storage of database instances."""

from collections.abc import Iterator

from tapctl.concurrency.counting import Inventory, Item, Part, number
from tapctl.limits.row import Number
from tapctl.template.values import NO_VALUE
from tapctl.unknown import Unknown

INSTANCE = "AWS::RDS::DBInstance"
SOURCE = "SourceDBInstanceIdentifier"
_RESTORED_FROM = ("DBSnapshotIdentifier", "SourceDbiResourceId", "SourceDBInstanceAutomatedBackupsArn")


def storage(inventory: Inventory, _: str) -> Iterator[Part]:
    """The GB of each instance: a replica has those of its source, one of Aurora has none."""
    for item in inventory.of(INSTANCE):
        amount = _storage(item, set())
        if isinstance(amount, Unknown):
            yield item.part(0, 0, unknown=amount, varies=True)
        elif amount:
            yield item.part(amount, varies=True)


def _storage(item: Item, seen: set[str]) -> Number | Unknown:
    engine = item.value("Engine")
    if item.value("DBClusterIdentifier") is not NO_VALUE or str(engine).startswith("aurora"):
        return 0  # the storage is the cluster's
    own = item.value("AllocatedStorage")
    if own is not NO_VALUE:
        return number(own)
    if item.value(SOURCE) is not NO_VALUE:
        source = item.target(SOURCE)
        if source is None or source.name in seen or source.type != INSTANCE:
            return Unknown("the source of the replica is not in the template")
        return _storage(source, {*seen, item.name})
    if any(item.value(name) is not NO_VALUE for name in _RESTORED_FROM):
        return Unknown("the storage is that of a snapshot or backup")
    return 0
