"""`tapctl destroy` as a command."""

from pathlib import Path

import pytest

from tests.cli.conftest import Tapctl
from tests.support.golden import Golden
from tests.support.schemas import breaches
from tests.support.terminal import Terminal

pytestmark = pytest.mark.xdist_group("cli destroy")


def test_without_a_terminal_yes_is_required(tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("destroy", "--stack-name", "any")

    assert answer.is_error(2)
    golden(answer.err)


def test_a_deployed_stack_is_destroyed_once(sandbox_terminal: Terminal, tmp_path: Path, golden: Golden) -> None:
    (tmp_path / "queue.yaml").write_text("Resources:\n  Queue: {Type: AWS::SQS::Queue}\n")
    (tmp_path / "tapctl.toml").write_text('stack_name = "gone"\n[env.local]\nsandbox = true\n')
    terminal = Terminal(sandbox_terminal.state, tmp_path, sandbox_terminal.environment)
    assert terminal.tapctl("deploy", "queue.yaml", "--env", "local", "--yes", "--no-lint").code == 0

    answer = terminal.tapctl("destroy", "--env", "local", "--yes", "--format", "json")

    document = answer.json()
    assert (answer.code, document["schema"], document["destroyed"]) == (0, "tapctl.destroy/1", True)
    assert breaches(document) == []
    assert [(resource["logical_id"], resource["loss"]) for resource in document["resources"]] == [
        ("Queue", "its messages")
    ]
    again = terminal.tapctl("destroy", "--env", "local", "--yes")
    assert again.code == 0
    golden(again.out)
    nothing = terminal.tapctl("destroy", "--env", "local", "--yes", "--format", "json").json()
    assert (nothing["destroyed"], nothing["resources"], breaches(nothing)) == (False, [], [])
