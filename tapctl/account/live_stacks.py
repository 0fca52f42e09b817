"""Live stacks: the concurrency that one holds, the template that it runs, and the stacks being updated."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from tapctl.account.model import InFlight, LiveFunction, PastFailure, Stack
from tapctl.aws import lambda_
from tapctl.aws.errors import aws_call, read_or_unknown
from tapctl.aws.session import Aws
from tapctl.errors import AwsError
from tapctl.hints import Advice, advise
from tapctl.resource_types import FUNCTION, PUBLISHED, STACK
from tapctl.unknown import Count, Unknown

WORKERS = 16

AT_WORK = (
    "CREATE_IN_PROGRESS",
    "DELETE_IN_PROGRESS",
    "IMPORT_IN_PROGRESS",
    "IMPORT_ROLLBACK_IN_PROGRESS",
    "ROLLBACK_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_IN_PROGRESS",
)
"""Every status in progress but REVIEW_IN_PROGRESS, in which nothing happens."""


@dataclass(frozen=True, slots=True)
class _Resource:
    """A resource of a live stack; `name` is its logical id behind those of its nested stacks, as `Stack/Fn`."""

    name: str
    type: str
    physical_id: str

    @property
    def logical_id(self) -> str:
        return self.name.rpartition("/")[2]


@dataclass(slots=True)
class LiveStacks:
    """Satisfies `tapctl.account.reader.Stacks`."""

    aws: Aws
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WORKERS))

    def stack(self, name: str) -> Stack | Unknown | None:
        described = read_or_unknown("cloudformation:DescribeStacks", lambda: self._describe(name))
        if described is None or isinstance(described, Unknown):
            return described
        resources = self._resources(described["StackId"])
        if isinstance(resources, Unknown):
            return resources
        parameters = described.get("Parameters", [])
        # Such a stack is deleted and created again, so a deploy keeps none of its values.
        kept = [] if described["StackStatus"] == "ROLLBACK_COMPLETE" else parameters
        stack = Stack(
            name,
            described["StackStatus"],
            self._functions(resources),
            {entry["ParameterKey"]: parameter_value(entry) for entry in kept},
            {resource.name: resource.type for resource in resources},
            id=described["StackId"],
            nested={f"{resource.name}/": resource.physical_id for resource in resources if resource.type == STACK},
            published={
                resource.physical_id: resource.logical_id for resource in resources if resource.type in PUBLISHED
            },
            stored={
                f"ssm:{entry['ParameterValue']}": entry["ResolvedValue"]
                for entry in parameters
                if "ResolvedValue" in entry
            },
        )
        if not stack.published:
            return stack
        return replace(self.with_provisioned(stack, stack.functions), outside=self._outside(stack, resources))

    def _outside(self, stack: Stack, resources: list[_Resource]) -> dict[str, LiveFunction]:
        """The functions of other stacks by the alias or version that this stack has of them, with its claim alone."""
        own = {function.physical_id for function in stack.functions.values()}
        published = {
            resource: LiveFunction(_function_name(resource.physical_id), None, 0)
            for resource in resources
            if resource.type in PUBLISHED and _function_name(resource.physical_id) not in own
        }
        reads = {
            resource: self._pool.submit(self._with_provisioned, function, stack.published)
            for resource, function in published.items()
        }
        return {resource.name: _with_holder(read.result(), resource.logical_id) for resource, read in reads.items()}

    def with_provisioned(self, stack: Stack, functions: Collection[str]) -> Stack:
        reads = {
            name: self._pool.submit(self._with_provisioned, stack.functions[name], stack.published)
            for name in functions
            if name in stack.functions
        }
        return replace(stack, functions={**stack.functions, **{name: read.result() for name, read in reads.items()}})

    def deployed_template(self, stack: Stack) -> Mapping[str, Any] | str | Unknown:
        def read() -> Mapping[str, Any] | str:
            answer = self.aws.client("cloudformation").get_template(StackName=stack.id, TemplateStage="Processed")
            body: Mapping[str, Any] | str = answer["TemplateBody"]
            return body

        return read_or_unknown("cloudformation:GetTemplate", read)

    def in_flight(self) -> tuple[InFlight, ...] | Unknown:
        def read() -> tuple[InFlight, ...]:
            paginator = self.aws.client("cloudformation").get_paginator("list_stacks")
            summaries = (
                summary
                for page in paginator.paginate(StackStatusFilter=[*AT_WORK])
                for summary in page["StackSummaries"]
            )
            return tuple(
                InFlight(summary["StackName"], summary["StackStatus"])
                for summary in summaries
                if "ParentId" not in summary
            )

        return read_or_unknown("cloudformation:ListStacks", read)

    def past_failures(self, stack: Stack) -> tuple[PastFailure, ...] | Unknown:
        def read() -> tuple[PastFailure, ...]:
            # The first page holds the newest events, and so the last operation.
            events = self.aws.client("cloudformation").describe_stack_events(StackName=stack.id)["StackEvents"]
            return tuple(
                PastFailure(event.get("ResourceStatusReason", ""), str(event["Timestamp"])[:10])
                for event in events
                if event["ResourceStatus"].endswith("_FAILED")
            )

        return read_or_unknown("cloudformation:DescribeStackEvents", read)

    def _describe(self, name: str) -> dict[str, Any] | None:
        """The stack as DescribeStacks has it; None where there is none, or none with resources."""
        try:
            with aws_call("cloudformation:DescribeStacks"):
                stack: dict[str, Any] = self.aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        except AwsError as error:
            if error.code == "ValidationError" and "does not exist" in error.aws_message:
                return None
            raise
        return None if stack["StackStatus"] in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE") else stack

    def _resources(self, stack_id: str, prefix: str = "") -> list[_Resource] | Unknown:
        """The resources of the stack and of its nested stacks."""

        def read() -> list[_Resource]:
            paginator = self.aws.client("cloudformation").get_paginator("list_stack_resources")
            summaries = (
                summary for page in paginator.paginate(StackName=stack_id) for summary in page["StackResourceSummaries"]
            )
            return [
                _Resource(
                    f"{prefix}{summary['LogicalResourceId']}", summary["ResourceType"], summary["PhysicalResourceId"]
                )
                for summary in summaries
                if _exists(summary)
            ]

        resources = read_or_unknown("cloudformation:ListStackResources", read)
        if isinstance(resources, Unknown):
            return resources
        nested: list[_Resource] = []
        for resource in resources:
            if resource.type == STACK:
                inner = self._resources(resource.physical_id, f"{resource.name}/")
                if isinstance(inner, Unknown):
                    return inner
                nested += inner
        return resources + nested

    def _functions(self, resources: Iterable[_Resource]) -> dict[str, LiveFunction]:
        """The functions with their reservations; what they provision is read when it is needed."""
        names = {resource.name: resource.physical_id for resource in resources if resource.type == FUNCTION}
        reserved = {name: self._pool.submit(self._reserved, function) for name, function in names.items()}
        return {name: LiveFunction(function, reserved[name].result(), 0) for name, function in names.items()}

    def _reserved(self, function: str) -> Count | None:
        return read_or_unknown(lambda_.GET_RESERVED, lambda: lambda_.reserved_concurrency(self.aws, function))

    def _with_provisioned(self, function: LiveFunction, published: Mapping[str, str]) -> LiveFunction:
        configs = read_or_unknown(
            lambda_.LIST_PROVISIONED, lambda: lambda_.provisioned_concurrency(self.aws, function.physical_id)
        )
        if isinstance(configs, Unknown):
            return replace(function, provisioned=configs, holders=None)
        holders = {_holder(config.arn, published): config.requested for config in configs}
        return replace(function, provisioned=sum(holders.values()), holders=holders)


def _holder(arn: str, published: Mapping[str, str]) -> str:
    """The logical id of the stack's own alias or version, `:` and the qualifier of any other."""
    return published.get(arn) or f":{arn.rpartition(':')[2]}"


def _function_name(arn: str) -> str:
    """The function's name in the ARN of an alias or version."""
    return arn.split(":")[6] if arn.count(":") > 6 else arn


def _with_holder(function: LiveFunction, logical_id: str) -> LiveFunction:
    """The function with what one alias or version provisions of it."""
    if function.holders is None:
        return function
    holders = {name: value for name, value in function.holders.items() if name == logical_id}
    return replace(function, provisioned=sum(holders.values()), holders=holders)


def _exists(summary: Mapping[str, Any]) -> bool:
    """Whether the resource belongs to the stack; one of DELETE_SKIPPED exists, but not in the stack."""
    gone = ("DELETE_COMPLETE", "DELETE_SKIPPED")
    return bool(summary["ResourceStatus"] not in gone and summary.get("PhysicalResourceId"))


def parameter_value(parameter: Mapping[str, Any]) -> str | Unknown:
    """The value of a parameter of DescribeStacks; that of a NoEcho parameter is asterisks."""
    name, value = parameter["ParameterKey"], str(parameter.get("ParameterValue", ""))
    if value and set(value) == {"*"}:
        return Unknown(
            f"parameter {name} keeps its deployed value, which AWS does not return",
            advise(Advice.GIVE_PARAMETER, name),
        )
    return value
