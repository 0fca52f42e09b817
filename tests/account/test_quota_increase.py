"""Requesting a higher quota: a value that Service Quotas refuses is not sent."""

from typing import Any

import pytest

from tapctl.account.live import LiveAccount
from tapctl.account.quota_increase import POLL_SECONDS, WantedQuota, is_open, request, wait
from tapctl.errors import AwsError, BusyError, UsageError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.limits import CONCURRENCY, catalogue
from tests.support.golden import Golden
from tests.support.queued_answers import stubbed

HISTORY = "list_requested_service_quota_change_history_by_quota"


def settings(limit: int) -> dict[str, Any]:
    return {"AccountLimit": {"ConcurrentExecutions": limit}, "AccountUsage": {}}


@pytest.mark.parametrize(
    ("limit", "value", "bound"),
    [(10, 100, 1001), (1000, 1000, 1001), (3000, 2000, 3001), (1000, 10**10 + 1, 10**10), (1000, 10**400, 10**10)],
    ids=["below-the-default", "the-same", "below-the-applied-value", "above-the-maximum", "far-above-the-maximum"],
)
def test_a_value_out_of_bounds_is_refused(limit: int, value: int, bound: int, golden: Golden) -> None:
    with stubbed("lambda") as (aws, stubs):
        stubs["lambda"].add_response("get_account_settings", settings(limit), {})
        with pytest.raises(UsageError) as raised:
            is_open(LiveAccount(aws), WantedQuota(CONCURRENCY, value))
    assert raised.value.hint
    assert raised.value.hint.values == (bound,)
    golden(raised.value, **{"10^400": str(10**400)})


@pytest.mark.parametrize("value", [1000, 1001])
def test_a_value_within_bounds_is_sent(value: int) -> None:
    with stubbed("lambda", "service-quotas") as (aws, stubs):
        stubs["lambda"].add_response("get_account_settings", settings(10), {})
        stubs["service-quotas"].add_response(HISTORY, {"RequestedQuotas": []})
        parameters = {"ServiceCode": "lambda", "QuotaCode": "L-B99A9384", "DesiredValue": float(value)}
        answer = {"RequestedQuota": {"Id": "r-1", "Status": "PENDING"}}
        stubs["service-quotas"].add_response("request_service_quota_increase", answer, parameters)
        reader = LiveAccount(aws)
        assert is_open(reader, WantedQuota(CONCURRENCY, value))
        assert request(reader, WantedQuota(CONCURRENCY, value)) == "r-1 is PENDING"


def test_a_pending_request_is_not_repeated(golden: Golden) -> None:
    with stubbed("lambda", "service-quotas") as (aws, stubs):
        stubs["lambda"].add_response("get_account_settings", settings(10), {})
        pending = {"DesiredValue": 1500.0, "Status": "PENDING", "Created": "2026-11-01T00:00:00Z"}
        stubs["service-quotas"].add_response(HISTORY, {"RequestedQuotas": [pending]})
        with pytest.raises(BusyError) as raised:
            is_open(LiveAccount(aws), WantedQuota(CONCURRENCY, 1001))
    assert raised.value.hint == advise(JudgementAdvice.AWAIT_DECISION)
    golden(raised.value)


VPCS = next(limit for limit in catalogue() if limit.id == "vpc-vpcs")
CODE = {"ServiceCode": "vpc", "QuotaCode": "L-F678F1CE"}


def change(value: float, status: str) -> dict[str, Any]:
    return {"DesiredValue": value, "Status": status, "Created": "2026-11-01T00:00:00Z"}


def history(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"RequestedQuotas": list(changes)}


class TestAnyLimit:
    def test_it_is_requested_by_its_code(self) -> None:
        with stubbed("service-quotas") as (aws, stubs):
            stubs["service-quotas"].add_response("get_service_quota", {"Quota": {"Value": 5.0}}, CODE)
            stubs["service-quotas"].add_response(HISTORY, history(change(9, "DENIED")), CODE)
            answer = {"RequestedQuota": {"Id": "r-2", "Status": "PENDING"}}
            stubs["service-quotas"].add_response(
                "request_service_quota_increase", answer, {**CODE, "DesiredValue": 10.0}
            )
            reader = LiveAccount(aws)
            assert is_open(reader, WantedQuota(VPCS, 10))
            assert request(reader, WantedQuota(VPCS, 10)) == "r-2 is PENDING"

    def test_a_value_at_the_applied_one_is_refused(self, golden: Golden) -> None:
        with stubbed("service-quotas") as (aws, stubs):
            stubs["service-quotas"].add_response("get_service_quota", {"Quota": {"Value": 10.0}}, CODE)
            with pytest.raises(UsageError) as raised:
                is_open(LiveAccount(aws), WantedQuota(VPCS, 10))
        golden(raised.value)

    @pytest.mark.parametrize("pending", [10, 20])
    def test_one_that_is_pending_is_waited_for_and_not_repeated(self, pending: int) -> None:
        with stubbed("service-quotas") as (aws, stubs):
            for _ in range(2):
                stubs["service-quotas"].add_response("get_service_quota", {"Quota": {"Value": 5.0}}, CODE)
                stubs["service-quotas"].add_response(HISTORY, history(change(pending, "CASE_OPENED")), CODE)
            reader = LiveAccount(aws)
            assert not is_open(reader, WantedQuota(VPCS, 10), waits=True)
            with pytest.raises(BusyError):
                is_open(reader, WantedQuota(VPCS, 10))

    def test_one_that_is_granted_needs_no_request(self) -> None:
        with stubbed("service-quotas") as (aws, stubs):
            stubs["service-quotas"].add_response("get_service_quota", {"Quota": {"Value": 10.0}}, CODE)
            assert not is_open(LiveAccount(aws), WantedQuota(VPCS, 10), waits=True)


class TestWaiting:
    def waited(self, values: list[float], *statuses: str, timeout: float = 150) -> list[float]:
        """The pauses of a wait for ten VPCs."""
        pauses: list[float] = []
        with stubbed("service-quotas") as (aws, stubs):
            for value, status in zip(values, (*statuses, ""), strict=False):
                stubs["service-quotas"].add_response("get_service_quota", {"Quota": {"Value": value}}, CODE)
                if value < 10:
                    stubs["service-quotas"].add_response(HISTORY, history(change(10, status)), CODE)
            wait(aws, [WantedQuota(VPCS, 10)], timeout, sleep=pauses.append)
        return pauses

    def test_it_ends_when_the_value_is_in_force(self) -> None:
        assert self.waited([5, 5, 10], "PENDING", "APPROVED") == [POLL_SECONDS] * 2

    def test_it_ends_at_the_timeout(self, golden: Golden) -> None:
        with pytest.raises(BusyError) as raised:
            self.waited([5, 5, 5, 5], *["PENDING"] * 4)
        golden(raised.value)

    def test_it_ends_when_aws_decides_otherwise(self, golden: Golden) -> None:
        with pytest.raises(AwsError) as raised:
            self.waited([5, 5], "PENDING", "DENIED")
        golden(raised.value)

    def test_it_ends_where_the_value_may_not_be_read(self, golden: Golden) -> None:
        with stubbed("service-quotas") as (aws, stubs):
            stubs["service-quotas"].add_client_error("get_service_quota", "AccessDeniedException", "no", 403)
            with pytest.raises(AwsError) as denied:
                wait(aws, [WantedQuota(VPCS, 10)], 60, sleep=lambda _: None)
        golden(denied.value)
