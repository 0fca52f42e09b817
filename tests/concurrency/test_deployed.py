"""The deployed templates of a stack and its nested stacks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tapctl.account.model import Stack
from tapctl.concurrency.deployed import deployed_tree
from tapctl.template.nested import RemoteStack, StackTree
from tapctl.unknown import Unknown
from tests.support.fake_account import FakeAccount, fake_account
from tests.support.templates import resolver

ROOT: dict[str, Any] = {
    "Parameters": {"P": {"Type": "String", "Default": "unused"}},
    "Resources": {
        name: {"Type": "AWS::CloudFormation::Stack", "Properties": {"Parameters": {"Q": {"Ref": "P"}}}}
        for name in ("One", "Two")
    },
}
INNER: dict[str, Any] = {
    "Parameters": {"Q": {"Type": "String"}},
    "Resources": {"A": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": {"Ref": "Q"}}}},
}
STACK = Stack("mine", "UPDATE_COMPLETE", parameters={"P": "vpc"}, id="root", nested={"One/": "one", "Two/": "two"})


@dataclass
class Deployed(FakeAccount):
    """Answers with the template of each stack by its id, and records which were asked for."""

    bodies: Mapping[str, dict[str, Any] | Unknown] = field(default_factory=dict)

    def deployed_template(self, stack: Stack) -> dict[str, Any] | Unknown:
        self.asked.append(stack.id)
        return self.bodies[stack.id]


def deployed(*names: str, **bodies: dict[str, Any] | Unknown) -> tuple[StackTree | RemoteStack, list[str]]:
    reader = Deployed(fake_account().account, bodies={"root": ROOT, "one": INNER, "two": INNER, **bodies})
    return deployed_tree(reader, STACK, resolver("Resources: {A: {Type: AWS::EC2::EIP}}"), names), reader.asked


def test_a_nested_stack_has_what_it_was_passed() -> None:
    tree, _ = deployed("One/A")
    assert isinstance(tree, StackTree)
    _, inner = tree.members()
    assert inner.prefix == "One/"
    (address,) = inner.resolver.template.resources()
    assert inner.resolver.value(address.properties["Domain"]) == "vpc"


def test_only_the_nested_stacks_that_hold_what_is_compared_are_read() -> None:
    assert deployed("A")[1] == ["root"]
    assert deployed("Two/A")[1] == ["root", "two"]


def test_a_nested_template_that_cannot_be_read_hides_no_other() -> None:
    tree, _ = deployed("One/A", "Two/A", one=Unknown("denied"))
    assert isinstance(tree, StackTree)
    assert [member.prefix for member in tree.members()] == ["", "Two/"]
    assert [(remote.prefix, remote.unknown.reason) for remote in tree.remotes()] == [("One/", "denied")]


def test_a_template_that_tapctl_cannot_read_is_unknown() -> None:
    tree, _ = deployed("A", root={"Resources": {"A": {"Properties": {}}}})
    assert isinstance(tree, RemoteStack)
    assert tree.unknown.judged
