"""The handler under the real Lambda runtime client, as the benchmark runs it; how fast, the benchmark tells."""

import pytest

pytest.importorskip("awslambdaric", reason="needs `pip install '.[bench]'`")

from benchmarks.webhook import HANDLERS, one_environment


@pytest.mark.parametrize("name", HANDLERS)
def test_a_measured_handler_answers(name: str) -> None:
    times = one_environment(HANDLERS[name], warm=3)
    assert times.init > 0
