"""What an update adds to a limit at its worst moment, beside what the stack holds already."""

from collections.abc import Mapping

import pytest

from tapctl.account.model import Stack
from tapctl.concurrency.additions import Addition, Before, additions
from tapctl.concurrency.counting import Inventory, Parent
from tapctl.concurrency.replacement import UpdateEffects
from tapctl.limits import Limit, catalogue
from tests.support.templates import stack_tree_of

ADDRESSES, SUBNETS, STANDARD, POLICIES, INTEGRATIONS = (
    "ec2/L-0263D0A3", "vpc/L-407747CB", "ec2/L-1216C47A", "iam/L-0DA4ABF3", "apigateway/integrations-per-http-api",
)  # fmt: skip
ADDRESS = "Resources:\n  A: {Type: AWS::EC2::EIP}\n"
HOLDS_ADDRESS = {"A": "AWS::EC2::EIP"}


def limit(key: str) -> Limit:
    return next(row for row in catalogue() if row.key == key)


def added(
    key: str,
    text: str,
    held: Mapping[str, str],
    effects: UpdateEffects | None = None,
    before: str = "",
    ids: Mapping[str, str] | None = None,
) -> tuple[Addition, ...]:
    stack = Stack("mine", "UPDATE_COMPLETE", resources=held, ids=ids or {})
    deployed = Inventory(stack_tree_of(before)) if before else None
    found = Before(stack, deployed, effects or UpdateEffects())
    return additions(limit(key), Inventory(stack_tree_of(text)), found)


def replaces(*names: str, maybe: bool = False) -> UpdateEffects:
    return UpdateEffects(frozenset(names), frozenset(names if maybe else ()))


class TestOfTheAccount:
    def test_what_stays_adds_nothing(self) -> None:
        assert added(ADDRESSES, ADDRESS, HOLDS_ADDRESS) == ()

    def test_what_is_replaced_exists_twice_until_the_end(self) -> None:
        (found,) = added(ADDRESSES, ADDRESS, HOLDS_ADDRESS, replaces("A"), ADDRESS)
        assert (found.least, found.most, found.passing) == (1, 1, 1)
        assert (found.replaced, found.maybe_replaced) == (("A",), ())

    def test_what_may_be_replaced_may_exist_twice(self) -> None:
        (found,) = added(ADDRESSES, ADDRESS, HOLDS_ADDRESS, replaces("A", maybe=True), ADDRESS)
        assert (found.least, found.most, found.passing) == (0, 1, 1)
        assert (found.replaced, found.maybe_replaced) == ((), ("A",))

    def test_what_is_retained_stays_after_the_end(self) -> None:
        retained = "Resources:\n  A: {Type: AWS::EC2::EIP, UpdateReplacePolicy: Retain}\n"
        (found,) = added(ADDRESSES, retained, HOLDS_ADDRESS, replaces("A"), ADDRESS)
        assert (found.most, found.passing) == (1, 0)

    def test_a_new_one_of_the_same_name_as_another_type_is_not_replaced(self) -> None:
        (found,) = added(ADDRESSES, ADDRESS, {"A": "AWS::EC2::VPC"}, replaces("A"))
        assert (found.most, found.replaced) == (1, ())

    @pytest.mark.parametrize(
        ("before", "after", "effects", "expected"),
        [
            pytest.param(2, 3, UpdateEffects(), (2, 2, 0), id="it-grows-in-place"),
            pytest.param(2, 3, replaces("G"), (6, 6, 4), id="it-is-replaced-by-a-larger-one"),
            pytest.param(3, 2, replaces("G"), (4, 4, 6), id="it-is-replaced-by-a-smaller-one"),
            pytest.param(2, 3, replaces("G", maybe=True), (2, 6, 4), id="it-may-be-replaced"),
        ],
    )
    def test_an_amount_is_held_twice_where_its_resource_is_replaced(
        self, before: int, after: int, effects: UpdateEffects, expected: tuple[int, int, int]
    ) -> None:
        text = (
            "Resources:\n  G: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {DesiredCapacity: '%d', "
            "MinSize: '1', MaxSize: '9', LaunchConfigurationName: !Ref L}}\n"
            "  L: {Type: AWS::AutoScaling::LaunchConfiguration, Properties: {InstanceType: m5.large}}\n"
        )
        held = {"G": "AWS::AutoScaling::AutoScalingGroup"}
        (found,) = added(STANDARD, text % after, held, effects, text % before)
        assert (found.least, found.most, found.passing) == expected

    def test_a_resource_that_begins_to_count_is_new_to_the_limit(self) -> None:
        text = "Resources: {A: {Type: AWS::ApiGateway::RestApi, Properties: {EndpointConfiguration: {Types: [%s]}}}}"
        held = {"A": "AWS::ApiGateway::RestApi"}
        (found,) = added("apigateway/L-AA0FF27B", text % "REGIONAL", held, before=text % "EDGE")
        assert (found.least, found.most) == (1, 1)


