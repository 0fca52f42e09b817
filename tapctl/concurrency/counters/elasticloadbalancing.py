"""The contents of load balancers: rules, listeners, certificates and targets, each counted at its balancer."""

from collections.abc import Iterator

from tapctl.concurrency.counting import Inventory, Item, Parent, Part, walk
from tapctl.template.values import NO_VALUE, Value
from tapctl.unknown import Unknown

BALANCER, TARGETS = "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::TargetGroup"
LISTENER, RULE = "AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"
CERTIFICATES = "AWS::ElasticLoadBalancingV2::ListenerCertificate"

APPLICATION, NETWORK, GATEWAY = "application", "network", "gateway"


def rules(inventory: Inventory, _: str) -> Iterator[Part]:
    """The rules of each Application Load Balancer, through their listeners; a default action is no rule."""
    for item in inventory.of(RULE):
        for parent in _balancers(item):
            yield item.part(1, parent=parent)


def listeners(inventory: Inventory, kind: str) -> Iterator[Part]:
    """The listeners of each balancer of a kind."""
    for item in inventory.of(LISTENER):
        if (own := kind_of(item)) == kind or isinstance(own, Unknown):
            for parent in item.parents("LoadBalancerArn"):
                yield item.part(1 if own == kind else 0, 1, parent)


def certificates(inventory: Inventory, _: str) -> Iterator[Part]:
    """The certificates of each Application Load Balancer beside the default ones."""
    for item in inventory.of(CERTIFICATES):
        listener, given = item.target("ListenerArn"), item.value("Certificates")
        if listener and kind_of(listener) != APPLICATION:
            continue
        unknown = given if isinstance(given, Unknown) else None
        count = len(given) if isinstance(given, list) else 0
        for parent in _balancers(item):
            yield item.part(count, parent=parent, unknown=unknown, varies=True)


def target_groups(inventory: Inventory, _: str) -> Iterator[Part]:
    """The different target groups to which each Application Load Balancer forwards."""
    seen: set[tuple[Parent, Parent]] = set()
    for item, balancer, group in _forwards(inventory):
        listener = item if item.type == LISTENER else None
        if (balancer, group) not in seen and (listener is None or kind_of(listener) == APPLICATION):
            seen.add((balancer, group))
            yield item.part(1, parent=balancer, varies=True)


def targets(inventory: Inventory, kind: str) -> Iterator[Part]:
    """The targets of the target groups to which each balancer of a kind forwards."""
    seen: set[tuple[Parent, Parent]] = set()
    for item, balancer, parent in _forwards(inventory):
        group = inventory.by_name.get(parent.id) if parent.in_template else None
        own = kind_of(item) if item.type == LISTENER else APPLICATION
        if group is None or own != kind or (balancer, parent) in seen:
            continue
        seen.add((balancer, parent))
        given = group.value("Targets")
        unknown = given if isinstance(given, Unknown) else None
        if unknown or isinstance(given, list):
            count = len(given) if isinstance(given, list) else 0
            yield group.part(count, parent=balancer, unknown=unknown, varies=True)


def condition_values(inventory: Inventory, _: str) -> Iterator[Part]:
    """The values of all conditions of each rule."""
    for item in inventory.of(RULE):
        conditions = item.value("Conditions")
        unknown = conditions if isinstance(conditions, Unknown) else None
        counts = [_values(condition) for condition in conditions] if isinstance(conditions, list) else []
        unknown = unknown or next((count for count in counts if isinstance(count, Unknown)), None)
        known = sum(count for count in counts if not isinstance(count, Unknown))
        yield item.part(known, parent=Parent(item.name, in_template=True), unknown=unknown)


def _values(condition: Value) -> int | Unknown:
    """The values of one condition: its own, or those of the configuration of its field."""
    if isinstance(condition, Unknown):
        return condition
    own = walk(condition, ["Values"])
    fields = condition.values() if isinstance(condition, dict) else ()  # cfn-lint says what it should be
    lists = [own] if own is not NO_VALUE else [walk(part, ["Values"]) for part in fields]
    unknown = next((values for values in lists if isinstance(values, Unknown)), None)
    return unknown or sum(len(values) for values in lists if isinstance(values, list))


def kind_of(listener: Item) -> str | Unknown:
    """The kind of a listener's balancer; of one outside of the template, by the protocol of the listener."""
    balancer = listener.target("LoadBalancerArn")
    if balancer:
        kind = balancer.value("Type")
        return kind if isinstance(kind, Unknown) else APPLICATION if kind is NO_VALUE else str(kind)
    protocol = listener.value("Protocol")
    if isinstance(protocol, Unknown):
        return protocol
    return GATEWAY if protocol is NO_VALUE else APPLICATION if protocol in ("HTTP", "HTTPS") else NETWORK


def _balancers(item: Item) -> list[Parent]:
    """The balancer of what belongs to a listener; the listener itself where only the account has it."""
    listener = item.target("ListenerArn")
    return listener.parents("LoadBalancerArn") if listener else item.parents("ListenerArn")


def _forwards(inventory: Inventory) -> Iterator[tuple[Item, Parent, Parent]]:
    """Each listener or rule, with its balancer and a target group to which it forwards."""
    for item in inventory.of(LISTENER, RULE):
        actions = item.value("DefaultActions" if item.type == LISTENER else "Actions")
        balancers = item.parents("LoadBalancerArn") if item.type == LISTENER else _balancers(item)
        for action in actions if isinstance(actions, list) else ():
            weighted = walk(action, ["ForwardConfig", "TargetGroups", "TargetGroupArn"])
            arns = [walk(action, ["TargetGroupArn"]), *(weighted if isinstance(weighted, list) else ())]
            for balancer in balancers:
                for arn in arns:
                    if arn is not NO_VALUE:
                        yield item, balancer, inventory.parent(item.member, arn)
