"""Whether a gate may judge against the sandbox."""

from pathlib import Path

import pytest

from tapctl.cli.preflight import GateOptions
from tapctl.errors import UsageError
from tapctl.settings.settings import Settings
from tests.cli.conftest import Tapctl, local
from tests.support.golden import Golden


@pytest.mark.parametrize("command", ["preflight --env local --no-sandbox", "preflight --env local"])
def test_a_gate_refuses_the_sandbox(
    command: str, workdir: Path, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch, golden: Golden
) -> None:
    (workdir / "tapctl.toml").write_text(f'template = "t.yaml"\n{local("shop")}')
    (workdir / "t.yaml").write_text("Resources: {T: {Type: AWS::SNS::Topic}}")
    if "--no-sandbox" not in command:
        monkeypatch.setenv("CI", "true")

    answer = tapctl(*command.split(), "--no-lint")

    assert answer.is_error(2)
    golden(answer.err)


@pytest.mark.parametrize(
    ("given", "ci", "allowed"),
    [(None, "", True), (None, "1", False), (True, "1", True), (False, "", False), (True, "", True)],
)
def test_the_option_beats_the_variable(
    given: bool | None, ci: str, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    gate = GateOptions(sandbox=given)
    gate.check(Settings("t.yaml", env="real"))
    if allowed:
        gate.check(Settings("t.yaml", env="local", sandbox=True))
    else:
        with pytest.raises(UsageError):
            gate.check(Settings("t.yaml", env="local", sandbox=True))


def test_a_gate_refuses_the_sandbox_of_all_environments(workdir: Path, tapctl: Tapctl, golden: Golden) -> None:
    (workdir / "tapctl.toml").write_text('template = "t.yaml"\n[defaults]\nsandbox = true\n')

    answer = tapctl("preflight", "--no-sandbox")

    assert answer.is_error(2)
    golden(answer.err)


def test_a_snapshot_asks_no_sandbox(workdir: Path, tapctl: Tapctl) -> None:
    (workdir / "tapctl.toml").write_text(f'template = "t.yaml"\n{local("shop")}')
    (workdir / "t.yaml").write_text("Resources: {T: {Type: AWS::SNS::Topic}}")
    limits = '{"concurrent_executions": 10, "unreserved_concurrent_executions": 10}'
    (workdir / "account.json").write_text(f'{{"schema": "tapctl.account/1", "limits": {limits}}}')

    assert tapctl("preflight", "--env", "local", "--no-sandbox", "--no-lint", "--snapshot", "account.json").code == 0
