"""Asking Lambda for the floor, which no API returns: by a request that it refuses, because the refusal names it.

A reservation of the account's whole limit leaves nothing unreserved, and is refused under every rule that was
ever observed. Were it accepted all the same, the old value is put back at once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tapctl.account.floor_cache import floor_in_error
from tapctl.account.live import LiveAccount
from tapctl.account.model import LearnedFloor, Stack
from tapctl.aws.session import error_message, explained
from tapctl.errors import AwsError, UsageError
from tapctl.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Probe:
    """The request: one function of the stack, what it has reserved now, and the account's limit."""

    function: str
    reserved: int | None
    limit: int


def prepare(reader: LiveAccount, stack_name: str) -> Probe:
    """What would be asked. Raises `UsageError` where there is no function to ask it for, or its value is not known."""
    limit, stack = reader.settings().concurrency.limit, reader.stack(stack_name)
    for read in (limit, stack):
        if isinstance(read, Unknown):
            raise UsageError(f"the floor cannot be probed: {read.reason}", read.resolution or None)
    functions = stack.functions.values() if isinstance(stack, Stack) else ()
    for each in functions:
        if not isinstance(each.reserved, Unknown) and isinstance(limit, int):
            return Probe(each.physical_id, each.reserved, limit)
    raise UsageError(
        f"the floor cannot be probed: stack {stack_name} has no function to ask it for",
        "name a stack that has one with `--stack-name`",
    )


def run(reader: LiveAccount, probe: Probe) -> LearnedFloor:
    """Ask. Raises `AwsError` when the answer names no floor."""
    from botocore.exceptions import ClientError

    client = reader.aws.client("lambda")
    with explained(f"asking Lambda to reserve {probe.limit} for {probe.function}"):
        try:
            client.put_function_concurrency(FunctionName=probe.function, ReservedConcurrentExecutions=probe.limit)
        except ClientError as error:
            minimum = floor_in_error(error_message(error))
            if minimum is None:
                raise
            today = datetime.now(UTC).strftime("%Y-%m-%d")
            return LearnedFloor(minimum, probe.limit, today, f"a probe of function {probe.function}")
    _put_back(client, probe)
    raise AwsError(
        f"Lambda reserved all {probe.limit} for {probe.function}, which no known rule allows; the old value is back",
        "`--min-unreserved N` if you know the minimum",
    )


def _put_back(client: Any, probe: Probe) -> None:
    by_hand = (
        f"`aws lambda delete-function-concurrency --function-name {probe.function}`"
        if probe.reserved is None
        else f"`aws lambda put-function-concurrency --function-name {probe.function}"
        f" --reserved-concurrent-executions {probe.reserved}`"
    )
    try:
        with explained(f"putting the reservation of {probe.function} back"):
            if probe.reserved is None:
                client.delete_function_concurrency(FunctionName=probe.function)
            else:
                client.put_function_concurrency(
                    FunctionName=probe.function, ReservedConcurrentExecutions=probe.reserved
                )
    except AwsError as error:
        raise AwsError(
            f"{probe.function} still reserves {probe.limit}, all there is: {error.message}", by_hand
        ) from None
