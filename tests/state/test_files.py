"""Atomic writes, their errors, and the state folder."""

import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tapctl.errors import ExitCode, TapctlError, UsageError
from tapctl.state.files import read_bytes, state_dir, write_atomically, write_through, write_together
from tests.support.golden import Golden


def others(folder: Path, *expected: str) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name not in expected)


class TestWriting:
    def test_a_new_file(self, tmp_path: Path) -> None:
        write_atomically(tmp_path / "a.json", "é\n")
        assert (tmp_path / "a.json").read_bytes() == "é\n".encode()
        assert others(tmp_path, "a.json") == []

    def test_an_existing_file_is_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "a.json").write_text("old, and longer than the new one")
        write_atomically(tmp_path / "a.json", "new")
        assert (tmp_path / "a.json").read_text() == "new"

    @pytest.mark.parametrize(
        "text", ["a\r\nb\n", "a\rb", "", "\ufeffa"], ids=["mixed-line-ends", "old-mac", "empty", "with-a-mark"]
    )
    def test_line_ends_are_kept_as_given(self, tmp_path: Path, text: str) -> None:
        write_atomically(tmp_path / "a", text)
        assert (tmp_path / "a").read_bytes() == text.encode()

    def test_a_surrogate_becomes_a_question_mark(self, tmp_path: Path) -> None:
        write_atomically(tmp_path / "a", "a\ud800b")
        assert (tmp_path / "a").read_text() == "a?b"

    @pytest.mark.parametrize("mode", [0o600, 0o640, 0o755], ids=oct)
    def test_an_existing_file_keeps_its_permissions(self, tmp_path: Path, mode: int) -> None:
        path = tmp_path / "a"
        path.write_text("old")
        path.chmod(mode)
        write_atomically(path, "new")
        assert stat.S_IMODE(path.stat().st_mode) == mode

    def test_a_new_file_has_the_permissions_of_the_umask(self, tmp_path: Path) -> None:
        before = os.umask(0o027)
        try:
            write_atomically(tmp_path / "a", "new")
        finally:
            os.umask(before)
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640

    def test_threads_do_not_race_for_the_umask(self, tmp_path: Path) -> None:
        before = os.umask(0o027)
        try:
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda number: write_atomically(tmp_path / str(number), "new"), range(100)))
        finally:
            assert os.umask(before) == 0o027
        assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o640}

    def test_temporary_files_of_killed_runs_are_removed(self, tmp_path: Path) -> None:
        old, young, other = (tmp_path / name for name in (".a.1.tapctl", ".a.2.tapctl", ".b.1.tapctl"))
        for path in (old, young, other):
            path.write_text("half of")
        for path in (old, other):
            os.utime(path, (0, 0))
        write_atomically(tmp_path / "a", "new")
        assert others(tmp_path, "a") == [".a.2.tapctl", ".b.1.tapctl"]

    def test_a_long_name(self, tmp_path: Path) -> None:
        name = "x" * 255
        write_atomically(tmp_path / name, "new")
        assert (tmp_path / name).read_text() == "new"

    def test_a_link_is_followed(self, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        real, link = tmp_path / "folder" / "real", tmp_path / "link"
        real.write_text("old")
        link.symlink_to(real)
        write_atomically(link, "new")
        assert link.is_symlink()
        assert real.read_text() == "new"

    def test_the_target_of_a_broken_link_is_created(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(tmp_path / "real")
        write_atomically(tmp_path / "link", "new")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "real").read_text() == "new"

    def test_a_relative_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        write_atomically(Path("a"), "new")
        assert (tmp_path / "a").read_text() == "new"

    def test_a_pipe_is_written_to(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        read: list[str] = []
        reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
        reader.start()
        write_atomically(pipe, "through")
        reader.join(5)
        assert read == ["through"]
        assert stat.S_ISFIFO(pipe.stat().st_mode)

    def test_a_device_is_written_to(self) -> None:
        write_atomically(Path("/dev/null"), "gone")
        assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


class TestNotWriting:
    @pytest.mark.parametrize(
        "name",
        [
            pytest.param("none/a", id="no-such-folder"),
            pytest.param("file/a", id="below-a-file"),
            pytest.param("folder", id="a-folder"),
            pytest.param("loop", id="a-link-to-itself"),
            pytest.param("y" * 300, id="too-long-a-name"),
        ],
    )
    def test_a_path_that_cannot_be_written_is_named(self, tmp_path: Path, name: str, golden: Golden) -> None:
        (tmp_path / "file").write_text("kept")
        (tmp_path / "folder").mkdir()
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
        with pytest.raises(UsageError) as caught:
            write_atomically(tmp_path / name, "new")
        golden(caught.value)
        assert caught.value.exit_code is ExitCode.USAGE
        assert others(tmp_path, "file", "folder", "loop") == []

    @pytest.mark.parametrize("device", ["/dev/full", "/dev/zero", "/dev/urandom"])
    def test_a_device_is_refused(self, device: str, golden: Golden) -> None:
        with pytest.raises(UsageError) as caught:
            write_atomically(Path(device), "new")
        golden(caught.value)

    def test_a_pipe_that_is_not_read_is_given_up(self, tmp_path: Path, golden: Golden) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(TapctlError) as without_reader:
            write_through(tmp_path / "pipe", b"new", seconds=0.1)
        golden(without_reader.value, "without a reader")
        idle = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
        try:
            with pytest.raises(TapctlError) as unread:
                write_through(tmp_path / "pipe", b"x" * 1_000_000, seconds=0.1)
        finally:
            os.close(idle)
        golden(unread.value, "with a reader that waits")

    def test_a_full_disk_leaves_the_old_content(self, tmp_path: Path, golden: Golden) -> None:
        path = tmp_path / "a.json"
        path.write_text("old")
        # A limit on the size of files stands for a disk that is full.
        program = """
            import resource, sys
            from pathlib import Path
            from tapctl.errors import TapctlError
            from tapctl.report.hints import worded
            from tapctl.state.files import write_atomically
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
            try:
                write_atomically(Path(sys.argv[1]), "x" * 100_000)
            except TapctlError as error:
                print(error.message, worded(error.hint), int(error.exit_code), sep="\\n")
        """
        command = [sys.executable, "-c", dedent(program), str(path)]
        finished = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
        golden(finished.stdout)
        assert path.read_text() == "old"
        assert others(tmp_path, "a.json") == []


class TestTogether:
    def test_no_file_is_changed_if_one_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("old")
        with pytest.raises(UsageError, match="none/b"):
            write_together({tmp_path / "a": "new", tmp_path / "none" / "b": "new"})
        assert (tmp_path / "a").read_text() == "old"
        assert others(tmp_path, "a") == []

    def test_the_files_changed_before_a_failure_are_named(self, tmp_path: Path, golden: Golden) -> None:
        with pytest.raises(TapctlError) as caught:
            write_together({tmp_path / "a": "new", Path("/dev/zero"): "new", tmp_path / "c": "new"})
        golden(caught.value)
        assert others(tmp_path) == ["a"]


class TestReading:
    def test_a_pipe_is_read_to_its_end(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(pipe.write_bytes, b"x" * 200_000)
            assert read_bytes(pipe) == b"x" * 200_000

    def test_the_null_device_is_empty(self) -> None:
        assert read_bytes(Path("/dev/null")) == b""

    @pytest.mark.parametrize("name", ["/dev/zero", "/dev/urandom", "."])
    def test_a_device_or_a_folder_is_refused(self, name: str, golden: Golden) -> None:
        golden(refused(Path(name)))

    @pytest.mark.parametrize("size", [2048, 2049])
    def test_a_bound_is_kept(self, size: int, tmp_path: Path, golden: Golden) -> None:
        (tmp_path / "a").write_bytes(b"x" * size)
        if size > 2048:
            golden(refused(tmp_path / "a", limit=2048))
        else:
            assert len(read_bytes(tmp_path / "a", 2048)) == size

    def test_a_pipe_is_read_within_a_time_limit(self, tmp_path: Path, golden: Golden) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        golden(refused(pipe, seconds=0.1), "that nothing writes")
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        writer = os.open(pipe, os.O_WRONLY)
        try:
            golden(refused(pipe, seconds=0.1), "whose writer waits")
            os.write(writer, b"half of")
            golden(refused(pipe, seconds=0.1), "whose writer stops")
        finally:
            os.close(reader)
            os.close(writer)


def refused(path: Path, **bounds: Any) -> str | None:
    """The reason for which a file is not read."""
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the caller has its text
        read_bytes(path, **bounds)
    return caught.value.strerror


class TestState:
    @pytest.mark.parametrize(
        ("set_to", "expected"),
        [
            pytest.param({"TAPCTL_STATE_DIR": "/s", "XDG_STATE_HOME": "/x", "HOME": "/h"}, "/s", id="tapctl"),
            pytest.param({"XDG_STATE_HOME": "/x", "HOME": "/h"}, "/x/tapctl", id="xdg"),
            pytest.param({"HOME": "/h"}, "/h/.local/state/tapctl", id="home"),
            pytest.param(
                {"TAPCTL_STATE_DIR": "", "XDG_STATE_HOME": "", "HOME": "/h"},
                "/h/.local/state/tapctl",
                id="empty-is-unset",
            ),
        ],
    )
    def test_the_environment_chooses_the_folder(
        self, monkeypatch: pytest.MonkeyPatch, set_to: dict[str, str], expected: str
    ) -> None:
        for name in ("TAPCTL_STATE_DIR", "XDG_STATE_HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in set_to.items():
            monkeypatch.setenv(name, value)
        assert state_dir() == Path(expected)
