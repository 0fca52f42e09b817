"""The help of each command on a terminal of 80 columns, and errors of usage."""

import re

import pytest

from tapctl.__main__ import main
from tests.cli.conftest import Tapctl
from tests.support.commands import commands
from tests.support.golden import Golden


@pytest.mark.parametrize("group", [(), ("sandbox",)], ids=["tapctl", "sandbox"])
def test_no_summary_of_a_command_is_cut_off(
    group: tuple[str, ...], tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    help_text = tapctl(*group, "--help").out

    summaries = help_text.partition("Commands:\n")[2].partition("\nExamples:")[0].splitlines()
    assert len(summaries) >= 5
    assert all(line.endswith(".") and "..." not in line for line in summaries), summaries


@pytest.mark.parametrize("name", ["tapctl", "tap-preflight"])
def test_the_program_goes_by_the_name_that_it_runs_under(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", [f"/usr/bin/{name}", "verify", "--help"])
    with pytest.raises(SystemExit):
        main()

    assert capsys.readouterr().out.startswith(f"Usage: {name} verify ")


@pytest.mark.parametrize("command", ["preflight", "demand", "fix", "deploy"])
def test_the_usage_names_the_template_once(command: str, tapctl: Tapctl) -> None:
    usage, *rest = tapctl(command, "--help").out.splitlines()

    several = "..." if command == "preflight" else ""
    assert usage == f"Usage: tapctl {command} [OPTIONS] [TEMPLATE]{several}"
    assert any("`-`" in line for line in rest)
    assert not any("list[" in line or "<str>" in line for line in rest)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("-f", "xml"), id="a format"),
        pytest.param(("--min-unreserved", "few"), id="a number"),
        pytest.param(("--min-unreserved", "-1"), id="a number that is too small"),
    ],
)
def test_an_invalid_value(arguments: tuple[str, ...], tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("preflight", *arguments)

    assert answer.is_error(2)
    golden(answer.err)


COMMANDS = ("", *commands())


@pytest.mark.parametrize("command", COMMANDS, ids=[command or "tapctl" for command in COMMANDS])
def test_help(command: str, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch, golden: Golden) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    golden(tapctl(*command.split(), "--help").out)


def test_a_misspelt_command_suggests_the_nearest(tapctl: Tapctl) -> None:
    assert "'preflight'" in tapctl("prefligt").err


def test_a_shell_completes_commands_and_options(tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch) -> None:
    def completed(words: str) -> list[str]:
        variables = {"_TAPCTL_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return tapctl().out.split()

    assert completed("tapctl de") == ["demand", "deploy", "destroy"]
    assert completed("tapctl preflight --re") == ["--resolve", "--region", "--remedy"]
    assert completed("tapctl preflight --remedy ") == ["ask", "adjust", "drop", "fail"]


@pytest.mark.parametrize(
    ("shell", "variables"),
    [
        pytest.param("zsh", {"_TYPER_COMPLETE_ARGS": "tapctl prefl"}, id="zsh"),
        pytest.param(
            "fish", {"_TYPER_COMPLETE_ARGS": "tapctl prefl", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}, id="fish"
        ),
    ],
)
def test_zsh_and_fish_show_what_a_command_does(
    shell: str, variables: dict[str, str], golden: Golden, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"_TAPCTL_COMPLETE": f"complete_{shell}", **variables}.items():
        monkeypatch.setenv(name, value)

    golden(tapctl().out)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_TAPCTL_COMPLETE", f"source_{shell}")

    assert f"complete_{shell}" in tapctl().out


@pytest.mark.parametrize("command", COMMANDS[1:])
def test_each_help_ends_with_examples_of_commands_that_exist(command: str, tapctl: Tapctl) -> None:
    _, _, examples = tapctl(*command.split(), "--help").out.partition("Examples:\n")

    assert examples
    for line in examples.splitlines():
        shown = re.search(r"tapctl ([\w ]+)", line)
        assert shown
        assert f"{shown[1]} ".startswith(f"{command} "), line
        own = next(name for name in reversed(COMMANDS) if f"{shown[1]} ".startswith(f"{name} ") and name)
        options = re.findall(r" (--[\w-]+)", line.partition(";")[0])
        text = tapctl(*own.split(), "--help").out.partition("Examples:")[0]
        assert [option for option in options if option not in text] == []


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "CI": "true"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "0"}, False),
    ],
    ids=str,
)
def test_the_variables_for_colours(
    variables: dict[str, str], coloured: bool, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert ("\x1b[" in tapctl("limits", "kms").out) == coloured
