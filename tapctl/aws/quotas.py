"""Service Quotas: applied and default values, and requests for an increase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tapctl.aws.errors import aws_call
from tapctl.errors import AwsError

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_service_quotas.type_defs import RequestedServiceQuotaChangeTypeDef

    from tapctl.aws.session import Aws

GET_APPLIED = "servicequotas:GetServiceQuota"
GET_DEFAULT = "servicequotas:GetAWSDefaultServiceQuota"
LIST_REQUESTS = "servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota"

GLOBAL_REGION = "us-east-1"
"""Where Service Quotas has the quotas that are one for all Regions."""

_OPEN = ("PENDING", "CASE_OPENED")
"""The statuses of a request that AWS has not decided yet."""


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


def _number(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value


def open_requests(aws: Aws, service: str, code: str, *, is_global: bool = False) -> tuple[QuotaRequest, ...]:
    """The requests for an increase that AWS has not decided yet."""
    paginator = _client(aws, is_global=is_global).get_paginator("list_requested_service_quota_change_history_by_quota")
    with aws_call(LIST_REQUESTS):
        pages = list(paginator.paginate(ServiceCode=service, QuotaCode=code))
    changes = (change for page in pages for change in page["RequestedQuotas"])
    return tuple(_request(change) for change in changes if change["Status"] in _OPEN)


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
