"""What the board of an operation on a stack set shows."""

from collections.abc import Mapping
from io import StringIO
from itertools import count

import pytest
from rich.console import Console

from tapctl.aws.stack_sets import InstanceResult, SetOperation
from tapctl.fleet.operation import Progress
from tapctl.report.fleet_board import bar, draw_board
from tests.support.golden import Golden

REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-1", "us-gov-west-1")
FULL = {"SUCCEEDED": 1, "FAILED": 1, "CANCELLED": 1, "RUNNING": 1, "PENDING": 1}
STEP = "create instances in 1,000 cells"
TITLE = f"step 3 of 5: {STEP}"


def at(counts: Mapping[str, Mapping[str, int]], status: str = "RUNNING") -> Progress:
    """An operation with so many instances of each status in each Region."""
    numbers = count(100000000001)
    results = tuple(
        InstanceResult(str(next(numbers)), region, cell_status, "boom" if cell_status == "FAILED" else "")
        for region, statuses in counts.items()
        for cell_status, amount in statuses.items()
        for _ in range(amount)
    )
    return Progress(STEP, SetOperation("tapctl-1", "CREATE", status), results)


def drawn(progress: Progress, *, title: str = TITLE, seconds: float = 161, width: int = 78, height: int = 24) -> str:
    canvas = Console(file=StringIO(), width=120, emoji=False, markup=False)
    with canvas.capture() as captured:
        canvas.print(draw_board(progress, title, seconds, width, height))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


@pytest.mark.parametrize(
    ("progress", "seconds"),
    [
        pytest.param(at({}, "QUEUED"), 3, id="nothing began"),
        pytest.param(at({"us-east-1": {"RUNNING": 1, "PENDING": 3}}), 0, id="one Region"),
        pytest.param(
            at({"us-east-1": {"SUCCEEDED": 480, "RUNNING": 20}, "eu-west-1": {"PENDING": 500}}), 161, id="two Regions"
        ),
        pytest.param(
            at({"us-east-1": {"SUCCEEDED": 1990, "FAILED": 10}, "eu-west-1": {"CANCELLED": 2000}}, "FAILED"),
            4 * 3600 + 61,
            id="failed and cancelled",
        ),
        pytest.param(at({"us-east-1": {"SUCCEEDED": 4}, "eu-west-1": {"SUCCEEDED": 4}}, "SUCCEEDED"), 60, id="over"),
    ],
)
def test_the_board(progress: Progress, seconds: float, golden: Golden) -> None:
    golden(drawn(progress, seconds=seconds))


def test_regions_that_work_and_fail_have_the_rows_that_there_is_room_for(golden: Golden) -> None:
    waiting = {f"us-west-{number}": {"PENDING": 2} for number in range(1, 31)}
    busy = {"eu-west-1": {"RUNNING": 1, "PENDING": 1}, "sa-east-1": {"FAILED": 2}, "us-west-9": {"RUNNING": 2}}

    board = drawn(at({**waiting, **busy}), height=10)

    assert len(board.splitlines()) <= 10
    golden(board)


NARROW = [
    pytest.param({"SUCCEEDED": 0, "FAILED": 1, "CANCELLED": 1}, id="the end"),
    pytest.param({"SUCCEEDED": 2, "FAILED": 1, "CANCELLED": 1, "RUNNING": 1, "PENDING": 1}, id="each status"),
]


@pytest.mark.parametrize("counts", NARROW)
def test_in_sixty_columns_the_words_stay_whole(counts: dict[str, int], golden: Golden) -> None:
    board = drawn(at({"eu-west-1": counts, "us-east-1": counts}), width=58)

    assert "…" not in board.split("\n", 1)[1]
    golden(board)


@pytest.mark.parametrize("width", range(30, 79, 4))
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    counts = {region: dict.fromkeys(FULL, 1234) for region in REGIONS}

    board = drawn(at(counts), width=width, title=f"{TITLE} (canary)")

    assert max(map(len, board.splitlines())) <= width
    assert "RUNNING  2:41" in board


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param({"SUCCEEDED": 3998, "FAILED": 1, "PENDING": 1}, id="one of thousands"),
        pytest.param(FULL, id="each status"),
        pytest.param({"RUNNING": 1}, id="one"),
        pytest.param({"SUCCEEDED": 1, "FAILED": 2}, id="thirds"),
    ],
)
def test_a_bar_is_full_and_has_every_status(counts: dict[str, int]) -> None:
    shown = bar(counts, 20).plain

    assert len(shown) == 20
    assert len(set(shown)) == len(counts)
