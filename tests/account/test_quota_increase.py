"""Requesting a higher quota: a value that Service Quotas refuses is not sent."""

from typing import Any

import pytest

from tapctl.account.live import LiveAccount
from tapctl.account.quota_increase import check, request
from tapctl.errors import BusyError, UsageError
from tapctl.hints import Advice, advise
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
            check(LiveAccount(aws), value)
    assert isinstance(raised.value.hint, str)
    assert str(bound) in raised.value.hint
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
        check(reader, value)
        assert request(reader, value) == "r-1 is PENDING"


def test_a_pending_request_is_not_repeated(golden: Golden) -> None:
    with stubbed("lambda", "service-quotas") as (aws, stubs):
        stubs["lambda"].add_response("get_account_settings", settings(10), {})
        pending = {"DesiredValue": 1500.0, "Status": "PENDING", "Created": "2026-11-01T00:00:00Z"}
        stubs["service-quotas"].add_response(HISTORY, {"RequestedQuotas": [pending]})
        with pytest.raises(BusyError) as raised:
            check(LiveAccount(aws), 1001)
    assert raised.value.hint == advise(Advice.LIST_INCREASES)
    golden(raised.value)
