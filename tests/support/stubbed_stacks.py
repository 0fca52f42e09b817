"""AWS that answers from a list, and a CloudFormation that answers from a history of events, for what no sandbox has."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from tapctl.aws.session import Aws, Connection
from tapctl.stacks.polling import Budget

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/11111111-2222-3333-4444-555555555555"


def unreachable_aws(region: str = "us-east-1") -> Aws:
    """AWS at an address without a server; the service models are read once."""
    return Aws(Connection(region, endpoint="http://127.0.0.1:9", keys=("key", "secret")), _session=_session(region))


@cache
def _session(region: str) -> Any:
    return boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret", region_name=region)


@contextmanager
def stubbed(*services: str, region: str = "us-east-1") -> Iterator[tuple[Aws, Mapping[str, Stubber]]]:
    """AWS whose named services answer what was queued, all of which must be requested, and nothing else."""
    aws = unreachable_aws(region)
    stubs = {service: Stubber(aws.client(service)) for service in services}
    with ExitStack() as stack:
        for stub in stubs.values():
            stack.enter_context(stub)
        yield aws, stubs
        for stub in stubs.values():
            stub.assert_no_pending_responses()


Failure = tuple[str, int]
"""An error code and the HTTP status that comes with it."""


@dataclass
class History:
    """The events of one stack as DescribeStackEvents shows them, on a clock that only reads and sleeps move.

    Events are added in the order in which they happen.
    """

    events: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    latency: float = 0.15
    page: int = 100
    failures: list[Failure | None] = field(default_factory=list)
    """The errors of the next reads; None lets one succeed, and "" as the code is no answer."""
    now: float = 0.0
    reads: int = 0
    read: list[str] = field(default_factory=list)
    """The stacks whose events were read."""
    status: str = "UPDATE_IN_PROGRESS"
    """The status that DescribeStacks returns; empty for a stack that does not exist."""
    status_reads: int = 0
    execution: str = "EXECUTE_IN_PROGRESS"
    """The ExecutionStatus that DescribeChangeSet returns; empty for a change set that does not exist."""
    on_cancel: Callable[..., Any] | None = None
    """Called for CancelUpdateStack."""
    budget: Budget = field(default_factory=Budget)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def aws(self) -> Aws:
        """AWS whose CloudFormation has this history."""
        aws = unreachable_aws()
        hooks = aws.client("cloudformation").meta.events
        hooks.register("before-call.cloudformation.DescribeStackEvents", self._answer)
        hooks.register("before-call.cloudformation.DescribeStacks", self._describe)
        hooks.register("before-call.cloudformation.DescribeChangeSet", self._describe_change_set)
        if self.on_cancel:
            hooks.register("before-call.cloudformation.CancelUpdateStack", self.on_cancel)
        return aws

    def add(self, when: float, logical_id: str, status: str, *, token: str | None = "ours", **fields: str) -> None:
        self.events.append(
            (
                when,
                {
                    "EventId": f"{len(self.events)}",
                    "StackId": STACK_ID,
                    "StackName": "shop",
                    "Timestamp": f"2026-11-23T12:00:{when:06.3f}",
                    "LogicalResourceId": logical_id,
                    "ResourceType": "AWS::SQS::Queue",
                    "ResourceStatus": status,
                    "PhysicalResourceId": f"physical-{logical_id}",
                    **({"ClientRequestToken": token} if token else {}),
                    **fields,
                },
            )
        )

    def end(self, when: float, status: str, **fields: Any) -> None:
        """The stack's own event."""
        own = {"ResourceType": "AWS::CloudFormation::Stack", "PhysicalResourceId": STACK_ID}
        self.add(when, "shop", status, **{**own, **fields})

    def _describe(self, params: Mapping[str, Any], **_: object) -> tuple[Any, dict[str, Any]]:
        self.status_reads += 1
        self.now += self.latency
        if not self.status:
            error = {"Code": "ValidationError", "Message": "Stack with id shop does not exist"}
            return SimpleNamespace(status_code=400), {"Error": error}
        stack = {"StackId": params["body"]["StackName"], "StackName": "shop", "StackStatus": self.status}
        return SimpleNamespace(status_code=200), {"Stacks": [stack]}

    def _describe_change_set(self, **_: object) -> tuple[Any, dict[str, Any]]:
        if not self.execution:
            error = {"Code": "ChangeSetNotFound", "Message": "ChangeSet [deploy] does not exist"}
            return SimpleNamespace(status_code=404), {"Error": error}
        return SimpleNamespace(status_code=200), {"Status": "CREATE_COMPLETE", "ExecutionStatus": self.execution}

    def _answer(self, params: Mapping[str, Any], **_: object) -> tuple[Any, dict[str, Any]]:
        self.reads += 1
        self.read.append(params["body"]["StackName"])
        self.now += self.latency
        failure = self.failures.pop(0) if self.failures else None
        if failure:
            code, status = failure
            if not code:
                raise EndpointConnectionError(endpoint_url="https://cloudformation.us-east-1.amazonaws.com")
            message = "not now" if self.status else "Stack with id shop does not exist"
            return SimpleNamespace(status_code=status), {"Error": {"Code": code, "Message": message}}
        past = [event for when, event in reversed(self.events) if when <= self.now]
        newest_first = [event for event in past if event["StackId"] == params["body"]["StackName"]]
        # Events between two reads shift the second page, which then repeats the end of the first.
        start = int(params["body"].get("NextToken", 0))
        page: dict[str, Any] = {"StackEvents": newest_first[start : start + self.page]}
        if start + self.page < len(newest_first):
            page["NextToken"] = str(start + self.page)
        return SimpleNamespace(status_code=200), page


def collected(follow: Callable[[], Iterator[Any]]) -> list[tuple[str, str]]:
    """Logical id and status of every event, in order."""
    return [(event.logical_id, event.status) for event in follow()]
