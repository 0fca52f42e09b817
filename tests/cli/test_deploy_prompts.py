"""The questions of a deploy on a terminal."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.cli.conftest import local, sandboxed
from tests.support.golden import Golden
from tests.support.shared_sandbox import SharedSandbox
from tests.support.small_account import FUNCTION
from tests.support.terminal import Terminal

pty = pytest.importorskip("pty")
pytestmark = pytest.mark.xdist_group("cli prompt")


@pytest.fixture(scope="module")
def terminal(shared_sandbox: SharedSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A terminal in a folder with a small template, whose sandbox runs."""
    queue = "Resources:\n  Queue: {Type: AWS::SQS::Queue}\n"
    properties = "".join(f"      {key}: {value}\n" for key, value in FUNCTION.items())
    worker = f"Resources:\n  Worker:\n    Type: AWS::Lambda::Function\n    Properties:\n{properties}"
    files = {
        "queue.yaml": queue,
        "worker.yaml": f"{worker}      ReservedConcurrentExecutions: 30\n",
        "tapctl.toml": local("asked"),
    }
    with sandboxed(shared_sandbox, tmp_path_factory.mktemp("project"), files) as terminal:
        yield terminal


# A shell that runs pytest in the background makes its children ignore SIGINT.
WITH_SIGINT = (
    "import runpy, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " sys.argv[0] = 'tapctl'; runpy.run_module('tapctl', run_name='__main__')"
)


DEPLOY = ("deploy", "queue.yaml", "--env", "local", "--no-lint")


class PromptedCommand:
    """A command on a pseudo-terminal, whose questions the test answers."""

    def __init__(self, terminal: Terminal, *arguments: str, command: tuple[str, ...] = DEPLOY) -> None:
        self._keyboard, other = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-c", WITH_SIGINT, *command, *arguments],
            cwd=terminal.cwd,
            env={**terminal.variables, "TERM": "xterm"},
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        )
        os.close(other)
        self.output = ""

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + 30
        while words not in self.output:
            assert time.monotonic() < deadline, self.output
            if not self._read():
                break
        assert words in self.output, self.output

    def answer(self, text: str) -> None:
        os.write(self._keyboard, text.encode())

    def interrupt(self, how: signal.Signals = signal.SIGINT) -> None:
        time.sleep(0.5)  # Python prints the question a moment before it handles signals again
        os.killpg(self._process.pid, how)

    def finish(self) -> int:
        """Read the rest of the output; the exit code."""
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
            read = os.read(self._keyboard, 65536)
        except OSError:  # Linux raises it at the end of a pseudo-terminal
            return False
        self.output += read.decode(errors="replace")
        return bool(read)


SIGNALS = {"Ctrl-C": signal.SIGINT, "the end of the job": signal.SIGTERM, "a closed terminal": signal.SIGHUP}
QUESTION = "Deploy these changes to asked? [y/N]: "


def stacks(terminal: Terminal) -> str:
    return terminal.tapctl("account", "--env", "local", "--format", "json").out


@pytest.mark.parametrize("answer", ["n\n", "\n"], ids=["no", "just enter"])
def test_a_declined_deploy_changes_nothing(answer: str, terminal: Terminal, golden: Golden) -> None:
    prompt = PromptedCommand(terminal)
    prompt.wait_for(QUESTION)
    assert "AWS::SQS::Queue" in prompt.output
    prompt.answer(answer)

    assert prompt.finish() == 0
    golden(prompt.output.splitlines()[-1])
    assert '"asked"' not in stacks(terminal)


@pytest.mark.parametrize("how", ["Ctrl-C", "Ctrl-D", "the end of the job", "a closed terminal"])
def test_an_interrupt_at_the_question_exits_with_130_and_leaves_nothing(
    how: str, terminal: Terminal, golden: Golden
) -> None:
    prompt = PromptedCommand(terminal)
    prompt.wait_for(QUESTION)
    if how == "Ctrl-D":
        prompt.answer("\x04")
    else:
        prompt.interrupt(SIGNALS[how])

    assert prompt.finish() == 130
    golden([line for line in prompt.output.splitlines() if line.startswith("error: ")])
    assert "Traceback" not in prompt.output
    assert '"asked"' not in stacks(terminal)


