"""What programs may rely on: the JSON of every command, which stream says what, and where `--output` writes."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tapctl.sandbox import AccountLimits
from tests.cli.conftest import sandboxed
from tests.support.shared_sandbox import SharedSandbox
from tests.support.terminal import Answer, Terminal

pytestmark = pytest.mark.xdist_group("cli contracts")

SECRET = "dGFwY3RsIGxvY2FsIHNhbmRib3ggc2VjcmV0IDAx"
NUMBER: Any = (int, {"unknown": str})
FINDING = {"resource": (str, None), "file": str, "line": (int, None), "message": str, "hint": (str, None)}
FLOOR = {"hard": int, "safe": int, "source": str}
CHECK = {"subject": str, "status": str, "message": str, "hint": (str, None)}
SPECS: Mapping[str, Any] = {
    "preflight": {
        "schema": "tapctl.preflight/1",
        "verdict": str,
        "concurrency": {
            "limit": NUMBER,
            "unreserved_now": NUMBER,
            "final": NUMBER,
            "peak": NUMBER,
            "floor": (FLOOR, {"unknown": str}),
        },
        "functions": [
            {
                "logical_id": str,
                "requested": (int, None, {"unknown": str}),
                "live": (int, None, {"unknown": str}),
                "remedy": ({"action": str, "value": (int, None)}, None),
            }
        ],
        "findings": [({"limit": str, "verdict": str, **FINDING}, {"limit": None, "rule": str, **FINDING})],
        "coverage": [{"type": str, "count": int}],
    },
    "demand": {
        "schema": "tapctl.demand/1",
        "template": str,
        "functions": [
            {
                "logical_id": str,
                "line": int,
                "reserved": (int, None, {"unknown": str}),
                "provisioned": [{"logical_id": str, "value": NUMBER}],
            }
        ],
        "totals": {"reserved": int, "provisioned": int, "claim": int},
    },
    "account": {
        "schema": "tapctl.account/1",
        "taken_at": str,
        "account_id": str,
        "region": str,
        "limits": {"concurrent_executions": int, "unreserved_concurrent_executions": int, "total_code_size": int},
        "usage": {"total_code_size": int, "function_count": int},
        "stack": {
            "name": str,
            "status": str,
            "functions": {
                "WebhookProcessorFunction": {"physical_id": str, "reserved": (int, None), "provisioned": int}
            },
        },
        "quotas": {"lambda/L-2ACBD22F": {"value": int, "usage": int}},
    },
    "deploy": {
        "schema": "tapctl.deploy/1",
        "stack": str,
        "stack_id": str,
        "status": str,
        "changed": bool,
        "verdict": str,
        "remedies": {"WebhookProcessorFunction": {"action": str, "value": (int, None), "requested": int}},
        "outputs": {"LambdaFunctionArn": str, "WebhookEndpoint": str},
        "verification": ({"schema": "tapctl.verify/1", "stack": str, "verified": bool, "checks": [CHECK]}, None),
    },
    "verify": {"schema": "tapctl.verify/1", "stack": str, "verified": bool, "checks": [CHECK]},
}


def breach(value: Any, spec: Any, place: str = "$") -> str | None:
    """Where the value is not what the contract says; keys beyond it are allowed."""
    if isinstance(spec, tuple):
        found = [breach(value, each, place) for each in spec]
        return None if None in found else found[0]
    if isinstance(spec, type):
        right = isinstance(value, spec) and (spec is bool or not isinstance(value, bool))
        return None if right else f"{place} is {value!r}, not {spec.__name__}"
    if isinstance(spec, Mapping):
        return _breach_of_map(value, spec, place)
    if isinstance(spec, list):
        if not isinstance(value, list):
            return f"{place} is no list"
        return next((each for n, item in enumerate(value) if (each := breach(item, spec[0], f"{place}[{n}]"))), None)
    return None if value == spec else f"{place} is {value!r}, not {spec!r}"


def _breach_of_map(value: Any, spec: Mapping[str, Any], place: str) -> str | None:
    if not isinstance(value, dict):
        return f"{place} is {value!r}, no map"
    for key, inner in spec.items():
        if key not in value:
            return f"{place} lacks {key}"
        if problem := breach(value[key], inner, f"{place}.{key}"):
            return problem
    return None


@dataclass(frozen=True)
class Stage:
    """A terminal whose sandbox has 150 executions and holds the reference stack, and what deploying it said."""

    terminal: Terminal
    deployed: Answer

    def ask(self, command: str, *arguments: str) -> Answer:
        lint = ["--no-lint"] if command in ("preflight", "deploy") else []
        return self.terminal.tapctl(*command.split(), "--env", "local", *lint, *arguments)


@pytest.fixture(scope="module")
def stage(shared_sandbox: SharedSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with sandboxed(shared_sandbox, tmp_path_factory.mktemp("desk"), {}, AccountLimits(150)) as desk:
        terminal = Terminal(desk.state, environment=desk.environment)
        arguments = ("--env", "local", "--yes", "--no-lint", "--format", "json")
        yield Stage(terminal, terminal.tapctl("deploy", *arguments))


@pytest.mark.parametrize(("command", "code"), [("preflight", 4), ("demand", 0), ("account", 0), ("verify", 0)])
def test_the_json_of_each_command_keeps_its_contract_and_is_all_that_stdout_says(
    command: str, code: int, stage: Stage
) -> None:
    answer = stage.ask(command, "--format", "json")

    assert (answer.code, answer.err) == (code, "")
    assert breach(answer.json(), SPECS[command]) is None


def test_a_deploy_tells_its_story_on_stderr_and_its_result_on_stdout(stage: Stage) -> None:
    assert stage.deployed.code == 0, stage.deployed.err
    document = stage.deployed.json()

    assert breach(document, SPECS["deploy"]) is None
    assert document["changed"] is True
    assert document["remedies"]["WebhookProcessorFunction"] == {"action": "lower", "value": 50, "requested": 100}
    assert document["verification"]["verified"] is True
    assert {each["status"] for each in document["verification"]["checks"]} <= {"proved", "not checked"}
    assert "CREATE_COMPLETE" in stage.deployed.err
    assert "remedy: " in stage.deployed.err
    assert SECRET not in stage.deployed.out + stage.deployed.err


@pytest.mark.parametrize("where", ["stdout", "a file"])
def test_a_deploy_that_is_not_let_through_is_a_document_too(where: str, stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    output = ["--output", str(file)] if where == "a file" else []

    answer = stage.ask("deploy --yes", "--remedy", "fail", "--format", "json", *output)

    assert answer.code == 4
    assert answer.err.splitlines()[0] == "error: deploy blocked: the verdict is uncertain"
    document = json.loads(file.read_text() if output else answer.out)
    spec = {
        "schema": "tapctl.deploy/1",
        "stack": str,
        "verdict": "uncertain",
        "error": {"message": str, "exit_code": 4},
    }
    assert breach(document, spec) is None
    assert set(document) == set(stage.deployed.json())
    assert (answer.out == "") == bool(output)


def test_a_parameter_that_a_deploy_cannot_do_without_is_asked_for(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "need.yaml").write_text(
        "Parameters: {Stage: {Type: String}}\nResources: {Q: {Type: AWS::SQS::Queue}}\n"
    )
    (tmp_path / "tapctl.toml").write_text("[env.local]\nsandbox = true\n")
    terminal = Terminal(stage.terminal.state, tmp_path, stage.terminal.environment)

    answer = terminal.tapctl("deploy", "need.yaml", "--env", "local", "--yes", "--stack-name", "need", "--no-lint")

    assert answer.is_complaint(
        2, r"need\.yaml needs a value for Stage", r"pass `--parameter Stage=VALUE`, or set it in tapctl\.toml"
    )
    misspelt = ("--parameter", "Stag=dev", "--stack-name", "need", "--no-lint", "--yes", "--env", "local")
    answer = terminal.tapctl("deploy", "need.yaml", *misspelt)
    assert answer.is_complaint(2, r"need\.yaml has no parameter `Stag`", r"did you mean `Stage`\?")
    assert '"need"' not in stage.ask("account", "--format", "json").out


def test_the_numbers_of_a_preflight_add_up(stage: Stage) -> None:
    document = stage.ask("preflight", "--format", "json").json()

    # 50 would stay; what must stay is not published for a limit of 150.
    assert document["verdict"] == "uncertain"
    assert document["concurrency"] | {"floor": None} == {
        "limit": 150,
        "unreserved_now": 100,
        "final": 50,
        "peak": 50,
        "floor": None,
    }
    (function,) = document["functions"]
    assert (function["requested"], function["live"]) == (100, 50)
    assert function["remedy"] == {"action": "lower", "value": 50}


def test_what_cannot_be_known_says_why(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(
        "Parameters: {R: {Type: Number}}\nResources:\n"
        "  Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: !Ref R}}\n"
    )

    demand = stage.terminal.tapctl("demand", str(tmp_path / "t.yaml"), "--format", "json")
    verdict = stage.terminal.tapctl(
        "preflight", str(tmp_path / "t.yaml"), "--format", "json", "--no-lint", "--snapshot", saved(tmp_path)
    )

    assert (demand.code, verdict.code) == (4, 4)
    assert breach(demand.json(), SPECS["demand"]) is None
    assert breach(verdict.json(), SPECS["preflight"]) is None
    assert "R" in demand.json()["functions"][0]["reserved"]["unknown"]
    assert verdict.json()["verdict"] == "unknown"


def saved(folder: Path) -> str:
    (folder / "account.json").write_text(
        '{"schema": "tapctl.account/1",'
        ' "limits": {"concurrent_executions": 10, "unreserved_concurrent_executions": 10}}'
    )
    return str(folder / "account.json")


def test_cfn_lint_is_a_finding_of_its_own_and_never_changes_the_verdict(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("Resources:\n  Q: {Type: AWS::SQS::Queue, Properties: {Nonsense: 1}}\n")

    answer = stage.terminal.tapctl(
        "preflight", str(tmp_path / "t.yaml"), "--format", "json", "--snapshot", saved(tmp_path)
    )

    assert answer.code == 2
    document = answer.json()
    assert breach(document, SPECS["preflight"]) is None
    assert document["verdict"] == "fits"
    (match,) = [each for each in document["findings"] if each["limit"] is None]
    assert (match["rule"], match["line"]) == ("E3002", 2)


@pytest.mark.parametrize(("command", "said"), [("preflight", r"uncertain: .+\n"), ("demand", ""), ("verify", "")])
def test_output_writes_the_same_as_stdout_and_leaves_that_empty(
    command: str, said: str, stage: Stage, tmp_path: Path
) -> None:
    file = tmp_path / "out.json"

    answer = stage.ask(command, "--format", "json", "--output", str(file))

    assert answer.out == ""
    assert re.fullmatch(said, answer.err)
    assert breach(json.loads(file.read_text()), SPECS[command]) is None


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_account_is_saved_as_a_snapshot_whatever_is_shown(form: str, stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "account.json"

    answer = stage.ask("account", "--format", form, "--output", str(file))

    assert answer.code == 0
    assert breach(json.loads(file.read_text()), SPECS["account"]) is None
    assert answer.err.startswith(f"saved the account to {file}; ")
    assert bool(answer.out) == (form == "text")


def test_a_snapshot_gives_the_same_verdict_as_the_account_itself(stage: Stage, tmp_path: Path) -> None:
    file = str(tmp_path / "account.json")
    stage.ask("account", "--output", file)

    live, offline = (stage.ask("preflight", "--format", "json", *more).json() for more in ([], ["--snapshot", file]))

    for part in ("verdict", "concurrency", "functions"):
        assert live[part] == offline[part]


@pytest.mark.parametrize("command", ["preflight", "demand", "account", "verify", "deploy --yes --no-verify"])
def test_quiet_says_nothing_but_the_result(command: str, stage: Stage, tmp_path: Path) -> None:
    answer = stage.ask(command, "--quiet")

    assert answer.err == ""
    assert answer.out


def test_quiet_lets_an_error_through(stage: Stage) -> None:
    answer = stage.ask("verify", "--quiet", "--stack-name", "nowhere")

    assert answer.is_complaint(2, "stack nowhere does not exist in us-east-1", "`tapctl deploy` creates it")


def test_a_deploy_in_text_may_write_its_json_beside(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "out.json"

    answer = stage.ask("deploy", "--yes", "--no-verify", "--output", str(file))

    assert answer.code == 0
    assert "nothing to change" in answer.out
    document = json.loads(file.read_text())
    assert breach(document, SPECS["deploy"]) is None
    assert (document["changed"], document["verification"]) == (False, None)


def test_a_pipe_gets_no_colour(stage: Stage) -> None:
    answer = stage.terminal.tapctl("demand", "--env", "local", env={"TERM": "xterm-256color"})

    assert "\x1b" not in answer.out + answer.err


def test_the_template_may_come_through_a_pipe(stage: Stage) -> None:
    text = "Resources:\n  Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 7}}\n"

    answer = stage.terminal.run(sys.executable, "-m", "tapctl", "demand", "-", "--format", "json", text=text)

    assert answer.code == 0, answer.err
    assert answer.json()["totals"]["reserved"] == 7
    assert answer.json()["template"] == "<stdin>"


def test_the_sandboxs_variables_lead_any_client_to_it(stage: Stage) -> None:
    answer = stage.terminal.tapctl("sandbox", "env")

    variables = dict(line.removeprefix("export ").split("=", 1) for line in answer.out.splitlines())
    assert answer.err == ""
    assert variables["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    followed = stage.terminal.tapctl("verify", "--stack-name", "tapstack-local", "--format", "json", env=variables)
    assert followed.code == 0, followed.err
    assert followed.json()["verified"] is True


@pytest.mark.sandbox
def test_whoever_asks_for_the_environment_of_the_sandbox_is_told_that_it_is_started(fresh: Terminal) -> None:
    answers = [fresh.tapctl("sandbox", "env") for _ in range(2)]

    assert [each.err for each in answers] == ["starting the sandbox, a local AWS\n", ""]
    assert answers[0].out == answers[1].out
