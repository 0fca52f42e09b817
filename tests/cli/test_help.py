"""The help of each command on a terminal of 80 columns, and errors of usage."""

import pytest

from tapctl.__main__ import main
from tapctl.cli.app import _Commands
from tests.cli.conftest import Tapctl
from tests.support.golden import Golden
from tests.support.terminal import Terminal


@pytest.mark.parametrize("group", [(), ("sandbox",)], ids=["tapctl", "sandbox"])
def test_no_summary_of_a_command_is_cut_off(group: tuple[str, ...], fresh: Terminal) -> None:
    help_text = fresh.tapctl(*group, "--help", env={"COLUMNS": "80"}).out

    summaries = help_text.partition("Commands:\n")[2].splitlines()
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
def test_the_usage_names_the_template_once(command: str, fresh: Terminal) -> None:
    usage, *rest = fresh.tapctl(command, "--help").out.splitlines()

    assert usage == f"Usage: tapctl {command} [OPTIONS] [TEMPLATE]"
    assert any("`-` reads standard input" in line for line in rest)
    assert not any("list[" in line or "<str>" in line for line in rest)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("-f", "xml"), id="a format"),
        pytest.param(("--min-unreserved", "few"), id="a number"),
        pytest.param(("--min-unreserved", "-1"), id="a number that is too small"),
    ],
)
def test_an_invalid_value(arguments: tuple[str, ...], fresh: Terminal, golden: Golden) -> None:
    answer = fresh.tapctl("preflight", *arguments)

    assert answer.is_error(2)
    golden(answer.err)


COMMANDS = ("", *_Commands.summaries, "sandbox start", "evidence list", "evidence run", "evidence clean")


@pytest.mark.parametrize("command", COMMANDS, ids=[command or "tapctl" for command in COMMANDS])
def test_help(command: str, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch, golden: Golden) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    golden(tapctl(*command.split(), "--help").out)


def test_a_misspelt_command_suggests_the_nearest(tapctl: Tapctl) -> None:
    assert "'preflight'" in tapctl("prefligt").err


def test_a_shell_completes_commands_and_options(fresh: Terminal) -> None:
    def completed(words: str) -> list[str]:
        variables = {"_TAPCTL_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        return fresh.tapctl(env=variables).out.split()

    assert completed("tapctl de") == ["demand", "deploy", "destroy"]
    assert completed("tapctl preflight --re") == ["--resolve", "--region", "--remedy"]
    assert completed("tapctl preflight --remedy ") == ["ask", "adjust", "drop", "fail"]
