"""Quotas: applied and default values, what CloudWatch says is used of them, and requests for an increase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import TYPE_CHECKING, Any

from tapctl.aws.errors import aws_call
from tapctl.errors import AwsError
from tapctl.limits.row import METRIC_ACTION, Metric

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_service_quotas.type_defs import RequestedServiceQuotaChangeTypeDef

    from tapctl.aws.session import Aws

GET_APPLIED = "servicequotas:GetServiceQuota"
LIST_APPLIED = "servicequotas:ListServiceQuotas"
LIST_DEFAULTS = "servicequotas:ListAWSDefaultServiceQuotas"
GET_DEFAULT = "servicequotas:GetAWSDefaultServiceQuota"
LIST_REQUESTS = "servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota"

GLOBAL_REGION = "us-east-1"
"""Where Service Quotas has the quotas that are one for all Regions."""

OPEN = ("PENDING", "CASE_OPENED")
"""The statuses of a request that AWS has not decided yet."""

APPROVED = "APPROVED"
"""The status of a request whose value is in force, or soon will be."""


METRIC_QUERIES = 500
"""Of one request: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html"""

METRIC_AGE = timedelta(minutes=15)
"""AWS/Usage has a value every five minutes, and none where nothing is in use."""


@dataclass(frozen=True, slots=True)
class QuotaRequest:
    """A request for a higher quota and the day of it."""

    id: str
    value: int
    status: str
    day: str


def applied_quota(aws: Aws, service: str, code: str, *, is_global: bool = False) -> int | float | None:
    """The account's applied value; None where Service Quotas knows only a default."""
    try:
        with aws_call(GET_APPLIED):
            answer = _client(aws, is_global=is_global).get_service_quota(ServiceCode=service, QuotaCode=code)
            return _number(answer["Quota"]["Value"])
    except AwsError as error:
        if error.code == "NoSuchResourceException":
            return None
        raise


def default_quota(aws: Aws, service: str, code: str, *, is_global: bool = False) -> int | float | None:
    """AWS's default value; None where Service Quotas does not know the code, which may be retired."""
    try:
        with aws_call(GET_DEFAULT):
            client = _client(aws, is_global=is_global)
            answer = client.get_aws_default_service_quota(ServiceCode=service, QuotaCode=code)
            return _number(answer["Quota"]["Value"])
    except AwsError as error:
        if error.code == "NoSuchResourceException":
            return None
        raise


def applied_quotas(aws: Aws, service: str, *, is_global: bool = False) -> dict[str, int | float]:
    """The account's applied values of a service by their codes; a quota with a default alone is left out."""
    paginator = _client(aws, is_global=is_global).get_paginator("list_service_quotas")
    with aws_call(LIST_APPLIED):
        pages = paginator.paginate(ServiceCode=service)
        return {quota["QuotaCode"]: _number(quota["Value"]) for page in pages for quota in page["Quotas"]}


def default_quotas(aws: Aws, service: str, *, is_global: bool = False) -> dict[str, int | float]:
    """AWS's default values of a service by their codes."""
    paginator = _client(aws, is_global=is_global).get_paginator("list_aws_default_service_quotas")
    with aws_call(LIST_DEFAULTS):
        pages = paginator.paginate(ServiceCode=service)
        return {quota["QuotaCode"]: _number(quota["Value"]) for page in pages for quota in page["Quotas"]}


def _number(value: float) -> int | float:
    """The value, whole where it is. Raises `ValueError` for what no number can be compared with."""
    if not isfinite(value):
        raise ValueError(value)
    return int(value) if float(value).is_integer() else value


def open_requests(aws: Aws, service: str, code: str, *, is_global: bool = False) -> tuple[QuotaRequest, ...]:
    """The requests for an increase that AWS has not decided yet."""
    found = requests(aws, service, code, is_global=is_global)
    return tuple(request for request in found if request.status in OPEN)


def requests(aws: Aws, service: str, code: str, *, is_global: bool = False) -> tuple[QuotaRequest, ...]:
    """The requests for an increase of the last 90 days."""
    paginator = _client(aws, is_global=is_global).get_paginator("list_requested_service_quota_change_history_by_quota")
    with aws_call(LIST_REQUESTS):
        pages = list(paginator.paginate(ServiceCode=service, QuotaCode=code))
        return tuple(_request(change) for page in pages for change in page["RequestedQuotas"])


def request_increase(aws: Aws, service: str, code: str, value: int, *, is_global: bool = False) -> QuotaRequest:
    """Request a higher quota."""
    with aws_call(f"requesting {value} for quota {service}/{code}"):
        answer = _client(aws, is_global=is_global).request_service_quota_increase(
            ServiceCode=service, QuotaCode=code, DesiredValue=float(value)
        )
    return _request(answer["RequestedQuota"])


def _request(change: RequestedServiceQuotaChangeTypeDef) -> QuotaRequest:
    value, day = int(change.get("DesiredValue", 0)), str(change.get("Created", ""))[:10]
    return QuotaRequest(change.get("Id", ""), value, change["Status"], day)


def _client(aws: Aws, *, is_global: bool) -> ServiceQuotasClient:
    client: ServiceQuotasClient = aws.client("service-quotas", GLOBAL_REGION if is_global else None)
    return client


def measured(aws: Aws, metrics: Sequence[Metric]) -> dict[Metric, int | float]:
    """The newest value of each metric, 0 where there is none."""
    now, values = datetime.now(UTC), dict[Metric, int | float](dict.fromkeys(metrics, 0))
    for start in range(0, len(metrics), METRIC_QUERIES):
        batch = metrics[start : start + METRIC_QUERIES]
        queries = [_usage_query(f"m{index}", metric) for index, metric in enumerate(batch)]
        for result in _metric_data(aws, queries, now - METRIC_AGE, now):
            if result["Values"]:
                values[batch[int(result["Id"][1:])]] = _number(result["Values"][0])
    return values


def claimed_peak(aws: Aws, days: int) -> int | None:
    """The most that Lambda's ClaimedAccountConcurrency was in these days; None without a value."""
    now = datetime.now(UTC)
    query = _query("m0", 3600, Namespace="AWS/Lambda", MetricName="ClaimedAccountConcurrency")
    results = _metric_data(aws, [query], now - timedelta(days=days), now)
    return max((int(value) for result in results for value in result["Values"]), default=None)


def _metric_data(aws: Aws, queries: list[dict[str, Any]], start: datetime, end: datetime) -> list[dict[str, Any]]:
    """The result of each query, the newest value first."""
    newest_first = {"StartTime": start, "EndTime": end, "ScanBy": "TimestampDescending"}
    with aws_call(METRIC_ACTION):
        pages = aws.pages("cloudwatch", "GetMetricData", MetricDataQueries=queries, **newest_first)
        return [result for page in pages for result in page["MetricDataResults"]]


def _usage_query(id_: str, metric: Metric) -> dict[str, Any]:
    if metric.percentage:
        return _query(id_, 300, Namespace=f"AWS/{metric.service}", MetricName=metric.percentage)
    dimensions = {"Service": metric.service, "Type": "Resource", "Resource": metric.resource, "Class": metric.class_}
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    return _query(id_, 300, Namespace="AWS/Usage", MetricName="ResourceCount", Dimensions=named)


def _query(id_: str, period: int, **metric: Any) -> dict[str, Any]:
    """The highest value of each period of seconds."""
    return {"Id": id_, "MetricStat": {"Metric": metric, "Period": period, "Stat": "Maximum"}}
