"""Which resources an update replaces, from the deployed templates and the new ones."""

from collections.abc import Collection

import pytest

from tapctl.account.model import Stack
from tapctl.concurrency.replaced_resources import compared_resources, replaced_resources
from tapctl.concurrency.replacement import UpdateEffects
from tapctl.template.nested import RemoteStack, StackTree
from tapctl.unknown import Unknown
from tests.support.templates import stack_tree_of

ADDRESS = "Resources:\n  A: {Type: AWS::EC2::EIP, Properties: {%s}}\n"
TABLE = (
    "Resources:\n"
    "  T: {Type: AWS::DynamoDB::Table, Properties: {%s ImportSourceSpecification: {InputFormat: %s}, KeySchema: %s}}\n"
)
OPEN = "Parameters: {P: {Type: String}}\n"
TWO = "Resources:\n  A: {Type: AWS::EC2::EIP, Properties: {NetworkBorderGroup: %s, Tags: [{Key: k, Value: %s}]}}\n%s"
SURELY, MAYBE, NO = "surely", "maybe", "no"


def replaced(
    before: str | RemoteStack, after: str, names: Collection[str] = ("A", "T", "N", "G", "Q", "I", "S")
) -> UpdateEffects:
    old: StackTree | RemoteStack = stack_tree_of(before) if isinstance(before, str) else before
    return replaced_resources(old, stack_tree_of(after), names)


def how(effects: UpdateEffects, name: str) -> str:
    assert effects.maybe_replaced <= effects.replaced
    return MAYBE if name in effects.maybe_replaced else SURELY if name in effects.replaced else NO


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("", "", NO, id="the-same"),
        pytest.param("", "NetworkBorderGroup: x", SURELY, id="a-create-only-property-is-set"),
        pytest.param("NetworkBorderGroup: x", "", SURELY, id="one-is-left-out"),
        pytest.param("", "Domain: vpc", NO, id="a-property-that-is-changed-in-place"),
        pytest.param("NetworkBorderGroup: !Ref P", "NetworkBorderGroup: !Ref P", NO, id="an-unknown-value-as-before"),
        pytest.param("NetworkBorderGroup: x", "NetworkBorderGroup: !Ref P", MAYBE, id="a-value-that-is-not-known"),
        pytest.param("NetworkBorderGroup: 1", "NetworkBorderGroup: '1'", NO, id="a-number-and-its-text"),
        pytest.param("Address: true", "Address: 'true'", NO, id="a-truth-and-its-text"),
    ],
)
def test_a_create_only_property_replaces(before: str, after: str, expected: str) -> None:
    assert how(replaced(OPEN + ADDRESS % before, OPEN + ADDRESS % after), "A") == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(("", "CSV", "[a]"), ("", "ION", "[a]"), SURELY, id="a-name-that-cloudformation-makes-up"),
        pytest.param(("TableName: a,", "CSV", "[a]"), ("TableName: a,", "ION", "[a]"), NO, id="a-name-that-is-kept"),
        pytest.param(("TableName: a,", "CSV", "[a]"), ("TableName: b,", "CSV", "[a]"), SURELY, id="another-name"),
        pytest.param(("TableName: a,", "CSV", "[a]"), ("", "CSV", "[a]"), SURELY, id="no-name-any-more"),
        pytest.param(("", "CSV", "[a]"), ("", "CSV", "[b]"), MAYBE, id="a-property-of-which-a-part-is-create-only"),
        pytest.param(("", "CSV", "{a: 1, b: 2}"), ("", "CSV", "{b: 2, a: 1}"), NO, id="keys-in-another-order"),
    ],
)
def test_a_resource_that_keeps_its_name_cannot_be_replaced(
    before: tuple[str, str, str], after: tuple[str, str, str], expected: str
) -> None:
    assert how(replaced(TABLE % before, TABLE % after), "T") == expected


@pytest.mark.parametrize(
    ("reads", "border", "tag", "expected"),
    [
        pytest.param("!GetAtt A.AllocationId", "x", "a", NO, id="nothing-changes"),
        pytest.param("!GetAtt A.AllocationId", "y", "a", SURELY, id="the-id-of-what-is-replaced"),
        pytest.param("!GetAtt A.AllocationId", "x", "b", NO, id="the-id-of-what-changes-in-place"),
        pytest.param("!GetAtt A.PublicIp", "x", "b", MAYBE, id="another-attribute-of-what-changes-in-place"),
        pytest.param("!GetAtt A.PublicIp", "y", "a", MAYBE, id="another-attribute-of-what-is-replaced"),
        pytest.param("!Ref A", "y", "a", SURELY, id="a-reference-to-what-is-replaced"),
        pytest.param("!Ref A", "!Ref P", "a", MAYBE, id="to-what-may-be-replaced"),
        pytest.param("!Sub 'x-${A.AllocationId}'", "y", "a", SURELY, id="within-a-text"),
    ],
)
def test_a_resource_is_replaced_along_with_what_it_is_made_of(reads: str, border: str, tag: str, expected: str) -> None:
    gateway = f"  N: {{Type: AWS::EC2::NatGateway, Properties: {{SubnetId: s, AllocationId: {reads}}}}}\n"
    before, after = OPEN + TWO % ("x", "a", gateway), OPEN + TWO % (border, tag, gateway)
    assert how(replaced(before, after), "N") == expected


