"""Requests higher quotas, and waits until AWS grants them.

Service Quotas accepts no value at or below the applied one, and none below its default, even in an account that has
less; a second request for a quota is refused while one is open:
https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_RequestServiceQuotaIncrease.html
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tapctl.account.live import LiveAccount
from tapctl.account.usage import LimitReads
from tapctl.aws import quotas
from tapctl.aws.session import Aws
from tapctl.errors import AwsError, BusyError, UsageError
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.limits import CONCURRENCY, Limit
from tapctl.unknown import Unknown

MAXIMUM = 10_000_000_000
"""The largest value that the API accepts."""

POLL_SECONDS = 60.0
"""Between two looks at a quota; AWS decides within minutes at the earliest."""


@dataclass(frozen=True, slots=True)
class WantedQuota:
    """A limit and the value to request for it."""

    limit: Limit
    value: int

    @property
    def units(self) -> str:
        """The unit of the value, as a message names it."""
        return "concurrent executions" if self.limit == CONCURRENCY else self.limit.title

    def __str__(self) -> str:
        return f"{self.value} {self.units}"


def is_open(reader: LiveAccount, wanted: WantedQuota, *, waits: bool = False) -> bool:
    """Whether there is something to request: with `waits` a value that is granted or pending already needs no request.

    Raises `UsageError` for a value that Service Quotas refuses, `BusyError` while another request is pending.
    """
    limit, value = wanted.limit, wanted.value
    if reader.aws.target.is_sandbox:
        hint = advise(JudgementAdvice.START_SANDBOX_WITH_LIMIT, value) if limit == CONCURRENCY else None
        raise UsageError("the sandbox has no Service Quotas", hint)
    applied = reader.applied(limit)
    if waits and not isinstance(applied, Unknown) and applied >= value:
        return False
    default = int(limit.default or 0)
    least = default if isinstance(applied, Unknown) else max(default, int(applied) + 1)
    if value < least:
        raise _refusal(wanted, advise(JudgementAdvice.REQUEST_AT_LEAST, max(default + 1, least)))
    if value > MAXIMUM:
        raise _refusal(wanted, advise(JudgementAdvice.REQUEST_AT_MOST, MAXIMUM))
    pending = reader.pending_increases(limit)
    if isinstance(pending, Unknown) or not pending:
        return True
    if waits and pending[0].value >= value:
        return False
    of = "" if limit == CONCURRENCY else f" of {wanted.units}"
    raise BusyError(
        f"an increase{of} to {pending[0].value} was requested on {pending[0].requested_on} and is pending",
        advise(JudgementAdvice.AWAIT_DECISION),
    )


def _refusal(wanted: WantedQuota, hint: Hint) -> UsageError:
    return UsageError(f"Service Quotas accepts no request for {wanted}", hint)


def request(reader: LiveAccount, wanted: WantedQuota) -> str:
    """Request the increase; returns the id and the status of the request."""
    limit = wanted.limit
    sent = quotas.request_increase(reader.aws, limit.service, limit.code, wanted.value, is_global=limit.is_global)
    return f"{sent.id} is {sent.status}"


def wait(
    aws: Aws,
    wanted: Sequence[WantedQuota],
    timeout: float,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return once every value is in force.

    Raises `BusyError` after `timeout` seconds, `AwsError` where AWS has decided otherwise or a value cannot be read.
    """
    left, waited = list(wanted), 0.0
    while True:
        with ThreadPoolExecutor(1) as pool:
            reads = LimitReads(aws, pool)  # others have what they have read already
            left = [increase for increase in left if not _is_granted(reads, increase)]
        if not left:
            return
        if waited >= timeout:
            names = ", ".join(map(str, left))
            raise BusyError(
                f"AWS has not granted {names} after {timeout:.0f} s", advise(JudgementAdvice.AWAIT_DECISION)
            )
        pause = min(POLL_SECONDS, timeout - waited)
        sleep(pause)
        waited += pause


def _is_granted(reads: LimitReads, wanted: WantedQuota) -> bool:
    limit = wanted.limit
    applied, _ = reads.applied(limit)
    if isinstance(applied, Unknown):
        raise AwsError(f"cannot see whether AWS grants {wanted}: {applied.reason}", applied.resolution)
    if applied >= wanted.value:
        return True
    requests = quotas.requests(reads.aws, limit.service, limit.code, is_global=limit.is_global)
    statuses = {request.status for request in requests if request.value >= wanted.value}
    if not statuses & {*quotas.OPEN, quotas.APPROVED}:
        decided = ", ".join(sorted(statuses)) or "not requested"
        raise AwsError(f"AWS does not grant {wanted}: the increase is {decided}", advise(JudgementAdvice.ASK_SUPPORT))
    return False
