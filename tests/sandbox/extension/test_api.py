from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.sandbox_clients import Aws, function

pytestmark = pytest.mark.xdist_group("sandbox concurrency api")


@pytest.fixture(autouse=True, scope="module")
def functions(aws: Aws) -> None:
    """Two functions; `fn` has versions 1 and 2 and the alias `live` of 1."""
    assert aws.create("functions", {"A": function("fn"), "B": function("other")}) == "CREATE_COMPLETE"
    for number in (1, 2):
        aws.client("lambda").update_function_configuration(FunctionName="fn", Description=str(number))
        aws.client("lambda").publish_version(FunctionName="fn")
    aws.client("lambda").create_alias(FunctionName="fn", Name="live", FunctionVersion="1")


@pytest.fixture(autouse=True)
def clean(aws: Aws) -> Iterator[None]:
    yield
    for qualifier in ("1", "2", "live"):
        aws.client("lambda").delete_provisioned_concurrency_config(FunctionName="fn", Qualifier=qualifier)
    for name in ("fn", "other"):
        aws.client("lambda").delete_function_concurrency(FunctionName=name)


def reserve(aws: Aws, name: str, value: int) -> Any:
    return aws.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=value)


def provision(aws: Aws, qualifier: str, value: int) -> Any:
    return aws.client("lambda").put_provisioned_concurrency_config(
        FunctionName="fn", Qualifier=qualifier, ProvisionedConcurrentExecutions=value
    )


def refusal(failure: pytest.ExceptionInfo[ClientError]) -> tuple[str, int, str]:
    answer: Any = failure.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


@pytest.mark.parametrize(
    ("limit", "floor", "bracket"),
    [
        pytest.param(10, None, 10, id="10 at a limit of 10"),
        pytest.param(50, None, 50, id="50 at a limit of 50"),
        pytest.param(400, 40, 40, id="40 at a limit of 400 when pinned"),
        pytest.param(400, None, 100, id="100 at a limit of 400 by default"),
        pytest.param(1000, None, 100, id="100 at a limit of 1000"),
    ],
)
def test_the_floor_is(aws: Aws, limit: int, floor: int | None, bracket: int) -> None:
    aws.limits(limit, floor=floor)

    if limit > bracket:
        assert reserve(aws, "fn", limit - bracket)["ReservedConcurrentExecutions"] == limit - bracket
        assert aws.unreserved() == bracket
    with pytest.raises(ClientError) as failure:
        reserve(aws, "fn", limit - bracket + 1)

    text = (
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution"
        f" below its minimum value of [{bracket}]."
    )
    assert refusal(failure) == ("InvalidParameterValueException", 400, text)


def test_zero_throttles_a_function_even_on_a_full_account(aws: Aws) -> None:
    aws.limits(10, held=10)

    reserve(aws, "fn", 0)

    assert aws.reserved("fn") == 0
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        aws.client("lambda").invoke(FunctionName="fn")


def test_invocations_are_throttled_at_the_account_limit(aws: Aws) -> None:
    aws.limits(1, floor=0)
    slow = function("slow", "import time\ndef handle(event, context): time.sleep(1)")
    assert aws.create("slow", {"Fn": slow}) == "CREATE_COMPLETE"

    with ThreadPoolExecutor() as pool:
        calls = [pool.submit(aws.client("lambda").invoke, FunctionName="slow") for _ in range(2)]
        failures = [call.exception() for call in calls]

    (throttled,) = [failure for failure in failures if failure]
    assert isinstance(throttled, ClientError)
    assert throttled.response["Error"]["Code"] == "TooManyRequestsException"
    assert throttled.response["Reason"] == "ConcurrentInvocationLimitExceeded"  # type: ignore[typeddict-item,unused-ignore]
    aws.delete("slow")


def test_account_settings_follow_reservations_and_provisioned_concurrency(aws: Aws) -> None:
    aws.limits(1000, held=30)
    reserve(aws, "other", 20)
    provision(aws, "1", 5)

    limit = aws.client("lambda").get_account_settings()["AccountLimit"]
    assert (limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]) == (1000, 1000 - 30 - 20 - 5)

    reserve(aws, "fn", 50)  # contains the provisioned 5
    assert aws.unreserved() == 1000 - 30 - 20 - 50

    aws.client("lambda").delete_function_concurrency(FunctionName="fn")
    aws.limits(1000, held=30, provisioned_counts=False)
    assert aws.unreserved() == 1000 - 30 - 20


