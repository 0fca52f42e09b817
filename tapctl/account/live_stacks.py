"""Live stacks: the concurrency that one holds, the template that it runs, and the stacks being updated."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from tapctl.account.model import InFlight, LiveFunction, PastFailure, Stack
from tapctl.aws import lambda_
from tapctl.aws.cloudformation import (
    describe_stack,
    describe_stack_events,
    get_template,
    list_stack_resources,
    list_stacks,
)
from tapctl.aws.errors import read_or_unknown
from tapctl.aws.session import Aws
from tapctl.resource_types import FUNCTION, PUBLISHED, STACK, STACK_STATUSES
from tapctl.unknown import Count, Unknown

WORKERS = 16

RUNNING = tuple(sorted(name for name, status in STACK_STATUSES.items() if status.running))
"""The statuses in which CloudFormation works on a stack."""


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
        described = read_or_unknown("cloudformation:DescribeStacks", lambda: describe_stack(self.aws, name))
        if isinstance(described, Unknown):
            return described
        if not described.exists:
            return None
        resources = self._resources(described.id)
        if isinstance(resources, Unknown):
            return resources
        # A stack that is deleted and created again keeps none of its values.
        recreated = described.status == "ROLLBACK_COMPLETE"
        stack = Stack(
            described.name,
            described.status,
            self._functions(resources),
            {} if recreated else described.known_parameters(),
            {resource.name: resource.type for resource in resources},
            id=described.id,
            nested={f"{resource.name}/": resource.physical_id for resource in resources if resource.type == STACK},
            published={
                resource.physical_id: resource.logical_id for resource in resources if resource.type in PUBLISHED
            },
            stored={f"ssm:{parameter}": value for parameter, value in described.resolved.items()},
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
        return read_or_unknown("cloudformation:GetTemplate", lambda: get_template(self.aws, stack.id))

    def in_flight(self) -> tuple[InFlight, ...] | Unknown:
        stacks = read_or_unknown("cloudformation:ListStacks", lambda: list_stacks(self.aws, RUNNING))
        return stacks if isinstance(stacks, Unknown) else tuple(InFlight(name, status) for name, status in stacks)

    def past_failures(self, stack: Stack) -> tuple[PastFailure, ...] | Unknown:
        # The first page holds the newest events, and so the last operation.
        page = read_or_unknown("cloudformation:DescribeStackEvents", lambda: describe_stack_events(self.aws, stack.id))
        if isinstance(page, Unknown):
            return page
        return tuple(PastFailure(event.reason, event.time[:10]) for event in page.events if event.failed)

    def _resources(self, stack_id: str, prefix: str = "") -> list[_Resource] | Unknown:
        """The resources of the stack and of its nested stacks."""
        listed = read_or_unknown("cloudformation:ListStackResources", lambda: list_stack_resources(self.aws, stack_id))
        if isinstance(listed, Unknown):
            return listed
        resources = [
            _Resource(f"{prefix}{resource.logical_id}", resource.type, resource.physical_id)
            for resource in listed
            if resource.held and resource.physical_id
        ]
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
