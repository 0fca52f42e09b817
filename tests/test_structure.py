"""Rules of the code base that no linter knows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import tapctl

PACKAGE = Path(tapctl.__file__).parent
ROOMS = ("concurrency", "template", "account", "limits")
NOT_YET = ("template", "account")
COMMAND = re.compile(r"`(tapctl|aws)\b|(?<![\w-])--[a-z]")


def literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The line and text of every string literal of a module, without docstrings of any kind."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


@pytest.mark.parametrize(
    "room",
    [
        pytest.param(room, marks=[pytest.mark.xfail(reason="not done yet", strict=False)] if room in NOT_YET else [])
        for room in ROOMS
    ],
)
def test_judgement_spells_no_command(room: str) -> None:
    """A hint that names a command or an option is an `Advice`, which the report words."""
    spelled = [
        f"{path.relative_to(PACKAGE)}:{line}: {text}"
        for path in sorted((PACKAGE / room).rglob("*.py"))
        for line, text in literals(ast.parse(path.read_text(encoding="utf-8")))
        if COMMAND.search(text)
    ]
    assert spelled == []