def test_a_replacement_goes_on_from_one_to_the_next() -> None:
    text = """
Resources:
  I: {Type: AWS::EC2::VPC, Properties: {CidrBlock: %s}}
  S: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref I, CidrBlock: 10.0.0.0/24}}
  N: {Type: AWS::EC2::NatGateway, Properties: {SubnetId: !Ref S, ConnectivityType: private}}
"""
    assert replaced(text % "10.0.0.0/16", text % "10.0.0.0/17").replaced == {"I", "S", "N"}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param("{}", NO, id="changed-in-place"),
        pytest.param("{AutoScalingReplacingUpdate: {WillReplace: true}}", SURELY, id="replaced"),
        pytest.param("{AutoScalingReplacingUpdate: {WillReplace: !Ref P}}", MAYBE, id="not-known"),
        pytest.param("{AutoScalingRollingUpdate: {MaxBatchSize: 1}}", NO, id="rolling"),
    ],
)
def test_the_policy_of_a_group_says_whether_another_launch_configuration_replaces_it(
    policy: str, expected: str
) -> None:
    text = (
        f"{OPEN}Resources:\n  G: {{Type: AWS::AutoScaling::AutoScalingGroup, UpdatePolicy: {policy}, Properties: "
        "{LaunchConfigurationName: %s, MinSize: '1', MaxSize: '1'}}\n"
    )
    assert how(replaced(text % "a", text % "b"), "G") == expected


@pytest.mark.parametrize("value", ["!Ref Missing", "{'Fn::GetAtt': []}", "[5, {a: b}]"], ids=["a", "b", "c"])
def test_a_value_that_cloudformation_refuses_is_no_error(value: str) -> None:
    assert how(replaced(ADDRESS % "NetworkBorderGroup: x", ADDRESS % f"NetworkBorderGroup: {value}"), "A") != NO
    assert how(replaced(ADDRESS % f"NetworkBorderGroup: {value}", ADDRESS % "NetworkBorderGroup: x"), "A") != NO


def test_a_resource_that_is_deleted_first_never_exists_twice() -> None:
    text = "Resources:\n  Q: {Type: AWS::Logs::MetricFilter, Properties: {LogGroupName: %s, FilterPattern: x}}\n"
    assert how(replaced(text % "a", text % "b"), "Q") == NO


def test_a_resource_of_another_type_is_new() -> None:
    after = "Resources:\n  A: {Type: AWS::EC2::InternetGateway}\n"
    assert how(replaced(ADDRESS % "", after), "A") == NO


def test_only_what_was_asked_for_is_reported() -> None:
    assert replaced(ADDRESS % "", ADDRESS % "NetworkBorderGroup: x", {"B"}).replaced == frozenset()


DENIED = RemoteStack("", "mine", 0, Unknown("cloudformation:GetTemplate was denied"))
LEFT_OUT = RemoteStack("", "mine", 0, Unknown("left out", judged=False))


@pytest.mark.parametrize(
    ("properties", "expected"), [("NetworkBorderGroup: x", MAYBE), ("Domain: vpc", NO)], ids=["create-only", "others"]
)
def test_without_the_deployed_template_what_sets_a_create_only_property_may_be_replaced(
    properties: str, expected: str
) -> None:
    assert how(replaced(DENIED, ADDRESS % properties), "A") == expected


def test_without_a_read_of_the_deployed_template_nothing_is_compared() -> None:
    found = replaced(LEFT_OUT, ADDRESS % "NetworkBorderGroup: x")
    assert (found.replaced, found.not_compared_reason) == (frozenset(), "left out")


def test_compared_resources_count_toward_a_limit_or_are_exported() -> None:
    text = (
        "Resources:\n  A: {Type: AWS::EC2::EIP}\n  F: {Type: AWS::Lambda::Function}\n"
        "  H: {Type: AWS::CloudFormation::WaitConditionHandle}\n  X: {Type: AWS::CloudFormation::WaitConditionHandle}\n"
        "  New: {Type: AWS::EC2::EIP}\nOutputs: {O: {Value: !Ref X, Export: {Name: n}}}\n"
    )
    types = {"A": "AWS::EC2::EIP", "F": "AWS::Lambda::Function", "Gone": "AWS::EC2::EIP"}
    handles = dict.fromkeys(("H", "X"), "AWS::CloudFormation::WaitConditionHandle")
    stack = Stack("mine", "UPDATE_COMPLETE", resources={**types, **handles}, exports={"n": "x"})
    assert compared_resources(stack_tree_of(text), stack) == {"A", "X"}
