"""A short run of the soak of the judgement."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tapctl.concurrency.verdict import Verdict
from tests.soak.transitions import UpdateRunner, case_of, update_runner

FITS, EXCEEDS, UNCERTAIN = Verdict.FITS, Verdict.EXCEEDS, Verdict.UNCERTAIN


pytestmark = pytest.mark.soak


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UpdateRunner]:
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path))
    with update_runner() as running:
        yield running


@pytest.mark.sandbox
def test_no_verdict_is_contradicted_by_what_becomes_of_the_update(runner: UpdateRunner) -> None:
    played = [runner.play(seed) for seed in range(30)]
    assert [update.wrong for update in played if update.wrong] == []
    assert {update.found.verdict for update in played} >= {FITS, EXCEEDS, UNCERTAIN}
    assert any(update.case.doomed for update in played)


def test_every_kind_of_function_and_template_is_drawn() -> None:
    cases = [case_of(seed) for seed in range(300)]
    drawn = [function for case in cases for function in case.new]
    holders = [published for function in drawn for published in function.published if published.provisioned is not None]
    assert {holder.latest for holder in holders} == {holder.provisioned == 0 for holder in holders} == {True, False}
    assert {function.managed for function in drawn} == {True, False, None}
    assert {function.is_refused for function in drawn} == {function.durable for function in drawn} == {True, False}
    assert any(case.after.files for case in cases)
    assert any(case.after.unseen for case in cases)
