"""The remedy as a fix of SARIF, and what every run has by the schema of SARIF 2.1.0."""

import json
from pathlib import Path
from typing import Any

import pytest

from tapctl.concurrency.result import Preflight
from tapctl.report import preflight
from tapctl.report.render import RenderOptions
from tapctl.settings.settings import Settings
from tapctl.template.load import load
from tapctl.workflows.preflight import judge
from tests.support.fake_account import fake_account

OPTIONS = RenderOptions(80, color=False)
FUNCTION = "  {}:\n    Type: AWS::Lambda::Function\n    Properties:\n      ReservedConcurrentExecutions: {}"
TEMPLATE = (
    "Parameters: {Size: {Type: Number, Default: 50}}\nResources:\n"
    f"{FUNCTION.format('A', 30)}\n  Q: {{Type: AWS::IoT::Thing}}\n{FUNCTION.format('B', '!Ref Size')}"
)


def judged(folder: Path, text: str, unreserved: int = 140) -> Preflight:
    (folder / "t.yaml").write_text(text)
    return judge(load("t.yaml"), fake_account(1000, unreserved, region="eu-west-1"), Settings("t.yaml", env="prod"))


def run_of(result: Preflight) -> Any:
    (run,) = json.loads(preflight.RENDERERS["sarif"](result, OPTIONS))["runs"]
    return run


def applied(text: str, replacements: list[dict[str, Any]]) -> str:
    """The text after the replacements, as a tool applies them: from the last to the first."""
    lines = [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    for replacement in reversed(replacements):
        region = replacement["deletedRegion"]
        start = lines[region["startLine"] - 1] + region["startColumn"] - 1
        end = lines[region["endLine"] - 1] + region["endColumn"] - 1
        text = text[:start] + replacement["insertedContent"]["text"] + text[end:]
    return text


@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("unreserved", [140, 100], ids=["lowered", "dropped"])
def test_the_fix_is_the_edit_of_the_remedy(
    end: str, unreserved: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = judged(tmp_path, TEMPLATE + end, unreserved)
    (fix,) = run_of(result)["results"][0]["fixes"]
    (change,) = fix["artifactChanges"]

    assert change["artifactLocation"] == {"uri": "t.yaml", "uriBaseId": "%SRCROOT%"}
    fixed = judged(tmp_path, applied(TEMPLATE + end, change["replacements"]), unreserved)
    assert fixed.verdict.value == "fits"
    assert [change.wanted.reserved if change.wanted else None for change in fixed.changes] == [
        remedy.value for remedy in result.plan.remedies.values()
    ]


def test_a_template_that_fits_has_no_fix_and_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = run_of(judged(tmp_path, TEMPLATE, 1000))

    assert run["results"] == []
    assert run["automationDetails"] == {"id": "tapctl/preflight/prod/"}
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "AWS::IoT::Thing" in notification["message"]["text"]


def test_a_run_has_what_the_schema_requires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = run_of(judged(tmp_path, TEMPLATE))

    assert run["tool"]["driver"]["name"] == "tapctl"
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(ids) == len({*ids})
    for result in run["results"]:
        assert result["message"]["text"]
        assert ids[result["ruleIndex"]] == result["ruleId"]
        for fix in result.get("fixes", ()):
            for change in fix["artifactChanges"]:
                assert change["artifactLocation"]["uri"]
                assert all(replacement["deletedRegion"]["startLine"] >= 1 for replacement in change["replacements"])
    for invocation in run["invocations"]:
        assert invocation["executionSuccessful"] is True
        assert all(notification["message"]["text"] for notification in invocation["toolExecutionNotifications"])
