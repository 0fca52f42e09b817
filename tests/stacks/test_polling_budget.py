"""The budget of waiting, on simulated stacks of known durations; `benchmarks/polling.py` prints the whole table."""

import random
import statistics
from collections.abc import Iterator

import pytest

from benchmarks.polling import SCENARIOS, measure


@pytest.fixture(autouse=True)
def same_jitter() -> Iterator[None]:
    """The same draws every time: so few samples would stray over a bound now and then."""
    before = random.getstate()
    random.seed(1)
    yield
    random.setstate(before)


@pytest.mark.parametrize(("name", "samples"), [("small stack", 80), ("long stack", 20)])
def test_a_deploy_loses_little_and_reads_little(name: str, samples: int) -> None:
    scenario = next(scenario for scenario in SCENARIOS if scenario.name == name)

    costs = measure(scenario, samples)

    # Over thousands the mean is 1.18 s at 1.09 and 0.92 reads a second; of so few, the jitter makes it stray a little.
    assert statistics.mean(cost.lost for cost in costs) <= 1.3
    assert sum(cost.reads for cost in costs) / sum(cost.wall for cost in costs) <= 1.12
    assert max(cost.late for cost in costs) <= 2.0
