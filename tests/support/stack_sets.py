"""An administrator account of the sandbox with target accounts, and what tests do with its stack sets."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tapctl import sandbox
from tapctl.sandbox import AccountLimits, Sandbox, limits, stack_set_rules
from tapctl.sandbox.paths import sandbox_paths
from tapctl.sandbox.stack_set_rules import StackSetRules
from tests.support.answers import follows_the_model
from tests.support.sandbox_clients import function
from tests.support.shared_sandbox import SharedSandbox

REGION, OTHER_REGION = "us-east-1", "eu-west-1"
QUEUE = {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}
SESSION: Any = boto3.Session()
END = ("SUCCEEDED", "FAILED", "STOPPED")


def reserving(default: int | None = 0) -> dict[str, Any]:
    """A template with one function, whose reservation is the parameter `Reserved`."""
    parameter = {"Type": "Number"} if default is None else {"Type": "Number", "Default": default}
    fn = function(ReservedConcurrentExecutions={"Ref": "Reserved"})
    return {"Parameters": {"Reserved": parameter}, "Resources": {"Fn": fn}}


def parameters(**values: object) -> list[dict[str, str]]:
    """The values as the API's list of parameters."""
    return [{"ParameterKey": name, "ParameterValue": str(value)} for name, value in values.items()]


