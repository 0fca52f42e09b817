"""What other repositories copy: the steps of action.yml as they stand, the hook, the image and the release."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.action import ACTION, ROOT, STEPS, Comments, Runner, github

TEMPLATE = (
    '{"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": {"ReservedConcurrentExecutions": %s}}}}'
)
SIZED = '{"Parameters": {"Size": {"Type": "Number"}, "Name": {"Type": "String"}}, ' + TEMPLATE[1:] % '{"Ref": "Size"}'
ACCOUNT = (
    '{"schema": "tapctl.account/1", "limits": {"concurrent_executions": 10, "unreserved_concurrent_executions": 10}}'
)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner on which tapctl is installed, with a workspace of a template and a snapshot."""
    folder, workspace = tmp_path / "temp dir", tmp_path / "work"
    program = folder / "tapctl" / "bin" / "tapctl"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tapctl "$@"\n')
    program.chmod(0o755)
    workspace.mkdir()
    (workspace / "account.json").write_text(ACCOUNT)
    inputs = {"inputs.template": "t.json", "inputs.snapshot": "account.json", "inputs.no-lint": "true"}
    return Runner(folder, workspace, {**inputs, "inputs.region": "eu-west-1", "inputs.base": ""})


def verdict_of(runner: Runner, text: str) -> int:
    (runner.workspace / "t.json").write_text(text)
    finished = runner.run("Preflight", PYTHONPATH=str(ROOT))
    assert (finished.returncode, finished.stderr) == (0, ""), finished.stderr
    return int(runner.values["steps.preflight.outputs.exit-code"])


def test_a_template_that_does_not_fit_fails_after_its_reports_are_written(runner: Runner) -> None:
    assert verdict_of(runner, TEMPLATE % 100) == 3

    assert runner.run("Verdict").returncode == 3
    sarif = json.loads(Path(runner.values["steps.preflight.outputs.sarif"]).read_text())
    assert [result["ruleId"] for result in sarif["runs"][0]["results"]] == ["lambda-reserved-concurrency"]
    assert Path(runner.values["steps.preflight.outputs.html"]).read_text().startswith("<!doctype html>")
    summary = (runner.folder / "GITHUB_STEP_SUMMARY").read_text()
    assert summary.startswith("### preflight of t.json\n")


def test_parameters_are_given_line_by_line_and_nothing_of_them_is_run(runner: Runner) -> None:
    runner.values["inputs.parameters"] = "Size=0\n\nName=$(touch owned) `touch owned`; touch owned"

    assert verdict_of(runner, SIZED) == 0
    assert runner.run("Verdict").returncode == 0
    assert not (runner.workspace / "owned").exists()


def test_wrong_usage_fails_without_a_report(runner: Runner) -> None:
    runner.values["inputs.snapshot"] = "nowhere.json"
    (runner.workspace / "t.json").write_text(TEMPLATE % 1)
    finished = runner.run("Preflight", PYTHONPATH=str(ROOT))

    assert [line for line in finished.stderr.splitlines() if line.startswith("error: ") and "nowhere.json" in line]
    assert "steps.preflight.outputs.sarif" not in runner.values
    assert runner.run("Verdict").returncode == 2


def test_a_job_without_a_verdict_fails(runner: Runner) -> None:
    assert runner.run("Verdict").returncode == 1


@pytest.fixture
def commented(runner: Runner) -> Runner:
    summary = runner.folder / "tapctl.md"
    summary.write_text("### preflight\n\nexceeds\n")
    runner.values |= {"steps.preflight.outputs.markdown": str(summary), "github.event.pull_request.number": "7"}
    runner.values |= {"steps.preflight.outputs.exit-code": "3"}
    return runner


def comment(runner: Runner, comments: Comments) -> str:
    with github(comments) as variables:
        finished = runner.run("Comment on the pull request", **variables)
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout


def test_one_comment_is_written_and_changed_in_place(commented: Runner) -> None:
    comments = Comments(bodies=dict.fromkeys(range(1, 101), "hello"))
    for _ in range(2):
        comment(commented, comments)
    (commented.folder / "tapctl.md").write_text("### preflight\n\nfits\n")
    commented.values["steps.preflight.outputs.exit-code"] = "0"
    comment(commented, comments)

    assert comments.writes == [
        "POST /repos/shop/infra/issues/7/comments",
        "PATCH /repos/shop/infra/issues/comments/101",
    ]
    assert comments.bodies[101].endswith("-->\n### preflight\n\nfits\n")


def test_each_target_has_its_own_comment(commented: Runner) -> None:
    comments = Comments()
    for env in ("staging", "prod", "staging"):
        commented.values["inputs.env"] = env
        comment(commented, comments)

    assert len(comments.bodies) == 2


def test_a_template_that_fits_gets_no_first_comment(commented: Runner) -> None:
    commented.values["steps.preflight.outputs.exit-code"] = "0"
    comments = Comments()
    comment(commented, comments)

    assert comments.writes == []


def test_a_token_that_may_not_write_is_a_notice(commented: Runner) -> None:
    assert comment(commented, Comments(refuses=True)).startswith("::notice::")


def test_a_comment_is_no_longer_than_github_takes(commented: Runner) -> None:
    (commented.folder / "tapctl.md").write_text("| a row of a table |\n" * 10_000)
    comments = Comments()
    comment(commented, comments)

    assert len(comments.bodies[1]) < 65_536


def test_the_scripts_have_no_expression_that_could_bring_code() -> None:
    assert [name for name, step in STEPS.items() if "${{" in step.get("run", "")] == []


def test_each_input_is_used_and_named_as_an_option(tapctl_help: str) -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    own = {"working-directory", "upload-sarif", "comment", "token", "base", "parameters"}

    for name in ACTION["inputs"]:
        assert f"inputs.{name}" in text, name
        assert name in own or f"--{name} " in tapctl_help, name


@pytest.fixture
def tapctl_help() -> str:
    asked = [sys.executable, "-m", "tapctl", "preflight", "--help"]
    return subprocess.run(asked, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_the_upload_and_the_verdict_come_whatever_the_preflight_found() -> None:
    names = list(STEPS)

    assert names[-1] == "Verdict"
    assert "!cancelled()" in STEPS["Upload to code scanning"]["if"]
    assert names.index("Upload to code scanning") < names.index("Verdict")


def test_the_hook_runs_a_preflight_whose_hints_are_shown() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

    assert hook["entry"] == "tapctl preflight"
    matched = [
        name for name in ("a/template.yaml", "t.json", "tapctl.toml", "README.md") if re.search(hook["files"], name)
    ]
    assert matched == ["a/template.yaml", "t.json", "tapctl.toml"]


def instructions() -> list[tuple[str, str]]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    lines = (line.partition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return [(name, rest) for name, _, rest in lines]


def test_the_image_runs_one_process_as_a_user_without_rights() -> None:
    found = dict(instructions())

    assert {name for name, _ in instructions()} <= {
        "FROM",
        "COPY",
        "RUN",
        "ENV",
        "USER",
        "WORKDIR",
        "ENTRYPOINT",
        "CMD",
    }
    assert all("slim" in rest for name, rest in instructions() if name == "FROM")
    assert found["USER"] not in ("0", "root")
    assert json.loads(found["ENTRYPOINT"]) == ["tapctl"]
    assert json.loads(found["CMD"]) == ["--help"]


def test_a_release_needs_no_token() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))

    assert workflow["permissions"] == {}
    assert workflow["jobs"]["publish"]["permissions"] == {"id-token": "write"}
    assert "attestations" in workflow["jobs"]["build"]["permissions"]
    assert "secrets." not in json.dumps(workflow)
