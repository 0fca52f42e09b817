"""A preflight as text and as JSON."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tapctl.account import snapshot
from tapctl.cli import demand
from tapctl.concurrency.remedy import RemedyMode
from tapctl.concurrency.result import Preflight
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.report import preflight
from tapctl.report.hints import DURING_DEPLOY, worded
from tapctl.report.render import RenderOptions
from tapctl.settings.settings import Settings
from tapctl.template.load import load
from tapctl.workflows.preflight import judge
from tests.support.fake_account import fake_account
from tests.support.golden import Golden
from tests.support.templates import template

PLAIN, COLOURED = RenderOptions(120, color=False), RenderOptions(120, color=True)


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def judged(limit: int, *reservations: int | None, file: str = "shop.json", **settings: Any) -> Preflight:
        resources = {
            f"Fn{number}": {"Type": "AWS::Lambda::Function", "Properties": {"ReservedConcurrentExecutions": amount}}
            for number, amount in enumerate(reservations)
        } or {"Queue": {"Type": "AWS::ResourceGroups::Group"}}
        for resource in resources.values():
            if resource.get("Properties") == {"ReservedConcurrentExecutions": None}:
                del resource["Properties"]
        Path(file).write_text(json.dumps({"Resources": resources}))
        limits = {"concurrent_executions": limit, "unreserved_concurrent_executions": limit}
        account = {"schema": "tapctl.account/1", "account_id": "123456789012", "region": "eu-west-1", "limits": limits}
        Path("account.json").write_text(json.dumps(account))
        settings = {"remedy": RemedyMode.ADJUST, **settings}
        return judge(load(file), snapshot.load(Path("account.json")), Settings(file, **settings))

    return judged


def words(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("limit", "reservations", "settings"),
    [
        pytest.param(10, (100,), {}, id="exceeds"),
        pytest.param(10, (100, 100, 100), {}, id="a-sum-exceeds"),
        pytest.param(150, (100,), {}, id="uncertain"),
        pytest.param(1000, (100, None), {}, id="fits"),
        pytest.param(10, (100,), {"remedy": RemedyMode.FAIL}, id="a-remedy-is-forbidden"),
        pytest.param(10, (100,), {"remedy": RemedyMode.ASK}, id="a-remedy-needs-consent"),
        pytest.param(1000, (), {}, id="without-functions"),
    ],
)
def test_the_verdict_is_the_last_line(
    judged: Any, limit: int, reservations: tuple[int | None, ...], settings: dict[str, Any], golden: Golden
) -> None:
    result = judged(limit, *reservations, **settings)
    text = preflight.as_text(result, PLAIN)

    assert text.splitlines()[-1].startswith(f"{result.verdict.value}: ")
    golden(text)


def test_the_remedy_of_each_function_is_in_the_table(judged: Any) -> None:
    text = preflight.as_text(judged(10, 100), PLAIN)

    assert "Fn0 100 - exceeds drop" in words(text)
    assert max(map(len, text.splitlines()[6:9])) <= 80


def test_a_parameter_override_is_named(tmp_path: Path, golden: Golden) -> None:
    text = (
        "Parameters: {Size: {Type: Number, Default: 100}}\n"
        "Resources: {Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: !Ref Size}}}\n"
    )
    (tmp_path / "t.yaml").write_text(text)
    result = judge(load(str(tmp_path / "t.yaml")), fake_account(1000, 130), Settings("t.yaml"))

    golden([line for line in preflight.as_text(result, PLAIN).splitlines() if "Size" in line])
    overrides = json.loads(preflight.RENDERERS["json"](result, PLAIN))["overrides"]
    assert overrides == {"Fn": {"parameter": "Size", "value": "30"}}


def test_several_functions_of_one_sum_share_a_finding_and_the_verdict(judged: Any) -> None:
    result = judged(10, 100, 100, 100)
    document = json.loads(preflight.RENDERERS["json"](result, PLAIN))
    (finding,) = [entry for entry in document["findings"] if entry["limit"] == "lambda-reserved-concurrency"]

    assert (finding["resource"], finding["resources"]) == (None, ["Fn0", "Fn1", "Fn2"])
    assert isinstance(finding["hint"], str)
    lines = words(preflight.as_text(result, PLAIN))
    assert [line for line in lines if line.endswith("- exceeds drop")] == [
        f"Fn{number} 100 - exceeds drop" for number in range(3)
    ]


def test_the_same_hints_are_shown_once_below_the_last_finding(judged: Any) -> None:
    result = judged(10, 100)
    twice = replace(result, findings=(*result.findings, replace(result.findings[0])))

    lines = preflight.as_text(twice, PLAIN).splitlines()
    (hint,) = [number for number, line in enumerate(lines) if line.startswith("  hint: ")]
    assert lines[hint - 1] == lines[hint - 2]


def test_a_deploy_does_not_suggest_a_deploy(judged: Any) -> None:
    text = preflight.as_text(judged(10, 100), PLAIN, deploying=True)

    assert "`tapctl deploy`" not in text
    assert worded(advise(JudgementAdvice.APPLY_REMEDY, ""), DURING_DEPLOY) in text
    assert worded(advise(JudgementAdvice.APPLY_REMEDY, "")) not in text


def test_a_template_without_functions_has_neither_table_nor_bar(judged: Any) -> None:
    text = preflight.as_text(judged(1000), PLAIN)

    assert "function" not in text
    assert "▓" not in text
    assert text.splitlines()[-1].startswith("fits: ")


@pytest.mark.parametrize("options", [PLAIN, RenderOptions(60, color=False), COLOURED])
def test_no_line_ends_in_blanks(judged: Any, options: RenderOptions) -> None:
    for line in preflight.as_text(judged(150, 100), options).splitlines():
        assert line == line.rstrip()


def test_text_is_coloured_only_if_requested(judged: Any) -> None:
    result = judged(10, 100)

    assert "\x1b[" in preflight.as_text(result, COLOURED)
    assert "\x1b[" not in preflight.as_text(result, PLAIN)


def verdicts(result: Preflight) -> dict[str, str]:
    """The verdict of each function in the table."""
    rows = (line.split() for line in preflight.as_text(result, PLAIN).splitlines())
    return {row[0]: next(word for word in row if word in VERDICTS) for row in rows if row and row[0].startswith("Fn")}


VERDICTS = ("fits", "exceeds", "uncertain", "unknown")


def test_a_warning_on_a_function_is_not_its_verdict(judged: Any) -> None:
    assert verdicts(judged(1000, 0, 2000)) == {"Fn0": "fits", "Fn1": "exceeds"}


LATEST = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {}}
  A:
    Type: AWS::Lambda::Alias
    Properties:
      FunctionName: !Ref Fn
      FunctionVersion: $LATEST
      Name: live
      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 3}
"""


