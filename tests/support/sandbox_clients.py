"""A sandbox as the tests see it: its clients, and stacks deployed into it."""

import json
import re
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tapctl import sandbox
from tapctl.sandbox import AccountLimits, Sandbox

ROLE = "arn:aws:iam::000000000000:role/any"
Resources = Mapping[str, Any]


def function(
    name: str | None = None, code: str = "def handle(event, context): return {'ok': True}", **more: Any
) -> Any:
    """A function resource; properties given as None are left out."""
    properties = {
        "FunctionName": name,
        "Runtime": "python3.11",
        "Handler": "index.handle",
        "Role": ROLE,
        "Code": {"ZipFile": code},
        **more,
    }
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {key: value for key, value in properties.items() if value is not None},
    }


def table(name: str | None = None, **more: Any) -> Any:
    """A table resource."""
    properties = {
        "TableName": name,
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        **more,
    }
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {key: value for key, value in properties.items() if value is not None},
    }


class Aws:
    """The clients of one sandbox, and what tests do with them."""

    def __init__(self, running: Sandbox) -> None:
        self.sandbox = running
        self._session = _session()
        self._clients: dict[str, Any] = {}

    def __getattr__(self, service: str) -> Any:
        if service.startswith("_"):
            raise AttributeError(service)
        if service not in self._clients:
            config = Config(retries={"max_attempts": 1})
            options: Any = sandbox.client_options(self.sandbox)
            self._clients[service] = self._session.client(service, config=config, **options)
        return self._clients[service]

    def in_region(self, region: str, service: str) -> Any:
        """A client for another Region of the same sandbox."""
        key = f"{service} {region}"
        if key not in self._clients:
            options: Any = {**sandbox.client_options(self.sandbox), "region_name": region}
            self._clients[key] = self._session.client(service, **options)
        return self._clients[key]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def limits(self, limit: int, **more: Any) -> None:
        """Reconfigure the running sandbox."""
        assert sandbox.start(AccountLimits(limit, **more)).pid == self.sandbox.pid

    def create(self, stack: str, resources: Resources, **more: Any) -> str:
        """Create the stack and return the status that it ends in."""
        self.cloudformation.create_stack(StackName=stack, **_template(resources, more))
        return self.settled(stack)

    def update(self, stack: str, resources: Resources, **more: Any) -> str:
        """Update the stack and return the status that it ends in."""
        self.cloudformation.update_stack(StackName=stack, **_template(resources, more))
        return self.settled(stack)

    def settled(self, stack: str) -> str:
        deadline = time.monotonic() + 20
        while (status := self.describe(stack)["StackStatus"]).endswith("_IN_PROGRESS"):
            assert time.monotonic() < deadline, status
            time.sleep(0.02)
        return str(status)

    def describe(self, stack: str) -> dict[str, Any]:
        found: dict[str, Any] = self.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        return found

    def outputs(self, stack: str) -> dict[str, str]:
        return {output["OutputKey"]: output["OutputValue"] for output in self.describe(stack)["Outputs"]}

    def failure(self, stack: str) -> str:
        """The reason of the latest failed event, with the ids that change from run to run blanked."""
        events = self.cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        reason = next(event["ResourceStatusReason"] for event in events if event["ResourceStatus"].endswith("_FAILED"))
        return without_ids(reason)

    def delete(self, *stacks: str) -> None:
        for stack in stacks:
            self.cloudformation.delete_stack(StackName=stack)
            self.cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 0.05})

    def functions(self) -> list[str]:
        return [function["FunctionName"] for function in self.client("lambda").list_functions()["Functions"]]

    def reserved(self, name: str) -> int | None:
        answer = self.client("lambda").get_function_concurrency(FunctionName=name)
        value: int | None = answer.get("ReservedConcurrentExecutions")
        return value

    def unreserved(self) -> int:
        return int(self.client("lambda").get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"])

    def client(self, service: str) -> Any:
        """A client whose service is a Python keyword."""
        return getattr(self, service)


def wait_for_a_save(folder: Path) -> None:
    """Wait until the services have been written since the last request, and then not been written for a moment."""
    asked, deadline = time.time(), time.monotonic() + 30
    while _newest(folder) < asked or time.time() - _newest(folder) < 0.5:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _newest(folder: Path) -> float:
    return max((path.stat().st_mtime for path in folder.glob("*.json")), default=0.0)


@cache
def _session() -> Any:
    """One session for all sandboxes, because loading the service models takes longer than the calls."""
    return boto3.Session()


def without_ids(reason: str) -> str:
    """A status reason with the ids that change from run to run blanked."""
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", reason)


def _template(resources: Resources, more: Mapping[str, Any]) -> dict[str, Any]:
    parameters = more.get("parameters", {})
    template = {
        "Resources": resources,
        "Outputs": more.get("outputs", {}),
        "Parameters": {name: {"Type": "String", "Default": ""} for name in parameters},
        **more.get("sections", {}),
    }
    return {
        "TemplateBody": json.dumps({name: part for name, part in template.items() if part}),
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        "Capabilities": ["CAPABILITY_IAM"],
    }
