"""Applied values and usage of limits, read as the rows of the catalogue say.

The pages of a listing are folded one by one, so that a long one takes no more memory than a short one, and no
operation is called twice with the same parameters. Several quotas of one service are listed together.

`StartQuotaUtilizationReport` is no source: it gives a rounded share instead of a usage, for quotas that AWS names
nowhere: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetQuotaUtilizationReport.html
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from typing import Any, ClassVar, TypeVar

from tapctl.account.model import NOT_LISTED, PEAK_DAYS, SANDBOX_HAS_NONE, Quota, QuotaSource, Usage
from tapctl.aws import quotas
from tapctl.aws.errors import INVALID_KEYS, read_or_unknown
from tapctl.aws.lookups import account_id
from tapctl.aws.session import Aws
from tapctl.errors import AwsError, NoCredentials
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.limits.row import ACCOUNT_ID, METRIC_ACTION, Call, Limit, Metric, Number, ValueKind
from tapctl.unknown import Unknown

T = TypeVar("T")


@dataclass(slots=True)
class _Fold:
    """The values at one path of an answer, combined page by page."""

    call: Call
    number: Number | None = None
    tally: dict[str, Number] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)

    def add(self, page: Mapping[str, Any]) -> None:
        import jmespath

        found = jmespath.search(self.call.path, page)
        if found is None:
            return
        match self.call.reading:
            case ValueKind.TALLY:
                self._tally((name, 1) for name in found if name)
            case ValueKind.PAIRS:
                self._tally((name, count) for name, count in found if name)
            case ValueKind.GROUPS:
                self.groups.update((name, group) for name, group in found)
            case ValueKind.SUM if (known := [value for value in found if value is not None]) or not found:
                self.number = (self.number or 0) + sum(known) * self.call.units
            case ValueKind.NUMBER if isinstance(found, list):
                self.number = (self.number or 0) + len(found) * self.call.units
            case ValueKind.NUMBER:
                self.number = self.number or int(found)

    def _tally(self, pairs: Iterator[tuple[str, Number]]) -> None:
        for name, count in pairs:
            self.tally[name] = self.tally.get(name, 0) + count

    def result(self) -> Any:
        if self.call.reading in (ValueKind.TALLY, ValueKind.PAIRS):
            return self.tally
        if self.call.reading is ValueKind.GROUPS:
            return self.groups
        return (
            Unknown(f"{self.call.permission} did not return {self.call.path}") if self.number is None else self.number
        )


@dataclass(slots=True)
class _Answer:
    """The answer of one operation: the result of each path, and the page itself if it was the only one."""

    results: dict[tuple[str, ValueKind], Any]
    only_page: Mapping[str, Any] | None


@dataclass(slots=True)
class Rate:
    """The budget of one service's requests: `BURST` at once, then `PER_SECOND`.

    The slowest lists allow ten a second, such as that of log groups; each client retries what is throttled beside it:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
    """

    PER_SECOND: ClassVar = 10
    BURST: ClassVar = 30

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _free: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> None:
        """Wait until the budget allows a request."""
        with self._lock:
            now = self.clock()
            self._free = max(self._free, now - self.BURST / self.PER_SECOND) + 1 / self.PER_SECOND
            pause = self._free - now
        if pause > 0:
            self.sleep(pause)


PROGRESS_AFTER = 1.0
"""Seconds after which it is named what is being read."""

SILENT = "does not answer"

NEEDED = ("lambda",)
"""The services without whose answer there is no verdict."""


@dataclass(slots=True)
class LimitReads:
    """Reads the limits of one account and Region in parallel."""

    aws: Aws
    pool: ThreadPoolExecutor
    new_rate: Callable[[], Rate] = Rate
    _answers: dict[str, Future[Any]] = field(default_factory=dict)
    _rates: dict[str, Rate] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def quotas(self, limits: Sequence[Limit]) -> Mapping[str, Quota]:
        """Applied value and usage of each limit, by its key."""
        read = [limit for limit in limits if not self._skips(limit)]
        self._start([call for limit in read for call in _calls(limit)])
        metrics = tuple(dict.fromkeys(limit.usage for limit in read if isinstance(limit.usage, Metric)))
        measured = None
        if metrics:
            measure = partial(quotas.measured, self.aws, metrics)
            measured = self.once(f"metrics {metrics}", METRIC_ACTION, measure, service="cloudwatch")
        self._list(read)
        values = {limit.key: self.pool.submit(self.applied, limit) for limit in limits}
        self._announce(read, [*list(self._answers.values()), *values.values()])
        return {limit.key: self._quota(limit, values[limit.key].result(), measured) for limit in limits}

    def _announce(self, limits: Sequence[Limit], running: Iterable[Future[Any]]) -> None:
        """Announce a read that takes long, unless it has already failed."""
        if not limits or self.aws.progress is None:
            return
        done, others = wait(running, PROGRESS_AFTER)
        if others and not any(future.exception() for future in done):
            services = ", ".join(sorted({limit.service for limit in limits}))
            self.aws.progress(f"reading {len(limits)} limit{'s' if len(limits) > 1 else ''} of {services}")

    def number(self, call: Call) -> int | Unknown:
        """The number at the path of a call, or the length of the list there, over all pages."""
        found = self._result(call)
        return found if isinstance(found, Unknown) else int(found)

    def once(
        self, key: str, permission: str, read: Callable[[], T], *, service: str = "", region: str = ""
    ) -> Future[T | Unknown]:
        """The result of a read that runs once for each key; with a service, Unknown where that does not answer."""
        with self._lock:
            if key not in self._answers:
                self._answers[key] = self.pool.submit(self._tolerant, permission, read, service, region)
            return self._answers[key]

    def _tolerant(self, permission: str, read: Callable[[], T], service: str, region: str) -> T | Unknown:
        """The result. Raises `AwsError` where the credentials are at fault, or a service that a verdict needs."""
        try:
            return read_or_unknown(permission, read)
        except NoCredentials:
            raise
        except AwsError as error:
            rejected = error.code in INVALID_KEYS.codes
            if (error.code and not rejected) or not service or service in NEEDED:
                raise
            where = region or self.aws.region
            if not self.aws.offers(service, where):
                hint = advise(JudgementAdvice.CHOOSE_REGION_WITH_SERVICE)
                return Unknown(f"{permission}: {service} is not in {where}", hint)
            problem = "does not accept the credentials; the account may not have enabled it" if rejected else SILENT
            return Unknown(f"{permission}: {service} in {where} {problem}", error.hint)

    def _rate(self, service: str) -> Rate:
        with self._lock:
            return self._rates.setdefault(service, self.new_rate())

    def _skips(self, limit: Limit) -> bool:
        """Whether the sandbox lacks the limit: it enforces those of Lambda alone, and has no Service Quotas."""
        return self.aws.target.is_sandbox and (limit.service != "lambda" or (limit.has_code and limit.quota is None))

    def _quota(self, limit: Limit, applied: tuple[Number | Unknown, QuotaSource], metrics: Future[Any] | None) -> Quota:
        value, source = applied
        if self._skips(limit):
            return Quota(SANDBOX_HAS_NONE, SANDBOX_HAS_NONE)
        match limit.usage:
            case None:
                return Quota(value, NOT_LISTED if limit.names_parents else 0, source)
            case Metric():
                found = metrics.result() if metrics else {}
                usage = found if isinstance(found, Unknown) else found.get(limit.usage, 0)
                if limit.usage.percentage and not isinstance(usage, Unknown):
                    usage = value if isinstance(value, Unknown) else ceil(value * usage / 100)
                return Quota(value, usage, source)
            case Call():
                return Quota(value, self._grouped(limit.usage), source)

    def applied(self, limit: Limit) -> tuple[Number | Unknown, QuotaSource]:
        """The applied quota: by the service itself, by Service Quotas, else AWS's default, else the documented one."""
        if self._skips(limit):
            return SANDBOX_HAS_NONE, QuotaSource.APPLIED
        if limit.quota:
            return self.number(limit.quota), QuotaSource.APPLIED
        if not limit.has_code:
            unknown = Unknown("its quota is not published")
            return unknown if limit.default is None else limit.default, QuotaSource.DOCUMENTED
        listed = self._answers.get(_list_key(limit))
        values = listed.result() if listed else Unknown("not listed")
        if isinstance(values, Unknown):
            return self._by_itself(limit)
        return values.get(limit.code) or _not_known(limit)

    def _by_itself(self, limit: Limit) -> tuple[Number | Unknown, QuotaSource]:
        region = quotas.GLOBAL_REGION if limit.is_global else ""
        for action, read, source in (
            (quotas.GET_APPLIED, quotas.applied_quota, QuotaSource.APPLIED),
            (quotas.GET_DEFAULT, quotas.default_quota, QuotaSource.AWS_DEFAULT),
        ):
            self._rate("service-quotas").take()
            asked = partial(read, self.aws, limit.service, limit.code, is_global=limit.is_global)
            value = self._tolerant(action, asked, "service-quotas", region)
            if value is not None:
                return value, QuotaSource.APPLIED if isinstance(value, Unknown) else source
        return _not_known(limit)

    def _list(self, limits: Iterable[Limit]) -> None:
        """Begin to list the quotas of services that have several of the wanted limits."""
        wanted: dict[str, list[Limit]] = {}
        for limit in limits:
            if limit.quota is None and limit.has_code:
                wanted.setdefault(_list_key(limit), []).append(limit)
        for key, group in wanted.items():
            if len(group) > 1:
                region = quotas.GLOBAL_REGION if group[0].is_global else ""
                read = partial(self._listed_quotas, group)
                self.once(key, quotas.LIST_APPLIED, read, service="service-quotas", region=region)

    def _listed_quotas(self, limits: Sequence[Limit]) -> dict[str, tuple[Number, QuotaSource]]:
        """The values of one service's quotas by their codes; AWS's defaults where one is not applied."""
        service, is_global = limits[0].service, limits[0].is_global
        self._rate("service-quotas").take()
        applied = quotas.applied_quotas(self.aws, service, is_global=is_global)
        missing = any(limit.code not in applied for limit in limits)
        defaults = quotas.default_quotas(self.aws, service, is_global=is_global) if missing else {}
        return {code: (value, QuotaSource.AWS_DEFAULT) for code, value in defaults.items()} | {
            code: (value, QuotaSource.APPLIED) for code, value in applied.items()
        }

    def claimed_peak(self) -> int | Unknown:
        """The most concurrency that the account claimed in the last `PEAK_DAYS`: reservations and what ran beside."""
        if self.aws.target.is_sandbox:
            return SANDBOX_HAS_NONE
        read = partial(quotas.claimed_peak, self.aws, PEAK_DAYS)
        peak = self.once("claimed", METRIC_ACTION, read, service="cloudwatch").result()
        return Unknown("ClaimedAccountConcurrency has no values", judged=False) if peak is None else peak

    def _grouped(self, call: Call) -> Usage:
        """The usage by a call, of parents by the group that each belongs to, or by a call for each parent."""
        if call.parent and not call.parents:
            return NOT_LISTED
        if call.parent:
            numbers = {name: self.number(own) for name, own in call.by_parent.items()}
            denied = next((number for number in numbers.values() if isinstance(number, Unknown)), None)
            return denied or {name: number for name, number in numbers.items() if not isinstance(number, Unknown)}
        usage: Usage = self._result(call)
        if call.groups is None or not isinstance(usage, Mapping):
            return usage
        pairs = self._result(call.groups)
        if isinstance(pairs, Unknown):
            return pairs
        groups: dict[str, Number] = defaultdict(int)
        for name, count in usage.items():
            groups[pairs.get(name, name)] += count
        return dict(groups)

    def _start(self, calls: Sequence[Call]) -> None:
        """Begin every operation, each with all of the paths that are wanted of it."""
        operations: dict[str, list[Call]] = {}
        for call in calls:
            operations.setdefault(_operation(call), []).append(call)
        for same in operations.values():
            self._read(same)

    def _read(self, calls: Sequence[Call]) -> Future[_Answer | Unknown]:
        first = calls[0]
        read = partial(self._folded, calls)
        return self.once(_operation(first), first.permission, read, service=first.service, region=first.region)

    def _folded(self, calls: Sequence[Call]) -> _Answer:
        folds = {(call.path, call.reading): _Fold(call) for call in calls}
        first, count, rate = calls[0], 0, self._rate(calls[0].service)
        page: Mapping[str, Any] | None = None
        parameters = {
            name: account_id(self.aws) if value == ACCOUNT_ID else value for name, value in first.parameters.items()
        }
        rate.take()
        for page in self.aws.each_page(
            first.service, first.operation, region=first.region or None, token=first.token, **parameters
        ):
            count += 1
            for fold in folds.values():
                fold.add(page)
            rate.take()  # of the next page, should there be one
        return _Answer({key: fold.result() for key, fold in folds.items()}, page if count == 1 else None)

    def _result(self, call: Call) -> Any:
        answer = self._read([call]).result()
        if isinstance(answer, Unknown):
            return answer
        key = (call.path, call.reading)
        if key not in answer.results and answer.only_page is not None:
            fold = _Fold(call)
            fold.add(answer.only_page)
            answer.results[key] = fold.result()
        return answer.results.get(key, Unknown(f"{call.permission} was not read for {call.path}"))


def _list_key(limit: Limit) -> str:
    return f"{quotas.LIST_APPLIED} {limit.service} {limit.is_global}"


def _not_known(limit: Limit) -> tuple[Number | Unknown, QuotaSource]:
    """The documented default of a code that Service Quotas does not know in this Region, or not any more."""
    unknown = Unknown(f"Service Quotas does not know {limit.key} in this Region; it may be retired")
    return unknown if limit.default is None else limit.default, QuotaSource.DOCUMENTED


def _calls(limit: Limit) -> Iterator[Call]:
    for call in (limit.usage, limit.quota):
        if isinstance(call, Call):
            yield from call.by_parent.values() if call.parent else (call,)
            if call.groups:
                yield call.groups


def _operation(call: Call) -> str:
    return f"{call.region} {call.service}:{call.operation} {dict(call.parameters)}"
