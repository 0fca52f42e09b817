"""The wheel, built from this checkout, in environments that have nothing else; run with `-m install`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEMPLATE = (
    '{"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": {"ReservedConcurrentExecutions": 100}}}}'
)
ACCOUNT = (
    '{"schema": "tapctl.account/1", "limits": {"concurrent_executions": 10, "unreserved_concurrent_executions": 10}}'
)
PREFLIGHT = ("preflight", "t.json", "--snapshot", "account.json", "--region", "eu-west-1", "--no-lint")

pytestmark = pytest.mark.install


def run(*command: str | Path, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command without this environment's packages on its path."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment = {**kept, **variables}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=900
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, ROOT, folder=folder)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "t.json").write_text(TEMPLATE)
    (tmp_path / "account.json").write_text(ACCOUNT)
    return tmp_path


def test_both_programs_work_in_an_empty_environment(wheel: Path, shop: Path) -> None:
    scripts = shop / "venv" / ("Scripts" if os.name == "nt" else "bin")
    run(sys.executable, "-m", "venv", shop / "venv", folder=shop)
    installed = run(scripts / "pip", "install", "--quiet", wheel, folder=shop)
    assert installed.returncode == 0, installed.stderr

    for program in ("tapctl", "tap-preflight"):
        answer = run(scripts / program, *PREFLIGHT, "--format", "json", "--format", "html:r.html", folder=shop)
        assert (answer.returncode, answer.stderr) == (3, "")
        assert json.loads(answer.stdout)["verdict"] == "exceeds"
        assert run(scripts / program, "--help", folder=shop).stdout.startswith(f"Usage: {program} ")
    assert (shop / "r.html").read_text().startswith("<!doctype html>")
    assert list(shop.glob("venv/lib/*/site-packages/tapctl/schemas/preflight-1.json"))


@pytest.mark.parametrize("program", ["tapctl", "tap-preflight"])
def test_uvx_runs_the_wheel(program: str, wheel: Path, shop: Path) -> None:
    answer = run("uvx", "--from", wheel, program, *PREFLIGHT, "--quiet", folder=shop)

    assert answer.returncode == 3, answer.stderr
    assert answer.stdout.startswith("exceeds: ")


def test_pipx_runs_the_wheel(wheel: Path, shop: Path) -> None:
    environment = {"PIPX_HOME": str(shop / "pipx"), "PIPX_DEFAULT_PYTHON": sys.executable}
    answer = run("uvx", "pipx", "run", "--spec", wheel, "tapctl", *PREFLIGHT, "--quiet", folder=shop, **environment)

    assert answer.returncode == 3, answer.stderr
    assert answer.stdout.startswith("exceeds: ")


def test_pre_commit_blocks_a_commit_that_does_not_fit(shop: Path) -> None:
    """The hook of a clone of this repository, which has the last commit of the checkout."""
    config = {
        "repos": [
            {
                "repo": str(ROOT),
                "rev": run("git", "rev-parse", "HEAD", folder=ROOT).stdout.strip(),
                "hooks": [{"id": "tapctl-preflight", "args": list(PREFLIGHT[1:])}],
            }
        ]
    }
    (shop / ".pre-commit-config.yaml").write_text(json.dumps(config))
    variables = {"PRE_COMMIT_HOME": str(shop / "hooks"), "GIT_CONFIG_GLOBAL": os.devnull}
    for command in (("init", "--quiet"), ("add", "t.json", "account.json", ".pre-commit-config.yaml")):
        assert run("git", *command, folder=shop, **variables).returncode == 0
    blocked = run("uvx", "pre-commit", "run", folder=shop, **variables)
    assert (blocked.returncode, "exceeds: " in blocked.stdout) == (1, True), blocked.stdout + blocked.stderr
    assert "tapctl fix --write" in blocked.stdout

    (shop / "t.json").write_text(TEMPLATE.replace("100", "0"))
    run("git", "add", "t.json", folder=shop, **variables)
    passed = run("uvx", "pre-commit", "run", folder=shop, **variables)
    assert passed.returncode == 0, passed.stdout + passed.stderr
