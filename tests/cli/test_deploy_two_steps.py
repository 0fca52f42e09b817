"""A deploy in two steps on a terminal, whose user agrees to the first step only."""

import json
from collections.abc import Iterator

import pytest

from tapctl.hints import Advice, advise
from tapctl.report.hints import worded
from tapctl.sandbox import AccountLimits
from tests.cli.conftest import local, sandboxed
from tests.cli.test_deploy_prompts import Seat
from tests.support.shared_sandbox import SharedSandbox
from tests.support.small_account import TEMPLATE
from tests.support.terminal import Terminal

pytestmark = pytest.mark.xdist_group("cli steps")

FIRST = "step 1 of 2: FnB is lowered from 50 to 10, FnA stays at 10 until step 2"
HINT = f"hint: {worded(advise(Advice.DEPLOY_SECOND_STEP))}"


def deploy(a: int, b: int, *options: str) -> tuple[str, ...]:
    parameters = ("--parameter", f"A={a}", "--parameter", f"B={b}")
    return ("deploy", "two.yaml", "--env", "local", "--no-lint", "--no-verify", *parameters, *options)


@pytest.fixture(scope="module")
def terminal(shared_sandbox: SharedSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A terminal whose sandbox is so full that what is raised has to wait for what is lowered."""
    files = {"two.yaml": TEMPLATE, "tapctl.toml": local("two")}
    with sandboxed(shared_sandbox, tmp_path_factory.mktemp("desk"), files, AccountLimits(160, 100)) as terminal:
        yield terminal


@pytest.fixture
def seat(terminal: Terminal) -> Seat:
    """Somebody who has agreed to the first step, and is asked about the second."""
    assert terminal.tapctl(*deploy(10, 50, "--yes")).code == 0
    seat = Seat(terminal, command=deploy(50, 10, "--output", "out.json"))
    seat.reads_until("Deploy these changes to two, step 1 of 2? [y/N]: ")
    assert "changes to stack two, step 1 of 2" in seat.seen
    seat.types("y\n")
    seat.reads_until("Deploy these changes to two, step 2 of 2? [y/N]: ")
    return seat


def test_a_no_to_the_second_step_says_what_the_first_has_done(seat: Seat, terminal: Terminal) -> None:
    seat.types("n\n")

    assert seat.leaves() == 0
    assert f"step 2 of 2 was cancelled; only {FIRST} was deployed" in seat.seen
    assert HINT in seat.seen
    told = json.loads((terminal.cwd / "out.json").read_text())
    assert (told["changed"], told["declined"], told["status"]) == (True, True, "UPDATE_COMPLETE")
    assert ":stack/two/" in told["stack_id"]
    assert [each["logical_id"] for each in told["changes"]] == ["FnB"]
    again = terminal.tapctl(*deploy(50, 10, "--yes", "--format", "json"))
    assert (again.code, [each["logical_id"] for each in again.json()["changes"]]) == (0, ["FnA"])


def test_an_interrupt_at_the_second_step_does_not_say_that_nothing_was_deployed(seat: Seat) -> None:
    seat.types("\x04")

    assert seat.leaves() == 130
    assert "error: interrupted; only step 1 of 2 was deployed, and the change set was deleted" in seat.seen
    assert HINT in seat.seen


def test_a_plan_says_which_steps_a_deploy_takes(terminal: Terminal) -> None:
    assert terminal.tapctl(*deploy(10, 50, "--yes")).code == 0
    answer = terminal.tapctl(*deploy(50, 10, "--plan"))

    assert answer.code == 0
    assert f"a deploy takes two steps; their combined changes are shown; {FIRST}" in answer.err
