"""The benchmarks start as modules, and their table compares medians of paired runs with budgets."""

import runpy
import sys
from pathlib import Path

import pytest

from benchmarks.processes import Command, Comparison, Cost, measure, table
from tests.support.golden import Golden

ROOT = Path(__file__).parents[2]
BUDGETS = {"a": 1.3, "b": 1.1, "c": None}
NAMES = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if "def main" in path.read_text())


@pytest.mark.filterwarnings("ignore:'benchmarks.* found in sys.modules:RuntimeWarning")
@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_starts_as_a_module(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage:")


def test_commands_alternate_in_rounds(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = "import os, sys; open(sys.argv[1], 'a').write(os.environ['NAME'])"
    commands = {name: Command((sys.executable, "-c", script, str(log)), {"NAME": name}) for name in "ab"}

    costs = measure(commands, 3)

    assert log.read_text() == "abbaab"
    assert {name: len(runs) for name, runs in costs.items()} == {"a": 3, "b": 3}
    assert all(cost.seconds > 0 and cost.megabytes > 1 for runs in costs.values() for cost in runs)


def test_the_table_has_the_median_of_the_paired_ratios(golden: Golden) -> None:
    # The second round was slow for both, the third for the reference only.
    costs = {
        "ours": [Cost(1.2, 1, 50), Cost(6, 3, 50), Cost(1.3, 1, 60)],
        "theirs": [Cost(1, 1, 100), Cost(5, 2, 100), Cost(4, 1, 100)],
    }
    comparisons = [Comparison(title, "ours", "theirs", budget) for title, budget in BUDGETS.items()]

    golden(table(comparisons, costs))
