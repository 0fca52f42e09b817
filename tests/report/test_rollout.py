"""How a rollout reads in a log."""

from tapctl.aws.stack_sets import InstanceResult, SetOperation
from tapctl.fleet.operation import Progress
from tapctl.report.rollout import failure_lines, progress_line


def at(status: str, **counts: int) -> Progress:
    """An operation with so many instances of each status."""
    statuses = [each for each, amount in counts.items() for _ in range(amount)]
    results = (InstanceResult(f"{n:012}", "us-east-1", each, "boom") for n, each in enumerate(statuses, 1))
    return Progress("create", SetOperation("tapctl-1", "CREATE", status), tuple(results))


def test_the_line_of_a_log() -> None:
    assert progress_line(at("QUEUED"), "step 1 of 2: create") == "step 1 of 2: create: QUEUED"
    running = at("RUNNING", SUCCEEDED=1200, RUNNING=20)
    assert progress_line(running, "create") == "create: RUNNING (20 running, 1,200 succeeded)"


def test_failures_are_a_line_for_each_cause() -> None:
    progress = at("RUNNING", FAILED=9, SUCCEEDED=1)
    other = InstanceResult("222222222222", "us-east-1", "FAILED", "Cancelled by a person")
    progress = Progress(progress.step, progress.operation, (*progress.results, other))

    lines = list(failure_lines(progress, {each.cell for each in progress.failed}))

    assert lines == [
        ", ".join(f"00000000000{number}/us-east-1" for number in range(1, 7)) + " and 3 more failed: boom",
        "222222222222/us-east-1 failed: Cancelled by a person",
    ]
    assert list(failure_lines(progress, {other.cell})) == lines[1:]
