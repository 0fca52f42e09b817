"""Stacks as AWS tells of them: what one holds already, what it runs, and which others are at work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from tapctl.account.model import InFlight, LiveFunction, PastFailure, Stack
from tapctl.aws.session import Aws, error_code, readable
from tapctl.resource_types import FUNCTION, PUBLISHED, STACK
from tapctl.unknown import Unknown

T = TypeVar("T")

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
class _Held:
    """A resource of a live stack; `name` has the nested stacks that it is in before it."""

    name: str
    type: str
    physical_id: str


@dataclass(slots=True)
class LiveStacks:
    """Reads stacks through boto3."""

    aws: Aws
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WORKERS))

    def stack(self, name: str) -> Stack | Unknown | None:
        described = readable("cloudformation:DescribeStacks", lambda: self._describe(name))
        if described is None or isinstance(described, Unknown):
            return described
        resources = self._resources(described["StackId"])
        if isinstance(resources, Unknown):
            return resources
        undone = described["StackStatus"] == "ROLLBACK_COMPLETE"
        held = Stack(
            name,
            described["StackStatus"],
            self._functions(resources),
            # A stack that is to be made anew has no values to keep.
            {} if undone else {each["ParameterKey"]: parameter(each) for each in described.get("Parameters", [])},
            {each.name: each.type for each in resources},
            id=described["StackId"],
            nested={f"{each.name}/": each.physical_id for each in resources if each.type == STACK},
            published={each.physical_id: _short(each.name) for each in resources if each.type in PUBLISHED},
            stored={
                f"ssm:{each['ParameterValue']}": each["ResolvedValue"]
                for each in described.get("Parameters", [])
                if "ResolvedValue" in each
            },
        )
        if not held.published:
            return held
        outside = self._outside(held, resources)
        return replace(self.look_closer(held, held.functions), outside=outside)

    def _outside(self, stack: Stack, resources: list[_Held]) -> dict[str, LiveFunction]:
        """What aliases and versions hold of functions that are not the stack's, each by itself."""
        own = {each.physical_id for each in stack.functions.values()}
        foreign = {
            each.name: LiveFunction(_function_of(each.physical_id), None, 0)
            for each in resources
            if each.type in PUBLISHED and _function_of(each.physical_id) not in own
        }
        reading = {name: self._pool.submit(self._provisioned, each, stack.published) for name, each in foreign.items()}
        return {name: _alone(each.result(), _short(name)) for name, each in reading.items()}

    def look_closer(self, stack: Stack, functions: Collection[str]) -> Stack:
        reading = {
            name: self._pool.submit(self._provisioned, stack.functions[name], stack.published)
            for name in functions
            if name in stack.functions
        }
        return replace(stack, functions={**stack.functions, **{name: each.result() for name, each in reading.items()}})

    def running(self, stack: Stack) -> Mapping[str, Any] | str | Unknown:
        def read() -> Any:
            found = self.aws.client("cloudformation").get_template(StackName=stack.id, TemplateStage="Processed")
            return found["TemplateBody"]

        answer: Mapping[str, Any] | str | Unknown = readable("cloudformation:GetTemplate", read)
        return answer

    def in_flight(self) -> tuple[InFlight, ...] | Unknown:
        def read() -> tuple[InFlight, ...]:
            paginator = self.aws.client("cloudformation").get_paginator("list_stacks")
            pages = paginator.paginate(StackStatusFilter=[*AT_WORK])
            found = [each for page in pages for each in page["StackSummaries"] if "ParentId" not in each]
            return tuple(InFlight(each["StackName"], each["StackStatus"]) for each in found)

        return readable("cloudformation:ListStacks", read)

    def failures(self, stack: Stack) -> tuple[PastFailure, ...] | Unknown:
        def read() -> tuple[PastFailure, ...]:
            # The newest page holds the last operation, which is what failed.
            events = self.aws.client("cloudformation").describe_stack_events(StackName=stack.id)["StackEvents"]
            return tuple(
                PastFailure(each.get("ResourceStatusReason", ""), str(each["Timestamp"])[:10])
                for each in events
                if each["ResourceStatus"].endswith("_FAILED")
            )

        return readable("cloudformation:DescribeStackEvents", read)

    def _describe(self, name: str) -> dict[str, Any] | None:
        from botocore.exceptions import ClientError

        try:
            stacks = self.aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if error_code(error) == "ValidationError" and "does not exist" in str(error):
                return None
            raise
        stack: dict[str, Any] = stacks[0]
        # A stack that never got resources is none yet; one whose creation was undone holds nothing either.
        return None if stack["StackStatus"] in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE") else stack

    def _resources(self, stack_id: str, prefix: str = "") -> list[_Held] | Unknown:
        """What the stack holds, and what its nested stacks do, named as their tree names them."""

        def read() -> list[_Held]:
            paginator = self.aws.client("cloudformation").get_paginator("list_stack_resources")
            pages = paginator.paginate(StackName=stack_id)
            return [_held(each, prefix) for page in pages for each in page["StackResourceSummaries"] if _is_there(each)]

        found = readable("cloudformation:ListStackResources", read)
        if isinstance(found, Unknown):
            return found
        nested = []
        for each in found:
            if each.type == STACK:
                below = self._resources(each.physical_id, f"{each.name}/")
                if isinstance(below, Unknown):
                    return below
                nested += below
        return found + nested

    def _functions(self, resources: list[_Held]) -> dict[str, LiveFunction]:
        held = {each.name: each.physical_id for each in resources if each.type == FUNCTION}
        reserved = {name: self._pool.submit(self._reserved, physical) for name, physical in held.items()}
        return {name: LiveFunction(physical, reserved[name].result(), 0) for name, physical in held.items()}

    def _reserved(self, function: str) -> int | Unknown | None:
        def read() -> dict[str, Any]:
            found: dict[str, Any] = self.aws.client("lambda").get_function_concurrency(FunctionName=function)
            return found

        answer = readable("lambda:GetFunctionConcurrency", lambda: _unless_gone(read))
        return answer if isinstance(answer, Unknown) else answer.get("ReservedConcurrentExecutions")

    def _provisioned(self, function: LiveFunction, published: Mapping[str, str]) -> LiveFunction:
        def read() -> dict[str, int]:
            paginator = self.aws.client("lambda").get_paginator("list_provisioned_concurrency_configs")
            return {
                _holder(each["FunctionArn"], published): each["RequestedProvisionedConcurrentExecutions"]
                for page in paginator.paginate(FunctionName=function.physical_id)
                for each in page["ProvisionedConcurrencyConfigs"]
            }

        holders = readable("lambda:ListProvisionedConcurrencyConfigs", lambda: _unless_gone(read))
        if isinstance(holders, Unknown):
            return replace(function, provisioned=holders, holders=None)
        return replace(function, provisioned=sum(holders.values()), holders=holders)


