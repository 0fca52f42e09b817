from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.sandbox_clients import Aws, function

pytestmark = pytest.mark.xdist_group("sandbox stack functions")

WRAPPED = (
    'Resource handler returned message: "{} (Service: Lambda, Status Code: 400, Request ID: ID)'
    ' (SDK Attempt Count: 1)" (RequestToken: ID, HandlerErrorCode: InvalidRequest)'
)
E1 = (
    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution"
    " below its minimum value of [{}]."
)


@pytest.fixture(autouse=True)
def clean(aws: Aws) -> Iterator[None]:
    aws.limits(1000)
    yield
    aws.delete(*[stack["StackName"] for stack in aws.cloudformation.list_stacks()["StackSummaries"]])
    assert aws.functions() == []


def reserving(value: Any, name: str | None = "fn", **more: Any) -> Any:
    return function(name, ReservedConcurrentExecutions=value, **more)


def marked(word: str) -> dict[str, Any]:
    """An environment that tells one version of the template from another."""
    return {"Variables": {"WORD": word}}


def word(aws: Aws, name: str = "fn") -> str:
    found: str = aws.client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]["WORD"]
    return found


def test_a_reservation_that_does_not_fit_rolls_the_create_back_and_leaves_nothing(aws: Aws) -> None:
    aws.limits(10)

    assert aws.create("s", {"Fn": reserving(100), "Other": function("other")}) == "ROLLBACK_COMPLETE"

    events = [
        (event["LogicalResourceId"], event["ResourceStatus"])
        for event in aws.cloudformation.describe_stack_events(StackName="s")["StackEvents"]
    ]
    assert ("Fn", "CREATE_FAILED") in events
    assert ("s", "ROLLBACK_IN_PROGRESS") in events
    assert aws.failure("s") == WRAPPED.format(E1.format(10))
    assert aws.functions() == []
    assert aws.unreserved() == 10


def test_a_reservation_that_fits_is_set_and_counted(aws: Aws) -> None:
    assert aws.create("s", {"Fn": reserving(100)}) == "CREATE_COMPLETE"

    assert aws.reserved("fn") == 100
    assert aws.unreserved() == 900


def test_a_refused_update_rolls_back_and_the_old_value_and_environment_return(aws: Aws) -> None:
    aws.create("s", {"Fn": reserving(100, Environment=marked("old"))})

    status = aws.update("s", {"Fn": reserving(901, Environment=marked("new"))})

    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert aws.failure("s") == WRAPPED.format(E1.format(100))
    assert (aws.reserved("fn"), word(aws)) == (100, "old")


def test_resources_updated_before_the_refusal_are_rolled_back_too(aws: Aws) -> None:
    aws.create(
        "s", {"A": reserving(100, "a", Environment=marked("old")), "B": {**reserving(10, "b"), "DependsOn": "A"}}
    )

    status = aws.update(
        "s", {"A": reserving(50, "a", Environment=marked("new")), "B": {**reserving(900, "b"), "DependsOn": "A"}}
    )

    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert (aws.reserved("a"), word(aws, "a"), aws.reserved("b")) == (100, "old", 10)


def test_an_update_credits_the_old_reservation_of_the_function(aws: Aws) -> None:
    aws.create("s", {"Fn": reserving(800)})

    assert aws.update("s", {"Fn": reserving(900)}) == "UPDATE_COMPLETE"
    assert aws.reserved("fn") == 900


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(None, id="by leaving the property out"),
        pytest.param({"Ref": "AWS::NoValue"}, id="by AWS::NoValue"),
    ],
)
def test_a_reservation_is_cleared(aws: Aws, after: Any) -> None:
    aws.create("s", {"Fn": reserving(100)})

    assert aws.update("s", {"Fn": reserving(after)}) == "UPDATE_COMPLETE"
    assert aws.reserved("fn") is None
    assert aws.unreserved() == 1000


