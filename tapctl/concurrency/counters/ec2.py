"""Instances, their vCPU and their volumes: what instances, Auto Scaling groups and node groups run."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from tapctl.concurrency.counting import Inventory, Item, Part, number, walk
from tapctl.limits.row import Number
from tapctl.template.values import NO_VALUE, Value
from tapctl.unknown import Unknown

INSTANCE, GROUP, NODES = "AWS::EC2::Instance", "AWS::AutoScaling::AutoScalingGroup", "AWS::EKS::Nodegroup"
VOLUME = "AWS::EC2::Volume"
SPOT, ON_DEMAND = "Spot", "OnDemand"

_FAMILIES = (("vt", "G"), ("hpc", "HPC"), ("trn", "Trn"), ("inf", "Inf"), ("dl", "DL"), ("mac", ""), ("u", "HighMem"))
"""By the beginning of an instance type, the family whose quota it takes; a Mac has a host of its own."""
_LETTERS = {"g": "G", "p": "P", "f": "F", "x": "X", **dict.fromkeys("acdhimrtz", "Standard")}

Range = tuple[Number, Number]


@dataclass(frozen=True, slots=True)
class Fleet:
    """The instances that one resource runs: how many, of which types, on which market, and with which volumes."""

    item: Item
    count: Range | Unknown
    types: tuple[Value, ...]
    spot: Range = (0, 0)
    """The least and most part of the instances that is on the Spot market, from 0 to 1."""
    mappings: Value = NO_VALUE


def vcpus(inventory: Inventory, class_: str) -> Iterator[Part]:
    """The vCPU that each fleet takes of one class, as `Standard/OnDemand`."""
    family, _, market = class_.partition("/")
    for fleet in fleets(inventory):
        share = fleet.spot if market == SPOT else (1 - fleet.spot[1], 1 - fleet.spot[0])
        if share[1]:
            yield from _vcpus(fleet, family, share)


def _vcpus(fleet: Fleet, family: str, share: Range) -> Iterator[Part]:
    unknown = next((type_ for type_ in fleet.types if isinstance(type_, Unknown)), None)
    names = [str(type_) for type_ in fleet.types if not isinstance(type_, Unknown)]
    of_family = [name for name in names if family_of(name) == family]
    sizes = [vcpus_of(name) for name in of_family]
    unknown = unknown or next((size for size in sizes if isinstance(size, Unknown)), None)
    if isinstance(fleet.count, Unknown):
        if of_family or (unknown and family == "Standard"):
            yield fleet.item.part(0, 0, unknown=fleet.count, varies=True)
        return
    least, most = math.floor(fleet.count[0] * share[0]), math.ceil(fleet.count[1] * share[1])
    known = [size for size in sizes if not isinstance(size, Unknown)]
    if unknown and (of_family or family == "Standard"):
        yield fleet.item.part(0, most * max(known, default=0), unknown=unknown, varies=True)
    elif known and most:
        certain = min(known) if len(of_family) == len(names) else 0
        yield fleet.item.part(least * certain, most * max(known), varies=True)


def volumes(inventory: Inventory, kind: str) -> Iterator[Part]:
    """The storage of one type of volume, in TiB: volumes of the template, and those of the instances it runs."""
    for item in inventory.of(VOLUME):
        type_ = item.value("VolumeType")
        if (isinstance(type_, str) and type_ == kind) or (type_ is NO_VALUE and kind == "gp2"):
            amount = number(item.value("Size"))
            if isinstance(amount, Unknown):
                yield item.part(0, 0, unknown=amount, varies=True)
            elif item.value("Size") is not NO_VALUE:
                yield item.part(amount / 1024, varies=True)
    for fleet in fleets(inventory):
        sizes = [number(mapping["VolumeSize"]) for mapping in _mappings(fleet.mappings, kind)]
        unknown = next((size for size in sizes if isinstance(size, Unknown)), None)
        sum_ = sum(size for size in sizes if not isinstance(size, Unknown)) / 1024
        if unknown or isinstance(fleet.count, Unknown):
            unknown = unknown or (fleet.count if isinstance(fleet.count, Unknown) else None)
            if sizes:
                yield fleet.item.part(0, 0, unknown=unknown, varies=True)
        elif sum_:
            yield fleet.item.part(sum_ * fleet.count[0], sum_ * fleet.count[1], varies=True)


def _mappings(value: Value, kind: str) -> Iterator[Mapping[str, Any]]:
    """The volumes of one type that a list of block devices creates; the size of others comes from an image."""
    for mapping in value if isinstance(value, list) else ():
        ebs = mapping.get("Ebs") if isinstance(mapping, dict) else None
        if isinstance(ebs, dict) and "VolumeSize" in ebs and ebs.get("VolumeType", "gp2") == kind:
            yield ebs


# ---------------------------------------------------------------------------------------------------------------------
# Fleets
# ---------------------------------------------------------------------------------------------------------------------


def fleets(inventory: Inventory) -> Iterator[Fleet]:
    """What each resource runs: the desired capacity, and without one from the minimum to the maximum."""
    for item in inventory.of(INSTANCE):
        launch = _launch(item, "LaunchTemplate")
        type_ = item.value("InstanceType")
        mappings = item.value("BlockDeviceMappings")
        yield Fleet(
            item,
            (1, 1),
            (_first(type_, launch.type, "m1.small"),),
            launch.spot,
            launch.mappings if mappings is NO_VALUE else mappings,
        )
    for item in inventory.of(GROUP):
        yield _group(item)
    for item in inventory.of(NODES):
        yield _nodes(item)


@dataclass(frozen=True, slots=True)
class _Launch:
    """What a launch template or a launch configuration says."""

    type: Value = NO_VALUE
    spot: Range = (0, 0)
    mappings: Value = NO_VALUE


def _launch(item: Item, path: str) -> _Launch:
    """The launch template that a property refers to, by its id or its name."""
    specification = item.value(path)
    if specification is NO_VALUE:
        return _Launch()
    ids = ("LaunchTemplateId", "LaunchTemplateName", "Id", "Name")
    template = next((found for id_ in ids if (found := item.target(f"{path}.{id_}"))), None)
    if template is None:
        name = walk(specification, ["LaunchTemplateName"])
        named = (one for one in item.inventory.of("AWS::EC2::LaunchTemplate") if isinstance(name, str))
        template = next((one for one in named if one.value("LaunchTemplateName") == name), None)
    if template is None:
        return _Launch(Unknown("its launch template is not in the template"))
    market = template.value("LaunchTemplateData.InstanceMarketOptions.MarketType")
    return _Launch(
        template.value("LaunchTemplateData.InstanceType"),
        (1, 1) if market == "spot" else (0, 0),
        template.value("LaunchTemplateData.BlockDeviceMappings"),
    )


def _group(item: Item) -> Fleet:
    count = _capacity(item, "DesiredCapacity", "MinSize", "MaxSize")
    mixed = item.value("MixedInstancesPolicy")
    if mixed is not NO_VALUE:
        specification = "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification"
        launch = _launch(item, specification)
        overrides = walk(mixed, ["LaunchTemplate", "Overrides", "InstanceType"])
        types = tuple(overrides) if isinstance(overrides, list) and overrides else (launch.type,)
        return Fleet(item, count, types, _spot_share(mixed, count), launch.mappings)
    configuration = item.target("LaunchConfigurationName")
    if configuration:
        spot: Range = (0, 0) if configuration.value("SpotPrice") is NO_VALUE else (1, 1)
        type_ = configuration.value("InstanceType")
        return Fleet(item, count, (type_,), spot, configuration.value("BlockDeviceMappings"))
    launch = _launch(item, "LaunchTemplate")
    type_ = _first(launch.type, Unknown("its instance type is not in the template"))
    return Fleet(item, count, (type_,), launch.spot, launch.mappings)


def _spot_share(mixed: Value, count: Range | Unknown) -> Range:
    """The part of a mixed group on the Spot market: above the on-demand base, by percentage."""
    distribution = walk(mixed, ["InstancesDistribution"])
    base = number(_first(walk(distribution, ["OnDemandBaseCapacity"]), 0))
    above = number(_first(walk(distribution, ["OnDemandPercentageAboveBaseCapacity"]), 100))
    if isinstance(base, Unknown) or isinstance(above, Unknown) or isinstance(count, Unknown):
        return 0, 1
    shares = [math.floor(max(0, size - base) * (100 - above) / 100) / size for size in count if size]
    return (min(shares), max(shares)) if shares else (0, 0)


def _nodes(item: Item) -> Fleet:
    count = _capacity(item, "ScalingConfig.DesiredSize", "ScalingConfig.MinSize", "ScalingConfig.MaxSize")
    launch = _launch(item, "LaunchTemplate")
    types = item.value("InstanceTypes")
    of_launch = _first(launch.type, "t3.medium")
    own = tuple(types) if isinstance(types, list) else (_first(types, of_launch),)
    capacity = item.value("CapacityType")
    spot: Range = (1, 1) if capacity == "SPOT" else (0, 1) if isinstance(capacity, Unknown) else (0, 0)
    # The volumes are those of the node group's own launch template, which EKS makes.
    return Fleet(item, count, own or (of_launch,), spot, launch.mappings)


def _capacity(item: Item, desired: str, least: str, most: str) -> Range | Unknown:
    value = item.value(desired)
    if value is not NO_VALUE:
        size = number(value)
        return size if isinstance(size, Unknown) else (size, size)
    bounds = [number(_first(item.value(path), default)) for path, default in ((least, 1), (most, 2))]
    low, high = bounds
    if isinstance(low, Unknown) or isinstance(high, Unknown):
        return low if isinstance(low, Unknown) else high if isinstance(high, Unknown) else (low, high)
    return low, high


def _first(*values: Value) -> Value:
    return next((value for value in values if value is not NO_VALUE), NO_VALUE)


# ---------------------------------------------------------------------------------------------------------------------
# Instance types
# ---------------------------------------------------------------------------------------------------------------------


def family_of(name: str) -> str:
    """The family whose quota an instance type takes, as AWS/Usage names it; "" for one without a quota."""
    for beginning, family in _FAMILIES:
        if re.match(rf"{beginning}[-\d]", name):
            return family
    return _LETTERS.get(name[:1], "")


def vcpus_of(name: str) -> int | Unknown:
    """The vCPU of an instance type, by the table of this version."""
    known = instance_types().get(name)
    return Unknown(f"the vCPU of {name} are not known") if known is None else known


@cache
def instance_types() -> Mapping[str, int]:
    """The vCPU of every instance type in `tapctl/limits/instance_types.txt`, whose first lines name its source."""
    table: dict[str, int] = {}
    text = files("tapctl.limits").joinpath("instance_types.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            family, *sizes = line.split()
            table.update({f"{family}.{size}": int(count) for size, _, count in (item.partition("=") for item in sizes)})
    return table
