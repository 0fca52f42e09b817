"""Applied values and usage of limits, read as the rows of the catalogue say.

The pages of a listing are folded one by one, so that a long one takes no more memory than a short one, and no
operation is called twice with the same parameters.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, TypeVar

from tapctl.account.model import Quota, Source, Usage
from tapctl.aws import quotas
from tapctl.aws.errors import read_or_unknown
from tapctl.aws.lookups import account_id
from tapctl.aws.session import Aws
from tapctl.limits.row import ACCOUNT_ID, METRIC_ACTION, Call, Limit, Metric, Number, Reading
from tapctl.unknown import Unknown

T = TypeVar("T")

SANDBOX_HAS_NONE = Unknown("the sandbox has no such limit", judged=False)

METRIC_QUERIES = 500
"""Of one request: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html"""

METRIC_AGE = timedelta(minutes=15)
"""AWS/Usage has a value every five minutes, and none where nothing is in use."""


@dataclass(slots=True)
class _Fold:
    """The values at one path of an answer, added up page by page."""

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
            case Reading.TALLY:
                self._tally((name, 1) for name in found if name)
            case Reading.PAIRS:
                self._tally((name, count) for name, count in found if name)
            case Reading.GROUPS:
                self.groups.update((name, group) for name, group in found)
            case Reading.SUM:
                self.number = (self.number or 0) + sum(value or 0 for value in found) * self.call.units
            case Reading.NUMBER if isinstance(found, list):
                self.number = (self.number or 0) + len(found)
            case Reading.NUMBER:
                self.number = self.number or int(found)

    def _tally(self, pairs: Iterator[tuple[str, Number]]) -> None:
        for name, count in pairs:
            self.tally[name] = self.tally.get(name, 0) + count

    def result(self) -> Any:
        if self.call.reading in (Reading.TALLY, Reading.PAIRS):
            return self.tally
        if self.call.reading is Reading.GROUPS:
            return self.groups
        return (
            Unknown(f"{self.call.permission} did not return {self.call.path}") if self.number is None else self.number
        )


@dataclass(slots=True)
class _Answer:
    """What was read of one operation: the result of each path, and the page itself where it was the only one."""

    results: dict[tuple[str, Reading], Any]
    only_page: Mapping[str, Any] | None


@dataclass(slots=True)
class LimitReads:
    """Reads the limits of one account and Region in parallel."""

    aws: Aws
    pool: ThreadPoolExecutor
    _answers: dict[str, Future[Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def quotas(self, limits: Sequence[Limit]) -> Mapping[str, Quota]:
        """Applied value and usage of each limit, by its key."""
        read = [limit for limit in limits if not self._skips(limit)]
        self._start([call for limit in read for call in _calls(limit)])
        metrics = tuple(dict.fromkeys(limit.usage for limit in read if isinstance(limit.usage, Metric)))
        measured = self.once(f"metrics {metrics}", METRIC_ACTION, lambda: self._measure(metrics)) if metrics else None
        values = {limit.key: self.pool.submit(self._applied, limit) for limit in limits}
        return {limit.key: self._quota(limit, values[limit.key].result(), measured) for limit in limits}

    def number(self, call: Call) -> int | Unknown:
        """The number at the path of a call, or the length of the list there, over all pages."""
        found = self._result(call)
        return found if isinstance(found, Unknown) else int(found)

    def once(self, key: str, permission: str, read: Callable[[], T]) -> Future[T | Unknown]:
        """The result of a read that runs once for each key."""
        with self._lock:
            if key not in self._answers:
                self._answers[key] = self.pool.submit(read_or_unknown, permission, read)
            return self._answers[key]

    def _skips(self, limit: Limit) -> bool:
        """Whether the sandbox lacks the limit: it enforces those of Lambda alone, and has no Service Quotas."""
        return self.aws.target.is_sandbox and (limit.service != "lambda" or (limit.has_code and limit.quota is None))

    def _quota(self, limit: Limit, applied: tuple[Number | Unknown, Source], measured: Future[Any] | None) -> Quota:
        value, source = applied
        if self._skips(limit):
            return Quota(SANDBOX_HAS_NONE, SANDBOX_HAS_NONE)
        match limit.usage:
            case None:
                return Quota(value, 0, source)
            case Metric():
                found = measured.result() if measured else {}
                usage = found if isinstance(found, Unknown) else found.get(limit.usage, 0)
                if limit.usage.percentage and not isinstance(usage, Unknown):
                    usage = value if isinstance(value, Unknown) else ceil(value * usage / 100)
                return Quota(value, usage, source)
            case Call():
                return Quota(value, self._grouped(limit.usage), source)

    def _applied(self, limit: Limit) -> tuple[Number | Unknown, Source]:
        """The applied quota: by the service itself, by Service Quotas, else AWS's default, else the documented one."""
        if self._skips(limit):
            return SANDBOX_HAS_NONE, Source.APPLIED
        if limit.quota:
            return self.number(limit.quota), Source.APPLIED
        if not limit.has_code:
            unknown = Unknown("its quota is not published")
            return unknown if limit.default is None else limit.default, Source.DOCUMENTED
        where = (self.aws, limit.service, limit.code)
        applied = read_or_unknown(quotas.GET_APPLIED, lambda: quotas.applied_quota(*where, is_global=limit.is_global))
        if applied is not None:
            return applied, Source.APPLIED
        default = read_or_unknown(quotas.GET_DEFAULT, lambda: quotas.default_quota(*where, is_global=limit.is_global))
        if default is None:  # a code that Service Quotas does not know in this Region
            return Unknown(
                "Service Quotas does not know it"
            ) if limit.default is None else limit.default, Source.DOCUMENTED
        return default, Source.APPLIED if isinstance(default, Unknown) else Source.AWS_DEFAULT

    def _grouped(self, call: Call) -> Usage:
        """The usage by a call, of parents by the group that each belongs to, or by a call for each parent."""
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
        return self.once(_operation(calls[0]), calls[0].permission, lambda: self._folded(calls))

    def _folded(self, calls: Sequence[Call]) -> _Answer:
        folds = {(call.path, call.reading): _Fold(call) for call in calls}
        first, count = calls[0], 0
        page: Mapping[str, Any] | None = None
        parameters = {
            name: account_id(self.aws) if value == ACCOUNT_ID else value for name, value in first.parameters.items()
        }
        for page in self.aws.each_page(
            first.service, first.operation, region=first.region or None, token=first.token, **parameters
        ):
            count += 1
            for fold in folds.values():
                fold.add(page)
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

    def _measure(self, metrics: Sequence[Metric]) -> dict[Metric, float]:
        """The newest value of each metric, 0 where there is none."""
        now, values = datetime.now(UTC), dict.fromkeys(metrics, 0.0)
        for start in range(0, len(metrics), METRIC_QUERIES):
            batch = metrics[start : start + METRIC_QUERIES]
            for page in self.aws.each_page(
                "cloudwatch",
                "GetMetricData",
                MetricDataQueries=[_query(f"m{index}", metric) for index, metric in enumerate(batch)],
                StartTime=now - METRIC_AGE,
                EndTime=now,
                ScanBy="TimestampDescending",
            ):
                for result in page["MetricDataResults"]:
                    if result["Values"]:
                        values[batch[int(result["Id"][1:])]] = result["Values"][0]
        return values


def _calls(limit: Limit) -> Iterator[Call]:
    for call in (limit.usage, limit.quota):
        if isinstance(call, Call):
            yield from call.by_parent.values() if call.parent else (call,)
            if call.groups:
                yield call.groups


def _operation(call: Call) -> str:
    return f"{call.region} {call.service}:{call.operation} {dict(call.parameters)}"


def _query(id_: str, metric: Metric) -> dict[str, Any]:
    named: dict[str, Any] = {"Namespace": f"AWS/{metric.service}", "MetricName": metric.percentage}
    if not metric.percentage:
        dimensions = {
            "Service": metric.service,
            "Type": "Resource",
            "Resource": metric.resource,
            "Class": metric.class_,
        }
        pairs = [{"Name": name, "Value": value} for name, value in dimensions.items()]
        named = {"Namespace": "AWS/Usage", "MetricName": "ResourceCount", "Dimensions": pairs}
    return {"Id": id_, "MetricStat": {"Metric": named, "Period": 300, "Stat": "Maximum"}}
