from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.extension.test_functions import WRAPPED
from tests.support.sandbox_clients import Aws, function

pytestmark = pytest.mark.xdist_group("sandbox stack provisioned")


@pytest.fixture(autouse=True)
def clean(aws: Aws) -> Iterator[None]:
    aws.limits(1000)
    yield
    aws.delete(*[stack["StackName"] for stack in aws.cloudformation.list_stacks()["StackSummaries"]])


def stack(
    *, version: Any = None, alias: Any = None, reserved: int | None = None, code: str = "one", name: str = "Version"
) -> dict[str, Any]:
    """A function, a version of it and an alias of that, with provisioned concurrency where a number is given."""

    def provisioned(value: Any) -> dict[str, Any]:
        return {} if value is None else {"ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": value}}

    return {
        "Fn": function("fn", Description=code, ReservedConcurrentExecutions=reserved),
        name: {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Fn"}, **provisioned(version)}},
        "Alias": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "FunctionName": {"Ref": "Fn"},
                "Name": "live",
                "FunctionVersion": {"Fn::GetAtt": [name, "Version"]},
                **provisioned(alias),
            },
        },
    }


def configured(aws: Aws) -> dict[str, int]:
    configs = aws.client("lambda").list_provisioned_concurrency_configs(FunctionName="fn")
    return {
        config["FunctionArn"].rsplit(":", 1)[1]: config["RequestedProvisionedConcurrentExecutions"]
        for config in configs["ProvisionedConcurrencyConfigs"]
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"version": 5}, {"1": 5}, id="on a version"),
        pytest.param({"alias": "6"}, {"live": 6}, id="on an alias, as text"),
        pytest.param({"alias": 6, "reserved": 6}, {"live": 6}, id="on an alias inside a reservation"),
    ],
)
def test_provisioned_concurrency_is_applied_and_counted(
    aws: Aws, given: dict[str, Any], expected: dict[str, int]
) -> None:
    assert aws.create("s", stack(**given)) == "CREATE_COMPLETE"
    assert configured(aws) == expected
    assert aws.unreserved() == 1000 - sum(expected.values())


@pytest.mark.parametrize("where", ["version", "alias"])
@pytest.mark.parametrize(
    ("value", "reserved", "text"),
    [
        pytest.param(
            901,
            None,
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution"
            " below its minimum value of [100].",
            id="below the floor",
        ),
        pytest.param(
            1001,
            None,
            "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [1000].",
            id="more than the account has",
        ),
        pytest.param(
            6,
            5,
            "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function",
            id="more than the reservation",
        ),
    ],
)
def test_provisioned_concurrency_that_does_not_fit_rolls_back_and_leaves_nothing(
    aws: Aws, where: str, value: int, reserved: int | None, text: str
) -> None:
    given: dict[str, Any] = {where: value, "reserved": reserved}

    assert aws.create("s", stack(**given)) == "ROLLBACK_COMPLETE"
    assert aws.failure("s") == WRAPPED.format(text)
    assert aws.functions() == []
    assert aws.unreserved() == 1000


def test_an_alias_changes_clears_and_keeps_its_value_when_refused(aws: Aws) -> None:
    aws.create("s", stack(alias=5))

    assert aws.update("s", stack(alias=7)) == "UPDATE_COMPLETE"
    assert configured(aws) == {"live": 7}
    assert aws.update("s", stack(alias=901)) == "UPDATE_ROLLBACK_COMPLETE"
    assert configured(aws) == {"live": 7}
    assert aws.update("s", stack()) == "UPDATE_COMPLETE"
    assert configured(aws) == {}


def test_a_reservation_below_the_aliases_provisioned_concurrency_is_refused(aws: Aws) -> None:
    aws.create("s", stack(alias=2))

    assert aws.update("s", stack(alias=2, reserved=1)) == "UPDATE_ROLLBACK_COMPLETE"
    assert aws.failure("s") == WRAPPED.format(
        " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2]."
    )
    assert aws.reserved("fn") is None


def test_a_new_version_counts_beside_the_old_one_until_the_cleanup(aws: Aws) -> None:
    aws.create("s", stack(version=500))

    assert aws.update("s", stack(version=500, code="two", name="Next")) == "UPDATE_ROLLBACK_COMPLETE"
    assert configured(aws) == {"1": 500}

    assert aws.update("s", stack(version=400, code="three", name="Third")) == "UPDATE_COMPLETE"
    assert list(configured(aws).values()) == [400]
    assert aws.unreserved() == 600


def test_the_unpublished_version_is_refused_through_an_alias(aws: Aws) -> None:
    resources = stack(alias=5)
    resources["Alias"]["Properties"]["FunctionVersion"] = "$LATEST"

    assert aws.create("s", resources) == "ROLLBACK_COMPLETE"
    assert aws.failure("s") == WRAPPED.format(
        "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
    )
