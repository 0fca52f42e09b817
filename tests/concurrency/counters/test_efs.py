"""The mount targets of VPCs and of Availability Zones."""

import pytest

from tapctl.concurrency.additions import largest
from tapctl.concurrency.counters.efs import mount_targets_per_vpc, mount_targets_per_zone
from tapctl.concurrency.counting import Inventory
from tests.support.counted import grouped
from tests.support.templates import stack_tree_of


def inventory(*zones: str) -> Inventory:
    """A mount target of one file system in a subnet for each zone."""
    resources = "".join(
        f"  S{index}: {{Type: AWS::EC2::Subnet, Properties: {{VpcId: !Ref V, AvailabilityZone: {zone}}}}}\n"
        f"  T{index}: {{Type: AWS::EFS::MountTarget, Properties: {{FileSystemId: !Ref F, SubnetId: !Ref S{index}}}}}\n"
        for index, zone in enumerate(zones)
    )
    head = "  V: {Type: AWS::EC2::VPC, Properties: {}}\n  F: {Type: AWS::EFS::FileSystem, Properties: {}}\n"
    return Inventory(stack_tree_of(f"Resources:\n{head}{resources}"))


@pytest.mark.parametrize(
    ("zones", "expected"),
    [
        (("a", "b"), 1),
        (("a", "a"), 2),
        (("!Select [0, !GetAZs '']", "!Select [1, !GetAZs '']"), 1),
        (("!Select [0, !GetAZs '']", "!Select [0, !GetAZs '']"), 2),
    ],
)
def test_a_zone_has_the_targets_of_its_subnets(zones: tuple[str, ...], expected: int) -> None:
    found = largest(grouped(mount_targets_per_zone(inventory(*zones), "")))

    assert (found.least, found.most) == (expected, expected)


def test_a_vpc_has_the_targets_of_its_subnets() -> None:
    found = largest(grouped(mount_targets_per_vpc(inventory("a", "b"), "")))

    assert (found.most, found.parent and found.parent.id) == (2, "V")


def test_subnets_of_the_account_are_in_different_zones() -> None:
    targets = "".join(
        f"  {name}: {{Type: AWS::EFS::MountTarget, Properties: {{FileSystemId: fs-1, SubnetId: subnet-{name}}}}}\n"
        for name in "AB"
    )
    found = Inventory(stack_tree_of(f"Resources:\n{targets}"))

    assert largest(grouped(mount_targets_per_zone(found, ""))).most == 1
    assert largest(grouped(mount_targets_per_vpc(found, ""))).most == 2
