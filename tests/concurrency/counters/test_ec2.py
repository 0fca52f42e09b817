"""vCPU and volumes of what instances, Auto Scaling groups and node groups run."""

import pytest

from tapctl.concurrency.counters.ec2 import family_of, vcpus, vcpus_of, volumes
from tapctl.concurrency.counting import Inventory, grouped, largest
from tapctl.unknown import Unknown
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
