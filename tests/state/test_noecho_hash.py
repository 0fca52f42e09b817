from pathlib import Path

import pytest

from tapctl.state import noecho_hash

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/40e9de1f"
SECRET = {"Password": "hunter2", "Token": "t"}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def test_the_same_values_of_the_same_version_are_known_and_no_others() -> None:
    noecho_hash.remember(STACK, "monday", SECRET)

    assert noecho_hash.same(STACK, "monday", dict(reversed(SECRET.items())))
    assert not noecho_hash.same(STACK, "tuesday", SECRET)
    assert not noecho_hash.same(STACK, "monday", SECRET | {"Token": "u"})
    assert not noecho_hash.same(STACK, "monday", {"Password": "hunter2"})
    assert not noecho_hash.same(f"{STACK}2", "monday", SECRET)


def test_what_is_kept_is_no_secret_and_nobody_elses_to_read(state: Path) -> None:
    noecho_hash.remember(STACK, "monday", SECRET)
    noecho_hash.remember(STACK, "tuesday", SECRET)

    (kept,) = (state / "fingerprints").iterdir()
    assert "hunter2" not in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0
    assert noecho_hash.same(STACK, "tuesday", SECRET)


def test_the_same_secret_leaves_another_trace_each_time(state: Path) -> None:
    noecho_hash.remember(STACK, "monday", SECRET)
    first = (state / "fingerprints" / "40e9de1f.json").read_text()
    noecho_hash.remember(STACK, "monday", SECRET)

    assert (state / "fingerprints" / "40e9de1f.json").read_text() != first


def test_nothing_given_leaves_no_trace(state: Path) -> None:
    noecho_hash.remember(STACK, "monday", {})

    assert not state.exists()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": "monday", "salt": "zz", "hash": ""}', "\x00"])
def test_a_file_that_cannot_be_read_knows_nothing(state: Path, content: str) -> None:
    (state / "fingerprints").mkdir(parents=True)
    (state / "fingerprints" / "40e9de1f.json").write_text(content)

    assert not noecho_hash.same(STACK, "monday", SECRET)


def test_where_nothing_can_be_kept_nothing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").write_text("no folder")
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path / "taken"))

    noecho_hash.remember(STACK, "monday", SECRET)

    assert not noecho_hash.same(STACK, "monday", SECRET)