REMEDIED = ("deploy", "worker.yaml", "--env", "local", "--stack-name", "remedied", "--no-lint", "--yes")
REMEDY = "Worker: reservation of 30 in the template, dropped by the remedy"


def test_a_remedy_is_asked_about_even_with_yes_and_a_no_exits_with_3(terminal: Terminal, golden: Golden) -> None:
    prompt = PromptedCommand(terminal, command=REMEDIED)
    prompt.wait_for("Drop the reservation of Worker (30)? [y/N]: ")
    prompt.answer("n\n")
    alone = terminal.tapctl(*REMEDIED, "--format", "github")

    assert (prompt.finish(), alone.code) == (3, 3)
    said = [
        [line for line in output.splitlines() if line.startswith(("remedy: ", "error: ", "::error title=deploy::"))]
        for output in (prompt.output, alone.err, alone.out)
    ]
    assert said[0] == said[1]
    golden("\n".join([*said[1], *said[2]]))
    for output in (prompt.output, alone.err):
        assert "`--remedy adjust`" in output
    assert '"remedied"' not in stacks(terminal)


def test_a_deploy_with_a_remedy_says_so_at_its_end_as_does_its_verification(terminal: Terminal) -> None:
    prompt = PromptedCommand(terminal, command=REMEDIED)
    prompt.wait_for("Drop the reservation of Worker (30)? [y/N]: ")
    prompt.answer("y\n")

    assert prompt.finish() == 0
    assert " ".join(prompt.output.split()).endswith(f"proved; {REMEDY}")
    again = terminal.tapctl(*REMEDIED, "--remedy", "adjust", "--format", "json")
    assert (again.code, again.json()["remedied"]) == (0, {"Worker": REMEDY.removeprefix("Worker: ")})
    verified = terminal.tapctl("verify", "--env", "local", "--stack-name", "remedied")
    assert verified.code == 0
    assert verified.out.splitlines()[-1].endswith(f"proved; {REMEDY}")


def test_an_interrupt_at_the_question_of_destroy_exits_with_130(terminal: Terminal) -> None:
    assert (
        terminal.tapctl("deploy", "queue.yaml", "--env", "local", "--no-lint", "--yes", "--stack-name", "stays").code
        == 0
    )
    prompt = PromptedCommand(terminal, command=("destroy", "--env", "local", "--stack-name", "stays"))
    prompt.wait_for("[y/N]: ")
    prompt.interrupt()

    assert prompt.finish() == 130
    assert "\nerror: interrupted" in prompt.output


def test_a_confirmed_deploy_creates_the_stack(terminal: Terminal) -> None:
    prompt = PromptedCommand(terminal, "--stack-name", "agreed")
    prompt.wait_for("Deploy these changes to agreed? [y/N]: ")
    prompt.answer("y\n")

    assert prompt.finish() == 0
    assert "stack agreed is CREATE_COMPLETE" in prompt.output


def test_in_ci_no_question_is_asked_even_on_a_terminal(terminal: Terminal, golden: Golden) -> None:
    prompt = PromptedCommand(Terminal(terminal.state, terminal.cwd, {"CI": "true"}))

    assert prompt.finish() == 2
    golden([line for line in prompt.output.splitlines() if line.startswith("error: ")])


def test_a_terminal_gets_colour_unless_no_color_is_set(terminal: Terminal) -> None:
    for more, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        prompt = PromptedCommand(Terminal(terminal.state, terminal.cwd, more), "--yes")

        assert prompt.finish() == 0
        assert ("\x1b[" in prompt.output) is coloured


def test_a_terminal_gets_lines_that_break_no_word(terminal: Terminal) -> None:
    narrow = Terminal(terminal.state, terminal.cwd, {"COLUMNS": "60", "NO_COLOR": "1"})
    prompt = PromptedCommand(
        narrow, command=("preflight", "queue.yaml", "--env", "local", "--snapshot", "there/is/none.json")
    )

    assert prompt.finish() == 2
    assert max(map(len, prompt.output.splitlines())) <= 60
    assert "hint: " in prompt.output

    prompt = PromptedCommand(
        narrow, "--stack-name", "a-stack-with-a-rather-long-name", command=("preflight", *DEPLOY[1:])
    )

    assert prompt.finish() == 0
    assert "\r\n  new stack a-stack-with-a-rather-long-name\r\n" in prompt.output