def _holder(arn: str, published: Mapping[str, str]) -> str:
    """The stack's own alias or version by its logical id, any other by its qualifier."""
    return published.get(arn) or f":{arn.rpartition(':')[2]}"


def _unless_gone(read: Callable[[], dict[str, T]]) -> dict[str, T]:
    """A function that somebody deleted beside its stack holds nothing."""
    from botocore.exceptions import ClientError

    try:
        return read()
    except ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            return {}
        raise


def _function_of(arn: str) -> str:
    """The name of the function that the ARN of an alias or version is of."""
    return arn.split(":")[6] if arn.count(":") > 6 else arn


def _alone(function: LiveFunction, name: str) -> LiveFunction:
    """What one alias or version holds of a function."""
    if function.holders is None:
        return function
    held = {each: value for each, value in function.holders.items() if each == name}
    return replace(function, provisioned=sum(held.values()), holders=held)


def _short(name: str) -> str:
    return name.rpartition("/")[2]


def _is_there(each: dict[str, Any]) -> bool:
    """Whether the stack holds it; what a deletion skipped is in the account, and the stack's no more."""
    gone = ("DELETE_COMPLETE", "DELETE_SKIPPED")
    return bool(each["ResourceStatus"] not in gone and each.get("PhysicalResourceId"))


def _held(each: dict[str, Any], prefix: str) -> _Held:
    return _Held(f"{prefix}{each['LogicalResourceId']}", each["ResourceType"], each["PhysicalResourceId"])


def parameter(each: dict[str, Any]) -> str | Unknown:
    """A parameter as the stack has it: NoEcho ones come back as asterisks."""
    name, value = each["ParameterKey"], str(each.get("ParameterValue", ""))
    if value and set(value) == {"*"}:
        return Unknown(f"parameter {name} keeps its value, which AWS does not show", f"--parameter {name}=VALUE")
    return value
