"""`tapctl deploy --plan` as a script sees it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Tapctl, local, sandboxed
from tests.support.golden import Golden
from tests.support.schemas import breaches
from tests.support.shared_sandbox import SharedSandbox
from tests.support.terminal import Terminal

pytestmark = pytest.mark.xdist_group("cli plan")

QUEUE = "Resources:\n  Queue: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: %d}}\n"


@pytest.fixture(scope="module")
def terminal(shared_sandbox: SharedSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A terminal in a folder with a small template, whose sandbox runs."""
    with sandboxed(
        shared_sandbox, tmp_path_factory.mktemp("project"), {"queue.yaml": QUEUE % 1, "tapctl.toml": local("planned")}
    ) as terminal:
        yield terminal


COMMAND = ("deploy", "queue.yaml", "--env", "local", "--no-lint")


def test_the_detailed_exit_code_is_2_if_something_would_change(terminal: Terminal) -> None:
    plain = terminal.tapctl(*COMMAND, "--plan")
    detailed = terminal.tapctl(*COMMAND, "--plan", "--detailed-exitcode", "--format", "json")
    assert (plain.code, detailed.code) == (0, 2)
    assert plain.out.splitlines()[-1].startswith("+ Queue  AWS::SQS::Queue")
    document = detailed.json()
    assert (document["schema"], document["stack"], document["changed"]) == ("tapctl.plan/1", "planned", True)
    assert [change["logical_id"] for change in document["changes"]] == ["Queue"]
    assert breaches(document) == []

    deployed = terminal.tapctl(*COMMAND, "--yes", "--quiet")
    lines = [line.partition(":")[0].partition(" checked")[0] for line in deployed.out.splitlines()]
    assert (deployed.code, deployed.err, lines) == (0, "", ["fits", "stack planned is CREATE_COMPLETE", "verified"])
    same = terminal.tapctl(*COMMAND, "--plan", "--detailed-exitcode")
    assert same.code == 0
    empty = terminal.tapctl(*COMMAND, "--plan", "--format", "json").json()
    assert (empty["changed"], empty["changes"], breaches(empty)) == (False, [], [])


@pytest.mark.parametrize(
    "wrong", [("--nonsense",), ("--express", "--disable-rollback"), ("--parameter", "Colour")], ids=" ".join
)
def test_with_detailed_exit_codes_wrong_usage_is_no_change(
    tapctl: Tapctl, workdir: Path, wrong: tuple[str, ...]
) -> None:
    (workdir / "queue.yaml").write_text(QUEUE % 1)
    plan = ("deploy", "queue.yaml", "--stack-name", "s", "--plan")

    assert tapctl(*plan, *wrong).code == 2
    assert tapctl(*plan, "--detailed-exitcode", *wrong).code == 1


def test_detailed_exit_codes_are_a_plans(tapctl: Tapctl, workdir: Path, golden: Golden) -> None:
    (workdir / "queue.yaml").write_text(QUEUE % 1)

    answer = tapctl("deploy", "queue.yaml", "--stack-name", "s", "--yes", "--detailed-exitcode")

    assert answer.code == 1
    golden(answer.err)


@pytest.mark.parametrize("option", [("--no-wait",), ("--recover",), ("--leave", "Queue")], ids=" ".join)
def test_a_plan_takes_no_option_of_an_execution(
    tapctl: Tapctl, workdir: Path, option: tuple[str, ...], golden: Golden
) -> None:
    (workdir / "queue.yaml").write_text(QUEUE % 1)

    answer = tapctl("deploy", "queue.yaml", "--stack-name", "s", "--plan", *option)

    assert answer.code == 2
    golden(answer.err)
