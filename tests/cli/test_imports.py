"""A slow import is made by the commands that need it, and by no other; the process ends without a last search."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.terminal import Terminal

REPORT = (
    "import atexit, json, sys;"
    " atexit.register(lambda: sys.__stderr__.write('\\n' + json.dumps(sorted(sys.modules))));"
    " import runpy; sys.argv[0] = 'tapctl'; runpy.run_module('tapctl', run_name='__main__')"
)
Loaded = Callable[..., set[str]]


@pytest.fixture
def loaded(fresh: Terminal, tmp_path: Path) -> Loaded:
    """The packages that a command has loaded when it ends."""
    (tmp_path / "queue.yaml").write_text("Resources:\n  Queue: {Type: AWS::SQS::Queue}\n")
    (tmp_path / "account.json").write_text(
        '{"schema": "tapctl.account/1",'
        ' "limits": {"concurrent_executions": 10, "unreserved_concurrent_executions": 10}}'
    )

    def run(*arguments: str) -> set[str]:
        answer = Terminal(fresh.state, tmp_path).run(sys.executable, "-c", REPORT, *arguments)
        assert answer.code == 0, answer.err
        return {name.partition(".")[0] for name in json.loads(answer.err.splitlines()[-1])}

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["preflight", "--help"],
        ["deploy", "--help"],
        ["sandbox", "--help"],
        ["sandbox", "start", "--help"],
    ],
    ids=" ".join,
)
def test_help_and_version_load_nothing_heavy(arguments: list[str], loaded: Loaded) -> None:
    heavy = {"boto3", "botocore", "cfnlint", "samtranslator", "rich", "yaml"}
    # The options of a deploy are in the room of stacks, which knows the settings and so their schema.
    heavy |= {"pydantic"} if arguments[0] != "deploy" else set()
    assert not heavy & loaded(*arguments)


def test_the_version_needs_no_typer(loaded: Loaded) -> None:
    assert not {"typer", "pydantic"} & loaded("--version")


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_offline_verdict_without_linting_loads_neither_boto3_nor_cfn_lint(form: str, loaded: Loaded) -> None:
    arguments = ("preflight", "queue.yaml", "--snapshot", "account.json", "--no-lint", "--format", form)

    assert not {"boto3", "botocore", "cfnlint", "samtranslator"} & loaded(*arguments)


def test_an_offline_verdict_with_linting_keeps_cfn_lint_in_a_process_of_its_own(loaded: Loaded) -> None:
    assert not {"boto3", "botocore", "cfnlint"} & loaded("preflight", "queue.yaml", "--snapshot", "account.json")


@pytest.mark.parametrize("name", ["queue.yaml", "loop.yaml"])
def test_a_demand_needs_neither_boto3_nor_cfn_lint(name: str, loaded: Loaded, tmp_path: Path) -> None:
    loop = "{'Fn::ForEach::L': [N, [a], {'Q${N}': {Type: AWS::SQS::Queue}}]}"
    (tmp_path / "loop.yaml").write_text(f"Transform: AWS::LanguageExtensions\nResources: {loop}\n")
    assert not {"boto3", "botocore", "cfnlint", "samtranslator"} & loaded("demand", name)


def test_a_demand_of_sam_needs_neither_boto3_nor_what_sam_validates_itself_with(loaded: Loaded, tmp_path: Path) -> None:
    function = "Properties: {Handler: a.b, Runtime: python3.13, InlineCode: pass}"
    text = f"Resources: {{Fn: {{Type: 'AWS::Serverless::Function', {function}}}}}\n"
    (tmp_path / "sam.yaml").write_text(f"Transform: AWS::Serverless-2016-10-31\n{text}")
    assert not {"boto3", "botocore", "cfnlint", "jsonschema"} & loaded("demand", "sam.yaml")


def test_looking_after_the_sandbox_needs_no_aws(loaded: Loaded) -> None:
    assert not {"boto3", "botocore", "cfnlint", "ministack"} & loaded("sandbox", "status")


def test_the_interpreter_does_not_search_for_garbage_when_it_ends(fresh: Terminal) -> None:
    frozen = "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 1000))"
    answer = fresh.run(sys.executable, "-c", f"{frozen}; from tapctl.__main__ import main; main()", "--version")
    assert answer.out.splitlines()[-1] == "True"
