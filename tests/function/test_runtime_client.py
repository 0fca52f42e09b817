"""The handler under the real Lambda runtime client, as the benchmark runs it."""

from pathlib import Path

import pytest

pytest.importorskip("awslambdaric", reason="needs `pip install '.[bench]'`")

from benchmarks.webhook import HANDLERS, compiled, one_environment


@pytest.mark.parametrize("name", HANDLERS)
def test_a_measured_handler_answers(name: str, tmp_path: Path) -> None:
    times = one_environment(compiled(HANDLERS[name], tmp_path / "handler"), warm=3)
    assert times.init > 0
