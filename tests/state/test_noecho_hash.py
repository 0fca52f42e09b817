"""Saved hashes of NoEcho values, and which values match them."""

from pathlib import Path

import pytest

from tapctl.state import noecho_hash

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/40e9de1f"
SECRET = {"Password": "hunter2", "Token": "t"}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def test_only_the_same_values_of_the_same_version_match() -> None:
    noecho_hash.remember(STACK, "monday", SECRET)

    assert noecho_hash.matches(STACK, "monday", dict(reversed(SECRET.items())))
    assert not noecho_hash.matches(STACK, "tuesday", SECRET)
    assert not noecho_hash.matches(STACK, "monday", SECRET | {"Token": "u"})
    assert not noecho_hash.matches(STACK, "monday", {"Password": "hunter2"})
    assert not noecho_hash.matches(f"{STACK}2", "monday", SECRET)


def test_the_file_holds_no_secret_and_is_private(state: Path) -> None:
    noecho_hash.remember(STACK, "monday", SECRET)
    noecho_hash.remember(STACK, "tuesday", SECRET)

    (file,) = (state / "fingerprints").iterdir()
    assert "hunter2" not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert noecho_hash.matches(STACK, "tuesday", SECRET)


def test_each_hash_has_its_own_salt(state: Path) -> None:
    noecho_hash.remember(STACK, "monday", SECRET)
    first = (state / "fingerprints" / "40e9de1f.json").read_text()
    noecho_hash.remember(STACK, "monday", SECRET)

    assert (state / "fingerprints" / "40e9de1f.json").read_text() != first


def test_no_values_leave_no_file(state: Path) -> None:
    noecho_hash.remember(STACK, "monday", {})

    assert not state.exists()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": "monday", "salt": "zz", "hash": ""}', "\x00"])
def test_a_file_that_cannot_be_read_matches_nothing(state: Path, content: str) -> None:
    (state / "fingerprints").mkdir(parents=True)
    (state / "fingerprints" / "40e9de1f.json").write_text(content)

    assert not noecho_hash.matches(STACK, "monday", SECRET)


def test_a_state_folder_that_cannot_be_created_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path / "taken"))

    noecho_hash.remember(STACK, "monday", SECRET)

    assert not noecho_hash.matches(STACK, "monday", SECRET)
