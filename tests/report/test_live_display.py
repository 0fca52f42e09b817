"""The board of an operation, row by row, and as it is drawn."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from tapctl.aws.stacks import StackEvent
from tapctl.report.live_display import Board, LiveBoard, board
from tapctl.resource_types import STACK

ROOT = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1"
NESTED = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop-Network/1"


def event(name: str, status: str, at: int = 0, kind: str = "AWS::SQS::Queue", **more: str) -> StackEvent:
    within, _, logical_id = name.rpartition("/")
    within += "/" if within else ""
    own = {"physical_id": "q", "stack_id": ROOT, "reason": "", **more}
    time = f"2026-11-24 12:{at // 60:02}:{at % 60:02}.000000+00:00"
    return StackEvent(f"{name}{status}{at}", time, logical_id, kind, status, within=within, **own)


def shop(status: str, at: int = 0, **more: str) -> StackEvent:
    return event("shop", status, at, STACK, physical_id=ROOT, **more)


def heard(*events: StackEvent, planned: tuple[str, ...] = ()) -> Board:
    shown = Board(planned)
    for each in events:
        shown.hear(each, 0.0)
    return shown


def drawn(shown: Board, *, columns: int = 80, height: int = 24, at: float = 0.0, final: bool = False) -> list[str]:
    canvas = Console(file=StringIO(), width=columns, emoji=False, markup=False)
    with canvas.capture() as captured:
        canvas.print(board(shown, at, columns, height, final=final))
    return [line.rstrip() for line in captured.get().splitlines()]


def test_a_row_goes_from_its_beginning_to_its_end_by_cloudformations_clock() -> None:
    shown = heard(
        shop("CREATE_IN_PROGRESS"), event("Queue", "CREATE_IN_PROGRESS", 1), event("Queue", "CREATE_COMPLETE", 13)
    )

    row = shown.rows["Queue"]
    assert (row.status, shown.elapsed(row, 0.0)) == ("CREATE_COMPLETE", 12)


def test_a_row_at_work_grows_older_with_the_clock_of_this_machine() -> None:
    shown = heard(event("Queue", "CREATE_IN_PROGRESS", 1), event("Topic", "CREATE_IN_PROGRESS", 5))

    assert shown.elapsed(shown.rows["Queue"], 0.0) == 4
    assert shown.elapsed(shown.rows["Queue"], 10.0) == 14


def test_what_is_done_is_counted_against_the_change_set_and_what_came_beside_it() -> None:
    shown = heard(
        event("Queue", "CREATE_COMPLETE"),
        event("Topic", "CREATE_IN_PROGRESS"),
        event("Network/Subnet", "CREATE_COMPLETE"),
        planned=("Queue", "Topic", "Fn"),
    )

    assert shown.count == "2 of 4 done"
    assert shown.waiting == ["Fn"]


def test_without_a_change_set_only_what_is_done_is_counted() -> None:
    assert heard(event("Queue", "CREATE_COMPLETE"), event("Topic", "CREATE_IN_PROGRESS")).count == "1 done"


def test_a_nested_stack_has_its_resources_below_it() -> None:
    shown = heard(
        event("Network", "CREATE_IN_PROGRESS", kind=STACK),
        event("Queue", "CREATE_COMPLETE"),
        event("Network/shop-Network", "CREATE_IN_PROGRESS", kind=STACK, physical_id=NESTED, stack_id=NESTED),
        event("Network/Zone", "CREATE_IN_PROGRESS", kind=STACK),
        event("Network/Zone/Subnet", "CREATE_COMPLETE"),
    )

    assert [(row.label, row.depth) for row in shown.ordered()] == [
        ("Network", 0),
        ("Zone", 1),
        ("Subnet", 2),
        ("Queue", 0),
    ]


@pytest.mark.parametrize(
    ("kind", "more", "note"),
    [
        ("AWS::DynamoDB::Table", {}, "the table to be active"),
        ("Custom::Migration", {}, "its function's answer"),
        (STACK, {}, "its own resources"),
        ("AWS::SQS::Queue", {"physical_id": ""}, "AWS to begin"),
        ("AWS::SQS::Queue", {"reason": "Resource creation Initiated"}, "AWS to finish it"),
        ("AWS::SQS::Queue", {"reason": "Eventual consistency check initiated"}, "Eventual consistency check initiated"),
        ("AWS::SQS::Queue", {"detail": "CONFIGURATION_COMPLETE"}, "configured, to be stable"),
    ],
)
def test_a_row_at_work_says_what_it_waits_for(kind: str, more: dict[str, Any], note: str) -> None:
    assert heard(event("It", "CREATE_IN_PROGRESS", kind=kind, **more)).rows["It"].note == note


def test_why_a_row_failed_outlives_its_rollback_and_a_cancellation_is_no_reason() -> None:
    shown = heard(
        event("Fn", "CREATE_FAILED", reason="because"),
        event("Queue", "CREATE_FAILED", reason="Resource creation cancelled"),
        event("Fn", "DELETE_IN_PROGRESS"),
        event("Fn", "DELETE_COMPLETE"),
    )

    assert [(row.name, row.why) for row in shown.failures] == [("Fn", "because")]


@pytest.mark.parametrize(
    ("failed", "later", "line"),
    [
        ("CREATE_FAILED", "DELETE_IN_PROGRESS", "✗ Fn failed, undoing 0:00 because"),
        ("CREATE_FAILED", "DELETE_COMPLETE", "✗ Fn failed, undone 0:00 because"),
        ("CREATE_FAILED", "DELETE_FAILED", "✗ Fn DELETE_FAILED 0:00 because"),
        ("UPDATE_FAILED", "UPDATE_IN_PROGRESS", "✗ Fn failed, undoing 0:00 because"),
        ("UPDATE_FAILED", "UPDATE_COMPLETE", "✗ Fn failed, undone 0:00 because"),
        ("DELETE_FAILED", "DELETE_IN_PROGRESS", "✗ Fn DELETE_IN_PROGRESS 0:00 because"),
        ("DELETE_FAILED", "DELETE_COMPLETE", "✓ Fn DELETE_COMPLETE 0:00"),
    ],
)
def test_what_failed_is_not_complete_once_it_is_undone(failed: str, later: str, line: str) -> None:
    shown = heard(shop("UPDATE_ROLLBACK_COMPLETE"), event("Fn", failed, reason="because"), event("Fn", later))

    assert " ".join(drawn(shown)[1].split()) == line


def test_a_board_is_a_line_for_the_stack_and_one_for_each_resource() -> None:
    shown = heard(
        shop("CREATE_IN_PROGRESS"),
        event("Queue", "CREATE_IN_PROGRESS", 1),
        event("Queue", "CREATE_COMPLETE", 4),
        event("Table", "CREATE_IN_PROGRESS", 5, "AWS::DynamoDB::Table"),
        planned=("Queue", "Table", "Fn"),
    )

    assert drawn(shown, at=70) == [
        "stack shop  CREATE_IN_PROGRESS  1 of 3 done  1:15",
        "  ✓ Queue CREATE_COMPLETE     0:03",
        "  · Table CREATE_IN_PROGRESS  1:10 waits for the table to be active",
        "  not begun: 1 (Fn)",
    ]


def test_the_final_board_says_in_full_why_something_failed() -> None:
    reason = "Resource handler returned message: " + "very long " * 12
    shown = heard(
        shop("CREATE_IN_PROGRESS"), event("Fn", "CREATE_FAILED", 2, reason=reason), shop("ROLLBACK_COMPLETE", 9)
    )

    lines = drawn(shown, final=True)

    assert lines[0] == "stack shop  ROLLBACK_COMPLETE  1 done  0:09"
    assert " ".join(" ".join(lines).split()).endswith(f"Fn: {reason}".strip())


@pytest.mark.parametrize("columns", [40, 60, 78, 120])
def test_no_line_is_wider_than_it_may_be(columns: int) -> None:
    names = [f"A{'very' * 20}LongName{number}" for number in range(5)]
    shown = heard(
        shop("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
        *(event(name, "CREATE_IN_PROGRESS", reason="x" * 300) for name in names),
        planned=(*names, *(f"Planned{number}" for number in range(50))),
    )

    lines = drawn(shown, columns=columns)

    assert len(lines) == 7
    assert max(map(len, lines)) <= columns


def test_on_a_low_terminal_what_is_at_work_or_failed_keeps_its_line() -> None:
    shown = heard(
        shop("CREATE_IN_PROGRESS"),
        *(event(f"Done{number}", "CREATE_COMPLETE", number) for number in range(60)),
        event("Failed", "CREATE_FAILED", 60, reason="because"),
        event("Busy", "CREATE_IN_PROGRESS", 61),
    )

    lines = drawn(shown, height=10)

    assert len(lines) <= 10
    assert [line.split()[1] for line in lines[1:-1]] == ["Done56", "Done57", "Done58", "Done59", "Failed", "Busy"]
    assert lines[-1] == "  and 56 more that are done"
    assert len(drawn(shown, height=10, final=True)) == 64


def test_names_and_reasons_are_shown_as_they_are() -> None:
    shown = heard(shop("CREATE_IN_PROGRESS"), event("Fn", "CREATE_FAILED", reason="[red]arn:aws:x:secret:y[/]"))

    assert "Fn: [red]arn:aws:x:secret:y[/]" in drawn(shown, final=True)[-1]


def live(canvas: StringIO) -> LiveBoard:
    console = Console(file=canvas, width=80, height=24, force_terminal=True, color_system=None, emoji=False)
    return LiveBoard(("Queue",), console=console)


def test_the_stacks_own_end_closes_the_board_and_the_next_operation_has_one_of_its_own() -> None:
    canvas = StringIO()
    shown = live(canvas)
    for status in ("CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE"):
        shown.event(shop(status))
    first = canvas.getvalue()
    shown.event(shop("CREATE_IN_PROGRESS", 90))
    shown.event(shop("CREATE_COMPLETE", 95))

    assert "stack shop  ROLLBACK_COMPLETE  0 of 1 done" in first
    assert canvas.getvalue()[len(first) :].count("CREATE_COMPLETE  0 done  0:05") == 1


def test_the_last_frame_is_the_final_state_with_why_something_failed() -> None:
    canvas = StringIO()
    shown = live(canvas)
    shown.event(shop("CREATE_IN_PROGRESS"))
    shown.event(event("Fn", "CREATE_FAILED", 2, reason="Resource handler returned message: because of this"))
    shown.event(shop("ROLLBACK_COMPLETE", 9))

    last = canvas.getvalue().rpartition("stack shop  ROLLBACK_COMPLETE")[2]
    assert "Fn: Resource handler returned message: because of this" in last
    assert "not begun" not in last


def test_closing_an_idle_board_draws_nothing() -> None:
    canvas = StringIO()
    live(canvas).close()

    assert canvas.getvalue() == ""
