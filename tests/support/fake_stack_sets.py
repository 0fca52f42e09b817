"""The account in memory with stack sets in it, of whose rules each can be another one."""

# ruff: noqa: N802, N803 - the operations have the names of AWS
import json
from dataclasses import dataclass, field
from typing import Any

from tests.support.fake_cloud import FakeCloud, refusal


@dataclass
class StackSet:
    """A set with its instances by Region, its parameters, and its operations by id, each with what it still answers."""

    tags: list[dict[str, str]]
    template: dict[str, Any]
    managed: bool
    parameters: dict[str, str]
    instances: dict[str, dict[str, Any]] = field(default_factory=dict)
    operations: dict[str, list[str]] = field(default_factory=dict)

    @property
    def running(self) -> list[str]:
        return [id_ for id_, statuses in self.operations.items() if len(statuses) > 1]


@dataclass
class FakeStackSets(FakeCloud):
    """Runs each operation for two questions, and fails the creation of every instance."""

    stays: bool = False
    """Whether a failed creation leaves its stack."""
    keeps: bool = True
    """Whether a parameter that an update does not name keeps its value."""
    queues: bool = True
    """Whether managed execution runs one operation after the other."""
    reason: str = "ResourceLogicalId:Never, ResourceType:AWS::CloudFormation::WaitCondition, timed out"
    sets: dict[str, StackSet] = field(default_factory=dict)

    def _CreateStackSet(self, StackSetName: str, TemplateBody: str, Tags: Any, **more: Any) -> dict[str, Any]:
        assert (more["AdministrationRoleARN"], more["ExecutionRoleName"]) == ("Administration", "Execution")
        given = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in more.get("Parameters", ())}
        managed = more.get("ManagedExecution", {}).get("Active", False)
        self.sets[StackSetName] = StackSet(Tags, json.loads(TemplateBody), managed, given)
        return {}

    def _DescribeStackSet(self, StackSetName: str) -> dict[str, Any]:
        if StackSetName not in self.sets:
            raise refusal("DescribeStackSet", "StackSetNotFoundException", "not found")
        found = self.sets[StackSetName]
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in found.parameters.items()]
        return {"StackSet": {"Tags": found.tags, "Parameters": parameters}}

    def _start(self, name: str, id_: str, end: str) -> dict[str, Any]:
        own = self.sets[name]
        if own.running and not own.managed:
            raise refusal("Operation", "OperationInProgressException", "another operation is in progress")
        waits = "QUEUED" if own.running and self.queues else "RUNNING"
        own.operations[id_] = [waits, waits, end]
        return {"OperationId": id_}

    def _CreateStackInstances(
        self, StackSetName: str, Regions: list[str], OperationId: str, **_: Any
    ) -> dict[str, Any]:
        answer = self._start(StackSetName, OperationId, "FAILED")
        for region in Regions:
            self.sets[StackSetName].instances[region] = {"Account": "123456789012", "Region": region}
            if self.stays:
                name = f"StackSet-{StackSetName}-{region}"
                self.stacks[name] = {"StackName": name, "StackStatus": "ROLLBACK_COMPLETE", "Tags": []}
        return answer

    def _DescribeStackSetOperation(self, StackSetName: str, OperationId: str) -> dict[str, Any]:
        statuses = self.sets[StackSetName].operations[OperationId]
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
        return {"StackSetOperation": {"Status": status}}

    def _DescribeStackInstance(self, StackSetName: str, StackInstanceRegion: str, **_: Any) -> dict[str, Any]:
        left = f"StackSet-{StackSetName}-{StackInstanceRegion}"
        more = {"StackId": left} if left in self.stacks else {}
        status = {"Status": "OUTDATED", "StackInstanceStatus": {"DetailedStatus": "FAILED"}}
        return {"StackInstance": {**status, "StatusReason": self.reason, **more}}

    def _UpdateStackSet(self, StackSetName: str, Parameters: Any, OperationId: str, **_: Any) -> dict[str, Any]:
        own, given = (
            self.sets[StackSetName],
            {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in Parameters},
        )
        defaults = {name: parameter["Default"] for name, parameter in own.template["Parameters"].items()}
        own.parameters = {**(own.parameters if self.keeps else defaults), **given}
        return self._start(StackSetName, OperationId, "SUCCEEDED")

    def _ListStackSetOperations(self, StackSetName: str) -> dict[str, Any]:
        operations = self.sets[StackSetName].operations
        answer = {"Summaries": [{"Status": statuses[0]} for statuses in operations.values()]}
        for statuses in operations.values():
            del statuses[: len(statuses) - 1]
        return answer

    def _ListStackInstances(self, StackSetName: str) -> dict[str, Any]:
        return {"Summaries": list(self.sets[StackSetName].instances.values())}

    def _DeleteStackInstances(self, StackSetName: str, Regions: list[str], **_: Any) -> dict[str, Any]:
        own = self.sets[StackSetName]
        if own.running and not own.managed:
            for id_ in own.running:  # the next try finds it ended
                own.operations[id_] = own.operations[id_][-1:]
            raise refusal("DeleteStackInstances", "OperationInProgressException", "another operation is in progress")
        for region in Regions:
            del own.instances[region]
            self.stacks.pop(f"StackSet-{StackSetName}-{region}", None)
        return self._start(StackSetName, f"delete-{len(own.operations)}", "SUCCEEDED")

    def _DeleteStackSet(self, StackSetName: str) -> dict[str, Any]:
        if self.sets[StackSetName].instances:
            raise refusal("DeleteStackSet", "StackSetNotEmptyException", "it has instances")
        del self.sets[StackSetName]
        return {}

    def _DeleteStack(self, StackName: str) -> dict[str, Any]:
        assert StackName not in self.sets, "its operations need the roles of the stack"
        return super()._DeleteStack(StackName)
