"""The contents of VPCs: rules of security groups and network ACLs, routes, and NAT gateways by Availability Zone."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tapctl.concurrency.counting import Inventory, Item, Parent, Part
from tapctl.limits.row import Number
from tapctl.template.values import NO_VALUE
from tapctl.unknown import Unknown

GROUP = "AWS::EC2::SecurityGroup"
INBOUND, OUTBOUND = "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"
IPV4, IPV6 = "IPv4", "IPv6"


def security_group_rules(inventory: Inventory, _: str) -> Iterator[Part]:
    """The rules of each security group, in the direction and IP version that has most."""
    groups: dict[Parent, list[tuple[str, Item, Any]]] = {}
    for item in inventory.of(GROUP):
        own = groups.setdefault(Parent(item.name, in_template=True), [])
        for direction, name in ((INBOUND, "SecurityGroupIngress"), (OUTBOUND, "SecurityGroupEgress")):
            rules = item.value(name)
            listed = rules if isinstance(rules, list) else [] if rules is NO_VALUE else [rules]
            own += [(direction, item, rule) for rule in listed]
    for item in inventory.of(INBOUND, OUTBOUND):
        names = [parent for path in ("GroupId", "GroupName") for parent in item.parents(path)]
        rule = {name: item.value(name) for name in item.resource.properties}
        for parent in names[:1]:
            groups.setdefault(parent, []).append((item.type, item, rule))
    for parent, rules in groups.items():
        yield from _fullest(inventory, parent, rules)


def _fullest(inventory: Inventory, parent: Parent, rules: list[tuple[str, Item, Any]]) -> Iterator[Part]:
    """The rules of each resource in the direction and IP version that has most."""
    weights: dict[tuple[str, str], dict[str, Number]] = {}
    unknowns: dict[str, Unknown] = {}
    for direction, item, rule in rules:
        weight = _weight(inventory, item, rule)
        if isinstance(weight, Unknown):
            unknowns.setdefault(item.name, weight)
            weight = 1
        for version in _versions(rule):
            of_items = weights.setdefault((direction, version), {})
            of_items[item.name] = of_items.get(item.name, 0) + weight
    group = inventory.by_name.get(parent.id)
    if group and not any(direction == OUTBOUND for direction, _ in weights):
        weights[OUTBOUND, IPV4] = {group.name: 1}  # AWS gives it a rule that allows everything

    def size(of_items: Mapping[str, Number]) -> tuple[Number, Number]:
        certain = (weight for name, weight in of_items.items() if inventory.by_name[name].exists is True)
        return sum(of_items.values()), sum(certain)

    fullest = max(weights.values(), key=size, default={})
    for name in dict.fromkeys([*fullest, *unknowns]):
        item = inventory.by_name[name]
        yield item.part(fullest.get(name, 0), parent=parent, unknown=unknowns.get(name), varies=item.type == GROUP)


def _versions(rule: Any) -> tuple[str, ...]:
    """The IP versions for which a rule counts: that of its range, and both where it names a group or a list."""
    if isinstance(rule, Mapping):
        if rule.get("CidrIp", NO_VALUE) is not NO_VALUE:
            return (IPV4,)
        if rule.get("CidrIpv6", NO_VALUE) is not NO_VALUE:
            return (IPV6,)
    return IPV4, IPV6


def _weight(inventory: Inventory, item: Item, rule: Any) -> Number | Unknown:
    """A rule counts as many as its prefix list may have entries; 1 without one."""
    if isinstance(rule, Unknown):
        return rule
    if not isinstance(rule, Mapping):
        return 1  # cfn-lint says what it should be
    name = "SourcePrefixListId" if "SourcePrefixListId" in rule else "DestinationPrefixListId"
    if rule.get(name, NO_VALUE) is NO_VALUE:
        return 1
    reference = getattr(rule[name], "logical_id", "")
    list_ = inventory.by_name.get(f"{item.member.prefix}{reference}") if reference else None
    entries = list_.value("MaxEntries") if list_ else NO_VALUE
    return entries if isinstance(entries, int) else Unknown("the entries of a prefix list are not known")


def routes(inventory: Inventory, _: str) -> Iterator[Part]:
    """The routes of each table, of the IP version that has most."""
    tables: dict[Parent, dict[str, list[Item]]] = {}
    for item in inventory.of("AWS::EC2::Route"):
        version = IPV6 if item.value("DestinationIpv6CidrBlock") is not NO_VALUE else IPV4
        for parent in item.parents("RouteTableId"):
            tables.setdefault(parent, {}).setdefault(version, []).append(item)
    for parent, versions in tables.items():
        for item in max(versions.values(), key=_most):
            yield item.part(1, parent=parent)


def network_acl_rules(inventory: Inventory, _: str) -> Iterator[Part]:
    """The rules of each network ACL, of the direction and IP version that has most, and its last one."""
    acls: dict[Parent, dict[tuple[str, str], list[Item]]] = {}
    for item in inventory.of("AWS::EC2::NetworkAclEntry"):
        version = IPV6 if item.value("Ipv6CidrBlock") is not NO_VALUE else IPV4
        direction = "out" if str(item.value("Egress")).lower() == "true" else "in"
        for parent in item.parents("NetworkAclId"):
            acls.setdefault(parent, {}).setdefault((direction, version), []).append(item)
    for parent, directions in acls.items():
        for item in max(directions.values(), key=_most):
            yield item.part(1, parent=parent)
        if acl := inventory.by_name.get(parent.id) if parent.in_template else None:
            yield acl.part(1, parent=parent)  # what no rule allows is denied; that of another ACL is in its usage


def _most(items: list[Item]) -> tuple[int, int]:
    return len(items), sum(item.exists is True for item in items)


def nat_gateways(inventory: Inventory, _: str) -> Iterator[Part]:
    """The NAT gateways of each Availability Zone; a regional one has a quota of its own."""
    for item in inventory.of("AWS::EC2::NatGateway"):
        if item.value("AvailabilityMode") == "regional":
            continue
        subnet = item.target("SubnetId")
        named = subnet.parents("AvailabilityZone") if subnet else item.parents("SubnetId")
        zone = named[0] if named else Parent(subnet.name if subnet else item.name, is_open=True)
        yield item.part(1, parent=_zone(zone, known=subnet is not None and bool(named)))


def _zone(named: Parent, *, known: bool) -> Parent:
    """The zone; items of a list at different indexes are different zones, and anything else may be the same one."""
    is_item = named.id.lstrip('{"').startswith("Fn::Select")
    return Parent(named.id, is_open=not (known and (is_item or not named.is_open)), name=_item(named.id))


def _item(id_: str) -> str:
    """`item 0 of Fn::GetAZs` for the id of a parent that an Fn::Select names; empty for any other."""
    prefix, brace, expression = id_.partition("{")
    try:
        index, source = json.loads(brace + expression)["Fn::Select"]
        ((function, argument),) = source.items()
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""
    return f"{prefix}item {index} of {argument if function == 'Ref' else function}"
