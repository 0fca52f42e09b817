"""A preflight in words, judged by a saved account."""

import json
from pathlib import Path
from typing import Any

import pytest

from tapctl.account import snapshot
from tapctl.concurrency.remedy import RemedyMode
from tapctl.concurrency.result import Preflight
from tapctl.report import demand, preflight
from tapctl.report.render import RenderOptions
from tapctl.settings.settings import Settings
from tapctl.template.load import load
from tapctl.workflows.preflight import judge

PLAIN, COLOURED = RenderOptions(120, color=False), RenderOptions(120, color=True)


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def judged(limit: int, *reservations: int | None, file: str = "shop.json", **settings: Any) -> Preflight:
        resources = {
            f"Fn{number}": {"Type": "AWS::Lambda::Function", "Properties": {"ReservedConcurrentExecutions": each}}
            for number, each in enumerate(reservations)
        } or {"Queue": {"Type": "AWS::SQS::Queue"}}
        for resource in resources.values():
            if resource.get("Properties") == {"ReservedConcurrentExecutions": None}:
                del resource["Properties"]
        Path(file).write_text(json.dumps({"Resources": resources}))
        limits = {"concurrent_executions": limit, "unreserved_concurrent_executions": limit}
        account = {"schema": "tapctl.account/1", "account_id": "123456789012", "region": "eu-west-1", "limits": limits}
        Path("account.json").write_text(json.dumps(account))
        return judge(load(file), snapshot.load(Path("account.json")), Settings(file, **settings))

    return judged


def words(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_what_exceeds_is_shown_with_its_remedy_and_the_reason_comes_last(judged: Any) -> None:
    text = preflight.as_text(judged(10, 100), PLAIN)

    assert "Fn0 100 - exceeds drop the reservation" in words(text)
    assert text.splitlines()[-1].startswith("exceeds: Fn0 reserves 100")
    assert "  unreserved now 10 · after the deploy -90 · at worst on the way -90\n  limit 10 · floor 10 (" in text
    assert max(map(len, text.splitlines()[6:9])) <= 80


def test_a_hint_stands_once_below_the_last_finding_that_it_belongs_to(judged: Any) -> None:
    result = judged(10, 100, 100, 100)
    lines = preflight.as_text(result, PLAIN).splitlines()

    assert len({finding.hint for finding in result.findings if finding.hint}) == 1
    (hint,) = [number for number, line in enumerate(lines) if line.startswith("  hint: `tapctl deploy` with these")]
    assert [line.split()[2] for line in lines[hint - 3 : hint]] == ["Fn0", "Fn1", "Fn2"]
    assert [bool(each["hint"]) for each in json.loads(preflight.as_json(result, PLAIN))["findings"][:3]] == [True] * 3


def test_a_deploy_does_not_say_that_a_deploy_would_help(judged: Any) -> None:
    text = preflight.as_text(judged(10, 100), PLAIN, deploying=True)

    assert "`tapctl deploy`" not in text
    assert "  hint: `tapctl fix --write` puts the remedy into the template; or ask for more: " in text


def test_what_fits_says_how_much_stays(judged: Any) -> None:
    text = preflight.as_text(judged(1000, 100, None), PLAIN)

    assert "Fn0 100 - fits keep" in words(text)
    assert "Fn1 - - fits -" in words(text)
    assert text.splitlines()[-1].startswith("fits: 900 executions stay unreserved")


def test_a_template_without_functions_has_neither_table_nor_bar(judged: Any) -> None:
    text = preflight.as_text(judged(1000), PLAIN)

    assert "function" not in text
    assert "▓" not in text
    assert text.splitlines()[-1].startswith("fits: ")


def test_where_a_remedy_is_forbidden_none_is_offered(judged: Any) -> None:
    text = preflight.as_text(judged(10, 100, remedy=RemedyMode.FAIL), PLAIN)

    assert "drop the reservation" not in text
    assert "lower" not in text.splitlines()[2]


@pytest.mark.parametrize("surface", [PLAIN, RenderOptions(60, color=False), COLOURED])
def test_no_line_ends_in_blanks(judged: Any, surface: RenderOptions) -> None:
    for line in preflight.as_text(judged(150, 100), surface).splitlines():
        assert line == line.rstrip()


def test_colour_comes_only_where_it_is_wanted(judged: Any) -> None:
    result = judged(10, 100)

    assert "\x1b[" in preflight.as_text(result, COLOURED)
    assert "\x1b[" not in preflight.as_text(result, PLAIN)


@pytest.mark.parametrize("file", ["[red].json", "a:key:b.json", "[bold]x.json"])
def test_a_file_is_named_as_it_is_called(judged: Any, file: str) -> None:
    assert file in preflight.as_text(judged(10, 100, file=file), PLAIN)


@pytest.mark.parametrize("file", ["[red].json", "[bold]x.json"])
def test_a_demand_names_its_file_as_it_is_called(judged: Any, file: str) -> None:
    result = judged(10, 100, file=file)

    assert file in demand.as_text(result.demand, PLAIN).splitlines()[0]
    assert json.loads(demand.as_json(result.demand, PLAIN))["template"] == file


def test_a_demand_names_a_file_with_colons_as_it_is_called(judged: Any) -> None:
    result = judged(10, 100, file="a:key:b.json")

    assert "a:key:b.json" in demand.as_text(result.demand, PLAIN).splitlines()[0]


def test_zero_says_that_it_stops_the_function(judged: Any) -> None:
    assert "reserved 0 (stops the function)" in demand.as_text(judged(10, 0).demand, PLAIN)