def test_limits_change_under_a_running_sandbox_without_touching_what_is_set(aws: Aws) -> None:
    aws.limits(1000)
    reserve(aws, "fn", 500)

    aws.limits(10)

    assert aws.reserved("fn") == 500
    assert aws.unreserved() == 0
    assert aws.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == 10
    with pytest.raises(ClientError, match=r"minimum value of \[10\]"):
        reserve(aws, "other", 1)


@pytest.mark.parametrize(
    ("reserved", "qualifier", "value", "text"),
    [
        pytest.param(
            None,
            "1",
            901,
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution"
            " below its minimum value of [100].",
            id="below the floor",
        ),
        pytest.param(
            None,
            "1",
            1001,
            "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [1000].",
            id="more than the account has",
        ),
        pytest.param(
            5,
            "live",
            6,
            "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function",
            id="more than the reservation",
        ),
        pytest.param(
            None,
            "$LATEST",
            1,
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
            id="on the unpublished version",
        ),
    ],
)
def test_provisioned_concurrency_is_refused(
    aws: Aws, reserved: int | None, qualifier: str, value: int, text: str
) -> None:
    aws.limits(1000)
    if reserved is not None:
        reserve(aws, "fn", reserved)

    with pytest.raises(ClientError) as failure:
        provision(aws, qualifier, value)

    assert refusal(failure) == ("InvalidParameterValueException", 400, text)


def test_a_reservation_below_the_provisioned_concurrency_is_refused(aws: Aws) -> None:
    aws.limits(1000)
    provision(aws, "1", 2)

    with pytest.raises(ClientError) as failure:
        reserve(aws, "fn", 1)

    assert refusal(failure)[2] == (
        " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2]."
    )


def test_provisioned_concurrency_is_listed_per_version_and_alias(aws: Aws) -> None:
    aws.limits(1000)
    listed = aws.client("lambda").list_provisioned_concurrency_configs
    assert listed(FunctionName="fn")["ProvisionedConcurrencyConfigs"] == []

    provision(aws, "live", 3)
    provision(aws, "2", 4)

    configs = listed(FunctionName="fn")["ProvisionedConcurrencyConfigs"]
    assert {
        config["FunctionArn"].rsplit(":", 1)[1]: config["RequestedProvisionedConcurrentExecutions"]
        for config in configs
    } == {"live": 3, "2": 4}
    one = aws.client("lambda").get_provisioned_concurrency_config(FunctionName="fn", Qualifier="live")
    assert one["AllocatedProvisionedConcurrentExecutions"] == 3


def test_the_provisioned_concurrency_of_a_deleted_alias_returns_to_the_pool(aws: Aws) -> None:
    aws.limits(1000)
    aws.client("lambda").create_alias(FunctionName="fn", Name="brief", FunctionVersion="2")
    provision(aws, "brief", 7)
    assert aws.unreserved() == 993

    aws.client("lambda").delete_alias(FunctionName="fn", Name="brief")

    assert aws.unreserved() == 1000


def test_functions_of_another_region_have_a_pool_of_their_own(aws: Aws) -> None:
    aws.limits(1000)
    reserve(aws, "fn", 900)

    elsewhere = aws.in_region("eu-central-1", "lambda")

    assert elsewhere.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 1000


@pytest.mark.parametrize("name", ["url", "url-shortener", "urls-of-shop", "curl"])
def test_a_name_is_not_taken_for_the_route_of_a_url(aws: Aws, name: str) -> None:
    client, stack = aws.client("lambda"), f"named-{name}"
    assert aws.create(stack, {"F": function(name)}) == "CREATE_COMPLETE"
    client.publish_version(FunctionName=name)
    client.create_function_url_config(FunctionName=name, AuthType="NONE")

    assert client.get_function(FunctionName=name, Qualifier="1")["Configuration"]["FunctionName"] == name
    assert client.get_function_configuration(FunctionName=f"{name}:1")["Version"] == "1"
    assert client.get_function_url_config(FunctionName=name)["AuthType"] == "NONE"
    assert len(client.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"]) == 1

    client.delete_function(FunctionName=name)
    with pytest.raises(ClientError, match=f"function:{name}"):
        client.get_function(FunctionName=name)
