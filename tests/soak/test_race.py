"""Two real deploys that both saw enough headroom and execute at the same time."""

from collections.abc import Iterator

import pytest

from tests.soak.race import Race, RaceRunner, race_runner

pytestmark = [pytest.mark.soak, pytest.mark.sandbox]


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RaceRunner]:
    folder = tmp_path_factory.mktemp("race")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPCTL_STATE_DIR", str(folder / "state"))
        with race_runner(folder) as running:
            yield running


@pytest.mark.parametrize("updates", [False, True], ids=["two-creations", "two-updates"])
@pytest.mark.parametrize("remedy", ["adjust", "fail"])
def test_exactly_one_gets_the_last_headroom_and_the_other_adjusts_or_stops(
    runner: RaceRunner, remedy: str, updates: bool
) -> None:
    finish = runner.run(Race(remedy, updates, held=True))
    assert (finish.wrong, finish.how) == (None, "refused by AWS")
