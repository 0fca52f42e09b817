"""The contracts for programs: the JSON of every command, the use of both streams, and `--output`."""

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
from tests.support.golden import Golden
from tests.support.schemas import breaches
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
    """How the value differs from the contract, or None; additional keys are allowed."""
    if isinstance(spec, tuple):
        breaches = [breach(value, alternative, place) for alternative in spec]
        return None if None in breaches else breaches[0]
    if isinstance(spec, type):
        matches = isinstance(value, spec) and (spec is bool or not isinstance(value, bool))
        return None if matches else f"{place} is {value!r}, not {spec.__name__}"
    if isinstance(spec, Mapping):
        return _breach_of_map(value, spec, place)
    if isinstance(spec, list):
        if not isinstance(value, list):
            return f"{place} is no list"
        breaches = [breach(item, spec[0], f"{place}[{number}]") for number, item in enumerate(value)]
        return next(filter(None, breaches), None)
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
class DeployedReference:
    """A terminal whose sandbox has a limit of 150 and the reference stack, and the output of its deploy."""

    terminal: Terminal
    deployed: Answer

    def run(self, command: str, *arguments: str) -> Answer:
        lint = ["--no-lint"] if command in ("preflight", "deploy") else []
        return self.terminal.tapctl(*command.split(), "--env", "local", *lint, *arguments)


@pytest.fixture(scope="module")
def reference(shared_sandbox: SharedSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedReference]:
    with sandboxed(shared_sandbox, tmp_path_factory.mktemp("project"), {}, AccountLimits(150)) as outer:
        terminal = Terminal(outer.state, environment=outer.environment)
        arguments = ("--env", "local", "--yes", "--no-lint", "--format", "json")
        yield DeployedReference(terminal, terminal.tapctl("deploy", *arguments))


@pytest.mark.parametrize(("command", "code"), [("preflight", 4), ("demand", 0), ("account", 0), ("verify", 0)])
def test_json_fulfils_its_contract_and_is_alone_on_stdout(
    command: str, code: int, reference: DeployedReference
) -> None:
    answer = reference.run(command, "--format", "json")

    assert (answer.code, answer.err) == (code, "")
    assert breach(answer.json(), SPECS[command]) is None
    assert breaches(answer.json()) == []


def test_a_deploy_prints_progress_on_stderr_and_the_document_on_stdout(reference: DeployedReference) -> None:
    assert reference.deployed.code == 0, reference.deployed.err
    document = reference.deployed.json()

    assert breach(document, SPECS["deploy"]) is None
    assert breaches(document) == []
    assert document["changed"] is True
    assert document["remedies"]["WebhookProcessorFunction"] == {"action": "lower", "value": 50, "requested": 100}
    assert document["verification"]["verified"] is True
    assert {check["status"] for check in document["verification"]["checks"]} <= {"proved", "not checked"}
    assert "CREATE_COMPLETE" in reference.deployed.err
    assert "remedy: " in reference.deployed.err
    assert SECRET not in reference.deployed.out + reference.deployed.err


