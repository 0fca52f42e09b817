"""A short run of the soak of bad input."""

from collections import Counter

import pytest

from tests.soak.inputs import Case, run, workspace

pytestmark = pytest.mark.soak


def test_no_damaged_template_brings_a_traceback() -> None:
    with workspace(None) as (place, templates):
        cases: list[Case] = [run(seed, place, templates) for seed in range(60)]
    assert [str(case) for case in cases if case.wrong] == []
    reached = Counter(case.reached for case in cases)
    assert (reached["refused"] < 40, reached["resolved"] + reached["exceeds"] > 5) == (True, True), reached
