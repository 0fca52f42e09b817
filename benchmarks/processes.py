"""Time and peak memory of whole processes, measured in alternating runs and compared with budgets."""

import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, with variables to add to the environment."""

    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, those of the processor among them, and peak resident megabytes of one process with its children."""

    seconds: float
    processor: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A command compared with a reference, both by name; `budget` is the largest allowed ratio of their seconds."""

    title: str
    command: str
    reference: str
    budget: float | None = None


def measure(commands: Mapping[str, Command], rounds: int) -> dict[str, list[Cost]]:
    """The costs of each command in each round.

    A round runs every command once, every other round in the reverse order, so that a machine whose speed changes
    affects a command and its reference alike.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for number in range(rounds):
        for name in sorted(commands, key=list(commands).index, reverse=bool(number % 2)):
            costs[name].append(_run(commands[name]))
    return costs


def _run(command: Command) -> Cost:
    environment = {**os.environ, **command.environment}
    started = time.perf_counter()
    with Path(os.devnull).open("w") as devnull:
        files = [(os.POSIX_SPAWN_DUP2, devnull.fileno(), 1), (os.POSIX_SPAWN_DUP2, devnull.fileno(), 2)]
        pid = os.posix_spawn(command.arguments[0], command.arguments, environment, file_actions=files)
        _, _, usage = os.wait4(pid, 0)
    # Linux returns kilobytes, macOS bytes.
    megabytes = usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
    return Cost(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, megabytes)


def table(comparisons: Sequence[Comparison], costs: Mapping[str, Sequence[Cost]]) -> str:
    """One line for each comparison: median seconds of both, median ratios of the rounds, and the budget.

    The ratio of processor seconds varies less on a busy machine; the budget is for the ratio of elapsed seconds.
    """
    width = max(len(comparison.title) for comparison in comparisons)
    head = f"{'':<{width}}  seconds  reference  ratio  processor  memory  budget"
    return "\n".join((head, *(_line(comparison, costs, width) for comparison in comparisons)))


def _line(comparison: Comparison, costs: Mapping[str, Sequence[Cost]], width: int) -> str:
    ours, theirs = costs[comparison.command], costs[comparison.reference]
    pairs = list(zip(ours, theirs, strict=True))
    ratio = statistics.median(mine.seconds / other.seconds for mine, other in pairs)
    processor = statistics.median(mine.processor / other.processor for mine, other in pairs)
    memory = statistics.median(mine.megabytes / other.megabytes for mine, other in pairs)
    seconds, reference = (statistics.median(cost.seconds for cost in side) for side in (ours, theirs))
    figures = f"{seconds:7.3f}  {reference:9.3f}  {ratio:5.2f}  {processor:9.2f}  {memory:6.2f}"
    return f"{comparison.title:<{width}}  {figures}  {_outcome(ratio, comparison.budget)}"


def _outcome(ratio: float, budget: float | None) -> str:
    if budget is None:
        return "-"
    return f"{budget:<6g} {'holds' if ratio <= budget else 'EXCEEDED'}"
