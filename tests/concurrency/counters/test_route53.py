"""Records, by the zone that they name."""

import pytest

from tapctl.concurrency.additions import Addition
from tapctl.concurrency.counters.route53 import records
from tapctl.concurrency.counting import Inventory
from tests.support.counted import grouped
from tests.support.templates import stack_tree_of

ZONE = "  Z: {Type: AWS::Route53::HostedZone, Properties: {Name: example.com}}\n"

HEADER = "Parameters: {P: {Type: String}}\nConditions: {Never: !Equals [a, b]}\n"


def zones(text: str) -> dict[str, Addition]:
    tree = stack_tree_of(f"{HEADER}Resources:\n{text}")
    return {added.parent.id: added for added in grouped(records(Inventory(tree), "")) if added.parent}


def record(name: str, properties: str) -> str:
    return f"  {name}: {{Type: AWS::Route53::RecordSet, Properties: {{{properties}}}}}\n"


def group(properties: str) -> str:
    return f"  G: {{Type: AWS::Route53::RecordSetGroup, Properties: {{{properties}}}}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(record("R", "HostedZoneId: Z1"), {"/hostedzone/Z1": 1}, id="an-id"),
        pytest.param(record("R", "HostedZoneId: /hostedzone/Z1"), {"/hostedzone/Z1": 1}, id="a-whole-id"),
        pytest.param(record("R", "HostedZoneName: Example.com."), {"example.com.": 1}, id="a-name"),
        pytest.param(group("HostedZoneId: Z1, RecordSets: [{Name: a}, {Name: b}]"), {"/hostedzone/Z1": 2},
                     id="a-group"),
        pytest.param(group("HostedZoneId: Z1, RecordSets: [{Name: a}, {Name: b, HostedZoneId: Z2}]"),
                     {"/hostedzone/Z1": 1, "/hostedzone/Z2": 1}, id="a-record-of-a-group-with-a-zone"),
        pytest.param(ZONE + record("R", "HostedZoneId: !Ref Z"), {"Z": 3}, id="a-new-zone-has-two-of-its-own"),
        pytest.param(ZONE + record("R", "HostedZoneName: example.com."), {"Z": 3}, id="a-new-zone-by-its-name"),
        pytest.param(ZONE, {}, id="a-zone-alone"),
        pytest.param(record("R", "HostedZoneId: !If [Never, Z1, !Ref AWS::NoValue], HostedZoneName: example.com"),
                     {"example.com.": 1}, id="one-of-two-properties"),
    ],
)  # fmt: skip
def test_records_count_by_zone(text: str, expected: dict[str, int]) -> None:
    assert {name: added.most for name, added in zones(text).items()} == expected


def test_a_zone_that_only_the_deploy_knows_is_open() -> None:
    (added,) = zones(record("R", "HostedZoneId: !Ref P")).values()

    assert added.parent
    assert added.parent.is_open
    assert (added.least, added.most) == (1, 1)


def test_a_group_that_only_the_deploy_knows_is_unknown() -> None:
    (added,) = zones(group("HostedZoneId: Z1, RecordSets: !Ref P")).values()

    assert added.unknown
