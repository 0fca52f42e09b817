"""vCPU and volumes of what instances, Auto Scaling groups, node groups and fleets run."""

import pytest

from tapctl.concurrency.additions import largest
from tapctl.concurrency.counters.ec2 import family_of, snapshots, vcpus, vcpus_at_maximum, vcpus_of, volumes
from tapctl.concurrency.counting import Inventory
from tapctl.unknown import Unknown
from tests.support.counted import grouped
from tests.support.templates import stack_tree_of

LAUNCH = (
    "  L: {Type: AWS::EC2::LaunchTemplate, Properties: {LaunchTemplateData: {InstanceType: m5.xlarge,"
    " BlockDeviceMappings: [{DeviceName: a, Ebs: {VolumeSize: 512, VolumeType: gp3}}]%s}}}\n"
)
USES = "LaunchTemplate: {LaunchTemplateId: !Ref L, Version: '1'}"


def inventory(*resources: str) -> Inventory:
    return Inventory(stack_tree_of("Parameters: {P: {Type: String}}\nResources:\n" + "".join(resources)))


def taken(class_: str, *resources: str) -> tuple[float, float]:
    found = largest(grouped(vcpus(inventory(*resources), class_)))
    return found.least, found.most


def group(properties: str) -> str:
    return f"  G: {{Type: AWS::AutoScaling::AutoScalingGroup, Properties: {{{properties}}}}}\n"


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        pytest.param(f"DesiredCapacity: '3', MinSize: 1, MaxSize: 9, {USES}", (12, 12), id="the-desired-capacity"),
        pytest.param(f"MinSize: 1, MaxSize: 9, {USES}", (4, 36), id="from-the-minimum-to-the-maximum"),
        pytest.param(
            "DesiredCapacity: 10, MinSize: 1, MaxSize: 10, MixedInstancesPolicy: {InstancesDistribution:"
            " {OnDemandBaseCapacity: 2, OnDemandPercentageAboveBaseCapacity: 50}, LaunchTemplate:"
            " {LaunchTemplateSpecification: {LaunchTemplateId: !Ref L, Version: 1}}}",
            (24, 24), id="a-part-on-demand",
        ),
        pytest.param(
            "DesiredCapacity: 1, MinSize: 1, MaxSize: 1, MixedInstancesPolicy: {LaunchTemplate: {Overrides:"
            " [{InstanceType: m5.large}, {InstanceType: m5.4xlarge}], LaunchTemplateSpecification:"
            " {LaunchTemplateId: !Ref L, Version: 1}}}",
            (2, 16), id="one-of-several-types",
        ),
    ],
)  # fmt: skip
def test_a_group_takes_the_vcpu_of_its_instances(properties: str, expected: tuple[int, int]) -> None:
    assert taken("Standard/OnDemand", LAUNCH % "", group(properties)) == expected


def test_spot_takes_another_quota() -> None:
    launch = LAUNCH % ", InstanceMarketOptions: {MarketType: spot}"
    resources = (launch, group(f"DesiredCapacity: 2, MinSize: 1, MaxSize: 2, {USES}"))

    assert taken("Standard/OnDemand", *resources) == (0, 0)
    assert taken("Standard/Spot", *resources) == (8, 8)


def test_node_groups_run_instances() -> None:
    properties = "ScalingConfig: {DesiredSize: 2}, InstanceTypes: [g4dn.xlarge]"
    nodes = f"  N: {{Type: AWS::EKS::Nodegroup, Properties: {{{properties}}}}}\n"

    assert taken("G/OnDemand", nodes) == (8, 8)
    assert taken("Standard/OnDemand", nodes) == (0, 0)


def test_the_volumes_of_a_launch_template_are_those_of_each_instance() -> None:
    resources = (LAUNCH % "", group(f"DesiredCapacity: 3, MinSize: 1, MaxSize: 9, {USES}"))
    found = largest(grouped(volumes(inventory(*resources), "gp3")))

    assert (found.least, found.most) == (1.5, 1.5)