def test_a_function_whose_settings_are_refused_does_not_fit() -> None:
    result = judge(template(LATEST), fake_account(1000, 1000), Settings("t.yaml"))
    assert verdicts(result) == {"Fn": "exceeds"}


NOT_HERE = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 5}}
  Steps:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      SetDefinition: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://elsewhere/steps.json}}}
"""


def test_a_remote_include_that_decides_nothing_is_named() -> None:
    result = judge(template(NOT_HERE), fake_account(1000, 1000), Settings("t.yaml"))
    assert result.verdict.value == "fits"
    assert "(Steps, template.yaml:7)" in preflight.as_text(result, PLAIN)
    (named,) = json.loads(preflight.RENDERERS["json"](result, PLAIN))["not_seen"]
    assert (named["logical_id"], named["file"], named["line"]) == ("Steps", "template.yaml", 7)


@pytest.mark.parametrize("file", ["[red].json", "a:key:b.json", "[bold]x.json"])
def test_a_file_name_is_printed_literally(judged: Any, file: str) -> None:
    assert file in preflight.as_text(judged(10, 100, file=file), PLAIN)


@pytest.mark.parametrize("file", ["[red].json", "[bold]x.json"])
def test_a_demand_prints_its_file_name_literally(judged: Any, file: str) -> None:
    result = judged(10, 100, file=file)

    assert file in demand.as_text(result.demand, PLAIN).splitlines()[0]
    assert json.loads(demand.as_json(result.demand))["template"] == file


def test_a_demand_prints_a_file_name_with_colons_literally(judged: Any) -> None:
    result = judged(10, 100, file="a:key:b.json")

    assert "a:key:b.json" in demand.as_text(result.demand, PLAIN).splitlines()[0]


def test_a_reservation_of_zero_stops_the_function(judged: Any, golden: Golden) -> None:
    golden(demand.as_text(judged(10, 0).demand, PLAIN))
