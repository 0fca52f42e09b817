"""A deployed stack: its running template with resolved values, and its resources, outputs and exports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.aws.cloudformation import describe_stack, get_template, list_stack_resources
from tapctl.aws.session import Aws
from tapctl.aws.stacks import StackDescription
from tapctl.errors import UsageError
from tapctl.resource_types import ABSENT
from tapctl.template.load import from_stack
from tapctl.template.model import Template
from tapctl.template.parameters import Parameters, bind
from tapctl.template.resolver import Resolver
from tapctl.verify.return_values import return_values


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack as CloudFormation describes it."""

    id: str
    name: str
    status: str
    resolver: Resolver
    physical_ids: Mapping[str, str]
    """Logical id to physical id."""
    outputs: Mapping[str, str]
    """Output key to value."""
    exports: Mapping[str, str]
    """Output key to export name."""

    @property
    def template(self) -> Template:
        return self.resolver.template

    def properties(self, logical_id: str) -> dict[str, Any]:
        """The resource's resolved properties; references to other resources are their live values."""
        raw = self.template.body["Resources"][logical_id].get("Properties") or {}
        resolved: dict[str, Any] = self.resolver.value(raw, ("Resources", logical_id, "Properties"))
        return resolved


def read(aws: Aws, name: str) -> DeployedStack:
    """Read a stack by its name or id. Raises `UsageError` when it does not exist."""
    stack = describe_stack(aws, name)
    if stack.status == ABSENT:
        raise UsageError(f"stack {name} does not exist in {aws.region}", "`tapctl deploy` creates it")
    template = from_stack(get_template(aws, stack.id), stack.name)
    physical_ids = {resource.logical_id: resource.physical_id for resource in list_stack_resources(aws, stack.id)}
    pseudo = _pseudo_parameters(stack)
    bound = bind(template, Parameters({}, stack.known_parameters()))
    return DeployedStack(
        stack.id,
        stack.name,
        stack.status,
        Resolver(template, bound, pseudo, live=return_values(template, physical_ids, pseudo)),
        physical_ids,
        stack.outputs,
        stack.exports,
    )


def _pseudo_parameters(stack: StackDescription) -> dict[str, str]:
    _, partition, _, region, account, _ = stack.id.split(":", 5)
    return {
        "AWS::AccountId": account,
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::StackId": stack.id,
        "AWS::StackName": stack.name,
        "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
    }
