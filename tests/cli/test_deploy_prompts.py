"""A deploy on a terminal, whose user is asked."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.cli.conftest import local, sandboxed
from tests.support.shared_sandbox import SharedSandbox
from tests.support.terminal import Terminal

pty = pytest.importorskip("pty")
pytestmark = pytest.mark.xdist_group("cli prompt")


@pytest.fixture(scope="module")
def desk(shared_sandbox: SharedSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A terminal in a folder with a small template, whose sandbox runs."""
    queue = "Resources:\n  Queue: {Type: AWS::SQS::Queue}\n"
    with sandboxed(
        shared_sandbox, tmp_path_factory.mktemp("desk"), {"queue.yaml": queue, "tapctl.toml": local("asked")}
    ) as terminal:
        yield terminal


# A shell that put pytest into the background made its children deaf to Ctrl-C.
LISTENING = (
    "import runpy, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " sys.argv[0] = 'tapctl'; runpy.run_module('tapctl', run_name='__main__')"
)


DEPLOY = ("deploy", "queue.yaml", "--env", "local", "--no-lint")


class Seat:
    """Somebody who reads what the command says and types an answer."""

    def __init__(self, terminal: Terminal, *arguments: str, command: tuple[str, ...] = DEPLOY) -> None:
        self._keyboard, other = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-c", LISTENING, *command, *arguments],
            cwd=terminal.cwd,
            env={**terminal.variables, "TERM": "xterm"},
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        )
        os.close(other)
        self.seen = ""

    def reads_until(self, words: str) -> None:
        deadline = time.monotonic() + 30
        while words not in self.seen:
            assert time.monotonic() < deadline, self.seen
            if not self._read():
                break
        assert words in self.seen, self.seen

    def types(self, text: str) -> None:
        os.write(self._keyboard, text.encode())

    def interrupts(self, how: signal.Signals = signal.SIGINT) -> None:
        time.sleep(0.5)  # Python shows the question a moment before it listens for a signal again
        os.killpg(self._process.pid, how)

    def leaves(self) -> int:
        """Read what is still said; the exit code."""
        while self._read():
            pass
        try:
            return self._process.wait(30)
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._keyboard)

    def _read(self) -> bool:
        if not select.select([self._keyboard], [], [], 30)[0]:
            return False
        try:
            said = os.read(self._keyboard, 65536)
        except OSError:  # how Linux says that the other side hung up
            return False
        self.seen += said.decode(errors="replace")
        return bool(said)


SIGNALS = {"Ctrl-C": signal.SIGINT, "the end of the job": signal.SIGTERM, "a closed terminal": signal.SIGHUP}
QUESTION = "Deploy these changes to asked? [y/N]: "


def stacks(terminal: Terminal) -> str:
    return terminal.tapctl("account", "--env", "local", "--format", "json").out


@pytest.mark.parametrize("answer", ["n\n", "\n"], ids=["no", "just enter"])
def test_a_no_changes_nothing(answer: str, desk: Terminal) -> None:
    seat = Seat(desk)
    seat.reads_until(QUESTION)
    assert "changes to stack asked" in seat.seen
    seat.types(answer)

    assert seat.leaves() == 0
    assert "nothing was deployed; the change set was deleted" in seat.seen
    assert '"asked"' not in stacks(desk)


@pytest.mark.parametrize("how", ["Ctrl-C", "Ctrl-D", "the end of the job", "a closed terminal"])
def test_an_interrupt_at_the_question_ends_with_130_and_leaves_nothing(how: str, desk: Terminal) -> None:
    seat = Seat(desk)
    seat.reads_until(QUESTION)
    if how == "Ctrl-D":
        seat.types("\x04")
    else:
        seat.interrupts(SIGNALS[how])

    assert seat.leaves() == 130
    assert "\nerror: interrupted; nothing was deployed, and the change set was deleted" in seat.seen
    assert "Traceback" not in seat.seen
    assert '"asked"' not in stacks(desk)


def test_an_interrupt_at_the_question_of_a_destruction_is_told(desk: Terminal) -> None:
    assert (
        desk.tapctl("deploy", "queue.yaml", "--env", "local", "--no-lint", "--yes", "--stack-name", "stays").code == 0
    )
    seat = Seat(desk, command=("destroy", "--env", "local", "--stack-name", "stays"))
    seat.reads_until("[y/N]: ")
    seat.interrupts()

    assert seat.leaves() == 130
    assert "\nerror: interrupted" in seat.seen


def test_a_yes_deploys(desk: Terminal) -> None:
    seat = Seat(desk, "--stack-name", "agreed")
    seat.reads_until("Deploy these changes to agreed? [y/N]: ")
    seat.types("y\n")

    assert seat.leaves() == 0
    assert "stack agreed is CREATE_COMPLETE" in seat.seen


def test_in_ci_nobody_is_asked_even_on_a_terminal(desk: Terminal) -> None:
    seat = Seat(Terminal(desk.state, desk.cwd, {"CI": "true"}))

    assert seat.leaves() == 2
    assert "error: confirmation required, but stdin is not a terminal" in seat.seen


def test_a_terminal_gets_colour_unless_it_says_no(desk: Terminal) -> None:
    for more, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        seat = Seat(Terminal(desk.state, desk.cwd, more), "--yes")

        assert seat.leaves() == 0
        assert ("\x1b[" in seat.seen) is coloured


def test_a_terminal_breaks_no_word(desk: Terminal) -> None:
    narrow = Terminal(desk.state, desk.cwd, {"COLUMNS": "60", "NO_COLOR": "1"})
    seat = Seat(narrow, command=("preflight", "queue.yaml", "--env", "local", "--snapshot", "there/is/none.json"))

    assert seat.leaves() == 2
    assert max(map(len, seat.seen.splitlines())) <= 60
    assert "hint: " in seat.seen

    seat = Seat(narrow, "--stack-name", "a-stack-with-a-rather-long-name", command=("preflight", *DEPLOY[1:]))

    assert seat.leaves() == 0
    assert "new stack\r\n  a-stack-with-a-rather-long-name\r\n" in seat.seen
