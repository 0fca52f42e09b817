"""CloudFormation's operations that show stack sets, their instances and operations."""

from collections.abc import Iterable, Sequence
from typing import Any

from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension import stack_set_targets as targets
from tapctl.sandbox.extension.patches import Record
from tapctl.sandbox.extension.query import invalid, serve
from tapctl.sandbox.extension.stack_set_runner import StackSetRunner
from tapctl.sandbox.extension.stack_set_templates import parsed
from tapctl.sandbox.extension.stack_sets import arn_of, find, find_operation
from tapctl.sandbox.stack_sets import CellResult, Instance, Operation, SandboxStackSet

HIDDEN = "****"
LARGEST_PAGE = 100


def install(runner: StackSetRunner) -> None:
    """Add the actions to the emulator's."""
    answers = StackSetAnswers(runner)
    for action, handle in (
        ("DescribeStackSet", answers.describe_set),
        ("ListStackSets", answers.list_sets),
        ("DescribeStackInstance", answers.describe_instance),
        ("ListStackInstances", answers.list_instances),
        ("DescribeStackSetOperation", answers.describe_operation),
        ("ListStackSetOperations", answers.list_operations),
        ("ListStackSetOperationResults", answers.list_results),
    ):
        serve(action, handle)


class StackSetAnswers:
    """The operations that read, on the stack sets of a runner."""

    def __init__(self, runner: StackSetRunner) -> None:
        self._runner = runner

    def describe_set(self, request: Record) -> Record:
        of = find(self._runner, request)
        declared = parsed(of.template).get("Parameters") or {}
        shown = {
            name: HIDDEN if str(declared.get(name, {}).get("NoEcho", "")).lower() == "true" else value
            for name, value in of.parameters.items()
        }
        body = {
            **_set(of),
            "TemplateBody": of.template,
            "Parameters": _pairs("ParameterKey", "ParameterValue", shown.items()),
            "Capabilities": of.capabilities,
            "Tags": _pairs("Key", "Value", of.tags.items()),
            "StackSetARN": arn_of(of),
            "AdministrationRoleARN": of.administration_role or None,
            "ExecutionRoleName": of.execution_role or None,
            "OrganizationalUnitIds": of.units,
            "Regions": sorted({instance.region for instance in of.instances.values()}),
        }
        return {"StackSet": body}

    def list_sets(self, request: Record) -> Record:
        account, region = targets.home(request, self._runner.rules), patches.REQUEST_REGION.get()()
        delegated = request.get("CallAs") == "DELEGATED_ADMIN"
        found = [
            _set(of)
            for of in self._runner.sets.values()
            if (of.account, of.region) == (account, region)
            and request.get("Status") in (None, of.status)
            and (of.model == targets.SERVICE_MANAGED or not delegated)
        ]
        return _page(request, found)

    def describe_instance(self, request: Record) -> Record:
        of = find(self._runner, request)
        account, region = request.get("StackInstanceAccount", ""), request.get("StackInstanceRegion", "")
        instance = of.instances.get(f"{account}/{region}")
        if instance is None:
            raise targets.no_instance(account, region)
        overrides = _pairs("ParameterKey", "ParameterValue", instance.overrides.items())
        return {"StackInstance": {**_instance(of, instance), "ParameterOverrides": overrides}}

    def list_instances(self, request: Record) -> Record:
        of = find(self._runner, request)
        filters = {entry["Name"]: entry["Values"] for entry in request.get("Filters") or ()}
        found = [
            _instance(of, instance)
            for instance in of.instances.values()
            if request.get("StackInstanceAccount") in (None, instance.account)
            and request.get("StackInstanceRegion") in (None, instance.region)
            and filters.get("DETAILED_STATUS") in (None, instance.detailed)
            and filters.get("LAST_OPERATION_ID") in (None, instance.operation)
            and filters.get("DRIFT_STATUS") in (None, "NOT_CHECKED")
        ]
        return _page(request, found)

    def describe_operation(self, request: Record) -> Record:
        of = find(self._runner, request)
        operation = find_operation(of, request)
        body = {
            **_operation(operation),
            "StackSetId": of.id,
            "RetainStacks": operation.retain,
            "AdministrationRoleARN": of.administration_role or None,
            "ExecutionRoleName": of.execution_role or None,
            "DeploymentTargets": operation.targets or None,
        }
        return {"StackSetOperation": body}

    def list_operations(self, request: Record) -> Record:
        of = self._runner.as_listed(find(self._runner, request))
        return _page(request, [_operation(operation) for operation in reversed(tuple(of.operations.values()))])

    def list_results(self, request: Record) -> Record:
        of = find(self._runner, request)
        operation = self._runner.as_listed(of).operations.get(find_operation(of, request).id)
        results = operation.results.values() if operation else ()
        filters = {entry["Name"]: entry["Values"] for entry in request.get("Filters") or ()}
        wanted = (None, *filters.values())
        found = [_result(result) for result in results if not filters or result.status in wanted]
        return _page(request, found)


def _page(request: Record, found: Sequence[Record]) -> Record:
    size, token = request.get("MaxResults", str(LARGEST_PAGE)), request.get("NextToken", "0")
    if not size.isdigit() or not 1 <= int(size) <= LARGEST_PAGE:
        raise invalid(f"MaxResults must be between 1 and {LARGEST_PAGE}")
    if not token.isdigit() or int(token) > len(found):
        raise invalid("Invalid NextToken")
    end = int(token) + int(size)
    return {"Summaries": found[int(token) : end], "NextToken": str(end) if end < len(found) else None}


def _pairs(key: str, value: str, items: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{key: name, value: text} for name, text in items]


def _set(of: SandboxStackSet) -> Record:
    return {
        "StackSetName": of.name,
        "StackSetId": of.id,
        "Description": of.description or None,
        "Status": of.status,
        "AutoDeployment": of.auto_deployment or None,
        "PermissionModel": of.model,
        "ManagedExecution": {"Active": of.managed},
    }


def _instance(of: SandboxStackSet, each: Instance) -> Record:
    return {
        "StackSetId": of.id,
        "Region": each.region,
        "Account": each.account,
        "StackId": each.stack_id or None,
        "Status": each.status,
        "StatusReason": each.reason or None,
        "StackInstanceStatus": {"DetailedStatus": each.detailed},
        "OrganizationalUnitId": each.unit or None,
        "DriftStatus": "NOT_CHECKED",
        "LastOperationId": each.operation or None,
    }


def _operation(each: Operation) -> dict[str, Any]:
    return {
        "OperationId": each.id,
        "Action": each.action,
        "Status": each.status,
        "CreationTimestamp": each.created,
        "EndTimestamp": each.ended or None,
        "StatusDetails": {"FailedStackInstancesCount": each.failed},
        "OperationPreferences": each.preferences or None,
    }


def _result(each: CellResult) -> Record:
    gate = {"Status": each.gate, "StatusReason": each.gate_reason or None}
    return {
        "Account": each.account,
        "Region": each.region,
        "Status": each.status,
        "StatusReason": each.reason or None,
        "AccountGateResult": gate if each.gate else None,
        "OrganizationalUnitId": each.unit or None,
    }
