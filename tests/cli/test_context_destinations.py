"""`--format` given several times, each with a file of its own."""

import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from tests.cli.conftest import Tapctl
from tests.support.golden import Golden

TEMPLATE = (
    '{"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": {"ReservedConcurrentExecutions": 100}}}}'
)
ACCOUNT = (
    '{"schema": "tapctl.account/1", "limits": {"concurrent_executions": 10, "unreserved_concurrent_executions": 10}}'
)
PREFLIGHT = ("preflight", "t.json", "--no-lint", "--snapshot", "account.json", "--region", "eu-west-1")


@pytest.fixture
def shop(workdir: Path) -> Path:
    (workdir / "t.json").write_text(TEMPLATE)
    (workdir / "account.json").write_text(ACCOUNT)
    return workdir


def test_each_format_goes_to_its_file_and_one_to_stdout(shop: Path, tapctl: Tapctl) -> None:
    files = {name: f"out.{name}" for name in ("sarif", "markdown", "junit", "gitlab", "html")}
    options = [option for name, file in files.items() for option in ("--format", f"{name}:{file}")]
    answer = tapctl(*PREFLIGHT, "--format", "json", *options)

    assert (answer.code, answer.err) == (3, "")
    assert answer.json()["verdict"] == "exceeds"
    texts = {name: (shop / file).read_text() for name, file in files.items()}
    assert json.loads(texts["sarif"])["version"] == "2.1.0"
    assert json.loads(texts["gitlab"])[0]["check_name"] == "lambda-reserved-concurrency"
    assert Xml.fromstring(texts["junit"]).get("failures") == "1"
    assert texts["markdown"].startswith("### preflight of t.json\n")
    assert texts["html"].startswith("<!doctype html>")


def test_without_a_format_for_stdout_the_verdict_is_on_stderr(shop: Path, tapctl: Tapctl) -> None:
    answer = tapctl(*PREFLIGHT, "--format", "sarif:out.sarif")

    assert (answer.code, answer.out) == (3, "")
    assert answer.err.startswith("exceeds: ")


def test_output_is_the_file_of_the_format_that_names_none(shop: Path, tapctl: Tapctl) -> None:
    answer = tapctl(*PREFLIGHT, "--format", "sarif:a.sarif", "--format", "json", "--output", "b.json")

    assert (answer.code, answer.out) == (3, "")
    assert json.loads((shop / "b.json").read_text())["schema"] == "tapctl.preflight/1"
    assert (shop / "a.sarif").exists()


def test_an_advisory_run_reports_and_passes(shop: Path, tapctl: Tapctl) -> None:
    answer = tapctl(*PREFLIGHT, "--advisory", "--format", "json")

    assert (answer.code, answer.json()["verdict"]) == (0, "exceeds")
    assert tapctl(*PREFLIGHT, "--advisory", "--snapshot", "nowhere").code == 2


def test_an_environment_may_allow_what_is_uncertain(shop: Path, tapctl: Tapctl) -> None:
    (shop / "tapctl.toml").write_text("[env.dev]\nallow_uncertain = true\n[env.prod]\n")
    (shop / "account.json").write_text(ACCOUNT.replace(": 10", ": 150"))

    codes = {env: tapctl(*PREFLIGHT, "--env", env, "--quiet").code for env in ("dev", "prod")}
    assert codes == {"dev": 0, "prod": 4}


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("-f", "text", "-f", "json"), id="two for stdout"),
        pytest.param(("-f", "text", "-f", "sarif:out", "-f", "json:./out"), id="two for one file"),
        pytest.param(("-f", "sarif:out", "-f", "json", "-o", "out"), id="a file and the output"),
        pytest.param(("-f", "sarif:out", "-o", "other"), id="nothing for the output"),
        pytest.param(("-f", "sarif:"), id="no file"),
        pytest.param(("-f", "yaml:out"), id="no format"),
        pytest.param(("-f", "json:out", "-f", "sarif:nowhere/out"), id="no such folder"),
        pytest.param(("-f", "json:out", "-f", "sarif:."), id="a folder"),
    ],
)
def test_wrong_destinations_are_refused_before_anything_is_read(
    options: tuple[str, ...], shop: Path, tapctl: Tapctl, golden: Golden
) -> None:
    (shop / "account.json").unlink()
    before = sorted(path.name for path in shop.iterdir())
    answer = tapctl(*PREFLIGHT, *options)

    assert answer.is_error(2)
    assert sorted(path.name for path in shop.iterdir()) == before
    golden(answer.err)
