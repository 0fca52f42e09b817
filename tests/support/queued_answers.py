"""AWS that answers from a queue."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.stub import Stubber

from tapctl.aws.session import Aws, Connection

REGION = "eu-west-1"


@cache
def _session(region: str) -> Any:
    return boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret", region_name=region)


def offline_aws(region: str = REGION) -> Aws:
    """AWS with invented credentials, at an address without a server."""
    return Aws(Connection(region, endpoint="http://127.0.0.1:9"), _session=_session(region))


@contextmanager
def stubbed(*services: str) -> Iterator[tuple[Aws, Mapping[str, Stubber]]]:
    """AWS whose named services answer from a queue, which is empty at the end; the others do not answer."""
    aws = offline_aws()
    stubs = {service: Stubber(aws.client(service)) for service in services}
    with ExitStack() as stack:
        for stub in stubs.values():
            stack.enter_context(stub)
        yield aws, stubs
        for stub in stubs.values():
            stub.assert_no_pending_responses()


def answering(aws: Aws, service: str, **answers: list[dict[str, Any]]) -> None:
    """Let a service answer each operation from its own queue, for calls that run in parallel."""

    def answer(queue: list[dict[str, Any]]) -> Any:
        return lambda **_: (AWSResponse("", 200, HTTPHeaders(), None), queue.pop(0))

    events = aws.client(service).meta.events
    for operation, queue in answers.items():
        events.register_first(f"before-call.{service}.{operation}", answer(queue))


SETTINGS = {
    "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 970, "TotalCodeSize": 80530636800},
    "AccountUsage": {"TotalCodeSize": 4096, "FunctionCount": 4},
}
STACK_ID = f"arn:aws:cloudformation:{REGION}:123456789012:stack/orders/1"


def described(status: str = "UPDATE_COMPLETE", **parameters: str) -> dict[str, Any]:
    pairs = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    stack = {"StackName": "orders", "StackId": STACK_ID, "StackStatus": status, "CreationTime": "2026-01-01T00:00:00Z"}
    return {"Stacks": [{**stack, "Parameters": pairs}]}


def resource(name: str, kind: str, physical: str | None = "", status: str = "CREATE_COMPLETE") -> dict[str, Any]:
    entry = {
        "LogicalResourceId": name,
        "ResourceType": kind,
        "ResourceStatus": status,
        "LastUpdatedTimestamp": "2026-01-01T00:00:00Z",
    }
    return entry if physical is None else {**entry, "PhysicalResourceId": physical or f"orders-{name}"}
