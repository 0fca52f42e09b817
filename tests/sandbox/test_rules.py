from typing import Any

import pytest

from tapctl.sandbox import AccountLimits, rules
from tapctl.sandbox.rules import FunctionConcurrency, LambdaRefusal

E1 = (
    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution"
    " below its minimum value of [{}]."
)
E2 = (
    "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution"
    " below its minimum value of [{}]."
)
E3 = "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [{}]."
E4 = "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"
E5 = " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2]."
E6 = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
E7_ALIAS = "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
E7_VERSION = "Version is pointed by a Provisioned Concurrency alias"


def text(refusal: LambdaRefusal | None) -> str | None:
    return refusal.text if refusal else None


@pytest.mark.parametrize(
    ("limits", "value", "others", "expected"),
    [
        pytest.param(AccountLimits(10), 1, 0, E1.format(10), id="a new account of 10 cannot reserve even 1"),
        pytest.param(AccountLimits(10), 0, 0, None, id="0 is accepted on a new account"),
        pytest.param(AccountLimits(10, held=10), 0, 0, None, id="0 is accepted on a full account"),
        pytest.param(AccountLimits(10), 100, 0, E1.format(10), id="more than the limit has no message of its own"),
        pytest.param(AccountLimits(50), 1, 0, E1.format(50), id="an account of 50 keeps all 50"),
        pytest.param(AccountLimits(400, floor=40), 360, 0, None, id="an account of 400 with floor 40 reserves 360"),
        pytest.param(
            AccountLimits(400, floor=40), 361, 0, E1.format(40), id="an account of 400 with floor 40 keeps 40"
        ),
        pytest.param(AccountLimits(400), 301, 0, E1.format(100), id="an account of 400 keeps 100 by default"),
        pytest.param(AccountLimits(1000), 900, 0, None, id="an account of 1000 reserves 900"),
        pytest.param(AccountLimits(1000), 901, 0, E1.format(100), id="an account of 1000 keeps 100"),
        pytest.param(AccountLimits(1000), 800, 100, None, id="what others reserved leaves room for 800"),
        pytest.param(AccountLimits(1000), 801, 100, E1.format(100), id="what others reserved leaves no room for 801"),
        pytest.param(AccountLimits(1000, held=100), 801, 0, E1.format(100), id="another team's 100 count like ours"),
    ],
)
def test_a_reservation(limits: AccountLimits, value: int, others: int, expected: str | None) -> None:
    functions = {"other": FunctionConcurrency(reserved=others)}

    assert text(rules.refuse_reserved(limits, functions, "fn", value)) == expected


def test_the_functions_own_old_reservation_is_credited_back() -> None:
    functions = {"fn": FunctionConcurrency(reserved=800), "other": FunctionConcurrency(reserved=50)}

    assert rules.refuse_reserved(AccountLimits(1000), functions, "fn", 850) is None
    assert text(rules.refuse_reserved(AccountLimits(1000), functions, "fn", 851)) == E1.format(100)


def test_a_function_may_keep_or_lower_what_it_holds_after_the_limit_was_lowered_under_it() -> None:
    functions = {"fn": FunctionConcurrency(reserved=100)}

    assert rules.refuse_reserved(AccountLimits(10), functions, "fn", 100) is None
    assert rules.refuse_reserved(AccountLimits(10), functions, "fn", 50) is None
    assert text(rules.refuse_reserved(AccountLimits(10), functions, "fn", 101)) == E1.format(10)


def test_a_reservation_may_not_fall_below_the_functions_provisioned_concurrency() -> None:
    functions = {"fn": FunctionConcurrency(reserved=5, provisioned={"1": 1, "live": 1})}

    assert rules.refuse_reserved(AccountLimits(1000), functions, "fn", 2) is None
    assert text(rules.refuse_reserved(AccountLimits(1000), functions, "fn", 1)) == E5


