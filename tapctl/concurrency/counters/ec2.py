"""Instances, their vCPU and their volumes: what instances, Auto Scaling groups, node groups and fleets run."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from tapctl.concurrency.counting import Inventory, Item, Part, number, walk
from tapctl.limits.row import Number
from tapctl.template.values import NO_VALUE, Value
from tapctl.unknown import Unknown

INSTANCE, GROUP, NODES = "AWS::EC2::Instance", "AWS::AutoScaling::AutoScalingGroup", "AWS::EKS::Nodegroup"
FLEET, SPOT_FLEET = "AWS::EC2::EC2Fleet", "AWS::EC2::SpotFleet"
VOLUME = "AWS::EC2::Volume"
SPOT = "Spot"

_FAMILIES = (("vt", "G"), ("hpc", "HPC"), ("trn", "Trn"), ("inf", "Inf"), ("dl", "DL"), ("mac", ""), ("u", "HighMem"))
"""By the beginning of an instance type, the family whose quota it takes; a Mac has a host of its own."""
_LETTERS = {"g": "G", "p": "P", "f": "F", "x": "X", **dict.fromkeys("acdhimrtz", "Standard")}

Range = tuple[Number, Number]

NOT_NAMED = Unknown("its instance type is not in the template")
"""Of instances that are chosen by their attributes, or that another resource describes."""


@dataclass(frozen=True, slots=True)
class InstanceGroup:
    """The instances that one resource runs: how many, of which types, on which market, and with which volumes."""

    item: Item
    count: Range | Unknown
    types: tuple[Value, ...]
    spot: Range = (0, 0)
    """The least and most part of the instances that is on the Spot market, from 0 to 1."""
    mappings: Value = NO_VALUE
    weights: tuple[Number, ...] = ()
    """By type, the units of capacity that an instance has; each has one where there are none."""
    maximum: Number | Unknown | None = None
    """To how many it may grow after the deploy."""

    @property
    def instances(self) -> Range | Unknown:
        """The count by instances instead of units of capacity."""
        if isinstance(self.count, Unknown) or not self.weights:
            return self.count
        return math.ceil(self.count[0] / max(self.weights)), math.ceil(self.count[1] / min(self.weights))

    @property
    def grown(self) -> "InstanceGroup":
        """The group at its maximum size, if it has a known one."""
        most = self.maximum
        return self if not most or isinstance(most, Unknown) else replace(self, count=(most, most))


def vcpus(inventory: Inventory, class_: str) -> Iterator[Part]:
    """The vCPU that each fleet takes of one class, as `Standard/OnDemand`."""
    return _vcpus_of(fleets(inventory), class_)


def vcpus_at_maximum(inventory: Inventory, class_: str) -> Iterator[Part]:
    """The vCPU that each fleet may come to take of one class when it scales out."""
    return _vcpus_of((fleet.grown for fleet in fleets(inventory)), class_)


def _vcpus_of(all_: Iterable[InstanceGroup], class_: str) -> Iterator[Part]:
    family, _, market = class_.partition("/")
    for fleet in all_:
        share = fleet.spot if market == SPOT else (1 - fleet.spot[1], 1 - fleet.spot[0])
        if share[1]:
            yield from _vcpus(fleet, family, market, share)


def _vcpus(fleet: InstanceGroup, family: str, market: str, share: Range) -> Iterator[Part]:
    unknown = next((type_ for type_ in fleet.types if isinstance(type_, Unknown)), None)
    weights = fleet.weights or (1,) * len(fleet.types)
    named = [
        (str(type_), weight)
        for type_, weight in zip(fleet.types, weights, strict=True)
        if not isinstance(type_, Unknown)
    ]
    sizes = [(vcpus_of(name), weight) for name, weight in named if quota_family_of(name, market) == family]
    unknown = unknown or next((size for size, _ in sizes if isinstance(size, Unknown)), None)
    if isinstance(fleet.count, Unknown):
        if sizes or (unknown and family == "Standard"):
            yield fleet.item.part(0, 0, unknown=fleet.count, varies=True)
        return
    low, high = math.floor(fleet.count[0] * share[0]), math.ceil(fleet.count[1] * share[1])
    known = [(size, weight) for size, weight in sizes if not isinstance(size, Unknown)]
    most = max((math.ceil(high / weight) * size for size, weight in known), default=0)
    if unknown and (sizes or family == "Standard"):
        yield fleet.item.part(0, most, unknown=unknown, varies=True)
    elif most:
        least = min(math.ceil(low / weight) * size for size, weight in known) if len(sizes) == len(named) else 0
        yield fleet.item.part(least, most, varies=True)


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
        count = fleet.instances
        if unknown or isinstance(count, Unknown):
            unknown = unknown or (count if isinstance(count, Unknown) else None)
            if sizes:
                yield fleet.item.part(0, 0, unknown=unknown, varies=True)
        elif sum_:
            yield fleet.item.part(sum_ * count[0], sum_ * count[1], varies=True)


def snapshots(inventory: Inventory, _: str) -> Iterator[Part]:
    """The snapshots that a policy of a volume may leave behind."""
    for item in inventory.of(VOLUME):
        entry = item.member.resolver.template.body["Resources"][item.resource.logical_id]
        if "Snapshot" in (entry.get("DeletionPolicy"), entry.get("UpdateReplacePolicy")):
            yield item.part(0, 1)


def _mappings(value: Value, kind: str) -> Iterator[Mapping[str, Any]]:
    """The volumes of one type that a list of block devices creates; the size of others comes from an image."""
    for mapping in value if isinstance(value, list) else ():
        ebs = mapping.get("Ebs") if isinstance(mapping, dict) else None
        if isinstance(ebs, dict) and "VolumeSize" in ebs and ebs.get("VolumeType", "gp2") == kind:
            yield ebs


# ---------------------------------------------------------------------------------------------------------------------
# Fleets
# ---------------------------------------------------------------------------------------------------------------------


def fleets(inventory: Inventory) -> Iterator[InstanceGroup]:
    """The instances of each resource: the desired capacity, or without one from the minimum to the maximum."""
    for item in inventory.of(INSTANCE):
        launch = _launch(item, "LaunchTemplate")
        type_ = item.value("InstanceType")
        mappings = item.value("BlockDeviceMappings")
        yield InstanceGroup(
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
    for item in inventory.of(FLEET, SPOT_FLEET):
        yield from _requested(item)


@dataclass(frozen=True, slots=True)
class _Launch:
    """The part of a launch template or launch configuration that counts."""

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
        named = (candidate for candidate in item.inventory.of("AWS::EC2::LaunchTemplate") if isinstance(name, str))
        template = next((candidate for candidate in named if candidate.value("LaunchTemplateName") == name), None)
    if template is None:
        return _Launch(Unknown("its launch template is not in the template"))
    return _specified(template)


def _specified(template: Item) -> _Launch:
    market = template.value("LaunchTemplateData.InstanceMarketOptions.MarketType")
    return _Launch(
        template.value("LaunchTemplateData.InstanceType"),
        (1, 1) if market == "spot" else (0, 0),
        template.value("LaunchTemplateData.BlockDeviceMappings"),
    )


def _group(item: Item) -> InstanceGroup:
    count = _capacity(item, "DesiredCapacity", "MinSize", "MaxSize")
    maximum = number(_first(item.value("MaxSize"), 0))
    mixed = item.value("MixedInstancesPolicy")
    if mixed is not NO_VALUE:
        specification = "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification"
        launch = _launch(item, specification)
        types, weights = _overridden(walk(mixed, ["LaunchTemplate", "Overrides"]), launch.type)
        return InstanceGroup(item, count, types, _spot_share(mixed, count), launch.mappings, weights, maximum)
    configuration = item.target("LaunchConfigurationName")
    if configuration:
        spot: Range = (0, 0) if configuration.value("SpotPrice") is NO_VALUE else (1, 1)
        type_ = configuration.value("InstanceType")
        mappings = configuration.value("BlockDeviceMappings")
        return InstanceGroup(item, count, (type_,), spot, mappings, maximum=maximum)
    launch = _launch(item, "LaunchTemplate")
    type_ = _first(launch.type, NOT_NAMED)
    return InstanceGroup(item, count, (type_,), launch.spot, launch.mappings, maximum=maximum)


def _spot_share(mixed: Value, count: Range | Unknown) -> Range:
    """The part of a mixed group on the Spot market: above the on-demand base, by percentage."""
    distribution = walk(mixed, ["InstancesDistribution"])
    base = number(_first(walk(distribution, ["OnDemandBaseCapacity"]), 0))
    above = number(_first(walk(distribution, ["OnDemandPercentageAboveBaseCapacity"]), 100))
    if isinstance(base, Unknown) or isinstance(above, Unknown) or isinstance(count, Unknown):
        return 0, 1
    shares = [math.floor(max(0, size - base) * (100 - above) / 100) / size for size in count if size]
    return (min(shares), max(shares)) if shares else (0, 0)


def _nodes(item: Item) -> InstanceGroup:
    count = _capacity(item, "ScalingConfig.DesiredSize", "ScalingConfig.MinSize", "ScalingConfig.MaxSize")
    launch = _launch(item, "LaunchTemplate")
    types = item.value("InstanceTypes")
    of_launch = _first(launch.type, "t3.medium")
    own = tuple(types) if isinstance(types, list) else (_first(types, of_launch),)
    capacity = item.value("CapacityType")
    spot: Range = (1, 1) if capacity == "SPOT" else (0, 1) if isinstance(capacity, Unknown) else (0, 0)
    # The volumes are those of the node group's own launch template, which EKS makes.
    maximum = number(_first(item.value("ScalingConfig.MaxSize"), 0))
    return InstanceGroup(item, count, own or (of_launch,), spot, launch.mappings, maximum=maximum)


def _requested(item: Item) -> Iterator[InstanceGroup]:
    """The instances of an EC2 Fleet or a Spot Fleet, those on demand and those on the Spot market."""
    root = "SpotFleetRequestConfigData." if item.type == SPOT_FLEET else ""
    types, weights, mappings = _launched(item, root)
    target = root or "TargetCapacitySpecification."
    unit = item.value(f"{target}TargetCapacityUnitType")
    if unit == "vcpu":
        sizes = [vcpus_of(str(type_)) for type_ in types]
        weights = tuple(1 if isinstance(size, Unknown) else size for size in sizes)
    total = number(_first(item.value(f"{target}{'' if root else 'Total'}TargetCapacity"), 0))
    on_demand = number(_first(item.value(f"{target}OnDemandTargetCapacity"), 0))
    spot = number(_first(item.value(f"{target}SpotTargetCapacity"), 0))
    if isinstance(total, Unknown) or isinstance(on_demand, Unknown) or isinstance(spot, Unknown):
        unknown = next(amount for amount in (total, on_demand, spot) if isinstance(amount, Unknown))
        yield InstanceGroup(item, unknown, types, (0, 1), mappings, weights)
        return
    if unit not in (NO_VALUE, "units", "vcpu"):
        yield InstanceGroup(item, Unknown("its capacity is not counted in instances"), types, (0, 1), mappings, weights)
        return
    # A Spot Fleet is on the Spot market but for what it asks on demand; an EC2 Fleet by its default, on demand.
    if root or item.value(f"{target}DefaultTargetCapacityType") == "spot":
        spot = total - on_demand
    for count, market in ((total - spot, 0), (spot, 1)):
        if count > 0:
            yield InstanceGroup(item, (count, count), types, (market, market), mappings, weights)


def _launched(item: Item, root: str) -> tuple[tuple[Value, ...], tuple[Number, ...], Value]:
    """The types of a fleet with their weights, and the volumes of its first launch template or specification."""
    types: tuple[Value, ...] = ()
    weights: tuple[Number, ...] = ()
    mappings: Value = NO_VALUE
    configs, specifications = (
        item.value(f"{root}{name}") for name in ("LaunchTemplateConfigs", "LaunchSpecifications")
    )
    for config in configs if isinstance(configs, list) else ():
        ids = [walk(config, ["LaunchTemplateSpecification", "LaunchTemplateId"])]
        parents = [item.inventory.parent(item.member, id_) for id_ in ids if id_ is not NO_VALUE]
        template = item.inventory.by_name.get(parents[0].id) if parents and parents[0].in_template else None
        launch = _specified(template) if template else _Launch(Unknown("its launch template is not in the template"))
        more, of_more = _overridden(walk(config, ["Overrides"]), launch.type)
        types, weights, mappings = types + more, weights + of_more, _first(mappings, launch.mappings)
    if isinstance(specifications, list) and specifications:
        more, of_more = _overridden(specifications, NOT_NAMED)
        own = walk(specifications[0], ["BlockDeviceMappings"])
        types, weights, mappings = types + more, weights + of_more, _first(mappings, own)
    return types or (NOT_NAMED,), weights or (1,), mappings


def _overridden(overrides: Value, of_launch: Value) -> tuple[tuple[Value, ...], tuple[Number, ...]]:
    """The types that overrides name, each with its weight; without overrides the type of the launch template."""
    types: list[Value] = []
    weights: list[Number] = []
    for override in overrides if isinstance(overrides, list) and overrides else [{}]:
        weight = number(_first(walk(override, ["WeightedCapacity"]), 1))
        type_ = _first(walk(override, ["InstanceType"]), of_launch, NOT_NAMED)
        types.append(weight if isinstance(weight, Unknown) else type_)
        weights.append(1 if isinstance(weight, Unknown) or weight <= 0 else weight)
    return tuple(types), tuple(weights)


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


def family_of(name: str) -> str:
    """The family whose quota an instance type takes, as AWS/Usage names it; "" for one without a quota."""
    for beginning, family in _FAMILIES:
        if re.match(rf"{beginning}[-\d]", name):
            return family
    return _LETTERS.get(name[:1], "")


def quota_family_of(name: str, market: str) -> str:
    """The family by the quotas of one market: on the Spot market, P5 instances have one of their own."""
    return "P5" if market == SPOT and name.startswith("p5") else family_of(name)


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