@dataclass
class Fleet:
    """An administrator account with four target accounts, all of them new; each has a concurrency limit of 1000."""

    sandbox: Sandbox
    accounts: tuple[str, ...]
    _clients: dict[tuple[str, ...], Any] = field(default_factory=dict)

    @property
    def admin(self) -> str:
        return self.sandbox.account_id

    @property
    def folder(self) -> Path:
        return sandbox_paths().folder

    @property
    def cloudformation(self) -> Any:
        """The administrator's client."""
        return self.client("cloudformation")

    def client(self, service: str, account: str = "", region: str = REGION) -> Any:
        """A client of an account, without one of the administrator's."""
        key = (service, account or self.admin, region)
        if key not in self._clients:
            options: Any = {**sandbox.client_options(self.sandbox), "region_name": region}
            options["aws_access_key_id"] = account or self.admin
            self._clients[key] = SESSION.client(service, config=Config(retries={"max_attempts": 1}), **options)
            if service == "cloudformation":
                self._clients[key].meta.events.register("after-call.cloudformation", follows_the_model)
        return self._clients[key]

    def unit(self, name: str, parent: str = "") -> str:
        """A new organizational unit, below the root unless another parent is given; its id."""
        organizations = self.client("organizations")
        parent = parent or organizations.list_roots()["Roots"][0]["Id"]
        made = organizations.create_organizational_unit(ParentId=parent, Name=name)
        return str(made["OrganizationalUnit"]["Id"])

    def join(self, unit: str) -> str:
        """A new account of the organization in a unit, with a concurrency limit of 1000; its id."""
        organizations = self.client("organizations")
        made = organizations.create_account(Email="a@example.com", AccountName="a")["CreateAccountStatus"]["AccountId"]
        self.limits(made, 1000)
        self.move(made, unit)
        return str(made)

    def move(self, account: str, unit: str) -> None:
        """Move an account to another unit."""
        organizations = self.client("organizations")
        source = organizations.list_parents(ChildId=account)["Parents"][0]["Id"]
        organizations.move_account(AccountId=account, SourceParentId=source, DestinationParentId=unit)

    def limits(self, cell: str, limit: int, **more: Any) -> None:
        """Give an account, or `account/region`, other limits."""
        limits.save(self.folder, AccountLimits(limit, **more), cell)

    def rules(self, **rules: Any) -> None:
        """Let stack sets behave otherwise, until the end of the test."""
        stack_set_rules.save(self.folder, StackSetRules(**rules))

    def refusal(self, call: str, *, name: str = "s", **request: Any) -> str:
        """The code and the message with which a call, for an operation with targets as of `begin`, is refused."""
        if call.endswith("_instances") or call == "update_stack_set":
            request = self._with_targets(call, request)
        with pytest.raises(ClientError) as failure:
            getattr(self.cloudformation, call)(StackSetName=name, **request)
        error: Any = failure.value.response["Error"]
        return f"{error['Code']}: {error['Message']}"

    def hold(self, **rules: Any) -> None:
        """Let each cell of an operation run until `release`."""
        self.rules(cell_seconds=60, **rules)

    def release(self) -> None:
        """Let all cells go on, by AWS's documented behaviour."""
        self.rules()

    def create_set(self, template: Mapping[str, Any] = QUEUE, name: str = "s", **more: Any) -> None:
        self.cloudformation.create_stack_set(StackSetName=name, TemplateBody=json.dumps(template), **more)

    def run(self, call: str, *, name: str = "s", **request: Any) -> dict[str, str]:
        """Call an operation, such as `create_stack_instances`, and wait for it: the status of each cell."""
        operation = self.begin(call, name=name, **request)
        self.wait(operation, name=name)
        return {cell: result["Status"] for cell, result in self.results(operation, name=name).items()}

    def begin(self, call: str, *, name: str = "s", **request: Any) -> str:
        """Call an operation, on all target accounts in one Region unless other targets are given; its id."""
        request = self._with_targets(call, request)
        return str(getattr(self.cloudformation, call)(StackSetName=name, **request)["OperationId"])

    def _with_targets(self, call: str, request: dict[str, Any]) -> dict[str, Any]:
        if call != "update_stack_set":
            if "DeploymentTargets" not in request:
                request = {"Accounts": list(self.accounts), **request}
            request = {"Regions": [REGION], **request}
        if call == "delete_stack_instances":
            request = {"RetainStacks": False, **request}
        return request

    def wait(self, operation: str, *, name: str = "s") -> str:
        """The status of an operation when it has ended."""
        deadline = time.monotonic() + 30
        while (status := self.operation(operation, name=name)["Status"]) not in END:
            assert time.monotonic() < deadline, status
            time.sleep(0.01)
        return str(status)

    def operation(self, operation: str, *, name: str = "s") -> dict[str, Any]:
        found: dict[str, Any] = self.cloudformation.describe_stack_set_operation(
            StackSetName=name, OperationId=operation
        )["StackSetOperation"]
        return found

    def results(self, operation: str, *, name: str = "s") -> dict[str, dict[str, Any]]:
        """The result of each cell of an operation."""
        pages = self.cloudformation.get_paginator("list_stack_set_operation_results")
        found = pages.paginate(StackSetName=name, OperationId=operation).search("Summaries[]")
        return {f"{result['Account']}/{result['Region']}": result for result in found}

    def instances(self, *, name: str = "s") -> dict[str, str]:
        """The status of each stack instance by cell."""
        found = self.cloudformation.get_paginator("list_stack_instances").paginate(StackSetName=name)
        return {
            f"{instance['Account']}/{instance['Region']}": instance["Status"]
            for instance in found.search("Summaries[]")
        }

    def instance(self, account: str, region: str = REGION, *, name: str = "s") -> dict[str, Any]:
        found: dict[str, Any] = self.cloudformation.describe_stack_instance(
            StackSetName=name, StackInstanceAccount=account, StackInstanceRegion=region
        )["StackInstance"]
        return found

    def stacks(self, account: str, region: str = REGION) -> dict[str, str]:
        """The stacks of an account that are not deleted, and their statuses."""
        found = self.client("cloudformation", account, region).list_stacks()["StackSummaries"]
        return {
            stack["StackName"]: stack["StackStatus"] for stack in found if stack["StackStatus"] != "DELETE_COMPLETE"
        }

    def reserved(self, account: str, region: str = REGION) -> list[int | None]:
        """What the functions of an account reserve."""
        client = self.client("lambda", account, region)
        names = [function["FunctionName"] for function in client.list_functions()["Functions"]]
        return [
            client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions") for name in names
        ]

    def close(self) -> None:
        (self.folder / stack_set_rules.FILE).unlink(missing_ok=True)
        for client in self._clients.values():
            client.close()


@contextmanager
def new_fleet(shared: SharedSandbox, state: Path) -> Iterator[Fleet]:
    """New accounts of the shared sandbox for the block; tapctl itself uses the administrator account."""
    with pytest.MonkeyPatch.context() as patch:
        fleet = Fleet(shared.use_account(patch, state), tuple(shared.new_ids(4)))
        for account in fleet.accounts:
            fleet.limits(account, 1000)
        try:
            yield fleet
        finally:
            fleet.close()
