"""What a rollout is about to begin, and the lock that keeps others away."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapctl.errors import BusyError
from tapctl.state.rollout_journal import RolloutEntry, RolloutJournal, look, open_rollout_journal
from tests.support.golden import Golden

WHERE = ("123456789012", "eu-west-1", "orders")


@pytest.fixture(autouse=True)
def state(tmp_path: Path) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPCTL_STATE_DIR", str(tmp_path))
        yield tmp_path / "rollouts" / "123456789012" / "eu-west-1" / "orders.json"


def read_without_a_lock() -> RolloutEntry:
    return look(*WHERE)[0]


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


def test_between_two_operations_the_rollout_is_open_until_it_is_over() -> None:
    with open_rollout_journal(*WHERE, "destroy") as journal:
        journal.begin("delete instances", left=2)
        journal.close()
        between = read_without_a_lock()
        journal.finish()

    assert (between.operation, between.step, between.left) == ("", "delete instances", 2)
    assert (between.command, between.is_open) == ("destroy", True)
    assert read() == RolloutEntry()
    assert not read().is_open


def test_a_look_tells_whether_a_process_goes_on() -> None:
    assert look(*WHERE) == (RolloutEntry(), False)
    with open_rollout_journal(*WHERE) as journal:
        journal.begin("create instances")
        assert look(*WHERE) == (journal.entry, True)
    assert look(*WHERE) == (journal.entry, False)


def test_fields_of_another_version_are_ignored(state: Path) -> None:
    with open_rollout_journal(*WHERE):
        state.write_text('{"operation": "tapctl-1", "step": "create instances", "at": "", "more": {}}')

    assert read() == RolloutEntry("tapctl-1", "create instances")


def test_each_run_has_ids_of_its_own() -> None:
    ids = {RolloutJournal(Path("x")).run for _ in range(50)}

    assert len(ids) == 50


def test_one_process_rolls_out_a_stack_set_at_a_time(golden: Golden) -> None:
    with open_rollout_journal(*WHERE):
        with pytest.raises(BusyError) as busy, open_rollout_journal(*WHERE):
            pass
        golden(busy.value)
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
        "null",
        '{"operation": "tapctl-1", "step": "", "at": "", "left": -1}',
        '{"operation": "tapctl-1", "step": "", "at": "", "left": true}',
        '{"operation": "tapctl-1", "step": "", "at": "", "command": "verify"}',
        '{"operation": "", "step": "create instances", "at": "", "left": 0}',
        "[" * 100_000,
    ],
    ids=range(11),
)
def test_a_line_that_is_not_an_entry_is_ignored(content: str, state: Path) -> None:
    with open_rollout_journal(*WHERE):
        state.write_text(content)

    assert read() == RolloutEntry()


def test_a_journal_that_cannot_be_closed_is_left_for_the_next_run(state: Path) -> None:
    with open_rollout_journal(*WHERE) as journal:
        operation = journal.begin("create instances")
        journal.path = state / "no" / "folder"
        journal.close()

    assert read().operation == operation
