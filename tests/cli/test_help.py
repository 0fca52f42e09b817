"""What the command line says of itself, on a terminal of 80 columns."""

import pytest

from tests.support.terminal import Terminal


@pytest.mark.parametrize("group", [(), ("sandbox",)], ids=["tapctl", "sandbox"])
def test_no_summary_of_a_command_is_cut_off(group: tuple[str, ...], fresh: Terminal) -> None:
    said = fresh.tapctl(*group, "--help", env={"COLUMNS": "80"}).out

    summaries = said.partition("Commands:\n")[2].splitlines()
    assert len(summaries) >= 5
    assert all(line.endswith(".") and "..." not in line for line in summaries), summaries


@pytest.mark.parametrize("command", ["preflight", "demand", "fix", "deploy"])
def test_the_usage_names_the_template_once(command: str, fresh: Terminal) -> None:
    usage, *rest = fresh.tapctl(command, "--help").out.splitlines()

    assert usage == f"Usage: tapctl {command} [OPTIONS] [TEMPLATE]"
    assert any("`-` reads standard input" in line for line in rest)
    assert not any("list[" in line or "<str>" in line for line in rest)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        pytest.param(("-f", "xml"), "'xml' is not one of 'text', .*'markdown'", id="a format"),
        pytest.param(("--min-unreserved", "few"), "it takes a whole number", id="a number"),
        pytest.param(("--min-unreserved", "-1"), "it takes no less than 0", id="a number that is too small"),
    ],
)
def test_a_bad_value_is_told_in_our_words(arguments: tuple[str, ...], error: str, fresh: Terminal) -> None:
    answer = fresh.tapctl("preflight", *arguments)

    assert answer.is_complaint(2, f"Invalid value for '.*': {error}", "`tapctl preflight --help`")
