"""Asking AWS for a higher quota: what it would refuse is not sent."""

from typing import Any

import pytest

from tapctl.account.live import LiveAccount
from tapctl.account.quota_increase import check, file
from tapctl.errors import BusyError, UsageError
from tests.support.queued_answers import stubbed


def settings(limit: int) -> dict[str, Any]:
    return {"AccountLimit": {"ConcurrentExecutions": limit}, "AccountUsage": {}}


@pytest.mark.parametrize(
    ("limit", "value", "hint"),
    [
        (10, 100, "ask for 1001 or more; for less, AWS Support takes a case"),
        (1000, 1000, "ask for 1001 or more; for less, AWS Support takes a case"),
        (3000, 2000, "ask for 3001 or more; for less, AWS Support takes a case"),
        (1000, 10**10 + 1, "ask for 10000000000 or less"),
        (1000, 10**400, "ask for 10000000000 or less"),
    ],
    ids=["below-the-default", "the-same", "below-what-there-is", "above-what-it-takes", "beyond-all-numbers"],
)
def test_what_service_quotas_refuses_is_not_asked_for(limit: int, value: int, hint: str) -> None:
    with stubbed("lambda") as (here, stubs):
        stubs["lambda"].add_response("get_account_settings", settings(limit), {})
        with pytest.raises(UsageError) as raised:
            check(LiveAccount(here), value)
    assert raised.value.hint == hint


@pytest.mark.parametrize("value", [1000, 1001])
def test_the_rest_is_for_aws_to_decide(value: int) -> None:
    with stubbed("lambda", "service-quotas") as (here, stubs):
        stubs["lambda"].add_response("get_account_settings", settings(10), {})
        history = "list_requested_service_quota_change_history_by_quota"
        stubs["service-quotas"].add_response(history, {"RequestedQuotas": []})
        asked = {"ServiceCode": "lambda", "QuotaCode": "L-B99A9384", "DesiredValue": float(value)}
        answer = {"RequestedQuota": {"Id": "r-1", "Status": "PENDING"}}
        stubs["service-quotas"].add_response("request_service_quota_increase", answer, asked)
        reader = LiveAccount(here)
        check(reader, value)
        assert file(reader, value) == "r-1 is PENDING"


def test_what_is_not_decided_yet_is_not_asked_for_again() -> None:
    with stubbed("lambda", "service-quotas") as (here, stubs):
        stubs["lambda"].add_response("get_account_settings", settings(10), {})
        pending = {"DesiredValue": 1500.0, "Status": "PENDING", "Created": "2026-11-01T00:00:00Z"}
        history = "list_requested_service_quota_change_history_by_quota"
        stubs["service-quotas"].add_response(history, {"RequestedQuotas": [pending]})
        with pytest.raises(BusyError, match="an increase to 1500 was asked for on 2026-11-01 and is not decided yet"):
            check(LiveAccount(here), 1001)
