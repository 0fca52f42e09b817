"""An operation that takes a while: watched by another command, and shown on a real terminal."""

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
from tests.support.shared_sandbox import SharedSandbox
from tests.support.terminal import Answer, Terminal

pytestmark = pytest.mark.xdist_group("cli watch")

# A custom resource that answers once a file is there.
ANSWER = """
import json, pathlib, time, urllib.request
def handle(event, context):
    asked = event["ResourceProperties"]
    print("migrating for", asked["Status"])
    for _ in range(600):
        if event["RequestType"] == "Delete" or pathlib.Path(asked["Until"]).exists():
            break
        time.sleep(0.05)
    ids = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    body = {"Status": asked["Status"], "Reason": "the migration broke", "PhysicalResourceId": "slow", **ids}
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
class Desk:
    """A folder with templates that wait until the test lets them go on, and a sandbox."""

    terminal: Terminal

    def deploy(self, stack: str, file: str = "slow.json", until: str = "") -> list[str]:
        options = ["--env", "local", "--yes", "--no-lint", "--no-verify", "--stack-name", stack]
        return ["deploy", file, *options, "-p", f"Until={self._gate(until or stack)}"]

    def begins(self, *arguments: str) -> subprocess.Popen[str]:
        """A command that was begun and has told of something under way."""
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

    def lets_go(self, gate: str) -> None:
        self._gate(gate).touch()

    def has(self, stack: str) -> None:
        """Have such a stack."""
        self.lets_go(stack)
        assert self.terminal.tapctl(*self.deploy(stack)).code == 0

    def _gate(self, name: str) -> Path:
        return self.terminal.cwd / f"{name}.gate"


def finish(process: subprocess.Popen[str]) -> Answer:
    out, err = process.communicate(timeout=300)
    return Answer(process.returncode, out, err)


@pytest.fixture(scope="module")
def desk(shared_sandbox: SharedSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    files = {"slow.json": json.dumps(template()), "broken.json": json.dumps(template("FAILED"))}
    with sandboxed(
        shared_sandbox, tmp_path_factory.mktemp("desk"), {**files, "tapctl.toml": local("slow")}
    ) as terminal:
        yield Desk(terminal)


def watch(stack: str, *options: str) -> list[str]:
    return ["watch", "--env", "local", "--stack-name", stack, *options]


def test_a_deploy_under_way_is_watched_to_its_end_after_which_nothing_is(desk: Desk) -> None:
    deploy = desk.begins(*desk.deploy("watched"))
    watcher = desk.begins(*watch("watched"))
    desk.lets_go("watched")
    answer, later = finish(watcher), desk.terminal.tapctl(*watch("watched"))

    assert (answer.code, answer.out) == (0, "stack watched is CREATE_COMPLETE\n")
    assert answer.err.splitlines()[0].endswith("CREATE_IN_PROGRESS           watched")
    assert answer.err.splitlines()[-1].endswith("CREATE_COMPLETE              watched")
    assert finish(deploy).code == 0
    assert (later.code, later.out, later.err) == (0, "stack watched is CREATE_COMPLETE: nothing is running\n", "")


def test_with_json_every_event_is_a_line_on_stderr_and_stdout_has_one_document(desk: Desk) -> None:
    deploy = desk.begins(*desk.deploy("machine"), "--format", "json")
    watcher = desk.begins(*watch("machine", "--format", "json"))
    desk.lets_go("machine")
    answer, deployed = finish(watcher), finish(deploy)

    for each in (answer, deployed):
        told = [json.loads(line) for line in each.err.splitlines() if line.startswith("{")]
        assert (told[-1]["resource"], told[-1]["status"]) == ("machine", "CREATE_COMPLETE")
        assert {each["schema"] for each in told} == {"tapctl.event/1"}
    assert deployed.json()["status"] == "CREATE_COMPLETE"
    assert {key: answer.json()[key] for key in ("schema", "status", "followed")} == {
        "schema": "tapctl.watch/1",
        "status": "CREATE_COMPLETE",
        "followed": True,
    }


def test_an_operation_that_rolls_back_gives_the_watcher_the_deploys_exit_code(desk: Desk) -> None:
    deploy = desk.begins(*desk.deploy("broken", "broken.json"))
    watcher = desk.begins(*watch("broken", "--format", "json"))
    desk.lets_go("broken")
    answer = finish(watcher)

    assert answer.code == finish(deploy).code == 6
    assert "the migration broke" in answer.json()["error"]["message"]
    assert "the function behind Slow:\n  migrating for FAILED\n" in answer.err


def test_a_watcher_whose_time_is_up_leaves_with_busy(desk: Desk) -> None:
    deploy = desk.begins(*desk.deploy("long"))
    answer = desk.terminal.tapctl(*watch("long", "--timeout", "1"))
    desk.lets_go("long")

    assert answer.code == 5
    assert "still running after 1 s" in answer.err
    assert finish(deploy).code == 0


def test_a_stack_that_is_not_there_is_a_mistake(desk: Desk) -> None:
    answer = desk.terminal.tapctl(*watch("nowhere"))

    assert answer.is_complaint(2, "stack nowhere does not exist in us-east-1", "create it with `tapctl deploy`")


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

    def types(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def resizes(self, columns: int, lines: int) -> None:
        self._tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def shows(self, words: str, seconds: float = 30) -> list[str]:
        """The lines of the screen and what scrolled off it, once they hold the words."""
        deadline = time.monotonic() + seconds
        while True:
            seen = self._tmux("capture-pane", "-p", "-S", "-")
            if words in seen:
                return [line.rstrip() for line in seen.splitlines()]
            assert time.monotonic() < deadline, seen
            time.sleep(0.1)

    def close(self) -> None:
        self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> str:
        return subprocess.run(
            ["tmux", "-L", self._socket, *arguments], check=True, capture_output=True, text=True, timeout=30
        ).stdout


@pytest.fixture
def pane(desk: Desk) -> Iterator[Pane]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    pane = Pane(desk.terminal)
    try:
        yield pane
    finally:
        pane.close()


def typed(arguments: list[str]) -> str:
    return f"clear; {shlex.join([sys.executable, '-m', 'tapctl', *arguments])}; echo code $?"


AT_WORK = "waits for its function's answer"


def test_a_terminal_gets_one_row_for_each_resource_while_it_goes_on_and_keeps_the_last_state(
    pane: Pane, desk: Desk
) -> None:
    pane.types(typed(desk.deploy("shown")), "Enter")
    during = pane.shows(AT_WORK)
    desk.lets_go("shown")
    after = pane.shows("code 0")

    assert [line for line in during if line.startswith("stack shown  CREATE_IN_PROGRESS  2 of 4 done")]
    assert "  not begun: 1 (After)" in during
    head = after.index(next(line for line in after if line.startswith("stack shown  CREATE_COMPLETE  4 of 4 done")))
    assert [line.split()[:3] for line in after[head + 1 : head + 5]] == [
        ["✓", "Queue", "CREATE_COMPLETE"],
        ["✓", "Worker", "CREATE_COMPLETE"],
        ["✓", "Slow", "CREATE_COMPLETE"],
        ["✓", "After", "CREATE_COMPLETE"],
    ]
    assert after[head + 5] == "stack shown is CREATE_COMPLETE"
    assert not [line for line in after if "_IN_PROGRESS" in line]


def test_a_window_made_smaller_and_larger_meanwhile_does_not_tear_the_board(pane: Pane, desk: Desk) -> None:
    pane.resizes(120, 50)
    pane.types(typed(desk.deploy("resized")), "Enter")
    pane.shows(AT_WORK)
    for columns, lines in ((80, 24), (100, 30)):
        pane.resizes(columns, lines)
        time.sleep(0.4)  # longer than a frame of the board
    desk.lets_go("resized")
    after = pane.shows("code 0")

    assert len([line for line in after if line.startswith("stack resized  ")]) == 1
    assert len([line for line in after if "✓ Queue" in line]) == 1


def test_ctrl_c_offers_to_call_an_update_off_and_shows_the_way_back(pane: Pane, desk: Desk) -> None:
    desk.has("called-off")
    pane.types(typed(desk.deploy("called-off", until="called-off-again")), "Enter")
    pane.shows(AT_WORK)
    pane.types("C-c")
    pane.shows("Cancel the update of called-off and roll it back?")
    pane.types("y", "Enter")
    pane.shows("cancelling the update of stack called-off; Ctrl-C stops waiting for it")
    desk.lets_go("called-off-again")
    after = pane.shows("code 130")

    assert [line for line in after if line.startswith("stack called-off  UPDATE_ROLLBACK_COMPLETE")]
    assert "error: interrupted; the update of stack called-off was cancelled" in "\n".join(after)


def test_ctrl_c_at_the_question_leaves_at_once_and_says_what_goes_on(pane: Pane, desk: Desk) -> None:
    desk.has("left")
    pane.types(typed(desk.deploy("left", until="left-again")), "Enter")
    pane.shows(AT_WORK)
    pane.types("C-c")
    pane.shows("roll it back?")
    pane.types("C-c")
    after = " ".join(" ".join(pane.shows("code 130")).split())

    assert "CloudFormation continues with stack left (UPDATE_IN_PROGRESS)" in after
    assert "hint: follow it with `tapctl watch --stack-name left --env local`" in after
    desk.lets_go("left-again")
    assert desk.terminal.tapctl(*watch("left")).code == 0
