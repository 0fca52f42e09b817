import os
import stat
from pathlib import Path

import pytest

from tapctl import sandbox
from tapctl.errors import UsageError
from tapctl.sandbox import secret
from tests.support.golden import Golden

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX's")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sandbox's folder in a state folder of its own."""
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path / "state"))
    made = tmp_path / "state" / "sandbox"
    made.mkdir(parents=True, mode=0o700)
    (tmp_path / "state").chmod(0o700)
    return made


def test_a_secret_is_made_once_and_only_its_owner_reads_it(folder: Path) -> None:
    first = secret.load_or_create(folder)

    assert secret.load_or_create(folder) == first == secret.load(folder)
    assert stat.S_IMODE((folder / "secret").stat().st_mode) == 0o600
    assert first.key not in repr(first)


def test_every_folder_has_another_secret(folder: Path, tmp_path: Path) -> None:
    assert secret.load_or_create(folder) != secret.load_or_create(tmp_path)


def test_a_folder_without_a_secret_has_none(folder: Path) -> None:
    assert secret.load(folder) is None
    assert not secret.Secret().is_path("")


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        pytest.param("0" * 40, 0o644, id="others can read it"),
        pytest.param("0" * 40, 0o620, id="a group can write it"),
        pytest.param("", 0o600, id="empty"),
        pytest.param("test", 0o600, id="too short"),
        pytest.param("ü" * 40, 0o600, id="not ASCII"),
    ],
)
def test_a_secret_that_proves_nothing_is_refused(folder: Path, text: str, mode: int, golden: Golden) -> None:
    (folder / "secret").write_text(text)
    (folder / "secret").chmod(mode)

    with pytest.raises(UsageError) as refused:
        secret.load(folder)

    golden(refused.value, folder=folder)


@pytest.mark.parametrize("which", ["state", "sandbox"])
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777], ids=oct)
def test_a_folder_that_another_user_can_write_is_refused(folder: Path, which: str, mode: int, golden: Golden) -> None:
    shared = folder if which == "sandbox" else folder.parent
    shared.chmod(mode)

    errors = []
    for command in (sandbox.start, sandbox.find, sandbox.status):
        with pytest.raises(UsageError) as refused:
            command()
        errors.append(refused.value)

    golden(errors, folder=folder.parent)


def test_a_session_holds_for_its_account_alone() -> None:
    mine = secret.Secret("0" * 40)
    session = mine.session("111111111111")

    assert mine.of_session("111111111111", session.token) == session.secret_key
    assert mine.of_session("222222222222", session.token) is None
    assert mine.of_session("111111111111", session.token[:-1] + "x") is None
    assert secret.Secret("1" * 40).of_session("111111111111", session.token) is None
    assert session.token not in repr(session)
