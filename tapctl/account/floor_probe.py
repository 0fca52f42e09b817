"""Finds the floor, which no API returns, by a request that Lambda refuses: its error names the floor.

A reservation of the account's whole limit leaves nothing unreserved, and every known rule refuses it. If Lambda
accepts it nevertheless, the old reservation is restored at once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from tapctl.account.floor_cache import floor_in_error
from tapctl.account.live import LiveAccount
from tapctl.account.model import LearnedFloor, Stack
from tapctl.aws.lambda_ import set_reserved_concurrency
from tapctl.errors import AwsError, UsageError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Probe:
    """The request: a function of the stack, its reservation now, and the account's concurrency limit."""

    function: str
    reserved: int | None
    limit: int


def prepare(reader: LiveAccount, stack_name: str) -> Probe:
    """Choose the function. Raises `UsageError` where the stack has none whose reservation is known."""
    limit, stack = reader.settings().concurrency.limit, reader.stack(stack_name)
    for value in (limit, stack):
        if isinstance(value, Unknown):
            raise UsageError(f"cannot determine the unreserved minimum: {value.reason}", value.resolution)
    functions = stack.functions.values() if isinstance(stack, Stack) else ()
    for function in functions:
        if not isinstance(function.reserved, Unknown) and isinstance(limit, int):
            return Probe(function.physical_id, function.reserved, limit)
    raise UsageError(
        f"cannot determine the unreserved minimum: stack {stack_name} has no function to probe with",
        advise(JudgementAdvice.NAME_STACK_WITH_FUNCTION),
    )


def send(reader: LiveAccount, probe: Probe) -> LearnedFloor:
    """The floor that Lambda's refusal names. Raises `AwsError` where it names none."""
    try:
        set_reserved_concurrency(reader.aws, probe.function, probe.limit)
    except AwsError as error:
        minimum = floor_in_error(error.aws_message)
        if minimum is None:
            raise
        today = datetime.now(UTC).strftime("%Y-%m-%d")
        return LearnedFloor(minimum, probe.limit, today, f"a probe of function {probe.function}")
    _restore(reader, probe)
    raise AwsError(
        f"Lambda reserved all {probe.limit} executions for {probe.function}, which no known rule allows;"
        " the old reservation is restored",
        advise(JudgementAdvice.PASS_MINIMUM),
    )


def _restore(reader: LiveAccount, probe: Probe) -> None:
    try:
        set_reserved_concurrency(reader.aws, probe.function, probe.reserved)
    except AwsError as error:
        raise AwsError(
            f"{probe.function} still reserves all {probe.limit} executions of the account: {error.message}",
            advise(JudgementAdvice.DELETE_RESERVATION, probe.function)
            if probe.reserved is None
            else advise(JudgementAdvice.PUT_RESERVATION, probe.function, probe.reserved),
            code=error.code,
            aws_message=error.aws_message,
        ) from None