def test_zero_is_accepted_on_a_full_account_and_stays_zero(aws: Aws) -> None:
    aws.limits(10, held=10)

    assert aws.create("s", {"Fn": reserving(0)}) == "CREATE_COMPLETE"
    assert aws.reserved("fn") == 0


@pytest.mark.parametrize(
    ("given", "parameters"),
    [
        pytest.param("5", {}, id="as text"),
        pytest.param({"Ref": "Reserved"}, {"Reserved": "5"}, id="as a parameter"),
    ],
)
def test_a_number_may_be_given(aws: Aws, given: Any, parameters: dict[str, str]) -> None:
    assert aws.create("s", {"Fn": reserving(given)}, parameters=parameters) == "CREATE_COMPLETE"
    assert aws.reserved("fn") == 5


@pytest.mark.parametrize(
    ("given", "why"),
    [
        pytest.param("many", "expected type: Integer, found: String", id="a word"),
        pytest.param(-1, "-1 is not greater or equal to 0", id="a negative number"),
    ],
)
def test_an_invalid_number_of_executions_fails_validation(aws: Aws, given: Any, why: str) -> None:
    assert aws.create("s", {"Fn": reserving(given)}) == "ROLLBACK_COMPLETE"
    assert aws.failure("s") == (
        f"Properties validation failed for resource Fn with message: [#/ReservedConcurrentExecutions: {why}]"
    )


@pytest.mark.parametrize(
    ("limit", "floor", "fits"),
    [
        pytest.param(10, 10, 0, id="limit 10 leaves 0"),
        pytest.param(50, 50, 0, id="limit 50 leaves 0"),
        pytest.param(400, 40, 360, id="limit 400 with floor 40 leaves 360"),
        pytest.param(1000, 100, 900, id="limit 1000 leaves 900"),
    ],
)
def test_how_much_a_stack_may_reserve(aws: Aws, limit: int, floor: int, fits: int) -> None:
    aws.limits(limit, floor=floor)

    assert aws.create("fits", {"Fn": reserving(fits)}) == "CREATE_COMPLETE"
    assert aws.update("fits", {"Fn": reserving(fits + 1)}) == "UPDATE_ROLLBACK_COMPLETE"
    assert aws.failure("fits") == WRAPPED.format(E1.format(floor))


def test_a_renamed_function_counts_twice_until_the_cleanup(aws: Aws) -> None:
    aws.create("s", {"Fn": reserving(500, "old")})

    assert aws.update("s", {"Fn": reserving(500, "new")}) == "UPDATE_ROLLBACK_COMPLETE"
    assert (aws.functions(), aws.reserved("old")) == (["old"], 500)

    assert aws.update("s", {"Fn": reserving(400, "new")}) == "UPDATE_COMPLETE"
    assert (aws.functions(), aws.reserved("new"), aws.unreserved()) == (["new"], 400, 600)


@pytest.mark.parametrize(
    ("before", "after"),
    [pytest.param({}, {"ExecutionTimeout": 60}, id="added"), pytest.param({"ExecutionTimeout": 60}, {}, id="removed")],
)
def test_durable_execution_that_comes_or_goes_replaces_the_function(aws: Aws, before: Any, after: Any) -> None:
    def durable(config: dict[str, int]) -> Any:
        return reserving(500, None, **({"DurableConfig": config} if config else {}))

    aws.create("s", {"Fn": durable(before)})
    (old,) = aws.functions()

    assert aws.update("s", {"Fn": durable(after)}) == "UPDATE_ROLLBACK_COMPLETE"
    assert aws.functions() == [old]

    aws.limits(2000)
    assert aws.update("s", {"Fn": durable(after)}) == "UPDATE_COMPLETE"
    assert len(aws.functions()) == 1
    assert aws.functions() != [old]


