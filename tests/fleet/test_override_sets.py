"""What a stack set and each of its cells get, by verdicts on accounts in memory."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tapctl.account.model import Account, LiveFunction, Stack
from tapctl.concurrency.remedy import Remedy, RemedyAction, RemedyMode
from tapctl.concurrency.verdict import Verdict
from tapctl.errors import AwsError
from tapctl.fleet.cells import Cell, Cells
from tapctl.fleet.judge import judge_fleet
from tapctl.fleet.override_sets import LeftOut, WantedSet, together, wanted
from tapctl.settings.settings import Settings
from tapctl.settings.targets import TargetAccount
from tests.support.fake_account import FakeAccount, fake_account
from tests.support.fixed import read
from tests.support.golden import Golden
from tests.support.hints import noted

REGION = "eu-west-1"
SWITCH = """\
Parameters: {Size: {Type: String, Default: "300"}, Table: {Type: String, Default: t}}
Conditions: {Reserves: !Not [!Equals [!Ref Size, ""]]}
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties: {ReservedConcurrentExecutions: !If [Reserves, !Ref Size, !Ref AWS::NoValue]}
"""
NUMBER = """\
Parameters: {Size: {Type: Number, Default: 300}}
Resources: {Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: !Ref Size}}}
"""
FIXED = "Resources: {Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 300}}}\n"
LIMITS = {"10": 10, "50": 50, "400": 400, "1000": 1000}


def account(number: int) -> str:
    return f"{number:012}"


def plan(
    text: str,
    accounts: Mapping[str, int | AwsError | FakeAccount],
    *,
    held: Mapping[str, str] | None = None,
    joins: bool = False,
    of_accounts: Mapping[str, Mapping[str, str]] | None = None,
    **settings: Any,
) -> WantedSet:
    """What is wanted of accounts by their names, with their limits or why they cannot be read."""

    def open_cell(cell: Cell) -> FakeAccount:
        found = accounts[cell.account.name]
        if isinstance(found, AwsError):
            raise found
        return fake_account(found) if isinstance(found, int) else found

    cells = tuple(
        Cell(TargetAccount(account(number), (REGION,), name, parameters=(of_accounts or {}).get(name, {})), REGION, "")
        for number, name in enumerate(accounts)
    )
    own = replace(Settings("t.yaml", remedy=RemedyMode.ADJUST), **settings)
    result = judge_fleet(read(text), Cells("prod", cells, {}, (), open_cell), own)
    return wanted(result.cells, own, held=held, joins=joins)


def sizes(want: WantedSet) -> dict[str, str]:
    return {placement.cell.account.name: placement.values["Size"] for placement in want.placements}


def test_each_limit_gets_the_reservation_that_it_takes() -> None:
    want = plan(SWITCH, LIMITS)

    assert sizes(want) == {"10": "", "50": "", "400": "300", "1000": "300"}
    assert want.placements[0].remedies == {"Fn": Remedy(RemedyAction.DROP, None, 300)}
    assert want.overridden == ("Size",)
    assert want.left_out == ()


@pytest.mark.parametrize(
    ("limit", "size"),
    [(399, "225"), (325, "225"), (324, "150"), (249, "75"), (174, "30"), (129, "15"), (114, "14"), (100, "")],
)
def test_lowered_reservations_go_down_in_steps(limit: int, size: str) -> None:
    assert sizes(plan(SWITCH, {"a": limit})) == {"a": size}


def test_a_reservation_is_not_lowered_below_its_minimum() -> None:
    assert sizes(plan(SWITCH, {"a": 330}, minimum={"Fn": 228})) == {"a": "230"}


def test_a_stack_that_is_there_keeps_what_it_holds() -> None:
    live = Stack("s", "CREATE_COMPLETE", {"Fn": LiveFunction("fn", 240, 0)})
    settings = fake_account(limit=350, unreserved=110).account.settings
    reader = FakeAccount(Account(REGION, settings, stack=live, exports={}))
    cell = Cell(TargetAccount(account(1), (REGION,), "a"), REGION, "s")
    own = Settings("t.yaml", remedy=RemedyMode.ADJUST)
    result = judge_fleet(read(SWITCH), Cells("prod", (cell,), {}, (), lambda _: reader), own)

    want = wanted(result.cells, own, held={})

    assert want.placements[0].values["Size"] == "250"
    assert want.placements[0].stack_status == "CREATE_COMPLETE"


# ---------------------------------------------------------------------------------------------------------------------
# The set's own values
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accounts", "held", "own"),
    [
        pytest.param(LIMITS | {"more": 1000}, None, "300", id="the most common of a new set"),
        pytest.param(LIMITS, {"Size": "", "Table": "t"}, "", id="the one that the set has"),
        pytest.param(LIMITS, {"Size": "77", "Table": "t"}, "", id="another where no cell wants it"),
        pytest.param({"a": 350, "b": 1000, "c": 1000}, {"Table": "t"}, "225", id="the smallest of a new parameter"),
    ],
)
def test_the_value_of_the_set(accounts: Mapping[str, int], held: Mapping[str, str] | None, own: str) -> None:
    want = plan(SWITCH, accounts, held=held)

    assert want.values["Size"] == own
    assert want.reservations == {"Size": ""}


def test_accounts_that_join_get_no_reservation() -> None:
    want = plan(SWITCH, {"a": 1000, "b": 1000}, joins=True, held={"Size": "300"})

    assert (want.values["Size"], want.unsafe) == ("", ())
    assert sizes(want) == {"a": "300", "b": "300"}


def test_a_reservation_that_no_parameter_drops_is_unsafe_for_who_joins() -> None:
    assert plan(NUMBER, {"a": 1000}, joins=True).unsafe == ("Fn",)
    assert plan(NUMBER, {"a": 1000}).unsafe == ()


def test_values_of_accounts_are_overrides() -> None:
    want = plan(SWITCH, {"a": 1000, "b": 1000}, of_accounts={"b": {"Table": "u"}})

    assert (want.values, want.overridden) == ({"Size": "300", "Table": "t"}, ("Table",))
    assert [placement.values["Table"] for placement in want.placements] == ["t", "u"]
    assert {key: len(cells) for key, cells in together(want.placements, want.overridden).items()} == {
        (("Table", "t"),): 1,
        (("Table", "u"),): 1,
    }


def test_a_secret_has_a_value_where_it_is_given_alone() -> None:
    text = SWITCH.replace("Table: {Type: String, Default: t}", "Key: {Type: String, NoEcho: true, Default: x}")

    want = plan(text, {"a": 1000, "b": 1000}, of_accounts={"b": {"Key": "own"}})

    assert want.values == {"Size": "300"}
    assert [placement.values.get("Key") for placement in want.placements] == [None, "own"]
    assert want.overridden == ("Key",)
    assert plan(text, {"a": 1000}, parameters={"Key": "k"}).values == {"Size": "300", "Key": "k"}


@pytest.mark.parametrize(
    ("value", "amount"), [("", 0), ("0", 0), ("-1", 0), ("12", 12), ("no", 0), ("true", float("inf"))]
)
def test_how_much_a_value_reserves(value: str, amount: float) -> None:
    assert WantedSet({}, reservations={"Size": "no"}).amount("Size", value) == amount


# ---------------------------------------------------------------------------------------------------------------------
# Cells that are left out
# ---------------------------------------------------------------------------------------------------------------------


def left(want: WantedSet) -> dict[str, tuple[Verdict, str]]:
    return {omitted.cell.account.name: (omitted.verdict, omitted.reason) for omitted in want.left_out}


def test_a_cell_that_cannot_be_read_is_left_out() -> None:
    want = plan(SWITCH, {"a": AwsError("no role", noted("create it")), "b": 1000})

    assert left(want) == {"a": (Verdict.UNKNOWN, "no role")}
    assert want.left_out[0].hints == (noted("create it"),)
    assert sizes(want) == {"b": "300"}


def test_a_reservation_that_depends_on_no_parameter_is_left_out_where_it_does_not_fit() -> None:
    want = plan(FIXED, {"a": 10, "b": 1000})

    reason = "the reservation of Fn does not fit, and depends on no parameter"
    assert left(want) == {"a": (Verdict.EXCEEDS, reason)}


def test_a_parameter_that_cannot_drop_it_is_of_no_use_for_that() -> None:
    assert left(plan(NUMBER, {"a": 10})).keys() == {"a"}
    assert sizes(plan(NUMBER, {"a": 350})) == {"a": "225"}


def test_cells_that_exceed_are_left_out_where_remedies_are_forbidden() -> None:
    want = plan(SWITCH, {"a": 10, "b": 1000}, remedy=RemedyMode.FAIL)

    assert {name: verdict for name, (verdict, _) in left(want).items()} == {"a": Verdict.EXCEEDS}


@pytest.mark.parametrize(("allowed", "out"), [(False, {"a"}), (True, set())])
def test_an_uncertain_cell_is_left_out_unless_that_is_allowed(allowed: bool, out: set[str]) -> None:
    """A limit of 350 takes 300 if AWS keeps 50, which is not published."""
    want = plan(SWITCH, {"a": 350}, remedy=RemedyMode.FAIL, allow_uncertain=allowed)

    assert left(want).keys() == out


def test_a_cell_that_fits_only_in_two_steps_is_left_out(golden: Golden) -> None:
    text = SWITCH + "  Other: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 500}}\n"
    live = Stack("s", "UPDATE_COMPLETE", {"Fn": LiveFunction("fn", 800, 0), "Other": LiveFunction("other", 100, 0)})
    settings = fake_account(limit=1000, unreserved=100).account.settings
    reader = FakeAccount(Account(REGION, settings, stack=live, exports={}))
    cell = Cell(TargetAccount(account(1), (REGION,), "a"), REGION, "s")
    own = Settings("t.yaml", remedy=RemedyMode.ADJUST)
    result = judge_fleet(read(text), Cells("prod", (cell,), {}, (), lambda _: reader), own)

    found = wanted(result.cells, own, held=None).left_out

    golden([entry.reason for entry in found])


def test_cells_are_left_out_later() -> None:
    want = plan(SWITCH, {"a": 1000, "b": 1000})
    gone = LeftOut(want.placements[0].cell, Verdict.EXCEEDS, "no room")

    assert sizes(want.without([gone])) == {"b": "300"}
    assert want.without([gone]).left_out == (gone,)
