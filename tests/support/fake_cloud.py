"""An account in memory with CloudFormation's stacks and Lambda's reservations, whose next calls can be made to fail."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tapctl.sandbox.limits import AccountLimits
from tapctl.sandbox.rules import FunctionConcurrency, refuse_reserved, unreserved

Fault = Callable[[int, str], BaseException | None]
"""What a call raises, by its number and its operation."""


class Killed(BaseException):
    """The process is gone: nothing after it runs against AWS."""


def refusal(operation: str, code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def no_fault(_number: int, _operation: str) -> BaseException | None:
    return None


@dataclass
class FakeCloud:
    """Takes the calls of experiments that make one function."""

    limits: AccountLimits = field(default_factory=lambda: AccountLimits(1000))
    fault: Fault = no_fault
    stacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    functions: dict[str, FunctionConcurrency] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        self.calls.append(operation)
        if error := self.fault(len(self.calls), operation):
            raise error
        answer: dict[str, Any] = getattr(self, f"_{operation}", lambda **_: {})(**parameters)
        return answer

    def pages(self, service: str, operation: str, **_: Any) -> list[dict[str, Any]]:
        if operation == "ListFunctions":
            return [{"Functions": [{"FunctionName": name} for name in self.functions]}]
        return [{"Stacks": list(self.stacks.values())}]

    def _GetAccountSettings(self) -> dict[str, Any]:  # noqa: N802
        left = unreserved(self.limits, self.functions)
        numbers = {"ConcurrentExecutions": self.limits.concurrent_executions, "UnreservedConcurrentExecutions": left}
        return {"AccountLimit": numbers}

    def _CreateStack(self, StackName: str, TemplateBody: str, Tags: Any, **_: Any) -> dict[str, Any]:  # noqa: N802, N803
        self.stacks[StackName] = {
            "StackName": StackName,
            "StackId": StackName,
            "StackStatus": "CREATE_COMPLETE",
            "Tags": Tags,
            "Outputs": [{"OutputKey": key, "OutputValue": key} for key in json.loads(TemplateBody).get("Outputs", ())],
        }
        for resource in json.loads(TemplateBody)["Resources"].values():
            if resource["Type"] == "AWS::Lambda::Function":
                reserved = resource["Properties"].get("ReservedConcurrentExecutions")
                self.functions[resource["Properties"]["FunctionName"]] = FunctionConcurrency(reserved)
        return {}

    def _DescribeStacks(self, StackName: str) -> dict[str, Any]:  # noqa: N802, N803
        if StackName not in self.stacks:
            message = f"Stack with id {StackName} does not exist"
            raise refusal("DescribeStacks", "ValidationError", message)
        return {"Stacks": [self.stacks[StackName]]}

    def _DeleteStack(self, StackName: str) -> dict[str, Any]:  # noqa: N802, N803
        del self.stacks[StackName]
        self.functions = {name: function for name, function in self.functions.items() if not name.startswith(StackName)}
        return {}

    def _PutFunctionConcurrency(self, FunctionName: str, ReservedConcurrentExecutions: int) -> dict[str, Any]:  # noqa: N802, N803
        if refused := refuse_reserved(self.limits, self.functions, FunctionName, ReservedConcurrentExecutions):
            raise refusal("PutFunctionConcurrency", refused.code, refused.text)
        self.functions[FunctionName] = FunctionConcurrency(ReservedConcurrentExecutions)
        return {}

    def _DeleteFunctionConcurrency(self, FunctionName: str) -> dict[str, Any]:  # noqa: N802, N803
        self.functions[FunctionName] = FunctionConcurrency()
        return {}
