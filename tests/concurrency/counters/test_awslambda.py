"""The network interfaces that functions have in a VPC."""

import pytest

from tapctl.concurrency.additions import Addition, largest
from tapctl.concurrency.counters.awslambda import interfaces
from tapctl.concurrency.counting import Inventory
from tests.support.counted import grouped
from tests.support.templates import stack_tree_of

NETWORK = (
    "Parameters:\n"
    "  Given: {Type: CommaDelimitedList, Default: 'subnet-1,subnet-2'}\n"
    "  Open: {Type: CommaDelimitedList}\n"
    "  P: {Type: String}\n"
    "Conditions: {C: !Equals [!Ref P, a]}\n"
    "Resources:\n"
    "  V: {Type: AWS::EC2::VPC}\n"
    "  S1: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref V}}\n"
    "  S2: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref V}}\n"
    "  G: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: !Ref V}}\n"
)


def found(*configs: str, more: str = "") -> Addition:
    functions = "".join(
        f"  F{index}: {{Type: AWS::Lambda::Function{more}, Properties: {{VpcConfig: {config}}}}}\n"
        for index, config in enumerate(configs)
    )
    return largest(grouped(interfaces(Inventory(stack_tree_of(NETWORK + functions)), "")))


@pytest.mark.parametrize(
    ("configs", "expected"),
    [
        pytest.param(["{SubnetIds: [!Ref S1, !Ref S2], SecurityGroupIds: [!Ref G]}"], 2, id="each-subnet"),
        pytest.param(["{SubnetIds: [!Ref S1, !Ref S2], SecurityGroupIds: [!Ref G]}",
                      "{SubnetIds: [!Ref S2], SecurityGroupIds: [!GetAtt G.GroupId]}"], 2, id="functions-share-them"),
        pytest.param(["{SubnetIds: [!Ref S1], SecurityGroupIds: [!Ref G, sg-1]}",
                      "{SubnetIds: [!Ref S1], SecurityGroupIds: [sg-1, !Ref G]}"], 1, id="the-order-does-not-matter"),
        pytest.param(["{SubnetIds: [!Ref S1], SecurityGroupIds: [!Ref G]}",
                      "{SubnetIds: [!Ref S1], SecurityGroupIds: [sg-1]}"], 2, id="other-groups"),
        pytest.param(["{SubnetIds: !Ref Given, SecurityGroupIds: [!Ref G]}"], 2, id="a-list-of-a-parameter"),
        pytest.param(["{SubnetIds: [], SecurityGroupIds: []}"], 0, id="out-of-the-vpc"),
    ],
)  # fmt: skip
def test_a_subnet_with_a_set_of_groups_is_one_interface(configs: list[str], expected: int) -> None:
    addition = found(*configs)

    assert (addition.least, addition.most) == (expected, expected)
    if expected:
        assert addition.parent
        assert addition.parent.id == "V"


def test_subnets_outside_of_the_template_are_in_one_vpc() -> None:
    addition = found(*(f"{{SubnetIds: [subnet-1, subnet-2], SecurityGroupIds: [sg-{index}]}}" for index in range(2)))

    assert (addition.least, addition.most) == (4, 4)


def test_a_list_that_only_the_deploy_knows_has_an_unknown_length() -> None:
    assert found("{SubnetIds: !Ref Open, SecurityGroupIds: [!Ref G]}").unknown


def test_a_function_that_may_not_exist_may_take_none() -> None:
    config = "{SubnetIds: [!Ref S1], SecurityGroupIds: [!Ref G]}"

    assert (found(config, more=", Condition: C").least, found(config).least) == (0, 1)
