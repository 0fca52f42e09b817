"""The network interfaces of functions in VPCs."""

from collections.abc import Iterator

from tapctl.concurrency.counting import Inventory, Item, Parent, Part
from tapctl.resource_types import FUNCTION
from tapctl.template.values import NO_VALUE
from tapctl.unknown import Unknown


def interfaces(inventory: Inventory, _: str) -> Iterator[Part]:
    """The network interfaces of each VPC: functions with the same subnet and security groups share one.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    """
    shared: dict[tuple[Parent, str, frozenset[str]], list[Item]] = {}
    for item in inventory.of(FUNCTION):
        subnets = _referenced(item, "VpcConfig.SubnetIds")
        if isinstance(subnets, Unknown):
            yield item.part(0, 0, Parent(item.name, is_open=True), subnets)
            continue
        groups = _referenced(item, "VpcConfig.SecurityGroupIds")
        listed = item.parents("VpcConfig.SecurityGroupIds") if isinstance(groups, Unknown) else groups
        for subnet in subnets:
            key = (_vpc(inventory, subnets, listed), subnet.id, frozenset(group.id for group in listed))
            shared.setdefault(key, []).append(item)
    for (vpc, _subnet, _groups), items in shared.items():
        owner = next((item for item in items if item.exists is True), items[0])
        yield owner.part(1, parent=vpc, varies=True)


def _referenced(item: Item, path: str) -> list[Parent] | Unknown:
    """The resources that a list of references names; unknown if its length is."""
    value = item.value(path)
    if isinstance(value, Unknown):
        return value
    values = value if isinstance(value, list) else [] if value is NO_VALUE else [value]
    named = item.parents(path)
    return (
        named if len(named) == len(values) else [item.inventory.parent(item.member, reference) for reference in values]
    )


def _vpc(inventory: Inventory, subnets: list[Parent], groups: list[Parent]) -> Parent:
    """The VPC that a subnet or a security group of the template is in, else an open one for the same subnets."""
    for parent in (*subnets, *groups):
        found = inventory.by_name.get(parent.id) if parent.in_template else None
        vpcs = found.parents("VpcId") if found else []
        if vpcs:
            return vpcs[0]
    return Parent(",".join(sorted(parent.id for parent in subnets)), is_open=True)