@pytest.mark.parametrize(
    ("capacity", "on_demand", "spot"),
    [
        pytest.param("TotalTargetCapacity: 5", (20, 20), (0, 0), id="on-demand-by-default"),
        pytest.param("TotalTargetCapacity: 5, SpotTargetCapacity: 2", (12, 12), (8, 8), id="a-part-on-spot"),
        pytest.param(
            "TotalTargetCapacity: 5, OnDemandTargetCapacity: 1, DefaultTargetCapacityType: spot", (4, 4), (16, 16),
            id="spot-by-default",
        ),
        pytest.param("TotalTargetCapacity: 10, TargetCapacityUnitType: vcpu", (12, 12), (0, 0), id="capacity-in-vcpu"),
    ],
)  # fmt: skip
def test_an_ec2_fleet_runs_its_target_capacity(
    capacity: str, on_demand: tuple[float, float], spot: tuple[float, float]
) -> None:
    config = "LaunchTemplateSpecification: {LaunchTemplateId: !Ref L, Version: '1'}"
    properties = f"LaunchTemplateConfigs: [{{{config}}}], TargetCapacitySpecification: {{{capacity}}}"
    resources = (LAUNCH % "", f"  F: {{Type: AWS::EC2::EC2Fleet, Properties: {{{properties}}}}}\n")

    assert taken("Standard/OnDemand", *resources) == on_demand
    assert taken("Standard/Spot", *resources) == spot


def test_a_spot_fleet_runs_types_by_their_weight() -> None:
    specifications = (
        "LaunchSpecifications: [{InstanceType: m5.xlarge, WeightedCapacity: 2}, {InstanceType: m5.4xlarge,"
        " WeightedCapacity: 5}]"
    )
    properties = f"SpotFleetRequestConfigData: {{TargetCapacity: 10, {specifications}}}"
    fleet = f"  F: {{Type: AWS::EC2::SpotFleet, Properties: {{{properties}}}}}\n"

    assert taken("Standard/Spot", fleet) == (20, 32)
    assert taken("Standard/OnDemand", fleet) == (0, 0)


def test_p5_has_a_quota_of_its_own_on_the_spot_market_alone() -> None:
    launch = "  L: {Type: AWS::EC2::LaunchTemplate, Properties: {LaunchTemplateData: {InstanceType: p5.48xlarge%s}}}\n"
    runs = group(f"DesiredCapacity: 1, MinSize: 1, MaxSize: 1, {USES}")
    spot = launch % ", InstanceMarketOptions: {MarketType: spot}"

    assert taken("P5/Spot", spot, runs) == (192, 192)
    assert taken("P/Spot", spot, runs) == (0, 0)
    assert taken("P/OnDemand", launch % "", runs) == (192, 192)


def test_types_that_are_chosen_by_their_attributes_are_unknown() -> None:
    launch = "  L: {Type: AWS::EC2::LaunchTemplate, Properties: {LaunchTemplateData: {}}}\n"
    overrides = "Overrides: [{InstanceRequirements: {VCpuCount: {Min: 2}}}]"
    specification = "LaunchTemplateSpecification: {LaunchTemplateId: !Ref L, Version: 1}"
    mixed = f"MixedInstancesPolicy: {{LaunchTemplate: {{{overrides}, {specification}}}}}"
    found = vcpus(inventory(launch, group(f"DesiredCapacity: 1, MinSize: 1, MaxSize: 1, {mixed}")), "Standard/OnDemand")

    assert all(part.unknown for part in found)


def test_at_its_maximum_a_group_takes_more() -> None:
    resources = inventory(LAUNCH % "", group(f"DesiredCapacity: 1, MinSize: 1, MaxSize: 9, {USES}"))
    found = largest(grouped(vcpus_at_maximum(resources, "Standard/OnDemand")))

    assert (found.least, found.most) == (36, 36)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("", []), ("DeletionPolicy: Snapshot", [(0, 1)]), ("UpdateReplacePolicy: Snapshot", [(0, 1)]),
     ("DeletionPolicy: Retain", [])],
)  # fmt: skip
def test_a_volume_may_leave_a_snapshot_behind(policy: str, expected: list[tuple[int, int]]) -> None:
    volume = f"  V:\n    Type: AWS::EC2::Volume\n    Properties: {{Size: 1}}\n    {policy}\n"
    found = snapshots(inventory(volume), "")

    assert [(part.least, part.most) for part in found] == expected


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("m5.large", "Standard"), ("im4gn.large", "Standard"), ("vt1.3xlarge", "G"), ("gr6.4xlarge", "G"),
        ("hpc7a.96xlarge", "HPC"), ("u-6tb1.metal", "HighMem"), ("u7i-12tb.224xlarge", "HighMem"), ("x1.32xlarge", "X"),
        ("inf2.xlarge", "Inf"), ("trn1.2xlarge", "Trn"), ("dl1.24xlarge", "DL"), ("d3.xlarge", "Standard"),
        ("mac1.metal", ""), ("p4d.24xlarge", "P"), ("f1.2xlarge", "F"),
    ],
)  # fmt: skip
def test_the_family_is_that_of_the_quota(name: str, family: str) -> None:
    assert family_of(name) == family


def test_a_type_that_the_table_does_not_have_is_unknown() -> None:
    assert vcpus_of("c4.8xlarge") == 36
    assert isinstance(vcpus_of("z99.large"), Unknown)
