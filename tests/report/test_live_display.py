"""The progress of an operation, row by row, and as it is drawn."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from tapctl.aws.stacks import StackEvent
from tapctl.report.live_display import LiveDisplay, OperationProgress, draw_progress
from tapctl.resource_types import STACK
from tests.support.golden import Golden

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


def progress_of(*events: StackEvent, planned: tuple[str, ...] = ()) -> OperationProgress:
    progress = OperationProgress(planned)
    for added in events:
        progress.add(added, 0.0)
    return progress


def drawn(
    progress: OperationProgress, *, columns: int = 80, height: int = 24, at: float = 0.0, final: bool = False
) -> list[str]:
    canvas = Console(file=StringIO(), width=columns, emoji=False, markup=False)
    with canvas.capture() as captured:
        canvas.print(draw_progress(progress, at, columns, height, final=final))
    return [line.rstrip() for line in captured.get().splitlines()]


def test_the_duration_of_a_finished_row_is_by_cloudformations_clock() -> None:
    progress = progress_of(
        shop("CREATE_IN_PROGRESS"), event("Queue", "CREATE_IN_PROGRESS", 1), event("Queue", "CREATE_COMPLETE", 13)
    )

    row = progress.rows["Queue"]
    assert (row.status, progress.elapsed(row, 0.0)) == ("CREATE_COMPLETE", 12)


def test_the_duration_of_a_running_row_advances_with_this_machines_clock() -> None:
    progress = progress_of(event("Queue", "CREATE_IN_PROGRESS", 1), event("Topic", "CREATE_IN_PROGRESS", 5))

    assert progress.elapsed(progress.rows["Queue"], 0.0) == 4
    assert progress.elapsed(progress.rows["Queue"], 10.0) == 14


def test_the_count_includes_resources_that_the_change_set_does_not_name() -> None:
    progress = progress_of(
        event("Queue", "CREATE_COMPLETE"),
        event("Topic", "CREATE_IN_PROGRESS"),
        event("Network/Subnet", "CREATE_COMPLETE"),
        planned=("Queue", "Topic", "Fn"),
    )

    assert progress.count == "2 of 4 done"
    assert progress.waiting == ["Fn"]


def test_without_a_change_set_only_finished_resources_are_counted() -> None:
    assert progress_of(event("Queue", "CREATE_COMPLETE"), event("Topic", "CREATE_IN_PROGRESS")).count == "1 done"


def test_the_resources_of_a_nested_stack_follow_it() -> None:
    progress = progress_of(
        event("Network", "CREATE_IN_PROGRESS", kind=STACK),
        event("Queue", "CREATE_COMPLETE"),
        event("Network/shop-Network", "CREATE_IN_PROGRESS", kind=STACK, physical_id=NESTED, stack_id=NESTED),
        event("Network/Zone", "CREATE_IN_PROGRESS", kind=STACK),
        event("Network/Zone/Subnet", "CREATE_COMPLETE"),
    )

    assert [(row.label, row.depth) for row in progress.ordered()] == [
        ("Network", 0),
        ("Zone", 1),
        ("Subnet", 2),
        ("Queue", 0),
    ]


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        pytest.param("AWS::DynamoDB::Table", {}, id="table"),
        pytest.param("Custom::Migration", {}, id="custom"),
        pytest.param(STACK, {}, id="stack"),
        pytest.param("AWS::SQS::Queue", {"physical_id": ""}, id="not started"),
        pytest.param("AWS::SQS::Queue", {"reason": "Resource creation Initiated"}, id="initiated"),
        pytest.param("AWS::SQS::Queue", {"reason": "Eventual consistency check initiated"}, id="check"),
        pytest.param("AWS::SQS::Queue", {"detail": "CONFIGURATION_COMPLETE"}, id="configured"),
    ],
)
def test_a_running_row_notes_what_it_waits_for(kind: str, more: dict[str, Any], golden: Golden) -> None:
    golden(progress_of(event("It", "CREATE_IN_PROGRESS", kind=kind, **more)).rows["It"].note)


def test_the_reason_of_a_failure_survives_the_rollback_and_a_cancellation_is_no_failure() -> None:
    progress = progress_of(
        event("Fn", "CREATE_FAILED", reason="because"),
        event("Queue", "CREATE_FAILED", reason="Resource creation cancelled"),
        event("Fn", "DELETE_IN_PROGRESS"),
        event("Fn", "DELETE_COMPLETE"),
    )

    assert [(row.name, row.failure) for row in progress.failures] == [("Fn", "because")]


@pytest.mark.parametrize(
    ("failed", "later", "line"),
    [
        ("CREATE_FAILED", "DELETE_IN_PROGRESS", "✗ Fn rolling back 0:00 because"),
        ("CREATE_FAILED", "DELETE_COMPLETE", "✗ Fn rolled back 0:00 because"),
        ("CREATE_FAILED", "DELETE_FAILED", "✗ Fn DELETE_FAILED 0:00 because"),
        ("UPDATE_FAILED", "UPDATE_IN_PROGRESS", "✗ Fn rolling back 0:00 because"),
        ("UPDATE_FAILED", "UPDATE_COMPLETE", "✗ Fn rolled back 0:00 because"),
        ("DELETE_FAILED", "DELETE_IN_PROGRESS", "✗ Fn DELETE_IN_PROGRESS 0:00 because"),
        ("DELETE_FAILED", "DELETE_COMPLETE", "✓ Fn DELETE_COMPLETE 0:00"),
    ],
)
def test_a_failed_resource_does_not_look_complete_after_its_rollback(failed: str, later: str, line: str) -> None:
    progress = progress_of(shop("UPDATE_ROLLBACK_COMPLETE"), event("Fn", failed, reason="because"), event("Fn", later))

    assert " ".join(drawn(progress)[1].split()) == line


def test_the_stack_and_each_resource_have_a_line(golden: Golden) -> None:
    progress = progress_of(
        shop("CREATE_IN_PROGRESS"),
        event("Queue", "CREATE_IN_PROGRESS", 1),
        event("Queue", "CREATE_COMPLETE", 4),
        event("Table", "CREATE_IN_PROGRESS", 5, "AWS::DynamoDB::Table"),
        planned=("Queue", "Table", "Fn"),
    )

    golden(drawn(progress, at=70))


def test_the_final_state_has_the_full_reason_of_a_failure() -> None:
    reason = "Resource handler returned message: " + "very long " * 12
    progress = progress_of(
        shop("CREATE_IN_PROGRESS"), event("Fn", "CREATE_FAILED", 2, reason=reason), shop("ROLLBACK_COMPLETE", 9)
    )

    lines = drawn(progress, final=True)

    assert lines[0] == "stack shop  ROLLBACK_COMPLETE  1 done  0:09"
    assert " ".join(" ".join(lines).split()).endswith(f"Fn: {reason}".strip())


@pytest.mark.parametrize("columns", [40, 60, 78, 120])
def test_no_line_is_wider_than_the_terminal(columns: int) -> None:
    names = [f"A{'very' * 20}LongName{number}" for number in range(5)]
    progress = progress_of(
        shop("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
        *(event(name, "CREATE_IN_PROGRESS", reason="x" * 300) for name in names),
        planned=(*names, *(f"Planned{number}" for number in range(50))),
    )

    lines = drawn(progress, columns=columns)

    assert len(lines) == 7
    assert max(map(len, lines)) <= columns


def test_on_a_low_terminal_running_and_failed_resources_keep_their_lines() -> None:
    progress = progress_of(
        shop("CREATE_IN_PROGRESS"),
        *(event(f"Done{number}", "CREATE_COMPLETE", number) for number in range(60)),
        event("Failed", "CREATE_FAILED", 60, reason="because"),
        event("Busy", "CREATE_IN_PROGRESS", 61),
    )

    lines = drawn(progress, height=10)

    assert len(lines) <= 10
    assert [line.split()[1] for line in lines[1:-1]] == ["Done56", "Done57", "Done58", "Done59", "Failed", "Busy"]
    assert lines[-1] == "  and 56 more"
    assert len(drawn(progress, height=10, final=True)) == 64


def test_names_and_reasons_are_printed_literally() -> None:
    progress = progress_of(
        shop("CREATE_IN_PROGRESS"), event("Fn", "CREATE_FAILED", reason="[red]arn:aws:x:secret:y[/]")
    )

    assert "Fn: [red]arn:aws:x:secret:y[/]" in drawn(progress, final=True)[-1]


def display_on(canvas: StringIO) -> LiveDisplay:
    console = Console(file=canvas, width=80, height=24, force_terminal=True, color_system=None, emoji=False)
    return LiveDisplay(("Queue",), console=console)


def test_the_end_of_the_operation_closes_the_display_and_the_next_one_starts_another() -> None:
    canvas = StringIO()
    display = display_on(canvas)
    for status in ("CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE"):
        display.event(shop(status))
    first = canvas.getvalue()
    display.event(shop("CREATE_IN_PROGRESS", 90))
    display.event(shop("CREATE_COMPLETE", 95))

    assert "stack shop  ROLLBACK_COMPLETE  0 of 1 done" in first
    assert canvas.getvalue()[len(first) :].count("CREATE_COMPLETE  0 done  0:05") == 1


def test_the_last_frame_has_the_reason_of_a_failure() -> None:
    canvas = StringIO()
    display = display_on(canvas)
    display.event(shop("CREATE_IN_PROGRESS"))
    display.event(event("Fn", "CREATE_FAILED", 2, reason="Resource handler returned message: because of this"))
    display.event(shop("ROLLBACK_COMPLETE", 9))

    last = canvas.getvalue().rpartition("stack shop  ROLLBACK_COMPLETE")[2]
    assert "Fn: Resource handler returned message: because of this" in last
    assert "not started" not in last


def test_closing_a_display_without_events_draws_nothing() -> None:
    canvas = StringIO()
    display_on(canvas).close()

    assert canvas.getvalue() == ""
