"""Sentences wrapped for a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from tapctl.report.render import RenderOptions, draw
from tapctl.report.wrapping import wrapped


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("it fits", ["it fits"], id="short"),
        pytest.param("", [""], id="nothing"),
        pytest.param("one\n\ntwo", ["one", "", "two"], id="lines stay lines"),
        pytest.param("exceeds t.yaml:12 Fn reserves 100", ["exceeds t.yaml:12 Fn", "  reserves 100"], id="two more"),
        pytest.param("  limit 10 and the floor 10", ["  limit 10 and the", "    floor 10"], id="indented already"),
        pytest.param("hint: give more of it to Fn", ["hint: give more of", "      it to Fn"], id="under the text"),
        pytest.param("  hint: give more to it", ["  hint: give more to", "        it"], id="under an indented text"),
        pytest.param("Queue: it is not in a stack", ["Queue: it is not in", "  a stack"], id="a name is no label"),
        pytest.param(
            "hint: or ask `aws it now`, then", ["hint: or ask", "      `aws it now`,", "      then"], id="a command"
        ),
        pytest.param(
            "hint: run `aws service ask for more`, then",
            ["hint: run", "      `aws service ask for more`,", "      then"],
            id="a long command",
        ),
        pytest.param("it`s not a command, is it`s", ["it`s not a command,", "  is it`s"], id="no command"),
        pytest.param("a lone ` backtick in a line", ["a lone ` backtick in", "  a line"], id="a lone backtick"),
        pytest.param(
            "see arn:aws:iam::123456789012:role/x", ["see", "  arn:aws:iam::123456789012:role/x"], id="a long word"
        ),
    ],
)
def test_lines_fit_and_are_indented_below_the_text(text: str, lines: list[str]) -> None:
    assert wrapped(text, 20).split("\n") == lines


@given(st.text("ab:` ", max_size=80), st.integers(10, 40))
def test_no_word_is_lost_and_only_a_long_word_or_command_exceeds_the_width(text: str, width: int) -> None:
    lines = wrapped(text, width).split("\n")

    assert " ".join(lines).split() == text.split()
    assert all(len(line) <= width or len(line.split()) == 1 or "`" in line for line in lines)


@given(st.text("ab -", max_size=60), st.text("ab ", min_size=1, max_size=30), st.integers(10, 40))
def test_a_command_is_never_broken_over_lines(command: str, text: str, width: int) -> None:
    whole = f"`aws {command}`"

    assert whole in wrapped(f"hint: {text} {whole}; {text}", width)


def test_only_a_terminal_gets_wrapped_lines() -> None:
    sentence = Text.assemble(("exceeds", "bold red"), ": Fn reserves 100, which is too much by 90")

    assert draw(RenderOptions(30, color=False), sentence) == f"{sentence.plain}\n"
    assert draw(RenderOptions(30, color=False, wraps=True), sentence, "short [dim]one[/]") == (
        "exceeds: Fn reserves 100,\n         which is too much by\n         90\nshort one\n"
    )
    assert draw(RenderOptions(30, color=True, wraps=True), sentence).startswith("\x1b[1;31mexceeds\x1b[0m: Fn reserves")