@pytest.mark.parametrize(
    ("limits", "function", "value", "expected"),
    [
        pytest.param(
            AccountLimits(1000), FunctionConcurrency(), 900, None, id="without a reservation it may leave the floor"
        ),
        pytest.param(
            AccountLimits(1000),
            FunctionConcurrency(),
            901,
            E2.format(100),
            id="without one it may not go below the floor",
        ),
        pytest.param(
            AccountLimits(1000), FunctionConcurrency(), 1001, E3.format(1000), id="it may not exceed what is unreserved"
        ),
        pytest.param(
            AccountLimits(10, held=30),
            FunctionConcurrency(),
            1,
            E3.format(0),
            id="an overdrawn account has 0 unreserved",
        ),
        pytest.param(
            AccountLimits(1000),
            FunctionConcurrency(reserved=5),
            5,
            None,
            id="inside a reservation it costs nothing more",
        ),
        pytest.param(
            AccountLimits(1000), FunctionConcurrency(reserved=5), 6, E4, id="it may not exceed the reservation"
        ),
        pytest.param(
            AccountLimits(1000), FunctionConcurrency(reserved=0), 1, E4, id="a reservation of 0 has room for none"
        ),
        pytest.param(
            AccountLimits(1000), FunctionConcurrency(5, {"2": 3}), 3, E4, id="all versions share the reservation"
        ),
        pytest.param(
            AccountLimits(1000), FunctionConcurrency(5, {"1": 5}), 4, None, id="its own old value is credited back"
        ),
        pytest.param(
            AccountLimits(1000),
            FunctionConcurrency(None, {"2": 800}),
            101,
            E2.format(100),
            id="all versions share the pool",
        ),
        pytest.param(
            AccountLimits(10), FunctionConcurrency(None, {"1": 5}), 5, None, id="the same value again is no new claim"
        ),
    ],
)
def test_provisioned_concurrency(
    limits: AccountLimits, function: FunctionConcurrency, value: int, expected: str | None
) -> None:
    assert text(rules.refuse_provisioned(limits, {"fn": function}, "fn", "1", value)) == expected


@pytest.mark.parametrize(
    ("qualifier", "provisioned", "expected"),
    [
        pytest.param("$LATEST", {}, E6, id="the unpublished version has none"),
        pytest.param("draft", {}, E6, id="an alias of the unpublished version has none"),
        pytest.param("live", {"1": 5}, E7_ALIAS, id="not on an alias of a version that has it"),
        pytest.param("1", {"live": 5}, E7_VERSION, id="not on a version whose alias has it"),
        pytest.param("live", {"2": 5}, None, id="another version does not matter"),
        pytest.param("live", {"other": 5}, E7_ALIAS, id="not on two aliases of one version"),
        pytest.param("live", {"live": 4}, None, id="more on the same alias"),
    ],
)
def test_where_provisioned_concurrency_goes(qualifier: str, provisioned: dict[str, int], expected: str | None) -> None:
    functions = {
        "fn": FunctionConcurrency(provisioned=provisioned, aliases={"live": "1", "other": "1", "draft": "$LATEST"})
    }

    assert text(rules.refuse_provisioned(AccountLimits(1000), functions, "fn", qualifier, 5)) == expected


@pytest.mark.parametrize(
    ("function", "counts", "expected"),
    [
        pytest.param(FunctionConcurrency(), True, 0, id="nothing set takes nothing"),
        pytest.param(FunctionConcurrency(reserved=0), True, 0, id="a kill switch takes nothing"),
        pytest.param(
            FunctionConcurrency(reserved=7, provisioned={"1": 5}), True, 7, id="a reservation contains the provisioned"
        ),
        pytest.param(
            FunctionConcurrency(provisioned={"1": 5, "live": 2}), True, 7, id="provisioned alone takes its sum"
        ),
        pytest.param(FunctionConcurrency(provisioned={"1": 5}), False, 0, id="unless the account does not count it"),
    ],
)
def test_what_a_function_takes_from_the_pool(function: FunctionConcurrency, counts: bool, expected: int) -> None:
    limits = AccountLimits(1000, held=100, provisioned_counts=counts)

    assert rules.claim(function, limits) == expected
    assert rules.unreserved(limits, {"fn": function}) == 900 - expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(5, 5, id="a number"),
        pytest.param("5", 5, id="a number as text, as parameters are"),
        pytest.param(0, 0, id="zero"),
        pytest.param(-1, None, id="not a negative one"),
        pytest.param("many", None, id="not a word"),
        pytest.param("", None, id="not nothing"),
        pytest.param(True, None, id="not a truth value"),
        pytest.param(1.5, None, id="not a fraction"),
        pytest.param(None, None, id="not null"),
    ],
)
def test_what_counts_as_a_whole_number(given: Any, expected: int | None) -> None:
    assert rules.whole_number(given, least=0) == expected