@pytest.mark.parametrize("where", ["stdout", "a file"])
def test_a_blocked_deploy_prints_its_document(where: str, reference: DeployedReference, tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    output = ["--output", str(file)] if where == "a file" else []

    answer = reference.run("deploy --yes", "--remedy", "fail", "--format", "json", *output)

    assert answer.code == 4
    assert answer.err.startswith("error: ")
    document = json.loads(file.read_text() if output else answer.out)
    spec = {
        "schema": "tapctl.deploy/1",
        "stack": str,
        "verdict": "uncertain",
        "error": {"message": str, "exit_code": 4},
    }
    assert breach(document, spec) is None
    assert breaches(document) == []
    assert set(document) == set(reference.deployed.json())
    assert (answer.out == "") == bool(output)


def test_a_required_or_misspelt_parameter_is_an_error(
    reference: DeployedReference, tmp_path: Path, golden: Golden
) -> None:
    (tmp_path / "need.yaml").write_text(
        "Parameters: {Stage: {Type: String}}\nResources: {Q: {Type: AWS::SQS::Queue}}\n"
    )
    (tmp_path / "tapctl.toml").write_text("[env.local]\nsandbox = true\n")
    terminal = Terminal(reference.terminal.state, tmp_path, reference.terminal.environment)

    answer = terminal.tapctl("deploy", "need.yaml", "--env", "local", "--yes", "--stack-name", "need", "--no-lint")

    assert answer.is_error(2)
    golden(answer.err, "required")
    misspelt = ("--parameter", "Stag=dev", "--stack-name", "need", "--no-lint", "--yes", "--env", "local")
    answer = terminal.tapctl("deploy", "need.yaml", *misspelt)
    assert answer.is_error(2)
    golden(answer.err, "misspelt")
    assert '"need"' not in reference.run("account", "--format", "json").out


def test_the_numbers_of_a_preflight_add_up(reference: DeployedReference) -> None:
    document = reference.run("preflight", "--format", "json").json()

    # It would leave 50 unreserved executions; the minimum for a limit of 150 is not published.
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


def test_an_unknown_value_has_its_reason(reference: DeployedReference, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(
        "Parameters: {R: {Type: Number}}\nResources:\n"
        "  Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: !Ref R}}\n"
    )

    demand = reference.terminal.tapctl("demand", str(tmp_path / "t.yaml"), "--format", "json")
    verdict = reference.terminal.tapctl(
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


def test_a_cfn_lint_error_is_a_finding_that_does_not_change_the_verdict(
    reference: DeployedReference, tmp_path: Path
) -> None:
    (tmp_path / "t.yaml").write_text("Resources:\n  Q: {Type: AWS::SQS::Queue, Properties: {Nonsense: 1}}\n")

    answer = reference.terminal.tapctl(
        "preflight", str(tmp_path / "t.yaml"), "--format", "json", "--snapshot", saved(tmp_path)
    )

    assert answer.code == 2
    document = answer.json()
    assert breach(document, SPECS["preflight"]) is None
    assert document["verdict"] == "fits"
    (match,) = [finding for finding in document["findings"] if finding["limit"] is None]
    assert (match["rule"], match["line"]) == ("E3002", 2)


@pytest.mark.parametrize(("command", "message"), [("preflight", r"uncertain: .+\n"), ("demand", ""), ("verify", "")])
def test_output_writes_the_document_and_leaves_stdout_empty(
    command: str, message: str, reference: DeployedReference, tmp_path: Path
) -> None:
    file = tmp_path / "out.json"

    answer = reference.run(command, "--format", "json", "--output", str(file))

    assert answer.out == ""
    assert re.fullmatch(message, answer.err)
    assert breach(json.loads(file.read_text()), SPECS[command]) is None


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_account_is_saved_as_a_snapshot_in_every_format(
    form: str, reference: DeployedReference, tmp_path: Path
) -> None:
    file = tmp_path / "account.json"

    answer = reference.run("account", "--format", form, "--output", str(file))

    assert answer.code == 0
    assert breach(json.loads(file.read_text()), SPECS["account"]) is None
    assert str(file) in answer.err
    assert bool(answer.out) == (form == "text")


def test_a_snapshot_gives_the_same_verdict_as_the_account_itself(reference: DeployedReference, tmp_path: Path) -> None:
    file = str(tmp_path / "account.json")
    reference.run("account", "--output", file)

    live, offline = (
        reference.run("preflight", "--format", "json", *more).json() for more in ([], ["--snapshot", file])
    )

    for part in ("verdict", "concurrency", "functions"):
        assert live[part] == offline[part]


@pytest.mark.parametrize("command", ["preflight", "demand", "account", "verify", "deploy --yes --no-verify"])
def test_quiet_prints_only_the_result(command: str, reference: DeployedReference, tmp_path: Path) -> None:
    answer = reference.run(command, "--quiet")

    assert answer.err == ""
    assert answer.out


def test_quietly_a_verdict_is_one_line(reference: DeployedReference) -> None:
    for command in ("preflight", "verify"):
        assert len(reference.run(command, "--quiet").out.splitlines()) == 1


def test_quiet_prints_errors(reference: DeployedReference, golden: Golden) -> None:
    answer = reference.run("verify", "--quiet", "--stack-name", "nowhere")

    assert answer.is_error(2)
    golden(answer.err)


def test_a_deploy_in_text_writes_its_document_to_a_file(reference: DeployedReference, tmp_path: Path) -> None:
    file = tmp_path / "out.json"

    answer = reference.run("deploy", "--yes", "--no-verify", "--output", str(file))

    assert answer.code == 0
    document = json.loads(file.read_text())
    assert breach(document, SPECS["deploy"]) is None
    assert (document["changed"], document["verification"]) == (False, None)


def test_a_pipe_gets_no_colour(reference: DeployedReference) -> None:
    answer = reference.terminal.tapctl("demand", "--env", "local", env={"TERM": "xterm-256color"})

    assert "\x1b" not in answer.out + answer.err


def test_the_template_may_come_through_a_pipe(reference: DeployedReference) -> None:
    text = "Resources:\n  Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 7}}\n"

    answer = reference.terminal.run(sys.executable, "-m", "tapctl", "demand", "-", "--format", "json", text=text)

    assert answer.code == 0, answer.err
    assert answer.json()["totals"]["reserved"] == 7
    assert answer.json()["template"] == "<stdin>"


def test_the_variables_of_the_sandbox_configure_any_client(reference: DeployedReference) -> None:
    answer = reference.terminal.tapctl("sandbox", "env")

    variables = dict(line.removeprefix("export ").split("=", 1) for line in answer.out.splitlines())
    assert answer.err == ""
    assert variables["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    verified = reference.terminal.tapctl("verify", "--stack-name", "tapstack-local", "--format", "json", env=variables)
    assert verified.code == 0, verified.err
    assert verified.json()["verified"] is True


@pytest.mark.sandbox
def test_printing_the_variables_starts_the_sandbox_once(fresh: Terminal, golden: Golden) -> None:
    answers = [fresh.tapctl("sandbox", "env") for _ in range(2)]

    assert [bool(answer.err) for answer in answers] == [True, False]
    golden(answers[0].err)
    assert answers[0].out == answers[1].out
