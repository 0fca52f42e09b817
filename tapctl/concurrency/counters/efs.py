"""The mount targets of EFS, which VPCs and Availability Zones have through the subnets."""

from collections.abc import Iterator

from tapctl.concurrency.counting import Inventory, Parent, Part

TARGET = "AWS::EFS::MountTarget"


def mount_targets_per_vpc(inventory: Inventory, _: str) -> Iterator[Part]:
    """The mount targets in each VPC; the VPC of a subnet of the account is not known."""
    for item in inventory.of(TARGET):
        subnet = item.target("SubnetId")
        for parent in subnet.parents("VpcId") if subnet else [Parent(item.name, is_open=True)]:
            yield item.part(1, parent=parent)


def mount_targets_per_zone(inventory: Inventory, _: str) -> Iterator[Part]:
    """The mount targets of each file system in one zone; subnets without a known one are taken for different."""
    for item in inventory.of(TARGET):
        subnet = item.target("SubnetId")
        zones = subnet.parents("AvailabilityZone") if subnet else item.parents("SubnetId")
        zone = zones[0].id if zones else subnet.name if subnet else item.name
        for system in item.parents("FileSystemId"):
            yield item.part(1, parent=Parent(f"{system.id} in {zone}", in_template=system.in_template))
