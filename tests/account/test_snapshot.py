"""Snapshots: what is written reads back equal, and an error in a file is one line that names it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapctl.account.model import (
    NOT_LISTED,
    Account,
    AccountSettings,
    Concurrency,
    Holders,
    Identity,
    LiveFunction,
    Quota,
    QuotaSource,
    Stack,
)
from tapctl.account.snapshot import LEFT_OUT, SnapshotAccount, dumps, load, to_json
from tapctl.errors import ConfigError, ExitCode
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.limits import catalogue
from tapctl.report.hints import worded
from tapctl.unknown import Unknown
from tests.support.golden import Golden
from tests.support.hints import noted

DENIED = Unknown("lambda:GetAccountSettings was denied", noted("allow the action lambda:GetAccountSettings"))
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


def read_snapshot(folder: Path, content: object) -> SnapshotAccount:
    path = folder / "account.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return load(path)


class TestReading:
    def test_the_documented_snapshot(self, tmp_path: Path) -> None:
        assert read_snapshot(tmp_path, CONTRACT).account == Account(
            region="us-east-1",
            settings=AccountSettings(Concurrency(1000, 970), Quota(80530636800, 0), 4),
            account_id="123456789012",
            taken_at="2026-11-23T12:00:00Z",
            stack=Stack("tapstack-staging", "UPDATE_COMPLETE", {"Fn": LiveFunction("webhook-staging", 30, 0)}),
            quotas={STORAGE: Quota(80530636800, 0), "dynamodb/L-F98FE922": Quota(2500, 12)},
            exports=LEFT_OUT,
        )

    def test_the_smallest_snapshot_written_by_hand(self, tmp_path: Path, golden: Golden) -> None:
        reader = read_snapshot(tmp_path, LEAST)
        assert reader.settings() == AccountSettings(Concurrency(1000, 970), Quota(LEFT_OUT, LEFT_OUT), LEFT_OUT)
        assert (reader.identity(), reader.stack("any"), reader.exports()) == (LEFT_OUT, None, LEFT_OUT)
        found = reader.look_up(["ssm:/a"])
        assert found == {"ssm:/a": Unknown(ANY, advise(JudgementAdvice.PASS_LOOKUP, "ssm:/a"))}
        golden([value.reason for value in found.values() if isinstance(value, Unknown)])
        assert set(reader.quotas(catalogue()).values()) == {Quota(LEFT_OUT, LEFT_OUT)}

    def test_what_is_not_listed_is_saved_as_that(self, tmp_path: Path) -> None:
        key = "iam/L-0DA4ABF3"
        account = replace(read_snapshot(tmp_path, LEAST).account, quotas={key: Quota(10, NOT_LISTED)})
        assert read_snapshot(tmp_path, dumps(account, str)).account.quotas[key] == Quota(10, NOT_LISTED)

    def test_physical_ids_are_saved_with_the_stack(self, tmp_path: Path) -> None:
        stack = Stack("mine", "CREATE_COMPLETE", resources={"V": "AWS::EC2::VPC"}, ids={"V": "vpc-1"})
        account = replace(read_snapshot(tmp_path, LEAST).account, stack=stack)
        found = read_snapshot(tmp_path, dumps(account, str)).account.stack
        assert isinstance(found, Stack)
        assert found.ids == {"V": "vpc-1"}

    def test_unknown_keys_are_ignored(self, tmp_path: Path) -> None:
        later = {**LEAST, "later": {"x": 1}, "limits": {**LEAST["limits"], "gpus": 1}}
        assert read_snapshot(tmp_path, later) == read_snapshot(tmp_path, LEAST)

    def test_importers_and_the_stack_s_exports_may_be_written_by_hand(self, tmp_path: Path) -> None:
        stack, imports = {"name": "mine", "exports": {"A": "1"}}, {"A": ["orders"], "B": {"unknown": "no"}}
        reader = read_snapshot(tmp_path, {**LEAST, "stack": stack, "imports": imports})
        assert reader.imports(["A", "B", "C"]) == {"A": ("orders",), "B": Unknown("no"), "C": LEFT_OUT}
        read = reader.stack("mine")
        assert isinstance(read, Stack)
        assert read.exports == {"A": "1"}

    def test_no_exports_are_not_unknown_exports(self, tmp_path: Path) -> None:
        assert read_snapshot(tmp_path, {**LEAST, "exports": {}}).exports() == {}
        assert read_snapshot(tmp_path, {**LEAST, "exports": {"unknown": "a", "b": "c"}}).exports() == {
            "unknown": "a",
            "b": "c",
        }

    def test_a_hand_written_stack_needs_only_its_name(self, tmp_path: Path) -> None:
        content = {**LEAST, "stack": {"name": "mine", "functions": {"Fn": {"physical_id": "x"}}}}
        assert read_snapshot(tmp_path, content).account.stack == Stack(
            "mine", "CREATE_COMPLETE", {"Fn": LiveFunction("x", None, 0)}
        )

    @pytest.mark.parametrize(("reserved", "expected"), [(None, None), (0, 0), (5, 5)], ids=["unset", "zero", "five"])
    def test_unset_is_not_zero(self, tmp_path: Path, reserved: int | None, expected: int | None) -> None:
        function = {"physical_id": "x", "reserved": reserved}
        stack = read_snapshot(tmp_path, {**LEAST, "stack": {"name": "s", "functions": {"Fn": function}}}).account.stack
        assert isinstance(stack, Stack)
        assert stack.functions["Fn"].reserved == expected

    def test_a_value_refused_when_it_was_saved_is_unknown(self, tmp_path: Path) -> None:
        refused = {"unknown": DENIED.reason, "resolution": "allow the action lambda:GetAccountSettings"}
        reader = read_snapshot(
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
        reader = read_snapshot(tmp_path, CONTRACT)
        assert isinstance(reader.stack("tapstack-staging"), Stack)
        assert reader.stack("another") is None

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
    def test_a_byte_order_mark_of_powershell_is_skipped(self, tmp_path: Path, encoding: str) -> None:
        mark = "\ufeff" if encoding == "utf-16-be" else ""
        (tmp_path / "account.json").write_bytes(f"{mark}{json.dumps(CONTRACT)}\r\n".encode(encoding))
        assert load(tmp_path / "account.json") == read_snapshot(tmp_path, CONTRACT)

    @pytest.mark.parametrize("reason", ["", " "])
    def test_a_refusal_without_a_reason_says_so(self, tmp_path: Path, reason: str, golden: Golden) -> None:
        stack = read_snapshot(tmp_path, {**LEAST, "stack": {"unknown": reason}}).stack("any")
        assert isinstance(stack, Unknown)
        assert stack == Unknown(ANY)
        assert read_snapshot(tmp_path, {**LEAST, "exports": {"unknown": reason}}).exports() == stack
        golden(stack.reason)

    def test_a_floor_without_a_day(self, tmp_path: Path, golden: Golden) -> None:
        learned = read_snapshot(tmp_path, {**LEAST, "floor": {"minimum": 40, "limit": 1000}}).account.learned
        assert learned is not None
        assert (learned.minimum, learned.limit, learned.seen) == (40, 1000, "")
        golden(learned.source)

    def test_its_account_and_region_are_the_identity(self, tmp_path: Path) -> None:
        assert read_snapshot(tmp_path, CONTRACT).identity() == Identity("123456789012", "us-east-1")


def limited(value: object) -> dict[str, Any]:
    return {**LEAST, "limits": {**LEAST["limits"], "concurrent_executions": value}}


def with_function(**function: object) -> dict[str, Any]:
    return {**LEAST, "stack": {"name": "s", "functions": {"Fn": function}}}


BROKEN: dict[str, tuple[object, str]] = {
    "another-schema": ({**LEAST, "schema": "tapctl.account/2"}, "schema"),
    "no-schema": ({"limits": LEAST["limits"]}, "schema"),
    "no-limits": ({"schema": "tapctl.account/1"}, "limits"),
    "half-the-limits": (
        {**LEAST, "limits": {"concurrent_executions": 1}},
        "limits.unreserved_concurrent_executions",
    ),
    "a-text": (limited("1000"), "limits.concurrent_executions"),
    "a-boolean": (limited(True), "limits.concurrent_executions"),
    "a-fraction": (limited(1.5), "limits.concurrent_executions"),
    "null": (limited(None), "limits.concurrent_executions"),
    "below-zero": (limited(-1), "limits.concurrent_executions"),
    "usage-as-a-list": ({**LEAST, "usage": []}, "usage"),
    "a-stack-without-a-name": ({**LEAST, "stack": {"status": "X"}}, "stack.name"),
    "a-function-without-an-id": (with_function(reserved=1), "stack.functions.Fn.physical_id"),
    "a-reservation-as-text": (with_function(physical_id="x", reserved="1"), "stack.functions.Fn.reserved"),
    "a-quota-without-its-usage": ({**LEAST, "quotas": {"a/b": {"value": 1}}}, "quotas.a/b.usage"),
    "a-negative-quota": ({**LEAST, "quotas": {"a/b": {"value": -1, "usage": 0}}}, "quotas.a/b.value: must"),
    "a-quota-of-a-text": ({**LEAST, "quotas": {"a/b": {"value": "5", "usage": 0}}}, "quotas.a/b.value: must"),
    "a-quota-that-is-no-number": (
        f'{json.dumps(LEAST)[:-1]}, "quotas": {{"a/b": {{"value": NaN, "usage": 0}}}}}}',
        "quotas.a/b.value: must",
    ),
    "a-usage-that-is-endless": (
        f'{json.dumps(LEAST)[:-1]}, "quotas": {{"a/b": {{"value": 1, "usage": 1e999}}}}}}',
        "quotas.a/b.usage: must",
    ),
    "a-negative-usage-of-a-parent": (
        {**LEAST, "quotas": {"a/b": {"value": 1, "usage": {"x": -1}}}},
        "quotas.a/b.usage: must",
    ),
    "a-physical-id-of-a-number": (
        {**LEAST, "stack": {"name": "s", "physical_ids": {"V": 1}}},
        "stack.physical_ids.V: must",
    ),
    "a-lookup-of-a-number": ({**LEAST, "lookups": {"ssm:/a": 1}}, "lookups.ssm:/a"),
    "a-region-of-a-number": ({**LEAST, "region": 1}, "region"),
    "an-export-of-a-number": ({**LEAST, "exports": {"A": 1}}, "exports"),
    "a-list": ([1], "must"),
    "nothing": ("", "Invalid JSON"),
    "not-json": ('{"schema": }', "Invalid JSON"),
    "a-deep-one": ("[" * 100_000, "Invalid JSON"),
    "a-binary-one": ("\x00\x01", "Invalid JSON"),
}


class TestBroken:
    @pytest.mark.parametrize(("content", "field"), BROKEN.values(), ids=BROKEN)
    def test_one_line_names_the_file_and_the_field(
        self, tmp_path: Path, content: object, field: str, golden: Golden
    ) -> None:
        with pytest.raises(ConfigError) as caught:
            read_snapshot(tmp_path, content)
        path = tmp_path / "account.json"
        assert caught.value.message.startswith(str(path))
        assert f": {field}" in caught.value.message
        assert "\n" not in caught.value.message
        assert caught.value.hint == advise(JudgementAdvice.RENEW_SNAPSHOT)
        assert caught.value.exit_code is ExitCode.USAGE
        golden(caught.value)

    @pytest.mark.parametrize(
        ("limits", "function", "field"),
        [
            ((10, 11), {}, "limits.unreserved_concurrent_executions"),
            ((1000, 900), {"reserved": 5000}, "stack.functions"),
            ((1000, 970), {"reserved": 31}, "stack.functions"),
            ((1000, 970), {"provisioned": 1001}, "stack.functions.Fn.provisioned"),
            ((1000, 970), {"provisioned": 5, "holders": {"A": 4}}, "stack.functions.Fn.provisioned"),
            ((1000, 970), {"provisioned": 5, "holders": {}}, "stack.functions.Fn.provisioned"),
        ],
        ids=[
            "more-unreserved-than-the-limit",
            "more-reserved-than-the-limit",
            "more-reserved-than-the-unreserved-leave",
            "more-provisioned-than-the-limit",
            "more-provisioned-than-the-holders",
            "provisioned-without-holders",
        ],
    )
    def test_a_contradiction_is_refused(
        self, tmp_path: Path, limits: tuple[int, int], function: dict[str, object], field: str, golden: Golden
    ) -> None:
        names = ("concurrent_executions", "unreserved_concurrent_executions")
        content = {**with_function(physical_id="x", **function), "limits": dict(zip(names, limits, strict=True))}
        with pytest.raises(ConfigError) as caught:
            read_snapshot(tmp_path, content)
        assert caught.value.message.startswith(f"{tmp_path / 'account.json'}: {field} ")
        golden(caught.value)

    def test_an_account_below_its_reservations_is_accepted(self, tmp_path: Path) -> None:
        limits = {"concurrent_executions": 10, "unreserved_concurrent_executions": 0}
        content = {**with_function(physical_id="x", reserved=100), "limits": limits}

        assert read_snapshot(tmp_path, content).account.stack is not None

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
    def test_consistent_values_are_accepted(self, tmp_path: Path, function: dict[str, object]) -> None:
        assert read_snapshot(tmp_path, with_function(physical_id="x", **function)).account.stack is not None

    def test_a_missing_file_is_named(self, tmp_path: Path, golden: Golden) -> None:
        with pytest.raises(ConfigError) as caught:
            load(tmp_path / "none.json")
        assert str(tmp_path / "none.json") in caught.value.message
        golden(caught.value)

    def test_a_folder_is_not_a_snapshot(self, tmp_path: Path, golden: Golden) -> None:
        with pytest.raises(ConfigError) as caught:
            load(tmp_path)
        assert str(tmp_path) in caught.value.message
        assert caught.value.hint == advise(UsageAdvice.NAME_FILE_IN_FOLDER)
        golden(caught.value)

    def test_invalid_utf_8_is_not_a_snapshot(self, tmp_path: Path, golden: Golden) -> None:
        (tmp_path / "account.json").write_bytes(b'{"schema": "\xff"}')
        with pytest.raises(ConfigError) as caught:
            load(tmp_path / "account.json")
        golden(caught.value)


def test_a_part_that_was_not_read_is_not_written() -> None:
    bare = Account(None, AccountSettings(Concurrency(10, 10)))
    assert to_json(bare, worded) == {
        "schema": "tapctl.account/1",
        "limits": {"concurrent_executions": 10, "unreserved_concurrent_executions": 10},
    }


def test_the_documented_snapshot_is_written_as_documented(tmp_path: Path) -> None:
    account = read_snapshot(tmp_path, CONTRACT).account
    written = json.loads(dumps(account, worded))
    assert written["stack"] == {**CONTRACT["stack"], "parameters": {}, "resources": None}
    for key in ("schema", "taken_at", "account_id", "region", "limits", "usage"):
        assert written[key] == CONTRACT[key]
    assert written["quotas"] == {**CONTRACT["quotas"], STORAGE: {"value": 80530636800, "usage": 0}}


def test_a_parameter_without_echo_is_left_out_and_still_known_to_be_set(tmp_path: Path) -> None:
    secret = Unknown("parameter Key keeps its deployed value, which AWS does not return")
    account = read_snapshot(tmp_path, CONTRACT).account
    assert isinstance(account.stack, Stack)
    stack = replace(account.stack, parameters={"Size": "5", "Key": secret})
    written = to_json(replace(account, stack=stack), worded)

    assert written["stack"]["parameters"] == {"Size": "5"}
    again = read_snapshot(tmp_path, written).stack("tapstack-staging")
    assert isinstance(again, Stack)
    assert again.parameters == {"Size": "5", "Key": secret}


def test_a_snapshot_of_an_earlier_version_has_it_among_the_others(tmp_path: Path) -> None:
    stack = {"name": "s", "parameters": {"Key": {"unknown": "not returned"}}}
    found = read_snapshot(tmp_path, {**LEAST, "stack": stack}).stack("s")
    assert isinstance(found, Stack)
    assert found.parameters == {"Key": Unknown("not returned")}


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=8)
UNREAD = st.builds(Unknown, NAMES.filter(str.strip), st.none() | st.builds(noted, NAMES))
COUNTS = st.integers(0, 2**40) | UNREAD
TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
FUNCTIONS = st.dictionaries(NAMES, st.builds(LiveFunction, NAMES, st.none() | COUNTS, COUNTS), max_size=3)
PARAMETERS = st.dictionaries(NAMES, TEXTS | UNREAD, max_size=2)
RESOURCES = st.none() | st.dictionaries(NAMES, NAMES, max_size=2)
STACKS = st.builds(Stack, NAMES, NAMES, FUNCTIONS, PARAMETERS, RESOURCES)


@st.composite
def concurrencies(draw: st.DrawFn, stack: Stack | Unknown | None) -> Concurrency:
    """Limits that leave room for the concurrency of the stack's functions."""
    unreserved = draw(COUNTS)
    if isinstance(unreserved, Unknown):
        return Concurrency(draw(UNREAD), unreserved)
    functions = stack.functions.values() if isinstance(stack, Stack) else ()
    claimed = sum(
        count for function in functions for count in (function.reserved, function.provisioned) if isinstance(count, int)
    )
    return Concurrency(
        draw(UNREAD) if draw(st.booleans()) else unreserved + claimed + draw(st.integers(0, 9)), unreserved
    )


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """Accounts as a live reader returns them: with every value that the catalogue names."""
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
def test_a_written_snapshot_reads_back_equal(tmp_path_factory: pytest.TempPathFactory, account: Account) -> None:
    path = tmp_path_factory.getbasetemp() / "round-trip.json"
    path.write_text(dumps(account, worded), encoding="utf-8")
    assert load(path).account == account


