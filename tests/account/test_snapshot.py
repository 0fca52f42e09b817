"""An account in a file: written and read back it is the same, and a broken one is named in one line."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapctl.account.model import Account, AccountSettings, Concurrency, Identity, LiveFunction, Quota, Stack
from tapctl.account.snapshot import SnapshotAccount, dumps, load, to_json
from tapctl.errors import ConfigError, ExitCode
from tapctl.limits import CATALOGUE
from tapctl.unknown import Unknown

DENIED = Unknown("lambda:GetAccountSettings was denied", "allow the action lambda:GetAccountSettings")
LEFT_OUT = Unknown("the snapshot does not hold it", judged=False)
STORAGE = "lambda/L-2ACBD22F"
LEAST: dict[str, Any] = {
    "schema": "tapctl.account/1",
    "limits": {"concurrent_executions": 1000, "unreserved_concurrent_executions": 970},
}
CONTRACT: dict[str, Any] = {
    **LEAST,
    "taken_at": "2026-11-23T12:00:00Z",
    "account_id": "123456789012",
    "region": "us-east-1",
    "limits": {
        "concurrent_executions": 1000,
        "unreserved_concurrent_executions": 970,
        "total_code_size": 80530636800,
    },
    "usage": {"total_code_size": 0, "function_count": 4},
    "stack": {
        "name": "tapstack-staging",
        "status": "UPDATE_COMPLETE",
        "functions": {"Fn": {"physical_id": "webhook-staging", "reserved": 30, "provisioned": 0}},
    },
    "quotas": {"dynamodb/L-F98FE922": {"value": 2500, "usage": 12}},
}


def reading(folder: Path, content: object) -> SnapshotAccount:
    path = folder / "account.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return load(path)


class TestReading:
    def test_the_documented_one(self, tmp_path: Path) -> None:
        assert reading(tmp_path, CONTRACT).account == Account(
            region="us-east-1",
            settings=AccountSettings(Concurrency(1000, 970), Quota(80530636800, 0), 4),
            account_id="123456789012",
            taken_at="2026-11-23T12:00:00Z",
            stack=Stack("tapstack-staging", "UPDATE_COMPLETE", {"Fn": LiveFunction("webhook-staging", 30, 0)}),
            quotas={STORAGE: Quota(80530636800, 0), "dynamodb/L-F98FE922": Quota(2500, 12)},
            exports=LEFT_OUT,
        )

    def test_the_least_that_one_can_write_by_hand(self, tmp_path: Path) -> None:
        reader = reading(tmp_path, LEAST)
        assert reader.settings() == AccountSettings(Concurrency(1000, 970), Quota(LEFT_OUT, LEFT_OUT), LEFT_OUT)
        assert (reader.identity(), reader.stack("any"), reader.exports()) == (LEFT_OUT, None, LEFT_OUT)
        assert reader.look_up(["ssm:/a"]) == {
            "ssm:/a": Unknown("the snapshot does not hold ssm:/a", "--resolve ssm:/a=VALUE")
        }
        assert set(reader.quotas(CATALOGUE).values()) == {Quota(LEFT_OUT, LEFT_OUT)}

    def test_what_it_does_not_know_of_is_left_aside(self, tmp_path: Path) -> None:
        later = {**LEAST, "later": {"x": 1}, "limits": {**LEAST["limits"], "gpus": 1}}
        assert reading(tmp_path, later) == reading(tmp_path, LEAST)

    def test_no_exports_are_not_unknown_exports(self, tmp_path: Path) -> None:
        assert reading(tmp_path, {**LEAST, "exports": {}}).exports() == {}
        assert reading(tmp_path, {**LEAST, "exports": {"unknown": "a", "b": "c"}}).exports() == {
            "unknown": "a",
            "b": "c",
        }

    def test_a_hand_written_stack_needs_only_its_name(self, tmp_path: Path) -> None:
        written = {**LEAST, "stack": {"name": "mine", "functions": {"Fn": {"physical_id": "x"}}}}
        assert reading(tmp_path, written).account.stack == Stack(
            "mine", "CREATE_COMPLETE", {"Fn": LiveFunction("x", None, 0)}
        )

    @pytest.mark.parametrize(("reserved", "expected"), [(None, None), (0, 0), (5, 5)], ids=["unset", "zero", "five"])
    def test_unset_is_not_zero(self, tmp_path: Path, reserved: int | None, expected: int | None) -> None:
        function = {"physical_id": "x", "reserved": reserved}
        stack = reading(tmp_path, {**LEAST, "stack": {"name": "s", "functions": {"Fn": function}}}).account.stack
        assert isinstance(stack, Stack)
        assert stack.functions["Fn"].reserved == expected

    def test_what_was_refused_when_it_was_taken_is_still_unknown(self, tmp_path: Path) -> None:
        refused = {"unknown": DENIED.reason, "resolution": DENIED.resolution}
        reader = reading(
            tmp_path,
            {
                **LEAST,
                "limits": {"concurrent_executions": refused, "unreserved_concurrent_executions": refused},
                "stack": refused,
                "exports": {"unknown": "denied"},
            },
        )
        assert reader.settings().concurrency == Concurrency(DENIED, DENIED)
        assert reader.stack("any") == DENIED
        assert reader.exports() == Unknown("denied")

    def test_it_answers_for_its_own_stack_only(self, tmp_path: Path) -> None:
        reader = reading(tmp_path, CONTRACT)
        assert isinstance(reader.stack("tapstack-staging"), Stack)
        assert reader.stack("another") is None

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
    def test_one_that_powershell_redirected(self, tmp_path: Path, encoding: str) -> None:
        mark = "\ufeff" if encoding == "utf-16-be" else ""
        (tmp_path / "account.json").write_bytes(f"{mark}{json.dumps(CONTRACT)}\r\n".encode(encoding))
        assert load(tmp_path / "account.json") == reading(tmp_path, CONTRACT)

    @pytest.mark.parametrize("reason", ["", " "])
    def test_a_refusal_without_a_reason_says_so(self, tmp_path: Path, reason: str) -> None:
        expected = Unknown("the snapshot gives no reason")
        assert reading(tmp_path, {**LEAST, "stack": {"unknown": reason}}).stack("any") == expected
        assert reading(tmp_path, {**LEAST, "exports": {"unknown": reason}}).exports() == expected

    def test_a_floor_whose_day_is_not_told(self, tmp_path: Path) -> None:
        learned = reading(tmp_path, {**LEAST, "floor": {"minimum": 40, "limit": 1000}}).account.learned
        assert learned is not None
        assert learned.source == "AWS named it in an error"

    def test_it_says_whose_it_is(self, tmp_path: Path) -> None:
        assert reading(tmp_path, CONTRACT).identity() == Identity("123456789012", "us-east-1")


def limited(value: object) -> dict[str, Any]:
    return {**LEAST, "limits": {**LEAST["limits"], "concurrent_executions": value}}


def holding(**function: object) -> dict[str, Any]:
    return {**LEAST, "stack": {"name": "s", "functions": {"Fn": function}}}


WHOLE = "limits.concurrent_executions: Input should be a valid integer"
BROKEN = {
    "another-schema": ({**LEAST, "schema": "tapctl.account/2"}, "schema: Input should be 'tapctl.account/1'"),
    "no-schema": ({"limits": LEAST["limits"]}, "schema: Field required"),
    "no-limits": ({"schema": "tapctl.account/1"}, "limits: Field required"),
    "half-the-limits": (
        {**LEAST, "limits": {"concurrent_executions": 1}},
        "limits.unreserved_concurrent_executions: Field required",
    ),
    "a-text": (limited("1000"), WHOLE),
    "a-boolean": (limited(True), WHOLE),
    "a-fraction": (limited(1.5), WHOLE),
    "null": (limited(None), WHOLE),
    "below-zero": (limited(-1), "limits.concurrent_executions: Input should be greater than or equal to 0"),
    "usage-as-a-list": ({**LEAST, "usage": []}, "usage: Input should be an object"),
    "a-stack-without-a-name": ({**LEAST, "stack": {"status": "X"}}, "stack.name: Field required"),
    "a-function-without-an-id": (holding(reserved=1), "stack.functions.Fn.physical_id: Field required"),
    "a-reservation-as-text": (
        holding(physical_id="x", reserved="1"),
        "stack.functions.Fn.reserved: Input should be a valid integer",
    ),
    "a-quota-without-its-usage": ({**LEAST, "quotas": {"a/b": {"value": 1}}}, "quotas.a/b.usage: Field required"),
    "a-lookup-of-a-number": ({**LEAST, "lookups": {"ssm:/a": 1}}, "lookups.ssm:/a: Input should be a valid string"),
    "a-region-of-a-number": ({**LEAST, "region": 1}, "region: Input should be a valid string"),
    "a-list": ([1], "Input should be an object"),
    "nothing": ("", "Invalid JSON: EOF while parsing a value at line 1 column 0"),
    "not-json": ('{"schema": }', "Invalid JSON: expected value at line 1 column 12"),
    "a-deep-one": ("[" * 100_000, "Invalid JSON: recursion limit exceeded at line 1 column 202"),
    "a-binary-one": ("\x00\x01", "Invalid JSON: expected value at line 1 column 1"),
}


class TestBroken:
    @pytest.mark.parametrize(("content", "problem"), BROKEN.values(), ids=BROKEN)
    def test_one_line_names_what_is_wrong(self, tmp_path: Path, content: object, problem: str) -> None:
        with pytest.raises(ConfigError) as caught:
            reading(tmp_path, content)
        path = tmp_path / "account.json"
        assert caught.value.message == f"{path} is no account snapshot: {problem}"
        assert caught.value.hint == f"`tapctl account --output {path}` takes one"
        assert caught.value.exit_code is ExitCode.USAGE

    def test_an_export_that_is_no_text_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="is no account snapshot: exports"):
            reading(tmp_path, {**LEAST, "exports": {"A": 1}})

    def test_more_unreserved_than_there_is_is_named(self, tmp_path: Path) -> None:
        limits = {"concurrent_executions": 10, "unreserved_concurrent_executions": 11}
        with pytest.raises(ConfigError, match=r"unreserved_concurrent_executions is 11, above the limit of 10$"):
            reading(tmp_path, {**LEAST, "limits": limits})

    @pytest.mark.parametrize(
        ("limits", "function", "problem"),
        [
            (
                (1000, 900),
                {"reserved": 5000},
                "stack.functions reserve 5000 executions, but of the limit of 1000 only 100",
            ),
            ((1000, 970), {"reserved": 31}, "stack.functions reserve 31 executions, but of the limit of 1000 only 30"),
            ((1000, 970), {"provisioned": 1001}, "stack.functions.Fn.provisioned is 1001, above the limit of 1000"),
            (
                (1000, 970),
                {"provisioned": 5, "holders": {"A": 4}},
                "stack.functions.Fn.provisioned is 5, but its holders",
            ),
            (
                (1000, 970),
                {"provisioned": 5, "holders": {}},
                "stack.functions.Fn.provisioned is 5, but its holders have 0",
            ),
        ],
    )
    def test_what_no_account_can_be_is_refused(
        self, tmp_path: Path, limits: tuple[int, int], function: dict[str, object], problem: str
    ) -> None:
        names = ("concurrent_executions", "unreserved_concurrent_executions")
        written = {**holding(physical_id="x", **function), "limits": dict(zip(names, limits, strict=True))}
        with pytest.raises(ConfigError, match=re.escape(f"account.json: {problem}")) as caught:
            reading(tmp_path, written)
        assert caught.value.hint == "mend it, or take the snapshot again"

    @pytest.mark.parametrize(
        "function",
        [
            {"reserved": 30},
            {"reserved": {"unknown": "denied"}, "provisioned": 40},
            {"provisioned": 5, "holders": {"A": 4, ":1": 1}},
            {"provisioned": {"unknown": "denied"}, "holders": {}},
        ],
        ids=["all-that-is-reserved", "not-known", "the-sum-of-its-holders", "a-sum-that-is-not-known"],
    )
    def test_what_may_be_is_not(self, tmp_path: Path, function: dict[str, object]) -> None:
        assert reading(tmp_path, holding(physical_id="x", **function)).account.stack is not None

    def test_one_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError) as caught:
            load(tmp_path / "none.json")
        assert caught.value.message == f"cannot read the snapshot {tmp_path}/none.json: No such file or directory"

    def test_a_folder_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=re.escape(f"cannot read the snapshot {tmp_path}: Is a directory")):
            load(tmp_path)

    def test_bytes_that_are_no_text_are_none(self, tmp_path: Path) -> None:
        (tmp_path / "account.json").write_bytes(b'{"schema": "\xff"}')
        with pytest.raises(ConfigError, match="is no account snapshot: Invalid JSON: invalid unicode code point"):
            load(tmp_path / "account.json")


def test_what_is_left_unsaid_is_left_out() -> None:
    bare = Account(None, AccountSettings(Concurrency(10, 10)))
    assert to_json(bare) == {
        "schema": "tapctl.account/1",
        "limits": {"concurrent_executions": 10, "unreserved_concurrent_executions": 10},
    }


def test_the_documented_one_is_written_as_it_is_documented(tmp_path: Path) -> None:
    account = reading(tmp_path, CONTRACT).account
    written = json.loads(dumps(account))
    assert written["stack"] == {**CONTRACT["stack"], "parameters": {}, "resources": None}
    for key in ("schema", "taken_at", "account_id", "region", "limits", "usage"):
        assert written[key] == CONTRACT[key]
    assert written["quotas"] == {**CONTRACT["quotas"], STORAGE: {"value": 80530636800, "usage": 0}}


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=8)
UNREAD = st.builds(Unknown, NAMES.filter(str.strip), st.just("") | NAMES)
COUNTS = st.integers(0, 2**40) | UNREAD
TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
FUNCTIONS = st.dictionaries(NAMES, st.builds(LiveFunction, NAMES, st.none() | COUNTS, COUNTS), max_size=3)
PARAMETERS = st.dictionaries(NAMES, TEXTS | UNREAD, max_size=2)
RESOURCES = st.none() | st.dictionaries(NAMES, NAMES, max_size=2)
STACKS = st.builds(Stack, NAMES, NAMES, FUNCTIONS, PARAMETERS, RESOURCES)


@st.composite
def concurrencies(draw: st.DrawFn, stack: Stack | Unknown | None) -> Concurrency:
    """Such that the stack's functions can have what they have."""
    unreserved = draw(COUNTS)
    if isinstance(unreserved, Unknown):
        return Concurrency(draw(UNREAD), unreserved)
    functions = stack.functions.values() if isinstance(stack, Stack) else ()
    held = sum(count for each in functions for count in (each.reserved, each.provisioned) if isinstance(count, int))
    return Concurrency(draw(UNREAD) if draw(st.booleans()) else unreserved + held + draw(st.integers(0, 9)), unreserved)


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """Accounts as they are read live: everything that the catalogue asks for was asked."""
    code, stack = Quota(draw(COUNTS), draw(COUNTS)), draw(st.none() | STACKS | UNREAD)
    others = draw(
        st.dictionaries(NAMES.filter(lambda name: name != STORAGE), st.builds(Quota, COUNTS, COUNTS), max_size=2)
    )
    return Account(
        region=draw(NAMES),
        settings=AccountSettings(draw(concurrencies(stack)), code, draw(COUNTS)),
        account_id=draw(st.none() | st.just("123456789012")),
        taken_at="2026-11-23T12:00:00Z",
        stack=stack,
        quotas={STORAGE: code} | others,
        exports=draw(st.dictionaries(NAMES, NAMES, max_size=2) | UNREAD),
        lookups=draw(PARAMETERS),
    )


# A thread that an earlier test of this worker left behind may draw a random number at that moment.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")
@settings(max_examples=100, deadline=None)
@given(accounts())
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, account: Account) -> None:
    path = tmp_path_factory.getbasetemp() / "round-trip.json"
    path.write_text(dumps(account), encoding="utf-8")
    assert load(path).account == account


def test_a_copy_of_a_snapshot_is_as_old_as_it_and_holds_as_much(tmp_path: Path) -> None:
    written = {**LEAST, "taken_at": "2026-01-01T00:00:00Z", "lookups": {"ssm:/a": "4"}}
    (tmp_path / "first.json").write_text(json.dumps(written))
    copy = [sys.executable, "-m", "tapctl", "account", "--snapshot", "first.json", "--output", "second.json"]
    subprocess.run(copy, cwd=tmp_path, check=True, capture_output=True)
    assert json.loads((tmp_path / "second.json").read_text()) == written
