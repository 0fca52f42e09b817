"""StackSets' operations: what is sent, and what answers become."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from tapctl.aws.session import Aws
from tapctl.aws.stack_sets import (
    InstanceResult,
    Preferences,
    Rectangle,
    SetOperation,
    StackInstance,
    StackSet,
    StackSets,
    as_parameters,
)
from tapctl.errors import AwsError
from tests.support.golden import Golden
from tests.support.queued_answers import stubbed

ONE, TWO = "111111111111", "222222222222"
UNIT = "ou-abcd-11111111"
TARGETS = Rectangle((ONE, TWO), ("eu-west-1", "us-east-1"))
STACK = f"arn:aws:cloudformation:eu-west-1:{ONE}:stack/StackSet-orders-1/2"
DEFAULTS = {
    "RegionConcurrencyType": "SEQUENTIAL",
    "FailureToleranceCount": 0,
    "MaxConcurrentCount": 1,
    "RegionOrder": ["eu-west-1", "us-east-1"],
}


@pytest.fixture
def stub() -> Iterator[tuple[Aws, Stubber]]:
    with stubbed("cloudformation") as (aws, stubs):
        yield aws, stubs["cloudformation"]


def set_of(aws: Aws, call_as: str = "") -> StackSets:
    return StackSets(aws, "orders", call_as, (UNIT,) if call_as else ())


def named(call_as: str = "", **more: Any) -> dict[str, Any]:
    return {"StackSetName": "orders", **({"CallAs": call_as} if call_as else {}), **more}


# ---------------------------------------------------------------------------------------------------------------------
# Preferences
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preferences", "sent"),
    [
        pytest.param(Preferences(), {"FailureToleranceCount": 0, "MaxConcurrentCount": 1}, id="none may fail"),
        pytest.param(
            Preferences(3), {"FailureToleranceCount": 3, "MaxConcurrentCount": 4}, id="one more than may fail"
        ),
        pytest.param(
            Preferences("10%"),
            {"FailureTolerancePercentage": 10, "MaxConcurrentPercentage": 10},
            id="a share",
        ),
        pytest.param(
            Preferences("0%"), {"FailureTolerancePercentage": 0, "MaxConcurrentPercentage": 1}, id="a share of none"
        ),
        pytest.param(
            Preferences(1, 20),
            {"FailureToleranceCount": 1, "MaxConcurrentCount": 20, "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE"},
            id="more at once than may fail",
        ),
        pytest.param(
            Preferences(0, "50%"),
            {"FailureToleranceCount": 0, "MaxConcurrentPercentage": 50, "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE"},
            id="a count and a share",
        ),
    ],
)
def test_tolerance_and_concurrency(preferences: Preferences, sent: dict[str, Any]) -> None:
    assert preferences.for_aws(None) == {"RegionConcurrencyType": "SEQUENTIAL", **sent}


@pytest.mark.parametrize(
    ("first", "order"),
    [
        ((), ["a", "b", "c"]),
        (("c", "a"), ["c", "a", "b"]),
        (("x", "b"), ["b", "a", "c"]),
    ],
)
def test_the_order_has_every_region_of_the_targets_and_no_other(first: tuple[str, ...], order: list[str]) -> None:
    sent = Preferences(regions=first, in_parallel=True).for_aws(Rectangle((ONE,), ("a", "b", "c")))

    assert (sent["RegionOrder"], sent["RegionConcurrencyType"]) == (order, "PARALLEL")


def test_a_rectangle_has_each_account_in_each_region() -> None:
    assert list(TARGETS.cells) == [(ONE, "eu-west-1"), (ONE, "us-east-1"), (TWO, "eu-west-1"), (TWO, "us-east-1")]


def test_a_parameter_without_a_value_keeps_the_one_that_is_there() -> None:
    assert as_parameters({"Size": "", "Key": None}) == [
        {"ParameterKey": "Size", "ParameterValue": ""},
        {"ParameterKey": "Key", "UsePreviousValue": True},
    ]


# ---------------------------------------------------------------------------------------------------------------------
# Targets
# ---------------------------------------------------------------------------------------------------------------------

SELF = {"Accounts": [ONE, TWO], "Regions": ["eu-west-1", "us-east-1"]}
SERVICE = {
    "DeploymentTargets": {
        "OrganizationalUnitIds": [UNIT],
        "Accounts": [ONE, TWO],
        "AccountFilterType": "INTERSECTION",
    },
    "Regions": ["eu-west-1", "us-east-1"],
}
MODELS = [
    pytest.param("", SELF, id="self-managed"),
    pytest.param("SELF", SERVICE, id="service-managed"),
    pytest.param("DELEGATED_ADMIN", SERVICE, id="delegated administrator"),
]


@pytest.mark.parametrize(("call_as", "targets"), MODELS)
def test_instances_are_named_as_the_permission_model_wants_it(
    call_as: str, targets: dict[str, Any], stub: tuple[Aws, Stubber]
) -> None:
    aws, answers = stub
    sent = named(call_as, **targets, OperationId="tapctl-1", OperationPreferences=DEFAULTS)
    overrides = as_parameters({"Size": "5"})
    answers.add_response(
        "create_stack_instances", {"OperationId": "tapctl-1"}, {**sent, "ParameterOverrides": overrides}
    )
    answers.add_response("delete_stack_instances", {"OperationId": "tapctl-1"}, {**sent, "RetainStacks": True})

    sets = set_of(aws, call_as)
    sets.operate("create_stack_instances", "tapctl-1", TARGETS, Preferences(), ParameterOverrides=overrides)
    sets.operate("delete_stack_instances", "tapctl-1", TARGETS, Preferences(), RetainStacks=True)


@pytest.mark.parametrize(("call_as", "targets"), MODELS)
def test_the_set_is_updated_with_targets_or_as_a_whole(
    call_as: str, targets: dict[str, Any], stub: tuple[Aws, Stubber]
) -> None:
    aws, answers = stub
    body = {"TemplateBody": "{}"}
    whole = {name: value for name, value in DEFAULTS.items() if name != "RegionOrder"}
    some = named(call_as, **body, **targets, OperationId="a", OperationPreferences=DEFAULTS)
    answers.add_response("update_stack_set", {"OperationId": "a"}, some)
    answers.add_response(
        "update_stack_set",
        {"OperationId": "b"},
        named(call_as, **body, OperationId="b", OperationPreferences=whole),
    )

    sets = set_of(aws, call_as)
    sets.update(body, "a", TARGETS, Preferences())
    sets.update(body, "b", None, Preferences())


@pytest.mark.parametrize("call_as", ["", "DELEGATED_ADMIN"])
def test_every_call_says_as_whom_it_is_made(call_as: str, stub: tuple[Aws, Stubber]) -> None:
    aws, answers = stub
    page = {"MaxResults": 100}
    where = {"StackInstanceAccount": ONE, "StackInstanceRegion": "eu-west-1"}
    for method, answer, more in (
        ("create_stack_set", {"StackSetId": "x"}, {"TemplateBody": "{}"}),
        ("describe_stack_set", {"StackSet": {"StackSetId": "x"}}, {}),
        ("list_stack_instances", {"Summaries": []}, page),
        ("describe_stack_instance", {"StackInstance": {}}, where),
        ("list_stack_set_operations", {"Summaries": []}, page),
        ("list_stack_set_operation_results", {"Summaries": []}, {"OperationId": "a", **page}),
        ("describe_stack_set_operation", {"StackSetOperation": entry("RUNNING")}, {"OperationId": "a"}),
        ("delete_stack_set", {}, {}),
    ):
        answers.add_response(method, answer, named(call_as, **more))

    sets = set_of(aws, call_as)
    sets.create({"TemplateBody": "{}"})
    sets.describe()
    sets.instances()
    sets.overrides(ONE, "eu-west-1")
    sets.running()
    sets.results("a")
    sets.operation("a")
    sets.delete()


def entry(status: str, id_: str = "a") -> dict[str, Any]:
    return {"OperationId": id_, "Action": "UPDATE", "Status": status}


# ---------------------------------------------------------------------------------------------------------------------
# Answers
# ---------------------------------------------------------------------------------------------------------------------


def test_a_stack_set(stub: tuple[Aws, Stubber]) -> None:
    aws, answers = stub
    answer = {
        "StackSetId": "orders:1",
        "Status": "ACTIVE",
        "Description": "tapctl fleet prod",
        "TemplateBody": "{}",
        "Parameters": [{"ParameterKey": "Size", "ParameterValue": "5"}, {"ParameterKey": "Empty"}],
        "Tags": [{"Key": "team", "Value": "web"}],
        "Capabilities": ["CAPABILITY_IAM"],
        "PermissionModel": "SERVICE_MANAGED",
        "AutoDeployment": {"Enabled": True},
        "OrganizationalUnitIds": [UNIT],
        "ExecutionRoleName": "run",
    }
    answers.add_response("describe_stack_set", {"StackSet": answer})

    assert set_of(aws).describe() == StackSet(
        "orders:1",
        "tapctl fleet prod",
        "{}",
        {"Size": "5", "Empty": ""},
        {"team": "web"},
        ("CAPABILITY_IAM",),
        "SERVICE_MANAGED",
        True,
        (UNIT,),
        {"ExecutionRoleName": "run"},
    )


def test_a_deleted_stack_set_is_absent(stub: tuple[Aws, Stubber]) -> None:
    aws, answers = stub
    answers.add_response("describe_stack_set", {"StackSet": {"StackSetId": "orders:1", "Status": "DELETED"}})

    assert set_of(aws).describe() is None


@pytest.mark.parametrize(
    ("method", "code", "call"),
    [
        ("describe_stack_set", "StackSetNotFoundException", lambda sets: sets.describe()),
        ("describe_stack_set_operation", "OperationNotFoundException", lambda sets: sets.operation("a")),
        ("describe_stack_set_operation", "StackSetNotFoundException", lambda sets: sets.operation("a")),
    ],
)
def test_a_missing_stack_set_or_operation_is_absent(
    method: str, code: str, call: Any, stub: tuple[Aws, Stubber]
) -> None:
    aws, answers = stub
    answers.add_client_error(method, code)
    answers.add_client_error(method, "AccessDenied")

    assert call(set_of(aws)) is None
    with pytest.raises(AwsError) as denied:
        call(set_of(aws))
    assert denied.value.code == "AccessDenied"


def test_instances_of_every_page(stub: tuple[Aws, Stubber]) -> None:
    aws, answers = stub
    first = {
        "Account": ONE,
        "Region": "eu-west-1",
        "Status": "CURRENT",
        "StackId": STACK,
        "StackInstanceStatus": {"DetailedStatus": "SUCCEEDED"},
        "LastOperationId": "tapctl-1",
    }
    second = {"Account": TWO, "Region": "eu-west-1", "Status": "OUTDATED", "StatusReason": "boom"}
    answers.add_response("list_stack_instances", {"Summaries": [first], "NextToken": "more"}, named(MaxResults=100))
    answers.add_response("list_stack_instances", {"Summaries": [second]}, named(MaxResults=100, NextToken="more"))

    found = set_of(aws).instances()

    assert found == (
        StackInstance(ONE, "eu-west-1", "CURRENT", "SUCCEEDED", STACK, "", "tapctl-1"),
        StackInstance(TWO, "eu-west-1", "OUTDATED", "", "", "boom"),
    )
    assert [instance.stack for instance in found] == ["StackSet-orders-1", ""]


def test_the_overrides_of_an_instance(stub: tuple[Aws, Stubber]) -> None:
    aws, answers = stub
    overrides = [{"ParameterKey": "Size", "ParameterValue": "5"}, {"ParameterKey": "Key", "ParameterValue": "****"}]
    answers.add_response("describe_stack_instance", {"StackInstance": {"ParameterOverrides": overrides}})

    assert set_of(aws).overrides(ONE, "eu-west-1") == {"Size": "5", "Key": "****"}


def test_the_results_of_an_operation(stub: tuple[Aws, Stubber]) -> None:
    aws, answers = stub
    failed = {"Account": ONE, "Region": "eu-west-1", "Status": "FAILED", "StatusReason": "boom"}
    answers.add_response(
        "list_stack_set_operation_results", {"Summaries": [failed]}, named(OperationId="a", MaxResults=100)
    )

    assert set_of(aws).results("a") == (InstanceResult(ONE, "eu-west-1", "FAILED", "boom"),)


@pytest.mark.parametrize(
    ("status", "over"),
    [
        ("QUEUED", False),
        ("RUNNING", False),
        ("STOPPING", False),
        ("SUCCEEDED", True),
        ("FAILED", True),
        ("STOPPED", True),
    ],
)
def test_when_an_operation_is_over(status: str, over: bool) -> None:
    assert SetOperation("a", "UPDATE", status).is_over is over


def test_an_operation_listed_as_running_is_described_itself(stub: tuple[Aws, Stubber]) -> None:
    """The list of operations is consistent only eventually."""
    aws, answers = stub
    listed = [entry("RUNNING", "old"), entry("RUNNING", "new"), entry("SUCCEEDED", "done"), entry("QUEUED", "gone")]
    answers.add_response("list_stack_set_operations", {"Summaries": listed})
    answers.add_response("describe_stack_set_operation", {"StackSetOperation": entry("SUCCEEDED", "old")})
    answers.add_response("describe_stack_set_operation", {"StackSetOperation": entry("RUNNING", "new")})
    answers.add_client_error("describe_stack_set_operation", "OperationNotFoundException")

    assert [operation.id for operation in set_of(aws).running()] == ["new"]


def test_a_missing_stack_set_has_no_running_operation(stub: tuple[Aws, Stubber]) -> None:
    aws, answers = stub
    answers.add_client_error("list_stack_set_operations", "StackSetNotFoundException")

    assert set_of(aws).running() == ()


def test_a_refusal_says_what_was_to_be_done(stub: tuple[Aws, Stubber], golden: Golden) -> None:
    aws, answers = stub
    answers.add_client_error("update_stack_instances", "OperationInProgressException", "busy")

    with pytest.raises(AwsError) as failure:
        set_of(aws).operate("update_stack_instances", "a", TARGETS, Preferences())

    assert (failure.value.code, failure.value.aws_message) == ("OperationInProgressException", "busy")
    golden(failure.value)
