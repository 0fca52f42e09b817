"""Rules of security groups and network ACLs, routes, and NAT gateways by Availability Zone."""

import pytest

from tapctl.concurrency.additions import Addition, largest
from tapctl.concurrency.counters.vpc import nat_gateways, network_acl_rules, routes, security_group_rules
from tapctl.concurrency.counting import Inventory
from tests.support.counted import grouped
from tests.support.templates import stack_tree_of


def inventory(text: str) -> Inventory:
    return Inventory(stack_tree_of("Parameters: {P: {Type: String}, Q: {Type: String}}\nResources:\n" + text))


def rules(text: str) -> Addition:
    return largest(grouped(security_group_rules(inventory(text), "")))


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        pytest.param("", 1, id="the-rule-that-aws-gives-it"),
        pytest.param("SecurityGroupIngress: [{CidrIp: 1.1.1.1/32}, {CidrIp: 1.1.1.2/32}, {CidrIpv6: '::/0'}]", 2,
                     id="ipv4-and-ipv6-apart"),
        pytest.param("SecurityGroupIngress: [{CidrIp: 1.1.1.1/32}, {SourceSecurityGroupId: sg-1}]", 2,
                     id="a-group-counts-for-both"),
        pytest.param("SecurityGroupIngress: [{CidrIp: 1.1.1.1/32}],"
                     " SecurityGroupEgress: [{CidrIp: 1.1.1.1/32}, {CidrIp: 1.1.1.2/32}]", 2,
                     id="the-larger-direction"),
    ],
)  # fmt: skip
def test_the_rules_of_a_group_count_by_direction_and_version(properties: str, expected: int) -> None:
    found = rules(f"  G: {{Type: AWS::EC2::SecurityGroup, Properties: {{{properties}}}}}\n")

    assert (found.least, found.most, found.parent and found.parent.id) == (expected, expected, "G")


def test_standalone_rules_count_with_those_of_their_group() -> None:
    found = rules(
        "  G: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupIngress: [{CidrIp: 1.1.1.1/32}]}}\n"
        "  R: {Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: !GetAtt G.GroupId, CidrIp: 1.1.1.2/32}}\n"
    )

    assert (found.most, found.parent and found.parent.id) == (2, "G")


def test_a_prefix_list_weighs_as_much_as_it_may_have_entries() -> None:
    group = "  G: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupIngress: [{SourcePrefixListId: %s}]}}\n"
    own = "  L: {Type: AWS::EC2::PrefixList, Properties: {MaxEntries: 20}}\n"

    assert rules(group % "!Ref L" + own).most == 20
    assert rules(group % "pl-1").unknown


def test_routes_count_by_version() -> None:
    route = "  R%s: {Type: AWS::EC2::Route, Properties: {RouteTableId: rtb-1, %s}}\n"
    text = "".join(
        route % (index, f"{name}: a")
        for index, name in enumerate(["DestinationCidrBlock", "DestinationCidrBlock", "DestinationIpv6CidrBlock"])
    )

    assert largest(grouped(routes(inventory(text), ""))).most == 2


@pytest.mark.parametrize(
    ("zones", "expected"),
    [
        pytest.param(("a", "b"), (1, 1), id="different-zones"),
        pytest.param(("a", "a"), (2, 2), id="the-same-zone"),
        pytest.param(("!Select [0, !GetAZs '']", "!Select [1, !GetAZs '']"), (1, 1), id="different-items-of-a-list"),
        pytest.param(("!Ref P", "!Ref Q"), (1, 2), id="two-parameters-may-be-the-same-zone"),
        pytest.param(("!Ref P", "!Ref P"), (2, 2), id="one-parameter-is-one-zone"),
    ],
)
def test_nat_gateways_count_by_zone(zones: tuple[str, str], expected: tuple[int, int]) -> None:
    text = "".join(
        f"  S{index}: {{Type: AWS::EC2::Subnet, Properties: {{AvailabilityZone: {zone}}}}}\n"
        f"  N{index}: {{Type: AWS::EC2::NatGateway, Properties: {{SubnetId: !Ref S{index}}}}}\n"
        for index, zone in enumerate(zones)
    )
    found = largest(grouped(nat_gateways(inventory(text), "")))

    assert (found.least, found.most) == expected


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param(("CidrBlock: a", "CidrBlock: b"), 3, id="with-the-rule-that-denies-the-rest"),
        pytest.param(("CidrBlock: a", "CidrBlock: b, Egress: true"), 2, id="by-direction"),
        pytest.param(("CidrBlock: a", "Ipv6CidrBlock: b"), 2, id="by-version"),
    ],
)
def test_the_rules_of_a_network_acl_count_by_direction_and_version(entries: tuple[str, ...], expected: int) -> None:
    rules_of = "".join(
        f"  R{index}: {{Type: AWS::EC2::NetworkAclEntry, Properties: {{NetworkAclId: %s, {entry}}}}}\n"
        for index, entry in enumerate(entries)
    )
    acl = "  A: {Type: AWS::EC2::NetworkAcl, Properties: {VpcId: vpc-1}}\n"
    own = largest(grouped(network_acl_rules(inventory(acl + rules_of.replace("%s", "!Ref A")), "")))
    of_the_account = largest(grouped(network_acl_rules(inventory(rules_of.replace("%s", "acl-1")), "")))

    assert (own.most, own.parent and own.parent.id) == (expected, "A")
    assert (of_the_account.most, of_the_account.parent and of_the_account.parent.id) == (expected - 1, "acl-1")


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        pytest.param("!Select [1, !GetAZs '']", "item 1 of Fn::GetAZs", id="of-the-region"),
        pytest.param("!Select [1, !Ref P]", "item 1 of P", id="of-a-parameter"),
        pytest.param("eu-west-1a", "", id="one-by-its-name"),
        pytest.param("!Ref P", "", id="one-that-is-not-known"),
    ],
)
def test_a_message_names_a_zone_in_short(zone: str, name: str) -> None:
    text = (
        f"  S: {{Type: AWS::EC2::Subnet, Properties: {{AvailabilityZone: {zone}}}}}\n"
        "  N: {Type: AWS::EC2::NatGateway, Properties: {SubnetId: !Ref S}}\n"
    )
    (part,) = nat_gateways(inventory(text), "")
    assert part.parent
    assert part.parent.name == name


@pytest.mark.parametrize("rule", ["5", "x", "[]"], ids=["a-number", "a-text", "a-list"])
def test_a_rule_that_is_none_counts_as_one(rule: str) -> None:
    assert rules(f"  G: {{Type: AWS::EC2::SecurityGroup, Properties: {{SecurityGroupIngress: [{rule}]}}}}\n").most == 1
