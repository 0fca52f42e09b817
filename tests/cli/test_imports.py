"""A slow import is made by the commands that need it, and by no other; the process ends without a last search."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.terminal import Terminal

REPORT = """\
import json, sys
for arguments in json.loads(sys.argv.pop()):
    sys.argv = ["tapctl", *arguments]
    try:
        from tapctl.__main__ import main
        main()
    except SystemExit as ended:
        print(json.dumps([ended.code, sorted(sys.modules)]), file=sys.stderr)
"""
Loaded = Callable[..., list[set[str]]]


@pytest.fixture
def loaded(fresh: Terminal, tmp_path: Path) -> Loaded:
    """The packages that are loaded when each of these commands has ended, one after the other in one process."""
    (tmp_path / "queue.yaml").write_text("Resources:\n  Queue: {Type: AWS::SQS::Queue}\n")
    loop = "{'Fn::ForEach::L': [N, [a], {'Q${N}': {Type: AWS::SQS::Queue}}]}"
    (tmp_path / "loop.yaml").write_text(f"Transform: AWS::LanguageExtensions\nResources: {loop}\n")
    (tmp_path / "account.json").write_text(
        '{"schema": "tapctl.account/1",'
        ' "limits": {"concurrent_executions": 10, "unreserved_concurrent_executions": 10}}'
    )

    def run(*commands: str) -> list[set[str]]:
        asked = json.dumps([command.split() for command in commands])
        answer = Terminal(fresh.state, tmp_path).run(sys.executable, "-c", REPORT, asked)
        ended = [json.loads(line) for line in answer.err.splitlines() if line.startswith("[")]
        assert (answer.code, [code for code, _ in ended]) == (0, [0] * len(commands)), answer.err
        return [{name.partition(".")[0] for name in modules} for _, modules in ended]

    return run


HEAVY = {"boto3", "botocore", "cfnlint", "samtranslator", "rich", "yaml"}


def test_the_version_needs_no_typer_and_help_loads_nothing_heavy(loaded: Loaded) -> None:
    commands = ("--version", "--help", "preflight --help", "sandbox --help", "sandbox start --help", "deploy --help")
    for command, packages in zip(commands, loaded(*commands), strict=True):
        # The options of a deploy are in the room of stacks, which knows the settings and so their schema.
        heavy = HEAVY | ({"pydantic"} if command != "deploy --help" else set())
        heavy |= {"typer"} if command == "--version" else set()
        assert not heavy & packages, command


def test_a_command_without_an_account_loads_neither_boto3_nor_cfn_lint(loaded: Loaded) -> None:
    preflight = "preflight queue.yaml --snapshot account.json --no-lint --format"
    commands = ("demand queue.yaml", "demand loop.yaml", f"{preflight} json", f"{preflight} text", "sandbox status")
    for command, packages in zip(commands, loaded(*commands), strict=True):
        assert not {"boto3", "botocore", "cfnlint", "samtranslator", "ministack"} & packages, command


def test_an_offline_verdict_with_linting_keeps_cfn_lint_in_a_process_of_its_own(loaded: Loaded) -> None:
    (packages,) = loaded("preflight queue.yaml --snapshot account.json")
    assert not {"boto3", "botocore", "cfnlint"} & packages


def test_a_demand_of_sam_needs_neither_boto3_nor_what_sam_validates_itself_with(loaded: Loaded, tmp_path: Path) -> None:
    function = "Properties: {Handler: a.b, Runtime: python3.13, InlineCode: pass}"
    text = f"Resources: {{Fn: {{Type: 'AWS::Serverless::Function', {function}}}}}\n"
    (tmp_path / "sam.yaml").write_text(f"Transform: AWS::Serverless-2016-10-31\n{text}")
    (packages,) = loaded("demand sam.yaml")
    assert not {"boto3", "botocore", "cfnlint", "jsonschema"} & packages


def test_the_interpreter_does_not_search_for_garbage_when_it_ends(fresh: Terminal) -> None:
    frozen = "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 1000))"
    answer = fresh.run(sys.executable, "-c", f"{frozen}; from tapctl.__main__ import main; main()", "--version")
    assert answer.out.splitlines()[-1] == "True"
