"""The stack under verification: its running template, resolved, and its physical resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.aws.session import Aws, explained
from tapctl.errors import UsageError
from tapctl.template.load import from_stack
from tapctl.template.model import Template
from tapctl.template.parameters import Parameters, bind
from tapctl.template.resolver import Resolver
from tapctl.unknown import Unknown
from tapctl.verify.attributes import live_values


@dataclass(frozen=True, slots=True)
class Deployed:
    """A live stack; `physical` maps logical ids to physical ids, `outputs` and `exports` output keys to values."""

    id: str
    name: str
    status: str
    resolver: Resolver
    physical: Mapping[str, str]
    outputs: Mapping[str, str]
    exports: Mapping[str, str]

    @property
    def template(self) -> Template:
        return self.resolver.template

    def properties(self, logical_id: str) -> dict[str, Any]:
        """The resource's properties, resolved; a reference to another resource is the physical thing."""
        raw = self.template.body["Resources"][logical_id].get("Properties") or {}
        resolved: dict[str, Any] = self.resolver.value(raw, ("Resources", logical_id, "Properties"))
        return resolved


def read(aws: Aws, name: str) -> Deployed:
    """Read the stack, by its name or id. Raises `UsageError` when there is none."""
    from botocore.exceptions import ClientError

    client = aws.client("cloudformation")
    with explained(f"reading stack {name}"):
        try:
            stack = client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                raise UsageError(f"there is no stack {name} in {aws.region}", "`tapctl deploy` makes it") from None
            raise
        body = client.get_template(StackName=stack["StackId"], TemplateStage="Processed")["TemplateBody"]
        pages = client.get_paginator("list_stack_resources").paginate(StackName=stack["StackId"])
        resources = [each for page in pages for each in page["StackResourceSummaries"]]
    name = stack["StackName"]
    template = from_stack(body, name)
    entries, pseudo = stack.get("Outputs", []), _pseudo(stack)
    physical = {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in resources}
    bound = bind(template, Parameters({}, _parameters(stack)))
    return Deployed(
        stack["StackId"],
        name,
        stack["StackStatus"],
        Resolver(template, bound, pseudo, live=live_values(template, physical, pseudo)),
        physical,
        {each["OutputKey"]: each.get("OutputValue", "") for each in entries},
        {each["OutputKey"]: each["ExportName"] for each in entries if each.get("ExportName")},
    )


def _parameters(stack: dict[str, Any]) -> dict[str, str | Unknown]:
    from tapctl.account.live_stacks import parameter_value

    return {each["ParameterKey"]: parameter_value(each) for each in stack.get("Parameters", [])}


def _pseudo(stack: dict[str, Any]) -> dict[str, str]:
    _, partition, _, region, account, _ = stack["StackId"].split(":", 5)
    return {
        "AWS::AccountId": account,
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::StackId": stack["StackId"],
        "AWS::StackName": stack["StackName"],
        "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
    }
