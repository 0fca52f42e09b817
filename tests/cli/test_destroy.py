"""`tapctl destroy` as its users have it."""

from pathlib import Path

import pytest

from tests.cli.conftest import Tapctl
from tests.support.terminal import Terminal

pytestmark = pytest.mark.xdist_group("cli destroy")


def test_without_a_terminal_it_takes_a_yes(tapctl: Tapctl) -> None:
    answer = tapctl("destroy", "--stack-name", "any")

    error, hint = (
        "confirmation required, but stdin is not a terminal",
        "pass `--yes` to delete the stack without a question",
    )
    assert answer.is_complaint(2, error, hint)


def test_a_deployed_stack_is_destroyed_and_nothing_of_it_is_left(sandbox_terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "queue.yaml").write_text("Resources:\n  Queue: {Type: AWS::SQS::Queue}\n")
    (tmp_path / "tapctl.toml").write_text('stack_name = "gone"\n[env.local]\nsandbox = true\n')
    terminal = Terminal(sandbox_terminal.state, tmp_path, sandbox_terminal.environment)
    assert terminal.tapctl("deploy", "queue.yaml", "--env", "local", "--yes", "--no-lint").code == 0

    answer = terminal.tapctl("destroy", "--env", "local", "--yes", "--format", "json")

    document = answer.json()
    assert (answer.code, document["schema"], document["destroyed"]) == (0, "tapctl.destroy/1", True)
    assert [(each["logical_id"], each["loss"]) for each in document["resources"]] == [("Queue", "its messages")]
    again = terminal.tapctl("destroy", "--env", "local", "--yes")
    assert (again.code, again.out) == (0, "stack gone does not exist: nothing to destroy\n")
