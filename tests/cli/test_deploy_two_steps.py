"""A two-step deploy on a terminal, whose user confirms the first step only."""

import json
from collections.abc import Iterator

import pytest

from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.report.hints import worded
from tapctl.sandbox import AccountLimits
from tests.cli.conftest import local, sandboxed
from tests.cli.test_deploy_prompts import PromptedCommand
from tests.support.golden import Golden
from tests.support.shared_sandbox import SharedSandbox
from tests.support.small_account import TEMPLATE
from tests.support.terminal import Terminal

pytestmark = pytest.mark.xdist_group("cli steps")

HINT = f"hint: {worded(advise(JudgementAdvice.DEPLOY_SECOND_STEP))}"


def deploy(a: int, b: int, *options: str) -> tuple[str, ...]:
    parameters = ("--parameter", f"A={a}", "--parameter", f"B={b}")
    allowed = ("--no-lint", "--no-verify", "--remedy", "adjust")
    return ("deploy", "two.yaml", "--env", "local", *allowed, *parameters, *options)


@pytest.fixture(scope="module")
def terminal(shared_sandbox: SharedSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A terminal whose sandbox has no room to raise one function before another is lowered."""
    files = {"two.yaml": TEMPLATE, "tapctl.toml": local("two")}
    with sandboxed(shared_sandbox, tmp_path_factory.mktemp("project"), files, AccountLimits(160, 100)) as terminal:
        yield terminal


@pytest.fixture
def prompt(terminal: Terminal) -> PromptedCommand:
    """A deploy whose user confirmed step 1 and is asked about step 2."""
    assert terminal.tapctl(*deploy(10, 50, "--yes")).code == 0
    prompt = PromptedCommand(terminal, command=deploy(50, 10, "--output", "out.json"))
    prompt.wait_for("Deploy these changes to two, step 1 of 2? [y/N]: ")
    assert "changes to stack two, step 1 of 2" in prompt.output
    prompt.answer("y\n")
    prompt.wait_for("Deploy these changes to two, step 2 of 2? [y/N]: ")
    return prompt


def test_declining_step_2_reports_what_step_1_deployed(
    prompt: PromptedCommand, terminal: Terminal, golden: Golden
) -> None:
    prompt.answer("n\n")

    assert prompt.finish() == 0
    golden([line for line in prompt.output.splitlines() if "was cancelled" in line])
    assert HINT in prompt.output
    document = json.loads((terminal.cwd / "out.json").read_text())
    assert (document["changed"], document["declined"], document["status"]) == (True, True, "UPDATE_COMPLETE")
    assert ":stack/two/" in document["stack_id"]
    assert [change["logical_id"] for change in document["changes"]] == ["FnB"]
    again = terminal.tapctl(*deploy(50, 10, "--yes", "--format", "json"))
    assert (again.code, [change["logical_id"] for change in again.json()["changes"]]) == (0, ["FnA"])


def test_an_interrupt_at_step_2_reports_what_step_1_deployed(prompt: PromptedCommand, golden: Golden) -> None:
    prompt.answer("\x04")

    assert prompt.finish() == 130
    golden([line for line in prompt.output.splitlines() if line.startswith("error: ")])
    assert HINT in prompt.output


def test_a_plan_names_the_steps_of_a_deploy(terminal: Terminal, golden: Golden) -> None:
    assert terminal.tapctl(*deploy(10, 50, "--yes")).code == 0
    answer = terminal.tapctl(*deploy(50, 10, "--plan"))

    assert answer.code == 0
    golden([line for line in answer.err.splitlines() if "two steps" in line])
