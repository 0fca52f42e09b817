"""`tapctl fix` as a command: the diff, the write, and a kill in its middle."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TEMPLATE = """# kept
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      ReservedConcurrentExecutions: 100  # much
"""
LOWERED = TEMPLATE.replace("100", "50")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    limits = {"concurrent_executions": 150, "unreserved_concurrent_executions": 150}
    (tmp_path / "account.json").write_text(json.dumps({"schema": "tapctl.account/1", "limits": limits}))
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    return tmp_path


def command(*more: str) -> list[str]:
    return [sys.executable, "-m", "tapctl", "fix", "t.yaml", "--snapshot", "account.json", *more]


def run(folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command(*more), cwd=folder, capture_output=True, text=True, check=False)


def test_by_default_it_shows_a_diff_and_changes_nothing(folder: Path) -> None:
    done = run(folder)
    assert done.returncode == 4
    assert done.stdout == (
        "--- a/t.yaml\n+++ b/t.yaml\n@@ -3,4 +3,4 @@\n   Fn:\n     Type: AWS::Lambda::Function\n     Properties:\n"
        "-      ReservedConcurrentExecutions: 100  # much\n+      ReservedConcurrentExecutions: 50  # much\n"
    )
    assert (folder / "t.yaml").read_text() == TEMPLATE


def test_write_applies_it_and_a_second_run_has_nothing_to_do(folder: Path) -> None:
    assert run(folder, "--write").returncode == 0
    assert (folder / "t.yaml").read_text() == LOWERED
    again = run(folder, "--write")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "nothing to fix: it fits\n")


def test_a_byte_order_mark_stays(folder: Path) -> None:
    (folder / "t.yaml").write_bytes(b"\xef\xbb\xbf" + TEMPLATE.encode())
    run(folder, "--write")
    assert (folder / "t.yaml").read_bytes() == b"\xef\xbb\xbf" + LOWERED.encode()


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_a_kill_leaves_the_old_file_or_the_new_one(folder: Path) -> None:
    chance = random.Random(7)
    for _ in range(12):
        (folder / "t.yaml").write_text(TEMPLATE)
        process = subprocess.Popen(
            command("--write", "--quiet"), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(chance.uniform(0.2, 0.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (folder / "t.yaml").read_text() in (TEMPLATE, LOWERED)
