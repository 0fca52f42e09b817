"""Quotas and requests for an increase, as Service Quotas returns them."""

from datetime import UTC, datetime

import pytest
from botocore.exceptions import EndpointConnectionError

from tapctl.aws.quotas import QuotaRequest, applied_quota, default_quota, open_requests, request_increase
from tapctl.errors import AwsError
from tests.support.queued_answers import offline_aws, stubbed

QUOTA = ("lambda", "L-B99A9384")
CODE = {"ServiceCode": QUOTA[0], "QuotaCode": QUOTA[1]}


def test_the_applied_and_the_default_value() -> None:
    with stubbed("service-quotas") as (aws, stubs):
        stubs["service-quotas"].add_response("get_service_quota", {"Quota": {"Value": 1500.0}}, CODE)
        stubs["service-quotas"].add_response("get_aws_default_service_quota", {"Quota": {"Value": 1000.0}}, CODE)

        assert (applied_quota(aws, *QUOTA), default_quota(aws, *QUOTA)) == (1500, 1000)


def test_a_quota_may_have_no_applied_value() -> None:
    with stubbed("service-quotas") as (aws, stubs):
        stubs["service-quotas"].add_client_error("get_service_quota", "NoSuchResourceException", "none", 404)

        assert applied_quota(aws, *QUOTA) is None


def test_any_other_refusal_is_raised() -> None:
    with stubbed("service-quotas") as (aws, stubs):
        stubs["service-quotas"].add_client_error("get_service_quota", "AccessDeniedException", "no", 403)

        with pytest.raises(AwsError):
            applied_quota(aws, *QUOTA)


def test_requests_that_aws_has_decided_are_left_out() -> None:
    entries = [
        {"Id": status, "DesiredValue": 2000.0, "Status": status, "Created": datetime(2026, 5, 6, tzinfo=UTC)}
        for status in ("PENDING", "APPROVED", "CASE_OPENED", "DENIED", "CASE_CLOSED")
    ]
    operation = "list_requested_service_quota_change_history_by_quota"
    with stubbed("service-quotas") as (aws, stubs):
        first, second = {"RequestedQuotas": entries[:2], "NextToken": "more"}, {"RequestedQuotas": entries[2:]}
        stubs["service-quotas"].add_response(operation, first, CODE)
        stubs["service-quotas"].add_response(operation, second, {**CODE, "NextToken": "more"})

        assert open_requests(aws, *QUOTA) == (
            QuotaRequest("PENDING", 2000, "PENDING", "2026-05-06"),
            QuotaRequest("CASE_OPENED", 2000, "CASE_OPENED", "2026-05-06"),
        )


def test_an_increase_is_requested() -> None:
    answer = {"RequestedQuota": {"Id": "1", "DesiredValue": 2000.0, "Status": "PENDING"}}
    with stubbed("service-quotas") as (aws, stubs):
        request = {**CODE, "DesiredValue": 2000.0}
        stubs["service-quotas"].add_response("request_service_quota_increase", answer, request)

        assert request_increase(aws, *QUOTA, 2000) == QuotaRequest("1", 2000, "PENDING", "")


def test_global_quotas_are_read_in_one_region() -> None:
    aws = offline_aws()
    client = aws.client("service-quotas", "us-east-1")
    asked: list[str] = []

    def refused(**_: object) -> None:
        asked.append(client.meta.region_name)
        raise EndpointConnectionError(endpoint_url="https://servicequotas.example")

    client.meta.events.register("before-call", refused)

    with pytest.raises(AwsError):
        applied_quota(aws, "iam", "L-FE177D64", is_global=True)

    assert asked == ["us-east-1"]
