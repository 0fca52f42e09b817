import pytest

from tapctl.deploy.diagnose import diagnose, explain
from tapctl.deploy.events import STACK, Event

E1 = (
    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution"
    " below its minimum value of [{}]."
)
E2 = (
    "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution"
    " below its minimum value of [{}]."
)
WRAPPED_2021 = (
    'Resource handler returned message: "{} (Service: Lambda, Status Code: 400, Request ID: 0d1c,'
    ' Extended Request ID: null)" (RequestToken: 5f1a, HandlerErrorCode: InvalidRequest)'
)
WRAPPED_2022 = (
    'Resource handler returned message: "{} (Service: Lambda, Status Code: 400, Request ID: 0d1c)"'
    " (RequestToken: 5f1a, HandlerErrorCode: InvalidRequest)"
)
WRAPPED_2025 = (
    'Resource handler returned message: "{} (Service: Lambda, Status Code: 400, Request ID: 0d1c)'
    ' (SDK Attempt Count: 1)" (RequestToken: 5f1a, HandlerErrorCode: InvalidRequest)'
)
WRAPPERS = [
    pytest.param("{}", id="bare"),
    pytest.param(WRAPPED_2021, id="as wrapped in 2021"),
    pytest.param(WRAPPED_2022, id="as wrapped from 2022"),
    pytest.param(WRAPPED_2025, id="as wrapped from 2025"),
]


def event(logical_id: str, status: str, reason: str = "", kind: str = "AWS::Lambda::Function") -> Event:
    return Event(f"{logical_id}-{status}", "", logical_id, kind, status, reason, "")


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("text", [pytest.param(E1, id="reserved"), pytest.param(E2, id="provisioned")])
@pytest.mark.parametrize("minimum", [10, 40, 50, 100])
def test_the_minimum_in_the_brackets_is_what_is_explained(wrapper: str, text: str, minimum: int) -> None:
    meaning, hint = explain(wrapper.format(text.format(minimum)))

    assert f"fewer than {minimum} unreserved" in meaning
    assert f"--min-unreserved {minimum}" in hint


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param(
            "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [10].",
            "more than the account has unreserved",
            id="provisioned beyond the pool",
        ),
        pytest.param(
            "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function",
            "must fit into its reservation",
            id="provisioned beyond the reservation",
        ),
        pytest.param(
            " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2].",
            "smaller than what is provisioned inside it",
            id="reserved below the provisioned",
        ),
        pytest.param(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
            "$LATEST takes no provisioned concurrency",
            id="provisioned on the latest",
        ),
        pytest.param(
            "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
            "cannot both have",
            id="an alias of a provisioned version",
        ),
        pytest.param(
            "Version is pointed by a Provisioned Concurrency alias", "cannot both have", id="a version of an alias"
        ),
        pytest.param("Code storage limit exceeded.", "code storage is full", id="code storage"),
        pytest.param(
            "1 validation error detected: Value '4096' at 'memorySize' failed to satisfy constraint: "
            "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 3008",
            "3008 MB",
            id="memory of a new account",
        ),
        pytest.param("shop-role already exists in stack arn:x", "there already", id="a name that is taken"),
        pytest.param(
            "User: arn:aws:iam::1:user/x is not authorized to perform: kms:CreateKey", "may not", id="not authorised"
        ),
        pytest.param("The role defined for the function cannot be assumed by Lambda.", "IAM", id="a role too new"),
    ],
)
def test_every_text_that_is_known_gets_a_meaning_and_a_next_step(wrapper: str, text: str, meant: str) -> None:
    meaning, hint = explain(wrapper.format(text))

    assert meant in meaning
    assert hint


def test_a_text_that_is_not_known_is_left_to_speak_for_itself() -> None:
    assert explain("The sky fell") == ("", "")


def test_the_first_cause_is_the_earliest_failure_that_is_no_cancellation() -> None:
    found = diagnose(
        [
            event("Other", "CREATE_FAILED", "Resource creation cancelled"),
            event("Fn", "CREATE_FAILED", E1.format(10)),
            event("Table", "CREATE_FAILED", "something that came of it"),
            event("shop", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Fn].", STACK),
        ]
    )

    assert found is not None
    assert (found.logical_id, found.said) == ("Fn", E1.format(10))


@pytest.mark.parametrize(
    "reason", ["Resource creation cancelled", "Resource update cancelled", "Resource deletion cancelled"]
)
def test_each_kind_of_cancellation_is_passed_over(reason: str) -> None:
    assert diagnose([event("Fn", "UPDATE_FAILED", reason)]) is None


def test_a_failure_that_only_quotes_a_name_with_the_word_is_a_cause() -> None:
    found = diagnose(
        [
            event("Orders", "CREATE_FAILED", "cancelled-orders already exists in stack arn:x"),
            event("Fn", "CREATE_FAILED", "another failure"),
        ]
    )

    assert found is not None
    assert found.logical_id == "Orders"


def test_a_resources_failure_comes_before_its_stacks() -> None:
    found = diagnose([event("shop", "UPDATE_FAILED", "it failed", STACK), event("Fn", "UPDATE_FAILED", "because")])

    assert found is not None
    assert found.logical_id == "Fn"


def test_a_stack_that_fails_alone_is_its_own_cause() -> None:
    found = diagnose([event("Nested", "CREATE_FAILED", "Embedded stack was not created", STACK)])

    assert found is not None
    assert found.logical_id == "Nested"


def test_nothing_failed_gives_no_diagnosis() -> None:
    assert diagnose([event("Fn", "CREATE_COMPLETE")]) is None
