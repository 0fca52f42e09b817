"""The records of hosted zones, which a record names by the id or by the name."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tapctl.concurrency.counting import Inventory, Item, Parent, Part
from tapctl.template.values import NO_VALUE, Value
from tapctl.unknown import Unknown

ZONE = "AWS::Route53::HostedZone"
NAMES_A_ZONE = ("HostedZoneId", "HostedZoneName")

OWN_RECORDS = 2
"""NS and SOA, which Route 53 creates along with a zone."""


def records(inventory: Inventory, _: str) -> Iterator[Part]:
    """The records of each zone, those of groups included."""
    zones = {_full_name(name): item.name for item in inventory.of(ZONE) if isinstance(name := item.value("Name"), str)}
    found = [*_records(inventory, zones), *_groups(inventory, zones)]
    for name in dict.fromkeys(part.parent.id for part in found if part.parent and part.parent.in_template):
        if zone := inventory.by_name.get(name):
            yield zone.part(OWN_RECORDS, parent=Parent(name, in_template=True))
    yield from found


def _records(inventory: Inventory, zones: dict[str, str]) -> Iterator[Part]:
    for item in inventory.of("AWS::Route53::RecordSet"):
        yield item.part(1, parent=_zone(item, item.resource.properties, zones))


def _groups(inventory: Inventory, zones: dict[str, str]) -> Iterator[Part]:
    """A record of a group may name a zone of its own."""
    for item in inventory.of("AWS::Route53::RecordSetGroup"):
        own, members = _zone(item, item.resource.properties, zones), item.value("RecordSets")
        if isinstance(members, Unknown):
            yield item.part(0, parent=own, unknown=members, varies=True)
            continue
        per_zone: dict[Parent | None, list[Value]] = {}
        for record in members if isinstance(members, list) else ():
            named = _zone(item, record, zones) if isinstance(record, dict) else None
            per_zone.setdefault(named or own, []).append(record)
        for parent, named_records in per_zone.items():
            certain = sum(not isinstance(record, Unknown) for record in named_records)
            yield item.part(certain, len(named_records), parent, varies=True)


def _zone(item: Item, named: Mapping[str, Value], zones: dict[str, str]) -> Parent | None:
    """The zone that a record or group names; as Route 53 lists it where it is not in the template."""
    for property_ in NAMES_A_ZONE:
        if item.resolved(named.get(property_, NO_VALUE)) is NO_VALUE:
            continue
        parent = item.inventory.parent(item.member, named[property_])
        if parent.in_template or parent.is_open:
            return parent
        if property_ == "HostedZoneId":
            return replace(parent, id=f"/hostedzone/{parent.id.removeprefix('/hostedzone/')}")
        name = _full_name(parent.id)
        return Parent(zones[name], in_template=True) if name in zones else Parent(name)
    return None


def _full_name(name: str) -> str:
    return f"{name.rstrip('.').lower()}."
