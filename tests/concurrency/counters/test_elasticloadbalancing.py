"""What balancers have: listeners, rules, certificates and targets."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from tapctl.concurrency.counters.elasticloadbalancing import (
    certificates,
    condition_values,
    listeners,
    rules,
    target_groups,
    targets,
)
from tapctl.concurrency.counting import Inventory, Part
from tests.support.counted import grouped
from tests.support.templates import stack_tree_of

BALANCERS = {
    "A": ("LoadBalancer", "Name: a"),
    "N": ("LoadBalancer", "Type: network"),
    "G1": ("TargetGroup", "Targets: [{Id: a}, {Id: b}]"),
    "G2": ("TargetGroup", "Targets: [{Id: c}]"),
}


def counts(
    counter: Callable[[Inventory, str], Iterator[Part]], resources: Mapping[str, tuple[str, str]], argument: str = ""
) -> Mapping[str, tuple[float, float]]:
    """By balancer, the least and the most."""
    text = "".join(
        f"  {name}: {{Type: AWS::ElasticLoadBalancingV2::{type_}, Properties: {{{properties}}}}}\n"
        for name, (type_, properties) in {**BALANCERS, **resources}.items()
    )
    tree = stack_tree_of(f"Parameters: {{P: {{Type: String}}}}\nResources:\n{text}")
    found = grouped(counter(Inventory(tree), argument))
    return {added.parent.id: (added.least, added.most) for added in found if added.parent}


def listener(balancer: str, more: str = "Protocol: HTTP") -> tuple[str, str]:
    return "Listener", f"LoadBalancerArn: {balancer}, {more}"


def forward(*groups: str) -> str:
    weighted = ", ".join(f"{{TargetGroupArn: !Ref {group}}}" for group in groups)
    return f"{{Type: forward, ForwardConfig: {{TargetGroups: [{weighted}]}}}}"


def rule(of: str, more: str = "Priority: 1") -> tuple[str, str]:
    return "ListenerRule", f"ListenerArn: {of}, {more}"


def test_rules_count_at_the_balancer_of_their_listener() -> None:
    of = {"L1": listener("!Ref A"), "L2": listener("!GetAtt A.LoadBalancerArn")}

    assert counts(rules, {"R1": rule("!Ref L1"), "R2": rule("!GetAtt L2.ListenerArn"), **of}) == {"A": (2, 2)}
    assert counts(rules, {"R1": rule("arn:of:a:listener")}) == {"arn:of:a:listener": (1, 1)}


def test_listeners_count_by_the_kind_of_their_balancer() -> None:
    of = {"L1": listener("!Ref A"), "L2": listener("!Ref N", "Protocol: TCP"), "L3": listener("arn", "Protocol: TLS")}

    assert counts(listeners, of, "application") == {"A": (1, 1)}
    assert counts(listeners, of, "network") == {"N": (1, 1), "arn": (1, 1)}


def test_a_listener_of_an_open_kind_may_count() -> None:
    of = {"L": listener("arn", "Protocol: !Ref P")}

    assert counts(listeners, of, "application") == {"arn": (0, 1)}


@pytest.mark.parametrize(("balancer", "expected"), [("A", {"A": (2, 2)}), ("N", {})])
def test_certificates_count_at_application_balancers(balancer: str, expected: Mapping[str, tuple[int, int]]) -> None:
    given = ("ListenerCertificate", "ListenerArn: !Ref L, Certificates: [{CertificateArn: a}, {CertificateArn: b}]")

    assert counts(certificates, {"C": given, "L": listener(f"!Ref {balancer}")}) == expected


def test_a_target_group_counts_once_at_each_balancer() -> None:
    actions = f"Actions: [{forward('G1', 'G2')}]"
    first = "DefaultActions: [{Type: forward, TargetGroupArn: !Ref G1}]"
    found = {"L1": listener("!Ref A", first), "R1": rule("!Ref L1", actions), "L2": listener("!Ref N", first)}

    assert counts(target_groups, found) == {"A": (2, 2)}
    assert counts(targets, found, "application") == {"A": (3, 3)}
    assert counts(targets, found, "network") == {"N": (2, 2)}


def test_the_values_of_all_conditions_count_together() -> None:
    own, of_field = "{Field: host-header, Values: [a, b]}", "{Field: path-pattern, PathPatternConfig: {Values: [c]}}"

    of = {"R": rule("arn", f"Conditions: [{own}, {of_field}]")}

    assert counts(condition_values, of) == {"R": (3, 3)}


def test_an_invalid_condition_has_no_values() -> None:
    assert counts(condition_values, {"R": rule("arn", "Conditions: [5, x, {Field: path, Values: [a]}]")}) == {
        "R": (1, 1)
    }