VPC = "Resources:\n  V: {Type: AWS::EC2::VPC}\n"
SUBNET = "  %s: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref V}}\n"
HELD = {"V": "AWS::EC2::VPC", "S1": "AWS::EC2::Subnet", "S2": "AWS::EC2::Subnet"}
TWO = VPC + SUBNET % "S1" + SUBNET % "S2"
IDS = {"V": "vpc-1", "S1": "subnet-1", "S2": "subnet-2"}


class TestOfAParent:
    def test_a_new_one_gets_all_of_the_template(self) -> None:
        (found,) = added(SUBNETS, TWO, {})
        assert (found.parent, found.most, found.held) == (Parent("V", in_template=True), 2, None)

    def test_one_that_the_stack_holds_is_named_by_its_id(self) -> None:
        (found,) = added(SUBNETS, TWO + SUBNET % "S3", HELD, before=TWO, ids=IDS)
        assert found.parent
        assert (found.parent.id, found.parent.name, found.least, found.most) == ("vpc-1", "V", 1, 1)

    def test_nothing_is_added_to_one_that_gets_nothing_new(self) -> None:
        assert added(SUBNETS, TWO, HELD, before=TWO, ids=IDS) == ()

    def test_a_replaced_child_is_in_it_twice(self) -> None:
        (found,) = added(SUBNETS, TWO, HELD, replaces("S1"), TWO, IDS)
        assert found.parent
        assert (found.parent.id, found.most, found.replaced) == ("vpc-1", 1, ("S1",))

    def test_a_replaced_parent_has_its_new_children_alone(self) -> None:
        (found,) = added(SUBNETS, TWO, HELD, replaces("V", "S1", "S2"), TWO, IDS)
        assert (found.parent, found.most, found.replaced) == (Parent("V", in_template=True), 2, ())

    @pytest.mark.parametrize(
        ("text", "effects", "expected"),
        [
            pytest.param(TWO + SUBNET % "S3", UpdateEffects(), (3, 0, 2), id="a-new-child"),
            pytest.param(VPC + SUBNET % "S1" + SUBNET % "S3", UpdateEffects(), (3, 1, 2), id="one-goes-for-another"),
            pytest.param(TWO, replaces("S1"), (3, 1, 2), id="one-is-replaced"),
            pytest.param(TWO, UpdateEffects(), (2, 0, 2), id="nothing-changes"),
        ],
    )
    def test_without_an_id_all_that_exists_at_the_worst_moment_counts(
        self, text: str, effects: UpdateEffects, expected: tuple[int, int, int]
    ) -> None:
        """All of the template, what is deleted last, and how much of both is there already."""
        (found,) = added(SUBNETS, text, HELD, effects, TWO)
        assert (found.most, found.passing, found.held) == expected

    def test_what_is_attached_to_another_parent_is_new_to_it(self) -> None:
        text = "Resources:\n  P: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: {}, Roles: [%s]}}\n"
        held = {"P": "AWS::IAM::ManagedPolicy"}
        (found,) = added(POLICIES, text % "one, two", held, before=text % "one")
        assert (found.parent, found.most) == (Parent("two"), 1)

    def test_of_a_limit_that_nothing_reads_only_what_is_new_goes_to_a_parent_elsewhere(self) -> None:
        text = "Resources:\n  I: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: api-1}}\n"
        new = text + "  J: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: api-1}}\n"
        held = {"I": "AWS::ApiGatewayV2::Integration"}
        assert added(INTEGRATIONS, text, held, before=text) == ()
        (found,) = added(INTEGRATIONS, new, held, before=text)
        assert (found.parent, found.resources) == (Parent("api-1"), ("J",))


RULE = "  R%d: {Type: AWS::EC2::Route, Properties: {RouteTableId: %s, DestinationCidrBlock: 10.0.%d.0/24}}\n"


@pytest.mark.parametrize(
    ("key", "before", "after", "type_"),
    [
        pytest.param(
            "vpc/L-93826ACB",
            "Resources:\n" + RULE % (1, "rtb-1", 1),
            "Resources:\n" + RULE % (1, "rtb-1", 1) + RULE % (2, "rtb-1", 2),
            "AWS::EC2::Route",
            id="routes",
        ),
        pytest.param(
            "vpc/L-0EA8095F",
            "Resources:\n  R1: {Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: sg-1, CidrIp: a}}\n",
            "Resources:\n  R0: {Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: sg-1, CidrIp: b}}\n"
            "  R1: {Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: sg-1, CidrIp: a}}\n",
            "AWS::EC2::SecurityGroupIngress",
            id="rules-of-a-group",
        ),
    ],
)
def test_a_resource_added_to_a_stack_counts_once(key: str, before: str, after: str, type_: str) -> None:
    (found,) = added(key, after, {"R1": type_}, before=before)
    assert (found.least, found.most) == (1, 1)


def test_rules_inside_of_a_group_count_by_what_they_are_more() -> None:
    text = "Resources:\n  G: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupIngress: [%s]}}\n"
    rules = [f"{{CidrIp: 10.0.{index}.0/24}}" for index in range(3)]
    held, ids = {"G": "AWS::EC2::SecurityGroup"}, {"G": "sg-1"}
    (found,) = added("vpc/L-0EA8095F", text % ", ".join(rules), held, before=text % rules[0], ids=ids)
    assert found.parent
    assert (found.parent.id, found.most) == ("sg-1", 2)
