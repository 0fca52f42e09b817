"""Lambda functions: their reservations, what their versions and aliases provision, invocations, and their logs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tapctl.aws.errors import aws_call
from tapctl.errors import AwsError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient

    from tapctl.aws.session import Aws

T = TypeVar("T")

GET_RESERVED = "lambda:GetFunctionConcurrency"
LIST_FUNCTIONS = "lambda:ListFunctions"
FUNCTIONS_PER_PAGE = 50
"""The most that Lambda returns: https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html"""
LIST_PROVISIONED = "lambda:ListProvisionedConcurrencyConfigs"
LIST_STREAMS = "logs:DescribeLogStreams"
GET_LOG_EVENTS = "logs:GetLogEvents"
FILTER_LOG_EVENTS = "logs:FilterLogEvents"
INVOKE = "lambda:InvokeFunction"


@dataclass(frozen=True, slots=True)
class ProvisionedConcurrency:
    """The provisioned concurrency of one version or alias, by its ARN."""

    arn: str
    requested: int


def reserved_concurrency(aws: Aws, function: str) -> int | None:
    """The reservation; None where there is none, or no such function."""
    client: LambdaClient = aws.client("lambda")

    def read() -> int | None:
        return client.get_function_concurrency(FunctionName=function).get("ReservedConcurrentExecutions")

    return _unless_not_found(GET_RESERVED, read, None)


def provisioned_concurrency(aws: Aws, function: str) -> tuple[ProvisionedConcurrency, ...]:
    """What every version and alias provisions; empty where there is no such function."""
    client: LambdaClient = aws.client("lambda")

    def read() -> tuple[ProvisionedConcurrency, ...]:
        pages = client.get_paginator("list_provisioned_concurrency_configs").paginate(FunctionName=function)
        return tuple(
            ProvisionedConcurrency(config["FunctionArn"], config["RequestedProvisionedConcurrentExecutions"])
            for page in pages
            for config in page["ProvisionedConcurrencyConfigs"]
        )

    return _unless_not_found(LIST_PROVISIONED, read, ())


def function_names(aws: Aws, most: int) -> tuple[str, ...]:
    """The names of the Region's functions, at most this many."""
    client: LambdaClient = aws.client("lambda")
    with aws_call(LIST_FUNCTIONS):
        pages = client.get_paginator("list_functions").paginate(
            PaginationConfig={"PageSize": FUNCTIONS_PER_PAGE, "MaxItems": most}
        )
        return tuple(function["FunctionName"] for page in pages for function in page["Functions"])


def set_reserved_concurrency(aws: Aws, function: str, value: int | None) -> None:
    """Set the reservation, or delete it where `value` is None."""
    client: LambdaClient = aws.client("lambda")
    if value is None:
        with aws_call(f"deleting the reservation of {function}"):
            client.delete_function_concurrency(FunctionName=function)
    else:
        with aws_call(f"reserving {value} executions for {function}"):
            client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=value)


@dataclass(frozen=True, slots=True)
class Invocation:
    """An invocation; `error` is the type of the error that it ended with, "" where it succeeded or was only accepted.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """

    request_id: str
    answer: bytes
    error: str = ""


def invoke(aws: Aws, function: str, payload: bytes, *, timeout: float, asynchronous: bool = False) -> Invocation:
    """Invoke a function by its name or ARN, once, and wait for its answer unless `asynchronous`."""
    client: LambdaClient = aws.client("lambda", once=timeout)
    with aws_call(INVOKE):
        answer = client.invoke(
            FunctionName=function, InvocationType="Event" if asynchronous else "RequestResponse", Payload=payload
        )
        content = answer["Payload"].read()
    error = _error_type(content) if answer.get("FunctionError") else ""
    return Invocation(answer["ResponseMetadata"].get("RequestId", ""), content, error)


def _error_type(content: bytes) -> str:
    """The type of a function's error. The rest of the answer may hold what the function was given."""
    error: object = None
    with suppress(ValueError, RecursionError):
        error = json.loads(content)
    if not isinstance(error, dict):
        return "an unhandled error"
    name = str(error.get("errorType", ""))
    if re.fullmatch(r"[\w.:$<>-]{1,100}", name):
        return name
    return "a timeout" if "Task timed out" in str(error.get("errorMessage")) else "an unhandled error"


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One line of a log, and the stream that it is in."""

    stream: str
    message: str


def log_events(aws: Aws, group: str, since: int, pattern: str = "", stream: str = "") -> tuple[LogEvent, ...]:
    """The events of a log group since a time, in milliseconds since 1970, oldest first; none without the group."""
    within = {"logStreamNames": [stream]} if stream else {}

    def read() -> tuple[LogEvent, ...]:
        request = {"logGroupName": group, "startTime": since, "filterPattern": pattern, **within}
        pages = aws.pages("logs", "FilterLogEvents", **request)
        return tuple(LogEvent(event["logStreamName"], event["message"]) for page in pages for event in page["events"])

    return _unless_not_found(FILTER_LOG_EVENTS, read, ())


def log_group(function: str) -> str:
    """The log group that Lambda writes to by default."""
    return f"/aws/lambda/{function}"


def latest_log_stream(aws: Aws, function: str) -> str | None:
    """The log stream with the newest event; None where the function has no log."""
    client: CloudWatchLogsClient = aws.client("logs")

    def read() -> str | None:
        group = log_group(function)
        answer = client.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True, limit=1)
        return next((stream["logStreamName"] for stream in answer["logStreams"]), None)

    return _unless_not_found(LIST_STREAMS, read, None)


def last_log_messages(aws: Aws, function: str, stream: str, limit: int) -> tuple[str, ...]:
    """The last messages of a log stream, oldest first."""
    client: CloudWatchLogsClient = aws.client("logs")
    with aws_call(GET_LOG_EVENTS):
        answer = client.get_log_events(
            logGroupName=log_group(function), logStreamName=stream, limit=limit, startFromHead=False
        )
    return tuple(event["message"] for event in answer["events"])


def _unless_not_found(permission: str, read: Callable[[], T], default: T) -> T:
    try:
        with aws_call(permission):
            return read()
    except AwsError as error:
        if error.code == "ResourceNotFoundException":
            return default
        raise