def test_a_change_of_durable_execution_keeps_the_function(aws: Aws) -> None:
    aws.create("s", {"Fn": reserving(500, None, DurableConfig={"ExecutionTimeout": 60})})

    assert aws.update("s", {"Fn": reserving(500, None, DurableConfig={"ExecutionTimeout": 90})}) == "UPDATE_COMPLETE"


def test_an_update_elsewhere_keeps_a_reservation_after_the_limit_was_lowered(aws: Aws) -> None:
    aws.create("s", {"Fn": reserving(100, Environment=marked("old"))})
    aws.limits(10)

    assert aws.update("s", {"Fn": reserving(100, Environment=marked("new"))}) == "UPDATE_COMPLETE"
    assert (aws.reserved("fn"), word(aws)) == (100, "new")


def test_a_function_name_that_is_taken_fails_and_the_owner_keeps_its_function(aws: Aws) -> None:
    aws.create("owner", {"Fn": reserving(7, Environment=marked("mine"))})

    assert aws.create("s", {"Fn": reserving(8)}) == "ROLLBACK_COMPLETE"
    assert 'message: "Function already exist: fn (Service: Lambda, Status Code: 409' in aws.failure("s")
    assert (aws.reserved("fn"), word(aws)) == (7, "mine")


def test_key_and_dead_letter_queue_are_kept_changed_and_removed(aws: Aws) -> None:
    def resources(**more: Any) -> dict[str, Any]:
        key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {}}}
        return {"Key": key, "Queue": {"Type": "AWS::SQS::Queue"}, "Fn": function("fn", **more)}

    def kept() -> dict[str, Any]:
        found: dict[str, Any] = aws.client("lambda").get_function_configuration(FunctionName="fn")
        return {name: found[name] for name in ("KMSKeyArn", "DeadLetterConfig") if name in found}

    key, queue = {"Fn::GetAtt": ["Key", "Arn"]}, {"Fn::GetAtt": ["Queue", "Arn"]}
    outputs = {"Key": {"Value": key}, "Queue": {"Value": queue}}
    wanted = resources(KmsKeyArn=key, DeadLetterConfig={"TargetArn": queue})

    assert aws.create("s", wanted, outputs=outputs) == "CREATE_COMPLETE"
    said = aws.outputs("s")
    assert kept() == {"KMSKeyArn": said["Key"], "DeadLetterConfig": {"TargetArn": said["Queue"]}}

    assert aws.update("s", resources(KmsKeyArn=key, Description="new"), outputs=outputs) == "UPDATE_COMPLETE"
    assert kept() == {"KMSKeyArn": said["Key"]}

    assert aws.update("s", resources(), outputs=outputs) == "UPDATE_COMPLETE"
    assert kept() == {}


def test_retention_and_key_of_a_log_group_are_kept_and_changed(aws: Aws) -> None:
    def group(days: int) -> dict[str, Any]:
        properties = {"LogGroupName": "/aws/lambda/fn", "RetentionInDays": days, "KmsKeyId": "arn:aws:kms:::key/k"}
        return {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": properties}}

    aws.create("s", group(30))
    found = aws.logs.describe_log_groups()["logGroups"][0]
    assert (found["retentionInDays"], found["kmsKeyId"]) == (30, "arn:aws:kms:::key/k")

    aws.update("s", group(14))
    assert aws.logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 14


def test_a_function_is_active_when_its_stack_is_complete(aws: Aws) -> None:
    def state() -> tuple[str, str, str]:
        found = aws.client("lambda").get_function_configuration(FunctionName="fn")
        return found["State"], found["LastUpdateStatus"], found["LoggingConfig"]["LogGroup"]

    settled = ("Active", "Successful", "/aws/lambda/fn")
    aws.create("s", {"Fn": function("fn", LoggingConfig={"LogFormat": "JSON"})})
    assert state() == settled

    aws.update("s", {"Fn": function("fn", LoggingConfig={"LogFormat": "JSON"}, Timeout=9)})
    assert state() == settled
