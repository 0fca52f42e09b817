"""What a rollout is about to begin, and the lock that keeps others away."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapctl.errors import BusyError
from tapctl.state.rollout_journal import RolloutEntry, RolloutJournal, open_rollout_journal

WHERE = ("123456789012", "eu-west-1", "orders")


@pytest.fixture(autouse=True)
def state(tmp_path: Path) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPCTL_STATE_DIR", str(tmp_path))
        yield tmp_path / "rollouts" / "123456789012" / "eu-west-1" / "orders.json"


def read() -> RolloutEntry:
    with open_rollout_journal(*WHERE) as journal:
        return journal.entry


def test_an_operation_is_written_down_before_it_begins(state: Path) -> None:
    with open_rollout_journal(*WHERE) as journal:
        first, second = journal.begin("update the stack set"), journal.begin("create instances")

        assert json.loads(state.read_text())["operation"] == second

    assert first != second
    assert first.startswith("tapctl-")
    assert len(first) <= 128
    assert (read().operation, read().step) == (second, "create instances")
    assert read().when.endswith(" UTC")


def test_nothing_is_running_once_it_is_closed() -> None:
    with open_rollout_journal(*WHERE) as journal:
        journal.begin("create instances")
        journal.close()

    assert read() == RolloutEntry()


def test_each_run_has_ids_of_its_own() -> None:
    ids = {RolloutJournal(Path("x")).run for _ in range(50)}

    assert len(ids) == 50


def test_one_process_rolls_out_a_stack_set_at_a_time() -> None:
    with open_rollout_journal(*WHERE):
        with pytest.raises(BusyError, match="rolling out stack set orders"), open_rollout_journal(*WHERE):
            pass
        with open_rollout_journal("123456789012", "us-east-1", "orders"):
            pass


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"operation": 5, "step": "", "at": ""}',
        '{"operation": "theirs", "step": "", "at": ""}',
        '{"operation": "tapctl-1", "step": "", "at": "", "more": 1}',
        "[" * 100_000,
    ],
    ids=range(7),
)
def test_what_is_no_entry_of_ours_is_passed_over(content: str, state: Path) -> None:
    with open_rollout_journal(*WHERE):
        state.write_text(content)

    assert read() == RolloutEntry()


def test_a_journal_that_cannot_be_closed_is_left_for_the_next_run(state: Path) -> None:
    with open_rollout_journal(*WHERE) as journal:
        operation = journal.begin("create instances")
        journal.path = state / "no" / "folder"
        journal.close()

    assert read().operation == operation