def test_a_copy_of_a_snapshot_keeps_its_time_and_its_lookups(tmp_path: Path) -> None:
    written = {**LEAST, "taken_at": "2026-01-01T00:00:00Z", "lookups": {"ssm:/a": "4"}}
    (tmp_path / "first.json").write_text(json.dumps(written))
    copy = [sys.executable, "-m", "tapctl", "account", "--snapshot", "first.json", "--output", "second.json"]
    subprocess.run(copy, cwd=tmp_path, check=True, capture_output=True)
    assert json.loads((tmp_path / "second.json").read_text()) == written


@pytest.mark.parametrize(
    "holders",
    [Holders({"b": 300, "a": 5}, 12, "lambda:GetFunctionConcurrency was denied"), Unknown("denied", noted("allow it"))],
)
def test_holders_of_reservations_are_written_and_read(tmp_path: Path, holders: Holders | Unknown) -> None:
    account = Account("eu-west-1", AccountSettings(Concurrency(1000, 695)), holders=holders)
    (tmp_path / "a.json").write_text(dumps(account, worded))
    assert load(tmp_path / "a.json").holders() == holders


@pytest.mark.parametrize("usage", [7, 1.5, {"vpc-1": 3, "vpc-2": 4}], ids=["a-number", "a-share", "by-parent"])
def test_a_usage_is_that_of_the_account_or_of_each_parent(usage: object, tmp_path: Path) -> None:
    file = tmp_path / "account.json"
    entry = {"value": 200, "usage": usage, "source": "AWS default"}
    file.write_text(json.dumps({**LEAST, "quotas": {"vpc/L-407747CB": entry}}))

    account = load(file).account

    assert account.quotas["vpc/L-407747CB"] == Quota(200, usage, QuotaSource.AWS_DEFAULT)  # type: ignore[arg-type]
    assert to_json(account, str)["quotas"]["vpc/L-407747CB"] == entry
