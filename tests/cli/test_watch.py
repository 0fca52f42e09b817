"""A slow operation: followed by another command, and shown on a real terminal."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import local, sandboxed
from tests.support.golden import Golden
from tests.support.schemas import breaches
from tests.support.shared_sandbox import SharedSandbox
from tests.support.terminal import Answer, Terminal

pytestmark = pytest.mark.xdist_group("cli watch")

# A custom resource that answers once a file exists.
ANSWER = """
import json, pathlib, time, urllib.request
def handle(event, context):
    properties = event["ResourceProperties"]
    print("migrating for", properties["Status"])
    for _ in range(600):
        if event["RequestType"] == "Delete" or pathlib.Path(properties["Until"]).exists():
            break
        time.sleep(0.05)
    ids = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    body = {"Status": properties["Status"], "Reason": "the migration broke", "PhysicalResourceId": "slow", **ids}
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], json.dumps(body).encode(), method="PUT"))
"""


def template(answer: str = "SUCCESS") -> dict[str, Any]:
    worker = {
        "Runtime": "python3.11",
        "Handler": "index.handle",
        "Timeout": 60,
        "Role": "arn:aws:iam::000000000000:role/any",
        "Code": {"ZipFile": ANSWER},
    }
    slow = {"ServiceToken": {"Fn::GetAtt": ["Worker", "Arn"]}, "Until": {"Ref": "Until"}, "Status": answer}
    return {
        "Parameters": {"Until": {"Type": "String"}},
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Worker": {"Type": "AWS::Lambda::Function", "Properties": worker},
            "Slow": {"Type": "Custom::Slow", "Properties": slow},
            "After": {"Type": "AWS::SQS::Queue", "DependsOn": "Slow"},
        },
    }


@dataclass(frozen=True)
class GatedDeploys:
    """A terminal in a folder with templates whose deploy waits for a file, the gate."""

    terminal: Terminal

    def deploy(self, stack: str, file: str = "slow.json", until: str = "") -> list[str]:
        options = ["--env", "local", "--yes", "--no-lint", "--no-verify", "--stack-name", stack]
        return ["deploy", file, *options, "-p", f"Until={self._gate(until or stack)}"]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command, and wait until it shows a running operation."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tapctl", *arguments],
            cwd=self.terminal.cwd,
            env=self.terminal.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        first = next((line for line in process.stderr if "_IN_PROGRESS" in line), None)
        assert first, finish(process)
        return process

    def open_gate(self, gate: str) -> None:
        self._gate(gate).touch()

    def create(self, stack: str) -> None:
        """Deploy the stack without waiting at its gate."""
        self.open_gate(stack)
        assert self.terminal.tapctl(*self.deploy(stack)).code == 0

    def _gate(self, name: str) -> Path:
        return self.terminal.cwd / f"{name}.gate"


def finish(process: subprocess.Popen[str]) -> Answer:
    out, err = process.communicate(timeout=300)
    return Answer(process.returncode, out, err)


@pytest.fixture(scope="module")
def gated(shared_sandbox: SharedSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatedDeploys]:
    files = {"slow.json": json.dumps(template()), "broken.json": json.dumps(template("FAILED"))}
    with sandboxed(
        shared_sandbox, tmp_path_factory.mktemp("project"), {**files, "tapctl.toml": local("slow")}
    ) as terminal:
        yield GatedDeploys(terminal)


def watch(stack: str, *options: str) -> list[str]:
    return ["watch", "--env", "local", "--stack-name", stack, *options]


def test_a_running_deploy_is_followed_to_its_end(gated: GatedDeploys, golden: Golden) -> None:
    deploy = gated.start(*gated.deploy("watched"))
    watcher = gated.start(*watch("watched"))
    gated.open_gate("watched")
    answer, later = finish(watcher), gated.terminal.tapctl(*watch("watched"))

    assert (answer.code, answer.out) == (0, "stack watched is CREATE_COMPLETE\n")
    assert answer.err.splitlines()[0].endswith("CREATE_IN_PROGRESS           watched")
    assert answer.err.splitlines()[-1].endswith("CREATE_COMPLETE              watched")
    assert finish(deploy).code == 0
    assert (later.code, later.err) == (0, "")
    golden(later.out)


def test_with_json_every_event_is_a_line_on_stderr_and_stdout_has_one_document(gated: GatedDeploys) -> None:
    deploy = gated.start(*gated.deploy("machine"), "--format", "json")
    watcher = gated.start(*watch("machine", "--format", "json"))
    gated.open_gate("machine")
    answer, deployed = finish(watcher), finish(deploy)

    for command in (answer, deployed):
        events = [json.loads(line) for line in command.err.splitlines() if line.startswith("{")]
        assert (events[-1]["resource"], events[-1]["status"]) == ("machine", "CREATE_COMPLETE")
        assert {event["schema"] for event in events} == {"tapctl.event/1"}
        assert [breach for event in events for breach in breaches(event)] == []
        assert breaches(command.json()) == []
    assert deployed.json()["status"] == "CREATE_COMPLETE"
    assert {key: answer.json()[key] for key in ("schema", "status", "followed")} == {
        "schema": "tapctl.watch/1",
        "status": "CREATE_COMPLETE",
        "followed": True,
    }


def test_watching_a_rollback_exits_as_the_deploy_does(gated: GatedDeploys) -> None:
    deploy = gated.start(*gated.deploy("broken", "broken.json"))
    watcher = gated.start(*watch("broken", "--format", "json"))
    gated.open_gate("broken")
    answer = finish(watcher)

    assert answer.code == finish(deploy).code == 6
    assert "the migration broke" in answer.json()["error"]["message"]
    assert breaches(answer.json()) == []
    assert "Slow:\n  migrating for FAILED\n" in answer.err


def test_the_timeout_exits_with_5(gated: GatedDeploys) -> None:
    deploy = gated.start(*gated.deploy("long"))
    answer = gated.terminal.tapctl(*watch("long", "--timeout", "1"))
    gated.open_gate("long")

    assert answer.code == 5
    assert answer.err.splitlines()[-2].startswith("error: ")
    assert finish(deploy).code == 0


def test_a_missing_stack_is_a_usage_error(gated: GatedDeploys, golden: Golden) -> None:
    answer = gated.terminal.tapctl(*watch("nowhere"))

    assert answer.is_error(2)
    golden(answer.err)


class Pane:
    """A terminal of tmux with a shell in it."""

    def __init__(self, terminal: Terminal, columns: int = 80, lines: int = 50) -> None:
        self._socket = f"tapctl-{uuid.uuid4().hex[:8]}"
        environment = {**terminal.variables, "PS1": "", "TERM": "screen-256color"}
        environment.pop("COLUMNS")
        self._tmux(
            *("-f", os.devnull, "new-session", "-d", "-x", str(columns), "-y", str(lines), "-c", str(terminal.cwd)),
            *(f"env -i {shlex.join(f'{name}={value}' for name, value in environment.items())} sh",),
        )

    def press(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def resize(self, columns: int, lines: int) -> None:
        self._tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def wait_for(self, words: str, seconds: float = 30) -> list[str]:
        """The lines of the screen and its history, once they contain the words."""
        deadline = time.monotonic() + seconds
        while True:
            screen = self._tmux("capture-pane", "-p", "-S", "-")
            if words in screen:
                return [line.rstrip() for line in screen.splitlines()]
            assert time.monotonic() < deadline, screen
            time.sleep(0.1)

    def close(self) -> None:
        self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> str:
        return subprocess.run(
            ["tmux", "-L", self._socket, *arguments], check=True, capture_output=True, text=True, timeout=30
        ).stdout


@pytest.fixture
def pane(gated: GatedDeploys) -> Iterator[Pane]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    pane = Pane(gated.terminal)
    try:
        yield pane
    finally:
        pane.close()


def typed(arguments: list[str]) -> str:
    return f"clear; {shlex.join([sys.executable, '-m', 'tapctl', *arguments])}; echo code $?"


RUNNING = "waits for its function's answer"


def test_a_terminal_shows_a_row_for_each_resource_and_keeps_the_final_state(pane: Pane, gated: GatedDeploys) -> None:
    pane.press(typed(gated.deploy("shown")), "Enter")
    during = pane.wait_for(RUNNING)
    gated.open_gate("shown")
    after = pane.wait_for("code 0")

    assert [line for line in during if line.startswith("stack shown  CREATE_IN_PROGRESS  2 of 4 done")]
    assert "  not started: 1 (After)" in during
    head = after.index(next(line for line in after if line.startswith("stack shown  CREATE_COMPLETE  4 of 4 done")))
    assert [line.split()[:3] for line in after[head + 1 : head + 5]] == [
        ["✓", "Queue", "CREATE_COMPLETE"],
        ["✓", "Worker", "CREATE_COMPLETE"],
        ["✓", "Slow", "CREATE_COMPLETE"],
        ["✓", "After", "CREATE_COMPLETE"],
    ]
    assert after[head + 5] == "stack shown is CREATE_COMPLETE"
    assert not [line for line in after if "_IN_PROGRESS" in line]


def test_resizing_the_window_keeps_the_display_intact(pane: Pane, gated: GatedDeploys) -> None:
    pane.resize(120, 50)
    pane.press(typed(gated.deploy("resized")), "Enter")
    pane.wait_for(RUNNING)
    for columns, lines in ((80, 24), (100, 30)):
        pane.resize(columns, lines)
        time.sleep(0.4)  # longer than a frame of the display
    gated.open_gate("resized")
    after = pane.wait_for("code 0")

    assert len([line for line in after if line.startswith("stack resized  ")]) == 1
    assert len([line for line in after if "✓ Queue" in line]) == 1


def test_ctrl_c_offers_to_cancel_an_update_and_shows_the_rollback(
    pane: Pane, gated: GatedDeploys, golden: Golden
) -> None:
    gated.create("cancelled")
    pane.press(typed(gated.deploy("cancelled", until="cancelled-again")), "Enter")
    pane.wait_for(RUNNING)
    pane.press("C-c")
    pane.wait_for("Cancel the update of cancelled and roll it back?")
    pane.press("y", "Enter")
    pane.wait_for("cancelling the update of stack cancelled")
    gated.open_gate("cancelled-again")
    after = pane.wait_for("code 130")

    assert [line for line in after if line.startswith("stack cancelled  UPDATE_ROLLBACK_COMPLETE")]
    golden([line for line in after if line.startswith("error: ")])


def test_ctrl_c_at_the_question_stops_following_the_operation(pane: Pane, gated: GatedDeploys) -> None:
    gated.create("left")
    pane.press(typed(gated.deploy("left", until="left-again")), "Enter")
    pane.wait_for(RUNNING)
    pane.press("C-c")
    pane.wait_for("roll it back?")
    pane.press("C-c")
    after = " ".join(" ".join(pane.wait_for("code 130")).split())

    assert "stack left (UPDATE_IN_PROGRESS)" in after
    assert "hint: follow it with `tapctl watch --stack-name left --env local`" in after
    gated.open_gate("left-again")
    assert gated.terminal.tapctl(*watch("left")).code == 0
