"""Requesting a higher quota of concurrent executions.

Service Quotas accepts no value at or below the applied one, and none below its default of 1000, even in an account
that has less: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_RequestServiceQuotaIncrease.html
"""

from tapctl.account.live import LiveAccount
from tapctl.aws import quotas
from tapctl.errors import BusyError, UsageError
from tapctl.hints import Advice, advise
from tapctl.limits import CONCURRENCY
from tapctl.unknown import Unknown

DEFAULT = 1000
"""AWS's default, also for accounts whose applied value is lower."""

MAXIMUM = 10_000_000_000
"""The largest value that the API accepts."""


def check(reader: LiveAccount, value: int) -> None:
    """Raises `UsageError` for a value that Service Quotas refuses, `BusyError` while a request is pending."""
    if reader.aws.target.is_sandbox:
        raise UsageError("the sandbox has no Service Quotas", advise(Advice.START_SANDBOX_WITH_LIMIT, value))
    limit, least = reader.settings().concurrency.limit, DEFAULT
    if isinstance(limit, int):
        least = max(least, limit + 1)
    if value < least:
        raise _refused(value, f"request {max(DEFAULT + 1, least)} or more; for less, open a case with AWS Support")
    if value > MAXIMUM:
        raise _refused(value, f"request {MAXIMUM} or less")
    pending = reader.pending_increases(CONCURRENCY)
    if not isinstance(pending, Unknown) and pending:
        raise BusyError(
            f"an increase to {pending[0].value} was requested on {pending[0].requested_on} and is pending",
            advise(Advice.LIST_INCREASES),
        )


def _refused(value: int, hint: str) -> UsageError:
    return UsageError(f"Service Quotas accepts no request for {value} concurrent executions", hint)


def request(reader: LiveAccount, value: int) -> str:
    """Request the increase; returns the id and the status of the request."""
    sent = quotas.request_increase(reader.aws, CONCURRENCY.service, CONCURRENCY.code, value)
    return f"{sent.id} is {sent.status}"
