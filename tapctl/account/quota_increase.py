"""Asking AWS for a higher quota of concurrent executions.

Service Quotas takes nothing below its default of 1000, however small the applied value is, and nothing at or below
the applied value: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_RequestServiceQuotaIncrease.html
"""

from tapctl.account.live import LiveAccount
from tapctl.aws.session import explained
from tapctl.errors import BusyError, UsageError
from tapctl.limits import CONCURRENCY
from tapctl.unknown import Unknown

DEFAULT = 1000
"""What AWS takes for the default, also of accounts that have less."""

MOST = 10_000_000_000
"""What its API takes as a value."""


def check(reader: LiveAccount, value: int) -> None:
    """Refuse what Service Quotas would refuse. Raises `UsageError`, or `BusyError` for what is asked for already."""
    if reader.aws.target.is_sandbox:
        raise UsageError("the sandbox has no Service Quotas", f"`tapctl sandbox start --limit {value}`")
    limit, least = reader.settings().concurrency.limit, DEFAULT
    if isinstance(limit, int):
        least = max(least, limit + 1)
    if value < least:
        raise _refusal(value, f"ask for {max(DEFAULT + 1, least)} or more; for less, AWS Support takes a case")
    if value > MOST:
        raise _refusal(value, f"ask for {MOST} or less")
    asked = reader.pending(CONCURRENCY)
    if not isinstance(asked, Unknown) and asked:
        raise BusyError(
            f"an increase to {asked[0].value} was asked for on {asked[0].asked} and is not decided yet",
            "wait for its decision; `aws service-quotas list-requested-service-quota-change-history` shows it",
        )


def _refusal(value: int, hint: str) -> UsageError:
    return UsageError(f"Service Quotas takes no request for {value} concurrent executions", hint)


def file(reader: LiveAccount, value: int) -> str:
    """Ask for it; the request's id and status."""
    with explained(f"asking for {value} concurrent executions"):
        answer = reader.aws.client("service-quotas").request_service_quota_increase(
            ServiceCode=CONCURRENCY.service, QuotaCode=CONCURRENCY.code, DesiredValue=float(value)
        )
    asked = answer["RequestedQuota"]
    return f"{asked['Id']} is {asked['Status']}"
