"""`tapctl evidence` from the command line, without an account."""

import json
import re
from pathlib import Path

import pytest
import yaml

from tapctl.cli.evidence import RunOptions, as_text, plan
from tapctl.evidence import EXPERIMENTS
from tapctl.evidence.experiment import Reading
from tapctl.evidence.record import ExperimentResult, Record
from tests.cli.conftest import Tapctl, local
from tests.support.fake_aws_server import IDENTITY, answering
from tests.support.golden import Golden
from tests.support.schemas import breaches
from tests.support.terminal import Terminal

ROWS = tuple(EXPERIMENTS.values())
RECORD = Record("0a1b2c3d", "2026-11-30T12:00:00Z", "eu-west-1", "aws", "123456789012", "1.0.0")


def test_the_plan_has_every_call(golden: Golden) -> None:
    text = plan(ROWS, RECORD, RunOptions())

    assert all(call.action in text for row in ROWS if not row.billed for call in row.calls)
    golden(text)


def test_the_result_names_what_is_contradicted(golden: Golden) -> None:
    results = (
        ExperimentResult(ROWS[0], reading=Reading("minimum-1000", "40 with a limit of 1000", agrees=False)),
        ExperimentResult(ROWS[1], reading=Reading("zero-reservation", "accepted at full headroom", agrees=True)),
        ExperimentResult(ROWS[2], reason="no headroom: 10 are unreserved, and 10 have to stay"),
    )
    golden(as_text(Record("0a1b2c3d", "", "eu-west-1", "aws", "123456789012", "1.0.0", results)))


def test_the_list(tapctl: Tapctl) -> None:
    document = tapctl("evidence", "list", "--format", "json").json()
    listed = document["experiments"]

    assert [row["id"] for row in listed] == list(EXPERIMENTS)
    assert breaches(document) == []
    assert all(row["costs"] and row["permissions"] for row in listed)
    assert tapctl("evidence", "list").out.startswith("lambda-minimum: ")


def test_the_policy_changes_nothing_but_what_experiments_make(tapctl: Tapctl) -> None:
    policy = json.loads(tapctl("evidence", "list", "--policy").out)
    whole, changes, sets, mappings, tags, linked = policy["Statement"]

    assert whole["Action"] == [
        "cloudformation:DescribeStacks",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "lambda:GetAccountSettings",
        "lambda:ListFunctions",
        "servicequotas:GetAWSDefaultServiceQuota",
        "servicequotas:GetServiceQuota",
        "sts:GetCallerIdentity",
    ]
    assert all("tapctl-evidence-" in resource for resource in changes["Resource"])
    assert (sets["Action"], "Condition" in sets) == (["cloudformation:CreateStackSet"], True)
    assert linked["Action"] == ["iam:GetRole"]
    assert "Condition" in mappings
    assert "Condition" in tags
    assert all("EventSourceMapping" in action for action in mappings["Action"])


def test_a_protected_environment_is_refused(tapctl: Tapctl, workdir: Path, golden: Golden) -> None:
    (workdir / "tapctl.toml").write_text('[env.prod]\nregion = "eu-west-1"\nprotected = true\n')
    for command in ("run", "clean"):
        answer = tapctl("evidence", command, "--env", "prod", "--yes")
        assert answer.code == 2
        golden(answer.err, command)


def test_no_credentials_are_an_error_before_the_plan(tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("evidence", "run", "--region", "eu-west-1", "--yes")

    assert answer.code == 1
    golden(answer.err)


def test_without_a_terminal_the_plan_is_shown_and_nothing_is_done(
    tapctl: Tapctl, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with answering(200, IDENTITY) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        for quiet in ([], ["--quiet"]):
            answer = tapctl("evidence", "run", "--region", "eu-west-1", *quiet)
            shown = "222222222222, eu-west-1" in answer.err
            assert (answer.code, shown, "pass `--yes`" in answer.err) == (2, True, True)

    assert list(workdir.iterdir()) == []


def test_a_record_that_cannot_be_written_is_refused_before_anything_is_made(
    tapctl: Tapctl, workdir: Path, monkeypatch: pytest.MonkeyPatch, golden: Golden
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    (workdir / "evidence").write_text("a file")
    with answering(200, IDENTITY) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        answer = tapctl("evidence", "run", "--region", "eu-west-1", "--yes")

    assert answer.code == 2
    (error,) = [line for line in answer.err.splitlines() if line.startswith("error: ")]
    golden(re.sub(r"evidence/\S+\.json", "<record>", error))
    assert not (workdir.parent / "state" / "evidence").exists()


def test_the_workflow_runs_cleans_and_opens_a_pull_request() -> None:
    text = (Path(__file__).parents[2] / ".github/workflows/evidence.yml").read_text(encoding="utf-8")
    job = yaml.safe_load(text)["jobs"]["measure"]
    commands = {step["name"]: step for step in job["steps"] if "name" in step}

    assert job["permissions"] == {"contents": "write", "id-token": "write", "pull-requests": "write"}
    assert commands["Run the experiments"]["shell"] == "bash"  # with pipefail
    assert commands["Delete what is left"]["if"] == "always()"


def test_the_document_of_clean_fulfils_its_schema(sandbox_terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "tapctl.toml").write_text(local())
    terminal = Terminal(sandbox_terminal.state, tmp_path, sandbox_terminal.environment)

    document = terminal.tapctl("evidence", "clean", "--env", "local", "--yes", "--format", "json").json()

    assert (document["stacks"], document["failed"], breaches(document)) == ([], [], [])


def test_an_unknown_experiment_is_refused(tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("evidence", "run", "lambda-x")

    assert answer.code == 2
    golden(answer.err)
